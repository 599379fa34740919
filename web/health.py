"""Whether we live, and whether everything that we stand on does. No sign-in, no personal data, bounded time."""

from collections.abc import Mapping

from flask import Flask, Response, current_app, jsonify
from flask_limiter import Limiter

from gateway.runtime import Runtime
from gateway.services.count_mail import Counting
from gateway.services.health import Finding, questions
from gateway.services.probes import Probe, ask_all
from web.latency import waited
from web.metrics import CONTENT_TYPE, exposition

_PROBES = "gateway.probes"


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
