"""TLS and login are never given up: where they cannot be had, nothing is sent."""

import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import SecretStr

from gateway.db.outbox import DeliveryState
from gateway.notify.deliver import deliver_due
from gateway.runtime import Runtime
from tests.support.outbox import delivery, file_and_acknowledge
from tests.support.relay import ScriptedRelay, through

LOGIN = {"username": "gateway", "password": SecretStr("correct horse")}


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def deliver(runtime: Runtime) -> int:
    return deliver_due(runtime, deadline=time.monotonic() + 60)


def refused(runtime: Runtime, relay: ScriptedRelay, **options: Any) -> str:
    """Deliver one mail, see that nothing of it was sent and that it waits; the reason that is shown."""
    row = file_and_acknowledge(runtime)
    deliver(through(runtime, relay, **options))
    after = delivery(runtime, row)
    assert (relay.received, relay.commands) == ([], [])
    assert after.state is DeliveryState.QUEUED
    assert after.last_error is not None
    return after.last_error


def test_mail_goes_out_under_starttls(runtime: Runtime, server_tls: ssl.SSLContext, ca_file: Path) -> None:
    file_and_acknowledge(runtime)
    with ScriptedRelay(tls=server_tls) as relay:
        deliver(through(runtime, relay, security="starttls", ca_file=ca_file))
    assert [mail.tls for mail in relay.received] == [True]


def test_mail_goes_out_under_tls_from_the_first_byte(
    runtime: Runtime, server_tls: ssl.SSLContext, ca_file: Path
) -> None:
    file_and_acknowledge(runtime)
    with ScriptedRelay(tls=server_tls, implicit_tls=True) as relay:
        deliver(through(runtime, relay, security="tls", ca_file=ca_file))
    assert [mail.tls for mail in relay.received] == [True]


def test_where_starttls_is_stripped_nothing_is_sent(runtime: Runtime) -> None:
    with ScriptedRelay() as relay:
        assert "offers no STARTTLS" in refused(runtime, relay, security="starttls", **LOGIN)


def test_where_starttls_is_refused_nothing_is_sent(runtime: Runtime, server_tls: ssl.SSLContext, ca_file: Path) -> None:
    with ScriptedRelay(tls=server_tls, starttls_reply="454 4.7.0 TLS not available") as relay:
        assert "454" in refused(runtime, relay, security="starttls", ca_file=ca_file)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_to_a_certificate_that_nobody_vouches_for_nothing_is_sent(
    runtime: Runtime, server_tls: ssl.SSLContext, security: str
) -> None:
    with ScriptedRelay(tls=server_tls, implicit_tls=security == "tls") as relay:
        assert "certificate" in refused(runtime, relay, security=security, **LOGIN)


def test_to_a_certificate_for_another_name_nothing_is_sent(
    runtime: Runtime, authority: trustme.CA, ca_file: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(context)
    with ScriptedRelay(tls=context) as relay:
        assert "certificate" in refused(runtime, relay, security="starttls", ca_file=ca_file)


def test_a_ca_file_that_is_not_there_is_said(runtime: Runtime, server_tls: ssl.SSLContext, tmp_path: Path) -> None:
    with ScriptedRelay(tls=server_tls) as relay:
        assert "No such file" in refused(runtime, relay, security="starttls", ca_file=tmp_path / "missing.pem")


def test_the_login_goes_over_tls(runtime: Runtime, server_tls: ssl.SSLContext, ca_file: Path) -> None:
    file_and_acknowledge(runtime)
    with ScriptedRelay(tls=server_tls, credentials=("gateway", "correct horse")) as relay:
        deliver(through(runtime, relay, security="starttls", ca_file=ca_file, **LOGIN))
    assert [mail.login for mail in relay.received] == ["gateway"]


def test_a_login_that_is_refused_is_said_without_the_password(
    runtime: Runtime, server_tls: ssl.SSLContext, ca_file: Path
) -> None:
    with ScriptedRelay(tls=server_tls, credentials=("gateway", "another")) as relay:
        said = refused(runtime, relay, security="starttls", ca_file=ca_file, **LOGIN)
    assert "refused our login (535)" in said
    assert "correct horse" not in said


def test_a_login_is_never_sent_in_the_clear(runtime: Runtime) -> None:
    with ScriptedRelay(credentials=("gateway", "correct horse")) as relay:
        assert "without TLS" in refused(runtime, relay, security="plain", **LOGIN)
