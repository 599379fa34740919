"""What is shown and what is a file; which text of several; what a file is called."""

from binascii import b2a_uu
from hashlib import sha256

import pytest

from inbound.parse import parse_message, read_file
from tests.support.mime import HEAD, multipart, part

PLAIN, HTML = part("text/plain", b"plain words"), part("text/html", b"<p>html <b>words</b></p>")
EMPTY = part("text/plain", b" \n\n")
IMAGE = part("image/png", b"\x89PNG", "Content-ID: <logo@x>", "Content-Disposition: inline; filename=logo.png")


@pytest.mark.parametrize(
    ("raw", "text", "html"),
    [
        (HEAD + PLAIN.replace(b"\n\n", b"\n\n\n"), "plain words", False),
        (HEAD + HTML, "html words", True),
        (HEAD + b"\n", "", False),
        (multipart("alternative", PLAIN, HTML), "plain words", True),
        (multipart("alternative", HTML, PLAIN), "plain words", True),
        (multipart("alternative", EMPTY, HTML), "html words", True),
        (multipart("mixed", PLAIN, HTML), "plain words\n\nhtml words", True),
        (multipart("mixed", part("text/plain", b"html words"), HTML), "html words", True),
        (multipart("mixed", PLAIN, part("text/plain", b"footer")), "plain words\n\nfooter", False),
        (multipart("related", HTML, IMAGE), "html words", True),
        (multipart("related", HTML, part("text/plain", b"of the page")), "html words", True),
        (HEAD + b"Content-Type: text/html\n\n<p>top</p>" + b"<div>" * 400 + b"deep", "top\n\ndeep", True),
        (multipart("mixed", IMAGE), "", False),
        (multipart("mixed", part("text/plain; name=log.txt", b"a log")), "a log", False),
        (multipart("mixed", PLAIN, part("text/plain; name=log.txt", b"a log")), "plain words", False),
        (multipart("mixed", part("text/plain", b"kept", "Content-Disposition: attachment")), "", False),
        (multipart("mixed", part("text/enriched", b"<bold>rich</bold>")), "rich", False),
        (multipart("mixed", b"\nno header at all"), "no header at all", False),
        (multipart("mixed").replace(b"--edge--", b"no part at all"), "no part at all", False),
        (HEAD + b"Content-Type: multipart/mixed\n\nno boundary", "no boundary", False),
        (HEAD + b"Content-Type: nonsense\n\nstill words", "still words", False),
        (HEAD + b"Content-Transfer-Encoding: base64\n\nUGFzIGRl*IHN1aXRl", "Pas de suite", False),
        (HEAD + b"Content-Transfer-Encoding: base64\n\nPas du tout, merci.", "Pas du tout, merci.", False),
        (HEAD + b"Content-Transfer-Encoding: quoted-printable\n\nt=C3=A9l=\n=C3=A9 =zz", "télé =zz", False),
        (
            HEAD + b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n" + b2a_uu(b"Bonjour") + b"end\n",
            "Bonjour",
            False,
        ),
        (HEAD + b"Content-Transfer-Encoding: unheard-of\n\nas it is", "as it is", False),
        (HEAD + b"Content-Type: text/html\n\n<meta charset=windows-1251><p>\xcf\xf0\xe8\xe2\xe5\xf2", "Привет", True),
        (HEAD + b"Content-Type: text/html\n\n<div style='display:none'>x</div><ul><li>a<li>b</ul>", "* a\n  * b", True),
        (HEAD + b"Content-Type: text/html\n\n<div style='display:none'>only this</div>", "only this", True),
        (HEAD + b"Content-Type: text/html\n\n<style>p{}</style><script>x()</script>", "", True),
        (
            HEAD + b"Content-Type: text/html\n\n" + b"<div>" * 600 + b"deep &amp; seen<script>x</script>",
            "deep & seen",
            True,
        ),
    ],
)
def test_the_text_is_what_a_reader_sees(raw: bytes, text: str, html: bool) -> None:
    message = parse_message(raw)
    assert (message.text.strip(), bool(message.html)) == (text, html)


def test_images_in_the_text_are_files_that_it_can_name() -> None:
    [image] = parse_message(multipart("related", HTML, IMAGE)).files
    assert (image.name, image.content_id, image.type) == ("logo.png", "logo@x", "image/png")


def test_a_nested_mail_is_one_file_as_it_came() -> None:
    nested = b"From: z@x.example\nSubject: =?utf-8?q?Ann=C3=A9e_2026/27?=\n"
    nested += b"Content-Type: multipart/mixed; boundary=in\n\n--in\n\ninner words\n--in\n"
    nested += b"Content-Type: a/b; name=c\n\nd\n--in--\n"
    raw = multipart("mixed", PLAIN, part("message/rfc822", nested), PLAIN)
    message = parse_message(raw)
    [file] = message.files
    assert (file.name, file.is_named, file.sha256) == ("Année 2026/27.eml", False, sha256(nested).hexdigest())
    assert read_file(raw, file.position) == nested
    assert message.text == "plain words\n\nplain words"


@pytest.mark.parametrize(
    ("claimed", "name"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "../../etc/passwd"),
        ("C:\\Temp\\x.txt", "C:\\Temp\\x.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\u200bb\u2066c", "abc"),
        ("two  lines", "two lines"),
        ("é漢字.txt", "é漢字.txt"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("y" * 300, "y" * 200),
        ("=?utf-8?q?=C3=A9=0D=0Ax.txt?=", "é x.txt"),
        ("\u202e", "part-1.bin"),
    ],
)
def test_a_name_is_shown_and_deceives_nobody(claimed: str, name: str) -> None:
    field = b'Content-Disposition: attachment; filename="' + claimed.replace("\\", "\\\\").encode() + b'"'
    [file] = parse_message(HEAD + b"Content-Type: application/octet-stream\n" + field + b"\n\nx").files
    assert file.name == name


@pytest.mark.parametrize(
    ("kind", "name"),
    [("image/jpeg", "part-1.jpg"), ("application/octet-stream", "part-1.bin"), ("text/calendar", "part-1.ics")],
)
def test_what_has_no_name_gets_one_that_says_so(kind: str, name: str) -> None:
    [file] = parse_message(HEAD + part(kind, b"x")).files
    assert (file.name, file.is_named) == (name, False)


def test_a_multipart_that_goes_on_after_its_end_is_read_to_the_end() -> None:
    raw = multipart("mixed", PLAIN) + b"--edge\nContent-Type: a/b; name=late\n\nx\n--edge--\n"
    assert [file.name for file in parse_message(raw).files] == ["late"]


def test_a_boundary_that_nobody_declared_is_text() -> None:
    assert parse_message(HEAD + b"\n-- \nMarie\n--edge\n--\n").text == "-- \nMarie\n--edge\n--"


def test_the_content_of_files_does_not_depend_on_what_is_beside_them() -> None:
    data = bytes(range(256)).replace(b"\n", b"").replace(b"\r", b"")
    raw = multipart("mixed", PLAIN, part("a/b; name=c", data), HTML)
    [file] = parse_message(raw).files
    assert read_file(raw, file.position) == data
