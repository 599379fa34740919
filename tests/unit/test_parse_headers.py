"""Headers as mailers write them: labels that lie, words cut in two, ids of every shape, addresses that deceive."""

import pytest

from gateway.mail.message_id import parse_message_ids
from inbound.addresses import parse_mailboxes
from inbound.charset import clean_line, decode_bytes
from inbound.header_text import decode_header
from inbound.parameters import split_value
from inbound.parse import parse_message


def _raw(text: bytes) -> str:
    """Header bytes as the parser hands them on."""
    return text.decode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("data", "label", "text"),
    [
        (b"\xe9t\xe9 \x80", "iso-8859-1", "été €"),
        ("été".encode(), "us-ascii", "été"),
        ("été".encode(), None, "été"),
        (b"\xe9t\xe9", None, "été"),
        (b"\xe9t\xe9", "no-such-charset", "été"),
        (b"\xe9t\xe9", "rot13", "été"),
        ("été à Nîmes".encode(), "iso-8859-1", "été à Nîmes"),
        ("été à Nîmes".encode(), "windows-1252", "été à Nîmes"),
        ("L'écran montre « Ã© »".encode("cp1252"), "windows-1252", "L'écran montre « Ã© »"),
        (b"\xe9\x81", "utf-8", "é\x81"),
        ("漢字".encode("gb18030"), "gb2312", "漢字"),
        ("镕".encode("gbk"), "GB2312", "镕"),
        ("똠방".encode("cp949"), "ks_c_5601-1987", "똠방"),
        ("①髙".encode("cp932"), "shift_jis", "①髙"),
        ("漢字".encode("big5"), "x-big5", "漢字"),
        ("ｱ".encode("iso2022_jp_ext"), "iso-2022-jp", "ｱ"),
        (b"\x1b$B-b\x1b(B41", "iso-2022-jp", "№41"),
        ("ş".encode("cp1254"), "iso-8859-9", "ş"),
        ("été et là-bas, ça va, où".encode() + b"\xc3", "utf-8", "été et là-bas, ça va, où\ufffd"),
        (b"plain.", "utf-16", "plain."),
        ("été".encode("utf-16"), "utf-16", "été"),
        (b"+ADw-script+AD4-", "utf-7", "+ADw-script+AD4-"),
        (b"\\u003c", "unicode_escape", "\\u003c"),
        (b"x", "utf\0-8", "x"),
    ],
)
def test_a_label_that_lies_does_not_spoil_the_text(data: bytes, label: str | None, text: str) -> None:
    assert decode_bytes(data, label) == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"=?utf-8?q?=C3=A9t=C3=A9?=", "été"),
        (b"=?UTF-8?Q?a_b?= c", "a b c"),
        (b"=?utf-8*fr?q?=C3=A9?=", "é"),
        (b"=?utf-8?b?w6k?=", "é"),  # without its padding
        (b"=?utf-8?b?QUJDR?=", "ABC"),  # cut off in the middle
        (b"=?utf-8?b?w6k=?= =?utf-8?q?t=C3?=\n =?utf-8?q?=A9?=", "été"),  # a character cut in two
        (b"=?utf-8?q?a?==?utf-8?q?b?=", "ab"),
        (b"a=?utf-8?q?=C3=A9?=b", "aéb"),
        (b"=?utf-8?q?Hello World?=", "Hello World"),
        (b"=?utf-8?q?What??=", "What?"),
        (b'"=?utf-8?q?=C3=A9?="', '"é"'),
        (b"=?utf-8?q?cut=C3=A9", "cuté"),
        (b"=?utf-8?q?100=25_=zz?=", "100% =zz"),
        (b"=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
        (b"=??q?abc?=", "=??q?abc?="),
        (b"=?utf-7?q?+ADw-b+AD4-?=", "+ADw-b+AD4-"),
        (b"=?iso-8859-1?q?=80?=", "€"),
        (b"\xe9t\xe9", "été"),
        (b"\xc3\xa9t\xc3\xa9", "été"),
        (b"=?utf-8?q?a=0D=0ABcc:_x@y.example?=", "a Bcc: x@y.example"),
        (b"=?utf-8?q?a=00b?=", "ab"),
        (b"=?utf-8?q?a=E2=80=AEb?= \xe2\x81\xa6c", "ab c"),
        (b"=?utf-8?q?a=E2=80=A8b?=", "a b"),
    ],
)
def test_encoded_words_are_read_as_they_are_meant(raw: bytes, text: str) -> None:
    assert decode_header(_raw(raw)) == text


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("Marie <marie@x.example>", [("Marie", "marie@x.example")]),
        ("MARIE@X.Example", [("", "marie@x.example")]),
        ("marie@x.example (Marie)", [("Marie", "marie@x.example")]),
        ('"Dupont, Marie" <marie@x.example>, b@x.example', [("Dupont, Marie", "marie@x.example"), ("", "b@x.example")]),
        ('"a \\"b\\" c" <marie@x.example>', [('a "b" c', "marie@x.example")]),
        ("Marie <marie@x.example", [("Marie", "marie@x.example")]),
        ("<<marie@x.example>>", [("", "marie@x.example")]),
        ("a@x.example; b@x.example", [("", "a@x.example"), ("", "b@x.example")]),
        ("Team: a@x.example, B <b@x.example>;", [("", "a@x.example"), ("B", "b@x.example")]),
        ("undisclosed-recipients:;", []),
        ("Marie <@relay.example:marie@x.example>", [("Marie", "marie@x.example")]),
        ("Marie@Work <marie@x.example>", [("Marie@Work", "marie@x.example")]),
        ("a@evil.example <b@good.example>", [("a@evil.example", "b@good.example")]),
        ("=?utf-8?q?evil=40x=2Eexample=2C_a?= <good@x.example>", [("evil@x.example, a", "good@x.example")]),
        ("=?utf-8?q?evil=40x=2Eexample?=", []),
        ("Marie <a@x.example> <b@x.example>", []),
        ("pete(his account)@x.example", [("his account", "pete@x.example")]),
        ("Marie <c@(host)x.example>", [("Marie", "c@x.example")]),
        ('"a b"@x.example', [("", '"a b"@x.example')]),
        ("no address, at all", []),
        ("a@x.example b@x.example", []),
        ("((((((", []),
        ("Marie\n <marie@x.example>", [("Marie", "marie@x.example")]),
    ],
)
def test_mailboxes_are_read_strictly(header: str, found: list[tuple[str, str]]) -> None:
    """Structure before names: a decoded comma or bracket must not make another address."""
    assert [(mailbox.name, mailbox.address) for mailbox in parse_mailboxes([header])] == found


