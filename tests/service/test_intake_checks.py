"""What a mail goes through before it is filed: scanner, lists, file policy; and what is seen of it afterwards."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from gateway.config.load import Settings, load_settings
from gateway.db.receipts import Verdict
from gateway.db.tickets import list_attachments
from gateway.jobs.drain import drain_lane
from gateway.runtime import Runtime, open_runtime
from gateway.spool.entry import Lane
from inbound.filing import file_mail
from tests.service.test_filing import file, outbox, tickets, timeline
from tests.support.clock import MovableClock
from tests.support.installation import mail
from tests.support.web import Site

Configured = Callable[..., Runtime]


@pytest.fixture
def configured(settings: Settings, runtime: Runtime, clock: MovableClock, tmp_path: Path) -> Iterator[Configured]:
    """The runtime with more settings, on the same stores."""
    opened = []

    def build(**more: str) -> Runtime:
        environ = {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_DATA": str(tmp_path / "var"),
            "GATEWAY_DATABASE_URL": str(settings.database_url.get_secret_value()) if settings.database_url else "",
            "GATEWAY_REDIS_URL": str(settings.redis_url.get_secret_value()) if settings.redis_url else "",
            "GATEWAY_SPOOL__MIN_FREE": "0",
            "GATEWAY_MAIL__CHECK_AUTHENTICATION": "false",
            **{f"GATEWAY_{name}": value for name, value in more.items()},
        }
        context = open_runtime(load_settings(environ), clock=clock)
        opened.append(context)
        return context.__enter__()

    yield build
    for context in reversed(opened):
        context.__exit__(None, None, None)


@pytest.fixture
def scanner(tmp_path: Path) -> Iterator[Path]:
    """A clamd that finds a virus in every mail that says so."""
    path = tmp_path / "clamd.sock"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                heard = b""
                while not heard.endswith(b"\0\0\0\0"):
                    heard += connection.recv(65536)
                found = b"EICAR" in heard
                connection.sendall(b"stream: Test.Eicar FOUND\0" if found else b"stream: OK\0")

    thread = threading.Thread(target=serve)
    thread.start()
    yield path
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def with_files(*files: tuple[str, bytes]) -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"] = "marie@client.example", "support@demo.example", "Fichiers"
    message["Message-ID"], message["Date"] = "<files@client.example>", "Tue, 24 Nov 2026 10:00:00 +0100"
    message.set_content("Voir les fichiers joints.\n")
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def test_an_infected_mail_goes_to_quarantine_at_once_and_the_next_is_filed(
    configured: Configured, scanner: Path
) -> None:
    runtime = configured(ANTIVIRUS__SOCKET=str(scanner))
    envelope = {
        "channel": "smtp",
        "mail_from": "marie@client.example",
        "rcpt_tos": ["support@demo.example"],
        "peer": "192.0.2.1",
        "helo": "x",
        "tls": False,
        "smtputf8": False,
        "received_at": runtime.clock.now().isoformat(),
    }
    infected = runtime.spool.accept(Lane.MAIL, envelope, mail(1).replace(b"Bonjour", b"EICAR"))
    runtime.spool.accept(Lane.MAIL, envelope, mail(2))
    drain_lane(Lane.MAIL, file_mail, runtime, deadline=float("inf"))
    [held] = runtime.spool.quarantine.list(Lane.MAIL)
    assert (held.id, held.reason) == (infected, "the virus scanner found Test.Eicar")
    assert [ticket.subject for ticket in tickets(runtime)] == ["Écran bloqué n° 2"]


def test_a_scanner_that_is_down_keeps_no_mail_and_the_entry_says_so(configured: Configured, tmp_path: Path) -> None:
    runtime = configured(ANTIVIRUS__SOCKET=str(tmp_path / "nobody.sock"))
    assert file(runtime, mail(1)).verdict is Verdict.FILED
    assert timeline(runtime, tickets(runtime)[0])[0].data["notes"] == ["not-scanned"]


def test_a_denied_sender_gets_no_ticket_and_no_answer(configured: Configured) -> None:
    runtime = configured(MAIL__DENY=json.dumps(["client.example"]))
    receipt = file(runtime, mail(1))
    assert (receipt.verdict, receipt.reason) == (Verdict.IGNORED, "the sender is on the deny list")
    assert file(runtime, mail(2, sender="marie@notclient.example")).verdict is Verdict.FILED
    assert len(outbox(runtime)) == 1


def test_a_refused_file_leaves_its_line_on_the_page(site: Site, runtime: Runtime) -> None:
    file(runtime, with_files(("facture.pdf.exe", b"MZ"), ("photo.jpg", b"x")))
    [ticket] = tickets(runtime)
    with runtime.database.reading() as connection:
        kept = [row.name for rows in list_attachments(connection, ticket.id).values() for row in rows]
    assert kept == ["photo.jpg"]
    [entry] = timeline(runtime, ticket)
    assert entry.data["refused_files"] == [{"name": "facture.pdf.exe", "reason": "double-extension"}]
    page = site.sign_in(site.person(ticket.reporter)).get(f"/tickets/{ticket.ref}").text
    assert "Le fichier «\u00a0facture.pdf.exe\u00a0» n’a pas été gardé" in page


def test_the_quote_is_taken_off_and_kept(runtime: Runtime) -> None:
    quoted = "Merci, c'est réglé.\r\n\r\nLe 23/11/2026 à 10:12, Support a écrit :\r\n> Pouvez-vous réessayer ?\r\n"
    head = mail(1, Content_Type="x").partition(b"\r\n\r\n")[0]
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith((b"content-", b"mime-"))]
    raw = b"\r\n".join([*lines, b"MIME-Version: 1.0", b"Content-Type: text/plain; charset=utf-8"])
    file(runtime, raw + b"\r\n\r\n" + quoted.encode())
    [entry] = timeline(runtime, tickets(runtime)[0])
    assert entry.text.strip() == "Merci, c'est réglé."
    assert "Pouvez-vous réessayer" in entry.removed_text


def test_headers_that_are_ours_to_write_are_believed_from_nobody(runtime: Runtime) -> None:
    receipt = file(runtime, mail(1, **{"X-Gateway-Ticket": "DEMO-99", "X-Gateway-Loop": "mx.other.example"}))
    assert receipt.verdict is Verdict.FILED
    steps: list[dict[str, Any]] = [step for step in receipt.trace if step["rule"] == "control headers"]
    assert [step["outcome"] for step in steps] == ["removed"]
