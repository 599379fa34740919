"""Parsing is total: every input gives a message, and what a reader would see is not lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbound.addresses import parse_mailboxes
from inbound.charset import decode_bytes
from inbound.header_text import decode_header
from inbound.parse import parse_message, read_file
from tests.support.corpus import expected

HARD = b"""From: =?utf-8?q?Marie_D=C3=A9?= <Marie@Client.Example>
To: support@demo.example
Subject: =?iso-8859-1?q?=C9cran?= =?utf-8?b?IGJsb3F1w6k=?=
Message-ID: <a@b@c>
In-Reply-To: <one@x>
 <two@x>
References: <zero@x>\r\n <one@x>
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html; charset=unknown-9

<p>Bonjour</p><style>p{}</style><script>alert(1)</script>
--b
Content-Type: application/pdf; name="../../etc/passwd"
Content-Transfer-Encoding: base64

aGVsbG8=
--b--
"""


def test_a_hard_mail_gives_what_a_reader_would_see() -> None:
    message = parse_message(HARD)
    assert message.subject == "Écran bloqué"
    assert [(sender.name, sender.address) for sender in message.senders] == [("Marie Dé", "marie@client.example")]
    assert message.message_id == "a@b@c"
    assert message.in_reply_to == ("one@x", "two@x")
    assert message.references == ("zero@x", "one@x")
    assert message.text == "Bonjour"
    [file] = message.files
    assert (file.name, file.type, file.size) == ("../../etc/passwd", "application/pdf", 5)
    assert read_file(HARD, file.position) == b"hello"


@pytest.mark.parametrize(
    ("data", "label", "text"),
    [
        (b"\xe9t\xe9 \x80", "iso-8859-1", "été €"),
        ("été".encode(), "us-ascii", "été"),
        (b"\xe9t\xe9", "no-such-charset", "été"),
        (b"+AOk-", "utf-7", "+AOk-"),
        ("漢字".encode("gbk"), "gb2312", "漢字"),
    ],
)
def test_a_label_that_lies_does_not_spoil_the_text(data: bytes, label: str, text: str) -> None:
    assert decode_bytes(data, label) == text


def test_structure_is_read_before_names_are_decoded() -> None:
    """A decoded comma or bracket in a name must not make another address."""
    [mailbox] = parse_mailboxes(["=?utf-8?q?evil=40x=2Eexample=2C_a?= <good@x.example>"])
    assert mailbox.address == "good@x.example"


def test_a_header_value_is_one_line() -> None:
    assert "\n" not in decode_header("=?utf-8?q?a=0D=0ABcc:_x@y.example?=")


@given(st.binary(max_size=2000))
@settings(max_examples=300, deadline=None)
def test_no_bytes_raise(raw: bytes) -> None:
    parse_message(raw)


@given(st.integers(min_value=0, max_value=len(HARD)))
@settings(max_examples=200, deadline=None)
def test_a_mail_cut_off_anywhere_is_still_a_message(length: int) -> None:
    parse_message(HARD[:length])


@pytest.mark.parametrize(
    "field",
    [
        b"name*=a; name*0=b",
        b"name*" + b"9" * 5000 + b"=x",
        b"charset*=a; charset*0=b",
        b"report-type*=a; report-type*0=b",
    ],
    ids=["mixed", "digits", "charset", "report"],
)
def test_broken_parameters_do_not_raise(field: bytes) -> None:
    message = parse_message(b"From: a@b.example\nSubject: x\nContent-Type: text/plain; " + field + b"\n\nBonjour\n")
    assert message.subject == "x"


def test_no_nul_gets_out_of_a_header() -> None:
    raw = b"From: a@b.example\nAuto-Submitted: auto\x00x\nContent-Type: application/x\x00y\n\nx"
    message = parse_message(raw)
    assert "\x00" not in repr(message.headers) + message.content_type + "".join(file.type for file in message.files)
    assert "\\x00" not in repr(message)


def test_line_ends_and_a_from_line_change_nothing() -> None:
    plain = parse_message(HARD.replace(b"\r\n", b"\n"))
    for variant in (HARD.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), b"From x@y Tue Nov 24 2026\n" + HARD):
        message = parse_message(variant)
        assert (message.subject, message.text, message.body_sha256) == (plain.subject, plain.text, plain.body_sha256)


def test_two_thousand_nested_parts_are_a_message_with_a_defect() -> None:
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(2000))
    message = parse_message(b"From: a@b.example\nSubject: deep\n" + nested)
    assert message.subject == "deep"
    assert message.defects


def test_no_mail_of_the_corpus_raises_and_most_senders_and_subjects_are_right() -> None:
    rows = expected("parse")
    wrong = []
    for row in rows:
        message = parse_message(row["raw"])
        sender = message.senders[0].address if message.senders else None
        if "from_addr" in row and row["from_addr"] != sender:
            wrong.append((row["file"], "from"))
        if row.get("subject", message.subject).split() != message.subject.split():
            wrong.append((row["file"], "subject"))
    print(f"corpus: {len(wrong)} senders or subjects wrong in {len(rows)} mails: {wrong}")
    assert len(wrong) <= 3
