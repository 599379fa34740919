"""Mail as a weapon: what a forger, a stranger or a machine can make the gateway do, which is nothing."""

from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gateway.config.load import load_settings
from gateway.db.engine import Database
from gateway.db.migrate import migrate
from gateway.db.receipts import Verdict
from gateway.mail.reply_address import make_reply_address
from gateway.mail.tokens import Purpose
from gateway.notify.compose import compose
from gateway.runtime import Runtime, open_runtime
from gateway.services.sign_in import make_link
from tests.service.test_filing import SUPPORT, file, outbox, tickets, timeline
from tests.support.clock import MovableClock
from tests.support.installation import mail
from web.app import create_app

STRANGER = "stranger@elsewhere.example"


def reply_to(runtime: Runtime, number: int = 0) -> str:
    """The signed address that the first ticket's acknowledgement asks to answer to."""
    ticket = tickets(runtime)[number]
    return make_reply_address(
        SUPPORT, runtime.signer, ticket_id=ticket.id, person_id=ticket.reporter_id, today=runtime.clock.now().date()
    )


def test_a_token_of_one_ticket_leads_to_no_other(runtime: Runtime) -> None:
    file(runtime, mail(1))
    file(runtime, mail(2, sender="paul@client.example"))
    one, two = sorted(tickets(runtime), key=lambda ticket: ticket.id)
    token = reply_to(runtime, tickets(runtime).index(one))
    forged = token.replace(f"-{one.id}-{one.reporter_id}-", f"-{two.id}-{one.reporter_id}-")
    assert forged != token
    file(runtime, mail(3, sender=STRANGER), forged)
    assert all(ticket.entries == 1 for ticket in tickets(runtime))


@pytest.mark.parametrize("purpose", [Purpose.QUOTE, Purpose.SIGN_IN, Purpose.MESSAGE_ID])
def test_a_token_made_for_something_else_opens_no_door(runtime: Runtime, purpose: Purpose) -> None:
    file(runtime, mail(1))
    [ticket] = tickets(runtime)
    token = runtime.signer.sign(purpose, ticket.id, ticket.reporter_id, today=runtime.clock.now().date())
    for detail in (token, f"r{token[1:]}"):
        file(runtime, mail(2, sender=STRANGER), f"support+{detail}@demo.example")
    assert min(ticket.entries for ticket in tickets(runtime)) == 1
    assert timeline(runtime, ticket)[1:] == []


def test_a_token_has_its_day(runtime: Runtime, clock: MovableClock) -> None:
    file(runtime, mail(1))
    address = reply_to(runtime)
    clock.move(days=runtime.settings.mail.reply_token_days + 1)
    file(runtime, mail(2), address)
    assert [ticket.entries for ticket in tickets(runtime)] == [1, 1]


@pytest.mark.parametrize(
    "subject",
    [
        "=?utf-8?q?Bonjour=0D=0ABcc:_victim@elsewhere.example?=",
        "=?utf-8?b?Qm9uam91cg0KWC1JbmplY3RlZDogeWVz?=",
        "=?utf-8?q?Bonjour=00=0A=0A<script>?=",
    ],
)
def test_no_header_can_be_smuggled_into_our_mail(runtime: Runtime, subject: str) -> None:
    raw = (
        f"From: =?utf-8?q?Marie=0D=0ABcc:_victim@elsewhere.example?= <marie@client.example>\r\n"
        f"To: {SUPPORT}\r\nSubject: {subject}\r\n"
        "Message-ID: <x\r\n X-Injected: yes\r\n y@client.example>\r\n"
        "Date: Tue, 24 Nov 2026 10:00:00 +0100\r\n"
        'Content-Type: text/plain; name="=?utf-8?q?a=0D=0AX-Injected:_yes?="\r\n\r\nBonjour\r\n'
    ).encode()
    assert file(runtime, raw).verdict is Verdict.FILED
    for notice in outbox(runtime):
        sent = message_from_bytes(compose(notice, runtime=runtime).content, policy=default)
        assert sent["Bcc"] is None
        assert sent["X-Injected"] is None
        assert [str(recipient) for recipient in sent.get_all("To")] == ["marie@client.example"]


