"""What our mails say and carry, as their reader and their mail program see them."""

import dataclasses
import email
import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gateway.config.load import load_settings
from gateway.db.outbox import Delivery
from gateway.domain.ticket import Language
from gateway.errors import Refused
from gateway.mail.automation import LOOP_HEADER
from gateway.mail.reply_address import BounceToken, ReplyToken, read_token
from gateway.notify.compose import OutgoingMail, compose
from gateway.notify.links import read_leave
from gateway.notify.samples import NOW, SAMPLES, sample
from gateway.notify.template_values import ProjectGone
from gateway.runtime import Runtime, open_runtime
from inbound.trimming import trim

TODAY = NOW.date()


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """The demonstration project without stores: composing needs none."""
    data: Path = tmp_path_factory.mktemp("var")
    environment = {
        "GATEWAY_CONFIG": "/dev/null",
        "GATEWAY_DATA": str(data),
        "GATEWAY_REDIS_URL": "redis://127.0.0.1:1/0",
        "GATEWAY_HTTP__PUBLIC_URL": "https://support.example.org",
        "GATEWAY_SMTP__HOSTNAME": "mx.example.org",
    }
    with open_runtime(load_settings(environment)) as opened:
        yield opened


def row(name: str = "acknowledgement", lang: str = "fr", **changes: object) -> Delivery:
    """A row of the outbox."""
    # The fields come by name.
    return dataclasses.replace(sample(name, project="DEMO", lang=Language(lang)), **changes)  # type: ignore[arg-type]


