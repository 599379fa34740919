"""Sending webhooks: each receiver by itself, its attempts written down before anybody dials.

A thread for each receiver: whoever hangs holds up itself and no other. A crash leaves a delivery in `sending`; it is
due again when its lease is over, or as soon as its sender is known to be dead, and goes out with the same id.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from random import Random, SystemRandom
from typing import Any

import structlog
from sqlalchemy import Connection, Row

from gateway.config.webhooks import WebhookSettings, read_key
from gateway.db.webhooks import (
    WEBHOOKS,
    Ending,
    HookState,
    begin_attempt,
    due_endpoints,
    end_attempt,
    failures_of,
    give_up,
    note_health,
)
from gateway.domain.hooks import Verdict, verdict_of
from gateway.notify.backoff import PAUSES, next_pause
from gateway.notify.hook_body import compose_hook
from gateway.notify.hook_dial import Handed, hand_over
from gateway.notify.hook_sign import signed_headers
from gateway.notify.work_off import work_off
from gateway.runtime import Runtime

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


def send_webhooks(
    runtime: Runtime,
    *,
    goes_on: Callable[[], bool],
    names: Iterable[str] | None = None,
    chance: Random | None = None,
) -> int:
    """Send what is due, or what of it is for these receivers, while it `goes_on`; how many attempts were made.

    A receiver that hangs is waited for as long as its timeout says. `chance` is where the jitter comes from. Raises
    DatabaseTrouble.
    """
    known = endpoints_of(runtime)
    endpoints = known if names is None else {name: known[name] for name in names}
    return _send_all(runtime, endpoints, goes_on=goes_on, chance=chance or SystemRandom()) if endpoints else 0


def release_webhooks(runtime: Runtime) -> int:
    """Let what is being sent be due now, as its sender is known to be dead; how many that are."""
    with runtime.database.transaction() as connection:
        return WEBHOOKS.release(connection, now=runtime.clock.now())


def _send_all(
    runtime: Runtime, endpoints: Mapping[str, WebhookSettings], *, goes_on: Callable[[], bool], chance: Random
) -> int:
    running: dict[str, Future[int]] = {}
    made = 0
    with ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="webhook") as threads:
        while True:
            for name in [name for name, future in running.items() if future.done()]:
                made += running.pop(name).result()
            for name in _due(runtime, endpoints) if goes_on() else []:
                if name not in running:
                    receiver = _Receiver(runtime, name, endpoints[name], chance=chance)
                    running[name] = threads.submit(work_off, receiver, goes_on=goes_on)
            if not running:
                return made
            time.sleep(_LOOK)


def _due(runtime: Runtime, endpoints: Iterable[str]) -> list[str]:
    with runtime.database.reading() as connection:
        return due_endpoints(connection, endpoints, now=runtime.clock.now())


class _Receiver:
    """The way out of what waits for one receiver."""

    def __init__(self, runtime: Runtime, name: str, endpoint: WebhookSettings, *, chance: Random) -> None:
        self._runtime = runtime
        self._name = name
        self._endpoint = endpoint
        self._chance = chance
        secrets = (endpoint.secret, endpoint.previous_secret)
        self._keys = [read_key(secret) for secret in secrets if secret is not None]

    def take(self) -> list[Row[Any]]:
        """The next one, its attempt written down. One after the other, so that each is leased for its own time."""
        lease = timedelta(seconds=self._endpoint.timeout) + _LEASE_MARGIN
        with self._runtime.database.transaction() as connection:
            row = begin_attempt(connection, self._name, now=self._runtime.clock.now(), lease=lease)
        return [] if row is None else [row]

    def attempt(self, item: Row[Any]) -> bool:
        """Send one; False where nobody should dial this receiver again for now."""
        return self._record(item, self._hand_over(item))

    def give_back(self, untried: Sequence[Row[Any]]) -> None:
        """Due again at once."""
        with self._runtime.database.transaction() as connection:
            WEBHOOKS.give_back(connection, untried, due_at=self._runtime.clock.now())

    def _hand_over(self, row: Row[Any]) -> Handed:
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
