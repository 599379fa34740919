"""Whether we live, and whether everything that we stand on does. No sign-in, no personal data, bounded time."""

import threading
from collections.abc import Mapping
from time import monotonic

from flask import Flask, Response, current_app, jsonify
from flask_limiter import Limiter

from gateway.runtime import Runtime
from gateway.services.count_mail import Counting
from gateway.services.health import Finding, Question, ask, questions
from web.latency import waited
from web.metrics import CONTENT_TYPE, exposition

_PROBES = "gateway.probes"
ANSWER_WITHIN = 2.0  # seconds, whatever is down


class Probe:
    """Asks one part how it is, in a thread of its own; a part that hangs holds one thread and no answer."""

    def __init__(self, question: Question) -> None:
        self._question = question
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
        self._finding = ask(self._question)


def register(app: Flask, runtime: Runtime, limiter: Limiter) -> None:
    """Add the pages."""
    probes = {name: Probe(question) for name, question in questions(runtime).items()}
    app.extensions[_PROBES] = probes
    counting = Counting(runtime)
    app.add_url_rule("/healthz", "healthz", limiter.exempt(healthz))
    app.add_url_rule("/readyz", "readyz", limiter.exempt(lambda: readyz(probes)))
    app.add_url_rule("/metrics", "metrics", limiter.exempt(lambda: metrics(probes, counting)))


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


def metrics(probes: Mapping[str, Probe], counting: Counting) -> Response:
    """GET /metrics: the same findings as numbers, for Prometheus; a part that is down leaves its own out."""
    parts = ask_all(probes)
    if parts["database"]["state"] == "up":
        counting.look()
    return Response(exposition(parts, counting.counts) + waited(), content_type=CONTENT_TYPE)


def ask_parts() -> dict[str, Finding]:
    """What each part says to the present app; as much time as /readyz has."""
    return ask_all(current_app.extensions[_PROBES])


def ask_all(probes: Mapping[str, Probe]) -> dict[str, Finding]:
    """What each part says within the time that there is for all of them."""
    # Not the runtime's clock: this bounds how long a real peer waits.
    deadline = monotonic() + ANSWER_WITHIN
    for probe in probes.values():
        probe.start()
    return {name: probe.finding(deadline - monotonic()) for name, probe in probes.items()}