def read(mail: OutgoingMail) -> EmailMessage:
    message = email.message_from_bytes(mail.content, policy=default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


def part(message: EmailMessage, subtype: str) -> str:
    body = message.get_body((subtype,))
    assert isinstance(body, EmailMessage)
    content = body.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n").replace("\N{NO-BREAK SPACE}", " ")


EVERY = [(name, lang) for name in SAMPLES for lang in Language]


@pytest.mark.parametrize(
    ("lang", "subject", "opening", "marker", "why"),
    [
        (
            "fr",
            "Nous avons bien reçu votre demande [DEMO-42]",
            "Bonjour,\n\nNous avons bien reçu votre message. Il est enregistré sous la référence DEMO-42.",
            "##- Merci de répondre au-dessus de cette ligne -##",
            "Vous recevez cette confirmation automatique parce qu’un courriel",
        ),
        (
            "en",
            "We have received your request [DEMO-42]",
            "Hello,\n\nThank you for your message. We have received it and filed it under the reference DEMO-42.",
            "##- Please write your answer above this line -##",
            "You are receiving this automatic confirmation because an email",
        ),
    ],
)
def test_an_acknowledgement_says_what_happened_what_comes_next_and_why_it_came(
    runtime: Runtime, lang: str, subject: str, opening: str, marker: str, why: str
) -> None:
    message = read(compose(row(lang=lang), runtime=runtime))
    assert message["Subject"] == subject
    text = part(message, "plain")
    first, _, rest = text.partition("\n")
    assert (first.rpartition(" (")[0], rest[: len(opening) + 1]) == (marker, f"\n{opening}")
    assert "\nhttps://support.example.org/tickets/DEMO-42\n" in text
    assert why in text
    html = part(message, "html")
    assert f'<html lang="{lang}">' in html
    assert html.index(marker) < html.index("DEMO-42</strong>")
    assert 'href="https://support.example.org/tickets/DEMO-42"' in html


@pytest.mark.parametrize(
    ("lang", "subject", "once"),
    [
        (
            "fr",
            "Votre lien de connexion au support Démonstration",
            "Il ne sert qu’une fois et reste valable 30 minutes.",
        ),
        ("en", "Your sign-in link for Démonstration support", "It works once and stays valid for 30 minutes."),
    ],
)
def test_a_sign_in_mail_carries_a_link_that_only_we_can_make(
    runtime: Runtime, lang: str, subject: str, once: str
) -> None:
    message = read(compose(row("sign_in_link", lang), runtime=runtime))
    assert message["Subject"] == subject
    (link,) = re.findall(r"^https://support\.example\.org/login/\S+$", part(message, "plain"), re.MULTILINE)
    assert once in part(message, "plain")
    assert f'href="{link}"' in part(message, "html")
    assert message["Reply-To"] is None


@pytest.mark.parametrize(("name", "lang"), EVERY)
def test_every_mail_but_a_person_s_letter_says_that_a_machine_wrote_it(runtime: Runtime, name: str, lang: str) -> None:
    message = read(compose(row(name, lang), runtime=runtime))
    replies = dict.fromkeys(("acknowledgement", "acknowledged_report"), "auto-replied")
    expected = (replies | {"answer": None, "waiting": None}).get(name, "auto-generated")
    assert message["Auto-Submitted"] == expected
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message[LOOP_HEADER] == "mx.example.org"
    assert message["Precedence"] is None


@pytest.mark.parametrize(("name", "lang"), EVERY)
def test_every_mail_says_which_project_it_is_of_so_that_filters_find_it(runtime: Runtime, name: str, lang: str) -> None:
    message = read(compose(row(name, lang), runtime=runtime))
    assert str(message["List-Id"]) == "Démonstration <demo.support.demo.example>"


def test_who_was_put_onto_a_ticket_finds_the_way_out_in_one_click(runtime: Runtime) -> None:
    message = read(compose(row("added"), runtime=runtime))
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = str(message["List-Unsubscribe"]).strip("<>")
    assert read_leave(runtime, url.rpartition("/leave/")[2], today=TODAY) == (3, 5)
    assert url in part(message, "plain")
    assert url in part(message, "html")


@pytest.mark.parametrize("name", [name for name in SAMPLES if name not in {"added", "step"}])
def test_nobody_else_is_offered_to_leave(runtime: Runtime, name: str) -> None:
    assert read(compose(row(name), runtime=runtime))["List-Unsubscribe"] is None


@pytest.mark.parametrize(("name", "lang"), EVERY)
def test_every_mail_is_plain_ascii_in_short_lines(runtime: Runtime, name: str, lang: str) -> None:
    mail = compose(row(name, lang, message_id=f"{'m' * 120}@demo.example"), runtime=runtime)
    assert mail.content.isascii()
    assert not mail.needs_smtputf8
    assert b"\n" not in mail.content.replace(b"\r\n", b"")
    assert all(len(line) <= 998 for line in mail.content.split(b"\r\n"))


@pytest.mark.parametrize(("name", "lang"), EVERY)
def test_no_mail_loads_anything_from_anywhere(runtime: Runtime, name: str, lang: str) -> None:
    html = part(read(compose(row(name, lang), runtime=runtime)), "html")
    assert not re.search(r"<(img|script|link|iframe|style|form)\b|url\(|@import", html, re.IGNORECASE)


def test_an_acknowledgement_threads_and_can_be_answered(runtime: Runtime) -> None:
    mail = compose(row(), runtime=runtime)
    message = read(mail)
    assert message["Message-ID"] == "<m-own@demo.example>"
    assert message["In-Reply-To"] == "<parent@example.org>"
    assert message["References"] == "<root@example.org> <parent@example.org>"
    assert message["From"] == "Support Démonstration <support@demo.example>"
    assert message["To"] == mail.recipient == "marie@example.org"
    assert message["Date"].datetime == NOW
    answer_to = message["Reply-To"].addresses[0].addr_spec
    assert read_token(answer_to, runtime.signer, today=TODAY) == ReplyToken(ticket_id=3, person_id=5)
    assert read_token(mail.sender, runtime.signer, today=TODAY) == BounceToken(delivery_id=17)


def test_a_sender_who_is_known_for_sure_is_answered_under_their_own_subject(runtime: Runtime) -> None:
    known = row(context={"ref": "DEMO-42", "subject": "RE: Écran\r\nBcc: x@example.org"})
    message = read(compose(known, runtime=runtime))
    assert message["Subject"] == "Re: Écran Bcc: x@example.org [DEMO-42]"
    assert message["Bcc"] is None


def test_a_mail_without_message_id_is_acknowledged_without_in_reply_to(runtime: Runtime) -> None:
    message = read(compose(row(in_reply_to=None, reference_ids=()), runtime=runtime))
    assert message["In-Reply-To"] is message["References"] is None


def test_an_answer_is_cut_off_from_the_quote_of_our_mail(runtime: Runtime) -> None:
    ours = part(read(compose(row(), runtime=runtime)), "plain")
    quote = "\n".join(f"> {line}" for line in ours.splitlines())
    answer = f"C’est urgent.\n\nLe mar. 24 nov. 2026 à 10:12, Support <support@demo.example> a écrit :\n{quote}"
    assert trim(answer).visible == "C’est urgent."


def test_the_same_row_is_the_same_mail_at_every_attempt(runtime: Runtime) -> None:
    assert compose(row(attempts=1), runtime=runtime) == compose(row(attempts=7), runtime=runtime)


def test_a_recipient_that_is_not_ascii_is_written_as_it_is(runtime: Runtime) -> None:
    mail = compose(row(recipient="renée@bücher.example"), runtime=runtime)
    assert mail.recipient == "renée@xn--bcher-kva.example"
    assert mail.needs_smtputf8
    assert "\r\nTo: renée@xn--bcher-kva.example\r\n".encode() in mail.content


def test_a_project_that_has_left_the_configuration_is_named(runtime: Runtime) -> None:
    with pytest.raises(ProjectGone, match="SHOP"):
        compose(row(project="SHOP"), runtime=runtime)


HOSTILE = st.text(max_size=60) | st.sampled_from(
    ["\r\nBcc: everybody@example.org\r\n", "x\x00y", "a@b\n\n<html>", "<script>alert(1)</script>", "é" * 200]
)


@given(recipient=HOSTILE, message_id=HOSTILE, reference=HOSTILE, ref=HOSTILE)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_value_of_a_row_can_add_a_header_or_a_part(
    runtime: Runtime, recipient: str, message_id: str, reference: str, ref: str
) -> None:
    hostile = row(
        recipient=f"{recipient}@example.org",
        message_id=f"{message_id}@demo.example",
        reference_ids=(f"{reference}@example.org",),
        context={"ref": ref},
    )
    try:
        mail = compose(hostile, runtime=runtime)
    except Refused:
        return
    message = email.message_from_bytes(mail.content, policy=default)
    assert message.keys() == list(read(compose(row(), runtime=runtime)).keys())
    assert [one.get_content_type() for one in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert "<script>" not in mail.content.decode().split("text/html", 1)[1]


@given(name=st.text(min_size=1, max_size=150))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_name_of_a_project_can_leave_its_header_or_become_html(runtime: Runtime, name: str) -> None:
    project = runtime.settings.projects["demo"].model_copy(update={"name": f"{name}<b>\r\nBcc: x@example.org"})
    named = dataclasses.replace(runtime, settings=runtime.settings.model_copy(update={"projects": {"demo": project}}))
    for sample_name in SAMPLES:
        mail = compose(row(sample_name), runtime=named)
        message = email.message_from_bytes(mail.content, policy=default)
        assert "Bcc" not in message
        assert [address.addr_spec for address in message["From"].addresses] == ["support@demo.example"]
        assert "<b>" not in mail.content.decode().split("text/html", 1)[1]