@pytest.mark.parametrize(
    ("header", "ids"),
    [
        ("<a@b.example>", ("a@b.example",)),
        ("a@b.example", ("a@b.example",)),
        ("<a@b@c.example>", ("a@b@c.example",)),
        ("<a@b.example", ("a@b.example",)),
        ("<a@b.example> (added by x@y.example)", ("a@b.example",)),
        ("a@b.example (added by us)", ("a@b.example",)),
        ("Your message of Tuesday <a@b.example>", ("a@b.example",)),
        ("<a@b.example>\n <c@d.example>\n\t<a@b.example>", ("a@b.example", "c@d.example")),
        ("<a@\n b.example>", ("a@b.example",)),
        ("<a@b.example><c@d.example>", ("a@b.example", "c@d.example")),
        ("<[a@b]>", ("[a@b]",)),
        ("", ()),
        ("nothing", ()),
        ("<>", ()),
    ],
)
def test_ids_are_read_from_raw_headers(header: str, ids: tuple[str, ...]) -> None:
    assert parse_message_ids(header) == ids


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="a.txt"', "a.txt"),
        ("attachment; filename=a b.txt; size=3", "a b.txt"),
        ('attachment; FileName = "a;b.txt"', "a;b.txt"),
        ('attachment; filename="a\\"b.txt"', 'a"b.txt'),
        ("attachment; filename=plain.txt; filename*=utf-8''%C3%A9.txt", "é.txt"),
        ("attachment; filename*0*=utf-8'fr'%C3; filename*1*=%A9; filename*2=.txt", "é.txt"),
        ("attachment; filename*1=b.txt; filename*0=a", "ab.txt"),
        ("attachment; filename*=%E9.txt", "é.txt"),
        ("attachment; filename*=utf-8''a'b", "a'b"),
        ("attachment; filename*0=a; filename*=b", "a"),
        ("attachment; filename*9999999=a", None),
        ('attachment; filename="cut off', "cut off"),
        ("attachment; ;;; filename=a.txt", "a.txt"),
        ("filename=a.txt", "a.txt"),
    ],
)
def test_parameters_are_read_in_every_form(header: str, name: str | None) -> None:
    assert split_value(header)[1].get("filename") == name


