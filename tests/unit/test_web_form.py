"""What a form sends comes out of the spool as it went in, whatever was typed and attached."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.load import load_settings
from gateway.domain.ticket import Kind, Severity
from gateway.services.web_form import (
    BadForm,
    Form,
    FormFile,
    ReportAnswers,
    WebForm,
    envelope_of,
    number_of,
    payload_of,
    read_form,
)
from inbound.form_files import read_form_files
from inbound.parse import read_file
from web.reply import clean_text

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\n\t\r\x85\u2028 >.-"), max_size=200)


@dataclass
class Entry:
    """As much of a spool entry as reading a form needs."""

    envelope: dict[str, Any]
    payload: bytes = b""
    id: str = field(default="x")


def sent(form: WebForm, *files: FormFile) -> Entry:
    return Entry(envelope=json.loads(json.dumps(envelope_of(form))), payload=payload_of(form, files))


def report(text: str, subject: str) -> WebForm:
    answers = ReportAnswers(
        project="DEMO", kind=Kind.ADAPTIVE, severity=Severity.MAJOR, details=(("component", "browser"),)
    )
    return WebForm(form=Form.REPORT, person_id=1, number="n", at=AT, text=text, subject=subject, report=answers)


def reply(text: str) -> WebForm:
    return WebForm(form=Form.REPLY, person_id=1, number="n", at=AT, text=text, ticket_id=7)


@given(text=TEXTS, subject=TEXTS)
def test_a_form_is_read_as_it_was_sent(text: str, subject: str) -> None:
    for form in (report(clean_text(text), " ".join(clean_text(subject).split())), reply(clean_text(text))):
        assert read_form(sent(form)) == form  # type: ignore[arg-type]  # our stand-in


@given(content=st.binary(max_size=300))
@pytest.mark.parametrize("kind", ["image/png", "text/plain", "message/rfc822", "multipart/mixed", "../x", "", "a/b; c"])
def test_a_file_is_one_part_with_its_bytes_whatever_it_claims_to_be(kind: str, content: bytes) -> None:
    entry = sent(reply("Voici."), FormFile(name="écran 1.png", type=kind, content=content))
    [file] = read_form_files(entry.payload, load_settings({})).kept
    assert (file.name, file.size) == ("écran 1.png", len(content))
    assert read_file(entry.payload, file.position) == content


def test_a_sending_has_a_number_of_its_own() -> None:
    one, other = (FormFile(name="a", type="", content=content) for content in (b"1", b"2"))
    numbers = [
        number_of("n", "text"),
        number_of("m", "text"),
        number_of("n", "texts"),
        number_of("n", "text", [one]),
        number_of("n", "text", [other]),
    ]
    assert len(set(numbers)) == len(numbers)
    assert number_of("n", "text", [one]) == number_of("n", "text", [one])


def test_a_reply_that_waited_through_an_upgrade_is_read() -> None:
    document = {"ticket_id": 7, "person_id": 1, "text": "Merci,\nc’est réglé.", "nonce": "n"}
    entry = Entry(envelope={"channel": "web", "received_at": AT.isoformat()}, payload=json.dumps(document).encode())
    assert read_form(entry) == reply("Merci,\nc’est réglé.")  # type: ignore[arg-type]  # narrower than its stub says


@pytest.mark.parametrize("without", ["form", "person_id", "number", "received_at", "ticket_id"])
def test_what_lacks_something_is_no_form(without: str) -> None:
    entry = sent(reply("Merci"))
    del entry.envelope[without]
    with pytest.raises(BadForm):
        read_form(entry)  # type: ignore[arg-type]  # narrower than its stub says