HOSTILE = (
    '<p>Bonjour</p><script>alert(1)</script><img src="https://tracker.example/p.gif" onerror="alert(2)">'
    '<svg onload="alert(3)"><style>body{display:none}</style><form action="https://evil.example"><input name=x></form>'
    '<a href="javascript:alert(4)">ici</a><iframe src="https://evil.example"></iframe>'
)


def test_html_from_outside_does_nothing_on_the_page(runtime: Runtime) -> None:
    raw = mail(1).replace(b"text/plain", b"text/html")
    head, _, _ = raw.partition(b"\r\n\r\n")
    head = head.replace(b"quoted-printable", b"8bit").replace(b"base64", b"8bit")
    file(runtime, head + b"\r\n\r\n" + HOSTILE.encode() + b"\r\n")
    [ticket] = tickets(runtime)
    page = _signed_in(runtime, ticket.reporter).get(f"/tickets/{ticket.ref}").text
    main = page[page.index("<main") :]
    assert "Bonjour" in main
    for fragment in ("<script", "onerror", "<svg", "display:none", "evil.example", "tracker.example", "javascript:"):
        assert fragment not in main


def _signed_in(runtime: Runtime, email: str) -> FlaskClient:
    client = create_app(runtime, lambda *_: b"").test_client()
    path = make_link(runtime, email=email).removeprefix(runtime.settings.http.base_url)
    form = client.get(path).text
    token = form.split('name="csrf_token" value="')[1].split('"')[0]
    assert client.post(path, data={"csrf_token": token}).status_code == 303
    return client


@pytest.fixture
def other_gateway(tmp_path: Path, redis_url: str, clock: MovableClock) -> Iterator[Runtime]:
    """A second gateway, of another company."""
    config = tmp_path / "other.toml"
    config.write_text(
        '[smtp]\nhostname = "mx.other.example"\n[mail]\ncheck_authentication = false\n'
        '[projects.other]\nname = "Other"\naddresses = ["help@other.example"]\n'
    )
    settings = load_settings(
        {
            "GATEWAY_CONFIG": str(config),
            "GATEWAY_DATA": str(tmp_path / "other"),
            "GATEWAY_REDIS_URL": redis_url,
            "GATEWAY_SPOOL__MIN_FREE": "0",
        }
    )
    with open_runtime(settings, clock=clock) as opened:
        migrate(Database(opened.database.url))
        yield opened


@pytest.mark.parametrize("stripped", [False, True], ids=["as sent", "with its markings lost on the way"])
def test_two_gateways_that_write_to_each_other_fall_silent(
    runtime: Runtime, other_gateway: Runtime, *, stripped: bool
) -> None:
    """With every marking lost, only the address that we write from tells; the caps end what is left."""
    file(runtime, mail(1, sender="help@other.example"))
    sides = [(other_gateway, "help@other.example"), (runtime, SUPPORT)]
    sent = 0
    for turn in range(40):
        writer, (reader, address) = sides[1 - turn % 2][0], sides[turn % 2]
        waiting = outbox(writer)[turn // 2 :]
        if not waiting:
            break
        content = compose(waiting[0], runtime=writer).content
        if stripped:
            head, _, body = content.partition(b"\r\n\r\n")
            marks = (b"auto-submitted", b"x-auto", b"x-gateway", b"precedence", b"in-reply-to", b"references")
            content = (
                b"\r\n".join(x for x in head.split(b"\r\n") if not x.lower().startswith(marks)) + b"\r\n\r\n" + body
            )
        file(reader, content, address, mail_from="" if not stripped else "support@demo.example")
        sent += 1
    assert sent <= (2 if not stripped else 2 * runtime.settings.mail.acknowledgements_per_day)
