"""A person is taken out of the bytes of another's mail in whatever way it writes them, and nothing else moves."""

import base64
import quopri

import pytest

from gateway.services.data_subject import DataSubject
from gateway.services.redact import redact

MARIE = DataSubject(
    email="marie@xn--vry-9la.example",
    pseudonym="erased-1",
    names=frozenset({"Marie Hélène Durand", "Marie"}),
    phones=frozenset({"+33612345678"}),
)


@pytest.mark.parametrize(
    "text",
    [
        "écrire à marie@xn--vry-9la.example.",
        "MARIE@Évry.example,",
        "<marie@xn--vry-9la.example>",
        "appelez Marie Hélène DURAND !",
        "Durand, Hélène Marie",
        "au +33 6 12 34 56 78",
        "au 06.12.34.56.78",
        "au 0033612345678",
        "tel:+33612345678",
    ],
)
def test_a_person_is_found_however_they_are_written(text: str) -> None:
    assert MARIE.pattern.search(text), MARIE.needles
    assert not MARIE.pattern.search(MARIE.scrub(text))


@pytest.mark.parametrize(
    "text",
    [
        "rosemarie@xn--vry-9la.example",
        "anne-marie@xn--vry-9la.example",
        "marie@xn--vry-9la.example.org",
        "Marie a appelé",
        "Marie Durand",
        "06123456789",
        "1612345678",
    ],
)
def test_nobody_else_is_taken_for_them(text: str) -> None:
    assert MARIE.scrub(text) == text


def test_json_is_scrubbed_in_its_depths_and_in_its_keys() -> None:
    found = MARIE.scrub({"to": ["marie@xn--vry-9la.example", 3, None], "marie@évry.example": {"a": True}})
    assert found == {"to": ["erased-1@erased.invalid", 3, None], "erased-1@erased.invalid": {"a": True}}


LINE = "Bonjour, répondez à marie@xn--vry-9la.example ou à Marie Hélène Durand, voilà tout.\r\n"
HEAD = b"To: a@b.example\r\nContent-Transfer-Encoding: %s\r\n\r\n"


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"8bit", LINE.encode()),
        (b"8bit", LINE.encode("latin-1")),
        (b"base64", base64.encodebytes((LINE * 9).encode()).replace(b"\n", b"\r\n")),
        (b"base64", base64.encodebytes((LINE * 9).encode("latin-1")).replace(b"\n", b"\r\n")),
        (b"quoted-printable", quopri.encodestring(LINE.encode())),
        (b"quoted-printable", quopri.encodestring(LINE.encode("latin-1"))),
        (b"quoted-printable", b"marie@xn--vry-9la.exam=\r\nple et Marie H=C3=A9l=C3=A8ne Du=\r\nrand"),
        (b"7bit", b"=?utf-8?Q?Marie_H=C3=A9l=C3=A8ne_Durand?= <a@b.example>"),
        (b"7bit", b"=?utf-8?B?" + base64.b64encode("Marie Hélène Durand".encode()) + b"?= <a@b.example>"),
    ],
)
def test_each_encoding_is_seen_through_and_keeps_its_length(head: bytes, body: bytes) -> None:
    raw = HEAD % head + body
    cleaned = redact(raw, MARIE.pattern)
    assert cleaned != raw
    assert len(cleaned) == len(raw)
    assert [len(line) for line in cleaned.splitlines()] == [len(line) for line in raw.splitlines()]
    said = {
        b"base64": lambda: base64.b64decode(cleaned.partition(b"\r\n\r\n")[2]),
        b"quoted-printable": lambda: quopri.decodestring(cleaned),
    }.get(head, lambda: cleaned)()
    for charset in ("utf-8", "latin-1"):
        assert not MARIE.pattern.search(said.decode(charset, "replace"))
    assert redact(cleaned, MARIE.pattern) == cleaned


def test_what_names_nobody_stays_as_it_is_byte_for_byte() -> None:
    raw = HEAD % b"base64" + base64.encodebytes(bytes(range(256)) * 40) + b"=?utf-8?Q?caf=C3=A9?="
    assert redact(raw, MARIE.pattern) == raw
