"""How long answers take, the provider's webhooks apart from the pages: a caller hears the silence of a slow one."""

from collections.abc import Iterable
from time import perf_counter
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Histogram, generate_latest

from gateway.observe import span

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_REGISTRY = CollectorRegistry(auto_describe=False)
_SECONDS = Histogram(
    "gateway_answer_seconds",
    "Seconds until an answer was ready.",
    ["kind"],
    registry=_REGISTRY,
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def timed(app: "WSGIApplication", *, kind: str) -> "WSGIApplication":
    """The application, each of its answers measured as of this kind."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        began = perf_counter()
        try:
            with span(kind):
                return app(environ, start_response)
        finally:
            _SECONDS.labels(kind).observe(perf_counter() - began)

    return answer


def waited() -> bytes:
    """What was measured since this process began, in Prometheus' text format."""
    return generate_latest(_REGISTRY)
