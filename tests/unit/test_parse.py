"""Parsing is total: every input gives a message, and what a reader would see is not lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.mail.parsed import ParsedMessage
from inbound.parse import parse_message, read_file

HARD = b"""From: =?utf-8?q?Marie_D=C3=A9?= <Marie@Client.Example>
To: support@demo.example
Subject: =?iso-8859-1?q?=C9cran?= =?utf-8?b?IGJsb3F1w6k=?=
Message-ID: <a@b@c>
In-Reply-To: <one@x>
 <two@x>
References: <zero@x>
 <one@x>
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: multipart/alternative; boundary="in ner"

--in ner
Content-Type: text/html; charset=unknown-9

<p>Bonjour</p><style>p{}</style><script>alert(1)</script>
--in ner
Content-Type: text/calendar; method=REQUEST

BEGIN:VCALENDAR
BEGIN:VEVENT
SUMMARY:x
END:VEVENT
END:VCALENDAR
--in ner--
--b
Content-Type: application/pdf; name="../../etc/passwd"
Content-Transfer-Encoding: base64

aGVsbG8=
--b
Content-Type: message/rfc822

Subject: =?utf-8?q?=C3=A9t=C3=A9?=

nested
--b--
"""


def test_a_hard_mail_gives_what_a_reader_would_see() -> None:
    message = parse_message(HARD)
    assert message.subject == "Écran bloqué"
    assert [(sender.name, sender.address) for sender in message.senders] == [("Marie Dé", "marie@client.example")]
    assert message.message_id == "a@b@c"
    assert message.in_reply_to == ("one@x", "two@x")
    assert message.references == ("zero@x", "one@x")
    assert message.text.startswith("Bonjour\n")
    assert message.html.startswith("<p>Bonjour</p>")
    _, passwd, nested = message.files
    assert (passwd.name, passwd.type, passwd.size) == ("../../etc/passwd", "application/pdf", 5)
    assert read_file(HARD, passwd.position) == b"hello"
    assert (nested.name, nested.is_named) == ("été.eml", False)


def test_a_file_that_is_not_there_is_not_read() -> None:
    with pytest.raises(IndexError):
        read_file(HARD, 99)
    with pytest.raises(IndexError):
        read_file(HARD, 0)  # that is text


@pytest.mark.parametrize("raw", [b"", b"\n", b"\r\n\r\n", b"\0", b"From: ", b"From a@b", b"\xef\xbb\xbf", b"--\n--"])
def test_next_to_nothing_is_a_message_without_anything(raw: bytes) -> None:
    message = parse_message(raw)
    assert (message.senders, message.subject, message.message_id, message.files) == ((), "", None, ())


def test_no_nul_gets_out_of_a_header() -> None:
    raw = b"From: a@b.example\nAuto-Submitted: auto\x00x\nContent-Type: application/x\x00y\n\nx"
    message = parse_message(raw)
    assert "\\x00" not in repr(message)


@given(st.binary(max_size=2000))
@settings(max_examples=200, deadline=None)
def test_no_bytes_raise(raw: bytes) -> None:
    parse_message(raw)


_PIECES = st.sampled_from(
    [
        *(b"From: ", b"To: ", b"Subject: ", b"Message-ID: ", b"Content-Type: ", b"Content-Disposition: attachment"),
        *(b"multipart/mixed; boundary=b", b"multipart/alternative; boundary=c", b"text/plain", b"text/html"),
        *(b"message/rfc822", b"application/ms-tnef", b"application/pkcs7-mime", b"text/calendar", b"multipart/mixed"),
        *(b"; name=", b"; name*0*=utf-8''", b'; filename="', b"; charset=", b"utf-16", b"iso-2022-jp", b"utf-7"),
        *(b"\n", b"\r\n", b"\r", b"\n\n", b" ", b"\t", b"--b", b"--b--", b"--c", b"--c--", b"\n--b\n", b"\n--c\n"),
        *(
            b"=?utf-8?q?",
            b"=?big5?b?",
            b"?=",
            b"=C3",
            b"<a@b.example>",
            b"a@b",
            b"<",
            b">",
            b"(",
            b")",
            b'"',
            b",",
            b";",
        ),
        *(
            b"Content-Transfer-Encoding: base64\n",
            b"Content-Transfer-Encoding: quoted-printable\n",
            b"aGVsbG8=",
            b"\xe9",
        ),
        *(
            b"<div>",
            b"<table><tr>",
            b"</p>",
            b"<style>",
            b"BEGIN:VCALENDAR\n",
            b"BEGIN:VEVENT\n",
            b"END:VEVENT\n",
            b"\0",
        ),
        *(
            b"x\x9f\x3e\x22\x01\x00",
            b"\x30\x80\x06\x09*\x86H\x86\xf7\r\x01\x07\x02\xa0\x80",
            b"begin 644 x\n",
            b"\x1b$B",
        ),
    ]
)


@given(st.lists(_PIECES, max_size=60).map(b"".join))
@settings(max_examples=400, deadline=None)
def test_no_heap_of_pieces_of_mail_raises(raw: bytes) -> None:
    message = parse_message(raw)
    for file in message.files:
        assert len(read_file(raw, file.position)) == file.size
    "".join([message.text, message.html, message.subject]).encode()


@given(st.integers(min_value=0, max_value=len(HARD)))
@settings(max_examples=150, deadline=None)
def test_a_mail_cut_off_anywhere_is_still_a_message(length: int) -> None:
    message = parse_message(HARD[:length])
    if length > HARD.index(b"\nTo: "):
        assert [sender.name for sender in message.senders] == ["Marie Dé"]


def _essence(message: ParsedMessage) -> tuple[object, ...]:
    """What must not depend on how the mail came."""
    names = [file.name for file in message.files]
    ids = (message.message_id, message.in_reply_to, message.references)
    return message.subject, message.senders, message.to, ids, message.text, message.body_sha256, names


@given(st.lists(_PIECES.filter(lambda piece: b"\r" not in piece), max_size=40).map(b"".join))
@settings(max_examples=200, deadline=None)
def test_line_ends_change_nothing(tail: bytes) -> None:
    raw = HARD[: HARD.index(b"\n\n")] + b"\n" + tail
    assert _essence(parse_message(raw.replace(b"\n", b"\r\n"))) == _essence(parse_message(raw))


@pytest.mark.parametrize(
    "variant",
    [
        HARD.replace(b"\n", b"\r\n"),
        HARD.replace(b"\n", b"\r"),
        b"From marie@client.example Tue Nov 24 10:00:00 2026\n" + HARD,
        b">From marie@client.example Tue Nov 24 10:00:00 2026\n" + HARD,
        b"\n\r\n" + HARD,
        b"\xef\xbb\xbf" + HARD,
    ],
    ids=["crlf", "cr", "mailbox", "quoted mailbox", "blank lines", "byte order mark"],
)
def test_the_way_that_a_mail_came_changes_nothing(variant: bytes) -> None:
    assert _essence(parse_message(variant)) == _essence(parse_message(HARD))


def test_of_headers_that_stand_twice_the_first_counts() -> None:
    header, _, body = HARD.partition(b"\n\n")
    doubled = parse_message(header + b"\n" + header.replace(b"a@b@c", b"d@e") + b"\n\n" + body)
    once = parse_message(HARD)
    assert (doubled.subject, doubled.message_id, doubled.text) == (once.subject, once.message_id, once.text)
    assert len(doubled.senders) == 2, "two authors are for a person to look at"
