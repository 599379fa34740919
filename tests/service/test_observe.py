"""What services outside are told: errors and spans, with ids and our own names, and nobody's words."""

import gzip
import json
import logging
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gateway import observe
from gateway.config.load import load_settings
from gateway.errors import Misconfigured
from gateway.logs import processors
from gateway.observe import observing, span
from tests.support.listener import Answer, Asked, HttpListener
from tests.support.waiting import wait_for

SECRET_WORDS = "marie@client.example wrote that the boiler burns"


class Listener(HttpListener):
    """A service that takes whatever is posted, or says that it is broken."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[bytes] = []
        self.paths: list[str] = []
        self.status = 200

    def reply(self, asked: Asked) -> Answer:
        is_packed = asked.headers.get("content-encoding") == "gzip"
        self.paths.append(asked.target)
        self.bodies.append(gzip.decompress(asked.body) if is_packed else asked.body)
        return Answer(status=self.status)

    def spans(self) -> list[Any]:
        """All that came, in order."""
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [
            one
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for one in scope.spans
        ]


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as listener:
        yield listener


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The process tells nobody before and after."""
    yield
    if observe._Watchers.provider is not None:
        observe._Watchers.provider.shutdown()
    observe._Watchers.provider = observe._Watchers.tracer = None
    if observe._Watchers.sentry:
        import sentry_sdk

        sentry_sdk.get_client().close(timeout=0)
        # Without an address it is off. Its integrations, once set up, would stay for the tests that follow.
        sentry_sdk.init(default_integrations=False, auto_enabling_integrations=False)
    observe._Watchers.sentry = False


def settings(tmp_path: Path, **variables: str) -> Any:
    names = {f"GATEWAY_{name}": value for name, value in variables.items()}
    return load_settings({"GATEWAY_CONFIG": "/dev/null", "GATEWAY_DATA": str(tmp_path), **names})


def test_an_error_is_reported_with_its_ids_and_without_anybodys_words(
    listener: Listener, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = settings(tmp_path, OBSERVE__SENTRY_DSN=f"http://key@{listener.address}/1")
    with observing(told, role="worker"):
        log = structlog.wrap_logger(structlog.PrintLogger(sys.stderr), processors=processors())
        log.info("mail.accepted", spool_id="1abc")
        log.error("entry.quarantined", spool_id="2def", reason="damaged")
        try:
            subject = SECRET_WORDS
            raise ValueError(f"cannot read {subject}")
        except ValueError as error:
            log.warning("entry.failed", spool_id="01ENTRY", attempt=2, exc_info=error)
    assert len(listener.bodies) == 1, "one line had an exception"
    body = listener.bodies[0].decode()
    event = json.loads(body.splitlines()[-1])
    assert event["tags"] == {"role": "worker", "event": "entry.failed", "spool_id": "01ENTRY", "attempt": "2"}
    assert event["exception"]["values"][0]["type"] == "ValueError"
    assert event["server_name"] == socket.gethostname()
    assert "marie" not in body
    assert "boiler burns" not in body.replace("SECRET_WORDS", "")
    assert "entry.failed" in capsys.readouterr().err, "the log still has it"


def test_the_spans_of_one_mail_share_a_trace_that_its_id_gives(listener: Listener, tmp_path: Path) -> None:
    told = settings(tmp_path, OBSERVE__OTLP_ENDPOINT=f"http://{listener.address}/")
    with observing(told, role="smtpd"):
        with span("accept", spool_id="01ENTRY", size=5):
            pass
        with pytest.raises(ValueError, match="boiler"), span("file", spool_id="01ENTRY"):
            raise ValueError(SECRET_WORDS)
        with span("file", spool_id="02OTHER"):
            pass
    assert set(listener.paths) == {"/v1/traces"}
    accept, file, other = listener.spans()
    assert accept.trace_id == file.trace_id != other.trace_id
    assert accept.span_id != file.span_id
    assert file.status.message == "ValueError"
    assert {one.key: one.value.string_value or one.value.int_value for one in accept.attributes} == {
        "gateway.spool_id": "01ENTRY",
        "gateway.size": 5,
    }
    assert b"boiler" not in b"".join(listener.bodies)


def test_a_service_that_is_broken_or_away_fails_nothing(
    listener: Listener, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    listener.status = 500
    away = settings(
        tmp_path, OBSERVE__OTLP_ENDPOINT="http://127.0.0.1:1", OBSERVE__SENTRY_DSN=f"http://key@{listener.address}/1"
    )
    caplog.set_level(logging.CRITICAL)
    with observing(away, role="worker"), span("file", spool_id="01ENTRY"):
        log = structlog.wrap_logger(structlog.PrintLogger(), processors=processors())
        log.error("entry.failed", exc_info=ValueError("x"))
    assert listener.bodies


def test_what_a_forked_job_saw_is_told_although_forks_leave_at_once(listener: Listener, tmp_path: Path) -> None:
    told = settings(tmp_path, OBSERVE__OTLP_ENDPOINT=f"http://{listener.address}")
    with observing(told, role="worker"):
        child = os.fork()
        if child == 0:
            with observing(told, role="worker"), span("file", spool_id="01ENTRY"):
                pass
            os._exit(0)
        os.waitpid(child, 0)
    wait_for(listener.spans, "the span of the fork")
    assert [one.name for one in listener.spans()] == ["file"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("OBSERVE__SENTRY_DSN", "https://sentry.example.org/1", "must look like https://KEY@sentry.example.org/1"),
        ("OBSERVE__SENTRY_DSN", "nonsense", "must look like"),
        ("OBSERVE__OTLP_ENDPOINT", "collector:4318", "must look like http://localhost:4318"),
    ],
)
def test_an_address_that_cannot_be_is_a_fault(tmp_path: Path, name: str, value: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        settings(tmp_path, **{name: value})


def test_without_its_package_the_setting_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.config.observe.find_spec", lambda _name: None)
    with pytest.raises(Misconfigured, match=r"support-gateway\[observe\]"):
        settings(tmp_path, OBSERVE__OTLP_ENDPOINT="http://localhost:4318")
