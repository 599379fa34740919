"""A mail in a mail: what it says where the mail around it says nothing, and whose it is."""

import pytest

from gateway.mail.parsed import Mailbox
from inbound.nested import announce
from inbound.parse import parse_message
from inbound.trimming import trim
from tests.support.mime import HEAD, multipart, part

NESTED = "From: Zoé <Zoe@x.example>\nSubject: Panne\nDate: Mon, 23 Nov 2026 10:00:00 +0100\n".encode()
WORDS = "Content-Type: text/plain; charset=utf-8\n\nBonjour, le portail est arrêté depuis ce matin. Merci.".encode()
MAIL = part("message/rfc822", NESTED + WORDS)


def shown(raw: bytes) -> str:
    message = parse_message(raw)
    assert (message.text, message.nested is None) == ("", False)
    return announce(message.nested) if message.nested else ""


@pytest.mark.parametrize(
    "raw",
    [
        multipart("mixed", MAIL),
        multipart("mixed", part("text/plain", b" \n"), MAIL),
        multipart("mixed", MAIL, part("application/pdf; name=a.pdf", b"x")),
        multipart("digest", NESTED + WORDS).replace(b"--edge\nFrom", b"--edge\n\nFrom"),
        HEAD + b"Content-Type: message/rfc822\n\n" + NESTED + WORDS,
    ],
    ids=["alone", "blank", "with-a-file", "digest", "bare"],
)
def test_a_mail_that_holds_nothing_else_says_so_and_shows_it(raw: bytes) -> None:
    text = shown(raw)
    assert text.split("\n\n") == [
        "[Message joint de Zoé : Panne]",
        "Bonjour, le portail est arrêté depuis ce matin. Merci.",
    ]
    assert trim(text).visible == text


def test_it_is_announced_in_its_language_and_without_what_it_lacks() -> None:
    english = b"Content-Type: text/plain\n\nHello, the portal has been down since this morning. Thank you."
    text = shown(multipart("mixed", part("message/rfc822", english)))
    assert text.startswith("[Attached message: no subject]\n\nHello")


def test_a_mail_in_a_mail_in_a_mail_is_found() -> None:
    deep = NESTED + b"Content-Type: message/rfc822\n\n" + NESTED + WORDS
    text = shown(multipart("mixed", part("message/rfc822", deep)))
    assert text.count("[Message joint") == 2
    assert "le portail" in text


def test_a_mail_with_words_of_its_own_shows_them_and_keeps_the_other_as_a_file() -> None:
    message = parse_message(multipart("mixed", part("text/plain", b"Voir."), MAIL))
    assert message.text == "Voir."
    assert message.nested is not None
    assert message.nested.author == Mailbox(name="Zoé", address="zoe@x.example")
    assert [file.name for file in message.files] == ["Panne.eml"]


@pytest.mark.parametrize(
    "raw",
    [
        multipart("mixed", part("text/plain", b"Voir.")),
        multipart("mixed", MAIL, MAIL),
        multipart("mixed", part("message/rfc822", b"From: a@x.example, b@x.example\n\nx")),
    ],
    ids=["none", "two", "two-authors"],
)
def test_whose_it_is_is_not_guessed(raw: bytes) -> None:
    nested = parse_message(raw).nested
    assert nested is None or nested.author is None


@pytest.mark.parametrize("levels", [3, 4, 2_000])
def test_any_depth_ends_soon(levels: int) -> None:
    inner = b"From: a@x.example\nContent-Type: message/rfc822\n\n" * levels + b"x"
    assert shown(inner).startswith("[")
