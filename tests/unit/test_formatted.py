"""A mail in its own layout: which of its parts are shown, which of its images, and when none."""

import re

import pytest

from gateway.mail.display_html import MAX_HTML
from gateway.mail.formatted import MAX_IMAGE, MAX_IMAGES, FormattedBody, Piece, image_type, show_formatted
from inbound.formatted import read_formatted
from tests.support.mime import multipart, part

PNG = b"\x89PNG\r\n\x1a\nxx"
PNG_URL = "data:image/png;base64,iVBORw0KGgp4eA=="


def texts(raw: bytes) -> list[tuple[str, bool]]:
    return [(piece.text.strip(), piece.is_html) for piece in read_formatted(raw).pieces]


def html(text: str, **images: bytes) -> FormattedBody:
    found = {name: (position, data) for position, (name, data) in enumerate(images.items())}
    return FormattedBody(pieces=(Piece(text=text, is_html=True),), images=found)


def image(name: str, data: bytes = PNG, kind: str = "image/png") -> bytes:
    return part(kind, data, f"Content-ID: <{name}>", "Content-Disposition: inline")


PLAIN, RICH = part("text/plain", b"Bonjour"), part("text/html", b"<p>Bonjour</p>")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (multipart("alternative", PLAIN, RICH), [("<p>Bonjour</p>", True)]),
        (multipart("alternative", RICH, PLAIN), [("<p>Bonjour</p>", True)]),
        (multipart("alternative", PLAIN, part("text/html", b" ")), [("Bonjour", False)]),
        (multipart("related", RICH, image("logo")), [("<p>Bonjour</p>", True)]),
        (multipart("mixed", PLAIN, part("text/html", b"<b>plus</b>")), [("Bonjour", False), ("<b>plus</b>", True)]),
        (multipart("mixed", PLAIN, RICH), [("<p>Bonjour</p>", True)]),
        (multipart("mixed", RICH, part("text/html; name=a.html", b"<p>file</p>")), [("<p>Bonjour</p>", True)]),
        (b"From: a@x.example\nContent-Type: text/html\n\n<p>Bonjour</p>", [("<p>Bonjour</p>", True)]),
        (b"From: a@x.example\n\nBonjour", [("Bonjour", False)]),
        (b"", []),
    ],
    ids=["alternative", "reversed", "empty-html", "related", "both", "twice", "html-file", "html-only", "text", "none"],
)
def test_the_parts_that_are_shown(raw: bytes, shown: list[tuple[str, bool]]) -> None:
    assert texts(raw) == shown


def test_an_image_of_the_mail_itself_is_written_into_the_page() -> None:
    body = read_formatted(multipart("related", part("text/html", b'<img src="cid:a%40x">'), image("a@x")))
    assert show_formatted(body, kept=frozenset({1})) == f'<img src="{PNG_URL}">'


def test_an_image_that_was_refused_is_not_shown_either() -> None:
    assert show_formatted(html('<img src="cid:a" alt="logo">', a=PNG), kept=frozenset()) == '<img alt="logo">'


@pytest.mark.parametrize(
    "data",
    [b"<svg onload='x()'/>", b"<html>", b"", b"\x89PNG", PNG + b"x" * MAX_IMAGE],
    ids=["svg", "html", "empty", "cut", "large"],
)
def test_only_pictures_of_a_known_kind_and_size_are_shown(data: bytes) -> None:
    assert show_formatted(html("<img src=cid:a>", a=data), kept=frozenset({0})) == "<img>"


def test_the_kind_is_what_the_bytes_say() -> None:
    kinds = [image_type(data) for data in (PNG, b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF1234WEBPVP8 ", b"BM")]
    assert kinds == ["image/png", "image/jpeg", "image/gif", "image/webp", None]


def test_one_image_shown_a_thousand_times_does_not_fill_the_memory() -> None:
    page = show_formatted(html("<img src=cid:a>" * 1000, a=PNG + b"x" * 1_000_000), kept=frozenset({0}))
    assert page is not None
    assert page.count("data:") == MAX_IMAGES // 1_000_010
    assert len(page) < 2 * MAX_IMAGES


def test_text_beside_html_stays_text() -> None:
    body = FormattedBody(
        pieces=(Piece(text="<script>x()</script>", is_html=False), Piece(text="<b>x", is_html=True)), images={}
    )
    assert show_formatted(body, kept=frozenset()) == "<pre>&lt;script&gt;x()&lt;/script&gt;</pre>\n<hr>\n<b>x</b>"


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (Piece(text="Bonjour", is_html=False),),
        (Piece(text="x" * (MAX_HTML + 1), is_html=True),),
        tuple(Piece(text="x" * 1000, is_html=True) for _ in range(MAX_HTML // 1000 + 1)),
        (Piece(text="<div>" * 600, is_html=True),),
    ],
    ids=["nothing", "text", "long", "many", "deep"],
)
def test_where_there_is_nothing_to_lay_out_or_too_much_the_text_must_do(pieces: tuple[Piece, ...]) -> None:
    assert show_formatted(FormattedBody(pieces=pieces, images={}), kept=frozenset()) is None


def test_elements_left_open_in_one_part_do_not_reach_the_next() -> None:
    body = FormattedBody(
        pieces=(Piece(text="<table><tr><td>a", is_html=True), Piece(text="</td></table>b", is_html=True)), images={}
    )
    page = show_formatted(body, kept=frozenset())
    assert page is not None
    assert re.fullmatch(r"<table>.*</table>\n<hr>\nb", page)
