"""Whether we live, and whether everything that we stand on does. No sign-in, no personal data, bounded time."""

import shutil
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from time import monotonic
from typing import Any

from flask import Flask, Response, jsonify
from flask_limiter import Limiter
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from sqlalchemy.exc import SQLAlchemyError

from gateway.config.locations import redis_url
from gateway.db.outbox import oldest_open
from gateway.errors import Deferred, GatewayError
from gateway.runtime import Runtime
from gateway.services.mailbox_health import mailbox_health
from gateway.spool.entry import Lane
from web.metrics import CONTENT_TYPE, exposition

ANSWER_WITHIN = 2.0  # seconds, whatever is down
Finding = Mapping[str, Any]


class Probe:
    """Asks one part how it is, in a thread of its own; a part that hangs holds one thread and no answer."""

    def __init__(self, ask: Callable[[], Finding]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._finding: Finding = {"state": "down"}

    def start(self) -> None:
        """Begin to ask, unless an earlier question is still open."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="probe", daemon=True)
                self._thread.start()

    def finding(self, seconds: float) -> Finding:
        """What the part said; `down` when it says nothing within so many seconds."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(max(0.0, seconds))
        return self._finding if thread is not None and not thread.is_alive() else {"state": "down"}

    def _run(self) -> None:
        try:
            self._finding = self._ask()
        except (GatewayError, SQLAlchemyError, RedisError, OSError):
            self._finding = {"state": "down"}


def register(app: Flask, runtime: Runtime, limiter: Limiter) -> None:
    """Add the pages."""
    redis = Redis.from_url(
        redis_url(runtime.settings), socket_connect_timeout=1, socket_timeout=1, retry=Retry(NoBackoff(), 0)
    )
    probes = {
        "database": Probe(lambda: _ask_database(runtime)),
        "redis": Probe(lambda: _ask_redis(redis)),
        "spool": Probe(lambda: _ask_spool(runtime)),
    }
    if runtime.settings.mailboxes:
        probes["mailboxes"] = Probe(lambda: _ask_mailboxes(runtime))
    app.add_url_rule("/healthz", "healthz", limiter.exempt(healthz))
    app.add_url_rule("/readyz", "readyz", limiter.exempt(lambda: readyz(probes)))
    app.add_url_rule("/metrics", "metrics", limiter.exempt(lambda: metrics(probes)))


def healthz() -> Response:
    """GET /healthz: this process answers."""
    return Response("ok\n", content_type="text/plain; charset=utf-8")


def readyz(probes: Mapping[str, Probe]) -> Response:
    """GET /readyz: each part with its state, and in seconds the age of the oldest that waits; 503 if one is down."""
    parts = ask_all(probes)
    ready = all(part["state"] == "up" for part in parts.values())
    answer = jsonify(ready=ready, parts=parts)
    answer.status_code = 200 if ready else 503
    return answer


def metrics(probes: Mapping[str, Probe]) -> Response:
    """GET /metrics: the same findings as numbers, for Prometheus; a part that is down leaves its own out."""
    return Response(exposition(ask_all(probes)), content_type=CONTENT_TYPE)


def ask_all(probes: Mapping[str, Probe]) -> dict[str, Finding]:
    """What each part says within the time that there is for all of them."""
    # Not the runtime's clock: this bounds how long a real peer waits.
    deadline = monotonic() + ANSWER_WITHIN
    for probe in probes.values():
        probe.start()
    return {name: probe.finding(deadline - monotonic()) for name, probe in probes.items()}


def _ask_database(runtime: Runtime) -> Finding:
    with runtime.database.reading() as connection:
        oldest = oldest_open(connection)
    return {"state": "up", "outbox": {"oldest_seconds": _age(runtime, oldest)}}


def _ask_redis(redis: "Redis") -> Finding:
    redis.ping()
    return {"state": "up"}


def _ask_spool(runtime: Runtime) -> Finding:
    depths = {lane: runtime.spool.depth(lane) for lane in Lane}
    free = shutil.disk_usage(runtime.where.spool).free
    if free < runtime.settings.spool.min_free:
        raise Deferred("not enough room on the disk")
    return {
        "state": "up",
        "lanes": {
            lane.value: {
                "waiting": depth.waiting + depth.claimed,
                "quarantined": depth.quarantined,
                "oldest_seconds": _age(runtime, depth.oldest),
            }
            for lane, depth in depths.items()
        },
    }


def _ask_mailboxes(runtime: Runtime) -> Finding:
    found = mailbox_health(runtime)
    return {
        "state": "down" if any(mailbox.is_late for mailbox in found) else "up",
        "mailboxes": {
            mailbox.name: {
                "state": "late" if mailbox.is_late else "failing" if mailbox.error else "up",
                "last_good_seconds": None if mailbox.age is None else max(0, int(mailbox.age.total_seconds())),
                "waiting": mailbox.waiting,
            }
            for mailbox in found
        },
    }


def _age(runtime: Runtime, since: datetime | None) -> int | None:
    return None if since is None else max(0, int((runtime.clock.now() - since).total_seconds()))
