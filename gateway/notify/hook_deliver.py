"""Working the outbox of webhooks off: each receiver by itself, its attempts written down before anybody dials.

One process sends at a time, a thread for each receiver: whoever hangs holds up itself, no other receiver and no mail.
A crash leaves a delivery in `sending`; it is due again when its lease is over, and goes out with the same id.
"""

import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from random import Random, SystemRandom
from typing import Any

import structlog
from sqlalchemy import Connection, Row

from gateway.config.webhooks import WebhookSettings, read_key
from gateway.db.webhooks import (
    Ending,
    HookState,
    begin_attempt,
    claim,
    due_endpoints,
    end_attempt,
    failures_of,
    give_up,
    note_health,
    release,
)
from gateway.domain.hooks import Verdict, verdict_of
from gateway.notify.backoff import PAUSES, next_pause
from gateway.notify.hook_body import compose_hook
from gateway.notify.hook_dial import Handed, hand_over
from gateway.notify.hook_sign import signed_headers
from gateway.runtime import Runtime

_SENDER = ""  # the row of `webhook_endpoints` that whoever sends is busy with
_THREADS = 16
_LOOK = 0.1  # seconds between two looks for receivers that have become due
_LEASE_MARGIN = timedelta(seconds=30)

log = structlog.get_logger()


def endpoints_of(runtime: Runtime) -> dict[str, WebhookSettings]:
    """Every receiver by its name, `PROJECT/NAME`."""
    return {
        f"{key.upper()}/{name}": endpoint
        for key, project in runtime.settings.projects.items()
        for name, endpoint in project.webhooks.items()
    }


def send_webhooks(runtime: Runtime, *, deadline: float, chance: Random | None = None) -> int:
    """Send what is due until nothing is, or `time.monotonic()` passes `deadline`; how many attempts were made.

    None where another process sends. A receiver that hangs is waited for as long as its timeout says. Raises
    DatabaseTrouble.
    """
    endpoints = endpoints_of(runtime)
    if not endpoints:
        return 0
    now = runtime.clock.now()
    lease = timedelta(seconds=runtime.settings.worker.job_timeout) + _LEASE_MARGIN
    with runtime.database.transaction() as connection:
        if not claim(connection, _SENDER, now=now, until=now + lease):
            return 0
    try:
        return _send_all(runtime, endpoints, deadline=deadline, chance=chance or SystemRandom())
    finally:
        with runtime.database.transaction() as connection:
            release(connection, _SENDER)


def _send_all(runtime: Runtime, endpoints: Mapping[str, WebhookSettings], *, deadline: float, chance: Random) -> int:
    running: dict[str, Future[int]] = {}
    attempts = 0
    with ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="webhook") as threads:
        while True:
            for name in [name for name, future in running.items() if future.done()]:
                attempts += running.pop(name).result()
            due = _due(runtime, endpoints) if time.monotonic() < deadline else []
            for name in due:
                if name not in running:
                    line = _Line(runtime, name, endpoints[name], deadline=deadline, chance=chance)
                    running[name] = threads.submit(line.work_off)
            if not running:
                return attempts
            time.sleep(_LOOK)


def _due(runtime: Runtime, endpoints: Mapping[str, WebhookSettings]) -> list[str]:
    with runtime.database.reading() as connection:
        return due_endpoints(connection, sorted(endpoints), now=runtime.clock.now())


class _Line:
    """What waits for one receiver."""

    def __init__(
        self, runtime: Runtime, name: str, endpoint: WebhookSettings, *, deadline: float, chance: Random
    ) -> None:
        self._runtime = runtime
        self._name = name
        self._endpoint = endpoint
        self._deadline = deadline
        self._chance = chance
        secrets = (endpoint.secret, endpoint.previous_secret)
        self._keys = [read_key(secret) for secret in secrets if secret is not None]

    def work_off(self) -> int:
        """Send one after the other until nothing is due, the time is over or the receiver is in trouble."""
        attempts, is_well = 0, True
        while is_well and time.monotonic() < self._deadline:
            row = self._begin()
            if row is None:
                break
            attempts += 1
            is_well = self._record(row, self._attempt(row))
        return attempts

    def _begin(self) -> Row[Any] | None:
        lease = timedelta(seconds=self._endpoint.timeout) + _LEASE_MARGIN
        with self._runtime.database.transaction() as connection:
            return begin_attempt(connection, self._name, now=self._runtime.clock.now(), lease=lease)

    def _attempt(self, row: Row[Any]) -> Handed:
        try:
            with self._runtime.database.reading() as connection:
                body = compose_hook(connection, self._runtime, row, self._endpoint)
            headers = signed_headers(row.webhook_id, body, at=self._runtime.clock.now(), keys=self._keys)
            return hand_over(
                self._endpoint.url,
                body,
                headers,
                timeout=self._endpoint.timeout,
                private=self._endpoint.private,
            )
        except Exception as error:  # a row that cannot be sent must not hold up the other receivers
            log.exception("webhook.not_sent", delivery_id=row.id, endpoint=self._name)
            return Handed(status=None, error=f"it could not be sent: {type(error).__name__}")

    def _record(self, row: Row[Any], handed: Handed) -> bool:
        """Write down what came of it; False where nobody should dial this receiver again for now."""
        now = self._runtime.clock.now()
        verdict = verdict_of(handed.status)
        with self._runtime.database.transaction() as connection:
            failures = failures_of(connection, self._name) + 1
            pause = next_pause(
                min(failures if verdict is Verdict.TROUBLE else row.attempts, len(PAUSES)), chance=self._chance
            )
            assert pause is not None, "no attempt beyond the last pause is asked for"
            ending = self._ending(row, verdict, now=now, pause=pause, error=handed.error)
            if end_attempt(connection, row, ending):
                self._note_health(
                    connection, verdict, failures=failures, until=now + pause, error=handed.error, now=now
                )
        log.info("webhook.ended", delivery_id=row.id, endpoint=self._name, state=ending.state, attempts=row.attempts)
        return verdict in {Verdict.TAKEN, Verdict.UNFIT}

    def _ending(self, row: Row[Any], verdict: Verdict, *, now: datetime, pause: timedelta, error: str) -> Ending:
        state = {Verdict.TAKEN: HookState.SENT, Verdict.GONE: HookState.FAILED}.get(verdict, HookState.QUEUED)
        is_old = now - row.created_at >= timedelta(days=self._endpoint.give_up_days)
        if state is HookState.QUEUED and is_old and row.attempts > 1:
            state = HookState.FAILED
        return Ending(state=state, at=now, next_attempt_at=now + pause, error=error or None)

    def _note_health(
        self, connection: Connection, verdict: Verdict, *, failures: int, until: datetime, error: str, now: datetime
    ) -> None:
        match verdict:
            case Verdict.TAKEN | Verdict.UNFIT:
                note_health(connection, self._name, failures=0, paused_until=now, last_error=error or None)
            case Verdict.GONE:
                note_health(connection, self._name, failures=failures, gone_at=now, last_error=error)
            case Verdict.TROUBLE:
                note_health(connection, self._name, failures=failures, paused_until=until, last_error=error)
                give_up(connection, self._name, before=now - timedelta(days=self._endpoint.give_up_days))