@pytest.mark.parametrize("before", [b"To: b@x.example\n", b"X-Spam: no\n"], ids=["to", "other"])
@pytest.mark.parametrize(
    "broken",
    [
        b"quite Delivered-To: x@x.example\n",
        b"a relay was here\n",
        b"From someone Tue Nov 24 10:00:00 2026\n",
        b"Caf\xe9: x\n",
        b"Priority : x\n",
    ],
)
def test_a_broken_line_does_not_hide_the_fields_after_it(before: bytes, broken: bytes) -> None:
    message = parse_message(before + broken + b"From: a@x.example\nSubject: seen\n\nBonjour\n")
    assert (message.subject, message.text, message.defects) == ("seen", "Bonjour", ("header-repaired",))
    assert [sender.address for sender in message.senders] == ["a@x.example"]
    assert len(message.to) == (before == b"To: b@x.example\n")


@pytest.mark.parametrize("stray", [b"Priority : high", b"From someone Tue Nov 24 10:00:00 2026"])
def test_what_may_be_a_field_of_its_own_is_no_part_of_another(stray: bytes) -> None:
    message = parse_message(b"Subject: seen\n" + stray + b"\nFrom: a@x.example\n\nBonjour\n")
    assert (message.subject, message.text, len(message.senders)) == ("seen", "Bonjour", 1)


def test_a_bare_return_begins_no_field() -> None:
    message = parse_message(b"From: a@x.example\nX: y\rContent-Type: application/pdf\n\nBonjour\n")
    assert (message.content_type, message.text) == ("text/plain", "Bonjour")


def test_a_header_that_mail_parser_trips_over_costs_nothing_else() -> None:
    message = parse_message(b"From: =?utf-8?b?abcde?= <a@x.example>\nSubject: seen\n\nBonjour\n")
    assert (message.subject, message.text, message.defects) == ("seen", "Bonjour", ("mail-parser:HeaderParseError",))
    assert [sender.address for sender in message.senders] == ["a@x.example"]


def test_a_line_that_lost_its_indentation_goes_on_with_its_field() -> None:
    message = parse_message(b"To: a@x.example,\nb@x.example\nSubject: one\ntwo\nFrom: c@x.example\n\nBonjour\n")
    assert (message.subject, len(message.to)) == ("one two", 2)


def test_a_text_that_follows_the_header_at_once_is_the_text() -> None:
    message = parse_message(b"From: a@x.example\nSubject: x\nBonjour,\nvoici: rien\n\nMarie\n")
    assert message.text == "Bonjour,\nvoici: rien\n\nMarie"


@pytest.mark.parametrize("line", [b"From : b@x.example", b"X: y\rFrom: b@x.example"], ids=["space", "bare return"])
def test_a_sender_that_only_some_programs_see_does_not_count(line: bytes) -> None:
    message = parse_message(b"From: a@x.example\n" + line + b"\nSubject: x\n\nBonjour\n")
    assert [sender.address for sender in message.senders] == ["a@x.example"]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_every_author_is_seen(count: int) -> None:
    raw = b"".join(b"From: a%d@x.example\n" % number for number in range(count)) + b"Subject: x\n\nBonjour\n"
    assert len(parse_message(raw).senders) == count


def test_a_line_has_no_controls_and_no_line_ends() -> None:
    assert clean_line("a\0b\r\nc\x85d\u202e\ufeffe") == "ab cd\u202ee"
