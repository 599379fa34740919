"""A scanner's clear answers count; whatever else happens is "not scanned", said aloud, and never in the way."""

import os
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.mail_checks import AntivirusSettings
from inbound.antivirus import NO_SCANNER, ScanOutcome, ScanResult, _understand, scan
from tests.support.clamd import EICAR, scanning
from tests.support.servers import free_port

MAIL = b"From: marie@client.example\r\n\r\n" + b"Bonjour\r\n" * 30_000


@pytest.fixture
def path() -> Iterator[Path]:
    """Where a socket may be: its path has to be short, and the folders of tests are not."""
    with tempfile.TemporaryDirectory(prefix="c") as folder:
        yield Path(folder) / "clamd.sock"


@pytest.mark.parametrize("by_path", [True, False], ids=["socket", "tcp"])
def test_a_mail_is_scanned_whole(path: Path, by_path: bool) -> None:
    with scanning(path if by_path else None) as (server, settings):
        assert scan(MAIL, settings) == ScanResult(outcome=ScanOutcome.CLEAN, detail="")
        found = scan(MAIL + EICAR + MAIL, settings)
    assert found == ScanResult(outcome=ScanOutcome.INFECTED, detail="Eicar-Test-Signature")
    assert server.seen == [MAIL, MAIL + EICAR + MAIL]


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        (b"INSTREAM size limit exceeded. ERROR", "larger than the scanner takes"),
        (b"stream: Heuristics.Limits.Exceeded ERROR", "no clear answer"),
        (b"UNKNOWN COMMAND", "no clear answer"),
        (b"stream: OK\nstream: OK", "no clear answer"),
        (b"", "no answer"),
    ],
)
def test_an_answer_that_is_not_clear_is_no_scan(path: Path, says: bytes, reason: str) -> None:
    with scanning(path) as (server, settings):
        server.says = says
        found = scan(MAIL, settings)
    assert found.outcome is ScanOutcome.NOT_SCANNED
    assert reason in found.detail


def test_a_scanner_that_has_heard_enough_is_listened_to(path: Path) -> None:
    with scanning(path) as (server, settings):
        server.hears, server.says = 1, b"stream: Early.Bird FOUND"
        found = scan(b"x" * 5_000_000, settings)
    assert found.outcome in {
        ScanOutcome.INFECTED,
        ScanOutcome.NOT_SCANNED,
    }  # the answer may be lost with the connection
    assert found.detail


def test_a_scanner_that_is_down_keeps_nothing(path: Path) -> None:
    for settings in (AntivirusSettings(socket=path), AntivirusSettings(host="127.0.0.1", port=free_port())):
        found = scan(MAIL, settings)
        assert found.outcome is ScanOutcome.NOT_SCANNED
        assert "cannot be reached" in found.detail


def test_a_path_that_is_too_long_for_a_socket_keeps_nothing() -> None:
    assert scan(MAIL, AntivirusSettings(socket=Path("/x" * 200))).outcome is ScanOutcome.NOT_SCANNED


def test_a_scanner_that_says_nothing_is_not_waited_for(path: Path) -> None:
    with scanning(path) as (server, settings):
        server.is_silent = True
        begun = time.monotonic()
        found = scan(MAIL, settings.model_copy(update={"timeout": 0.3}))
        assert time.monotonic() - begun < 2
    assert found == ScanResult(outcome=ScanOutcome.NOT_SCANNED, detail="the scanner took too long")


def test_a_scanner_that_takes_nothing_in_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings = AntivirusSettings(host="127.0.0.1", port=listener.getsockname()[1], timeout=0.3)
        begun = time.monotonic()
        assert scan(os.urandom(1000) * 20_000, settings).detail == "the scanner took too long"
        assert time.monotonic() - begun < 2


def test_a_mail_that_is_too_large_is_not_sent(path: Path) -> None:
    with scanning(path) as (server, settings):
        found = scan(MAIL, settings.model_copy(update={"max_size": 1000}))
    assert (found.outcome, server.seen) == (ScanOutcome.NOT_SCANNED, [])


def test_without_a_scanner_nothing_is_scanned() -> None:
    assert scan(MAIL, AntivirusSettings()) is NO_SCANNER


@given(st.binary(max_size=300))
def test_no_answer_makes_it_raise(answer: bytes) -> None:
    assert _understand(answer).outcome is not ScanOutcome.CLEAN or answer.strip() == b"stream: OK"
