"""Telling services outside how we are, where the operator named some: errors to Sentry, spans to OpenTelemetry.

Promises: without settings nothing is imported and nothing is sent. What is sent holds no address, no number, no text
of anybody's: of an error its type, its place in the code and the ids of the log line; of a span its name, ids and how
long it took. Neither service can hold up or fail what it watches: both are told from threads of their own, and what
they cannot take is dropped.

The spans of one mail have one trace id, made from its `spool_id`: whoever knows the id finds the trace, and no context
has to travel through the spool.
"""

import hashlib
import socket
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gateway.config.load import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

_SECONDS_TO_TELL = 3  # what is left is told at the end of a job or of a process
_IDS = ("spool_id", "ticket", "ticket_id", "entry_id", "delivery_id", "incident", "mailbox", "lane", "attempt")


class _Watchers:
    """Whom this process tells."""

    sentry = False
    provider: "TracerProvider | None" = None
    tracer: "Tracer | None" = None


@contextmanager
def observing(settings: Settings, *, role: str) -> Iterator[None]:
    """Tell the services that the settings name, as this role.

    What is not sent at the end gets a few seconds: a worker's job ends without waiting for threads.
    """
    observe = settings.observe
    if observe.sentry_dsn is not None:
        _begin_reports(observe.sentry_dsn.get_secret_value(), role=role)
    if observe.otlp_endpoint is not None:
        _begin_spans(observe.otlp_endpoint, role=role)
    try:
        yield
    finally:
        _tell_the_rest()


def _tell_the_rest() -> None:
    if _Watchers.sentry:
        import sentry_sdk

        sentry_sdk.flush(timeout=_SECONDS_TO_TELL)
    if _Watchers.provider is not None:
        _Watchers.provider.force_flush(_SECONDS_TO_TELL * 1000)


@contextmanager
def span(name: str, *, spool_id: str | None = None, **attributes: str | int) -> Iterator[None]:
    """What happens within is a span of this name; of the trace of this spool entry, or else of a trace of its own.

    An exception marks the span with its type and goes on its way.
    """
    if _Watchers.tracer is None:
        yield
        return
    from opentelemetry.trace import StatusCode

    told: dict[str, str | int] = dict(attributes) if spool_id is None else {"spool_id": spool_id, **attributes}
    begun = _Watchers.tracer.start_span(
        name,
        context=None if spool_id is None else _trace_of(spool_id),
        attributes={f"gateway.{key}": value for key, value in told.items()},
        record_exception=False,
        set_status_on_exception=False,
    )
    try:
        yield
    except BaseException as error:
        begun.set_status(StatusCode.ERROR, type(error).__name__)
        raise
    finally:
        begun.end()


def _trace_of(spool_id: str) -> Any:
    """A parent that stands for the entry: nobody sends it, every span of the entry hangs on it."""
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    digest = hashlib.sha256(spool_id.encode()).digest()
    context = SpanContext(
        trace_id=int.from_bytes(digest[:16], "big"),
        span_id=int.from_bytes(digest[16:24], "big"),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )
    return set_span_in_context(NonRecordingSpan(context))


def _begin_spans(endpoint: str, *, role: str) -> None:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource(
        {
            "service.name": "support-gateway",
            "service.instance.id": f"{socket.gethostname()}/{role}",
            "gateway.role": role,
        }
    )
    provider = TracerProvider(resource=resource)
    exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=_SECONDS_TO_TELL)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    _Watchers.provider = provider
    _Watchers.tracer = provider.get_tracer("gateway")


def _begin_reports(dsn: str, *, role: str) -> None:
    import sentry_sdk

    # No integration: they collect requests, queries, arguments and log lines, which are other people's words.
    sentry_sdk.init(
        dsn,
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        max_breadcrumbs=0,
        max_request_body_size="never",
        server_name=socket.gethostname(),
        shutdown_timeout=_SECONDS_TO_TELL,
        before_send=_without_words,
    )
    sentry_sdk.set_tag("role", role)
    _Watchers.sentry = True


def _without_words(event: Any, _hint: Any) -> Any:
    """The event without what an exception says: it may quote a mail."""
    for exception in event.get("exception", {}).get("values", ()):
        exception["value"] = ""
    return event


def report_error(_logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Report a log line that carries an exception; the line goes on unchanged. A processor of `gateway.logs`."""
    given = event.get("exc_info") if _Watchers.sentry else None
    if given and method in {"warning", "error", "exception", "critical"}:
        import sentry_sdk

        with sentry_sdk.new_scope() as scope:
            scope.set_tag("event", str(event.get("event")))
            scope.set_level("warning" if method == "warning" else "error")
            for name in _IDS:
                if name in event:
                    scope.set_tag(name, str(event[name]))
            sentry_sdk.capture_exception(given if isinstance(given, BaseException) else None)
    return event
