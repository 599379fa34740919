"""Whatever comes in: trimming never raises, loses nothing, is final, and takes time in proportion to its input."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.mail.marker import MARKER
from inbound.trimming import Trimmed, trim

MEGABYTE = 1_000_000
SCRAPS = [
    *("Bonjour,", "C'est urgent.", "", "", " ", "\t", "--", "-- ", "> ", "> Est-il revenu ?", ">> non", "> --"),
    *("Le lun. 23 nov. 2026 à 10:12, Support <support@demo.example> a écrit :", "a écrit :", "Marie a écrit :"),
    *("On Mon, Nov 23, 2026 at 10:12 AM", "<support@demo.example", "> wrote:", "wrote:", "2026-11-23 10:12", "23.11."),
    *("De : Support <support@demo.example>", "Envoyé : lundi 23 novembre 2026 10:12", "À : Marie", "Objet : Panne"),
    *("> De : Support <support@demo.example>", "> Date : 23/11/2026 10:12", "> À : Marie", "Received: x", "Voici :"),
    *("-----Message d'origine-----", "---------- Forwarded message ---------", "Début du message transféré :"),
    *("_" * 40, "----", "=====", "ᐧ", "Envoyé de mon iPhone", "Get Outlook for iOS", MARKER["fr"], f"> {MARKER['en']}"),
    *(
        "users mailing list https://lists.demo.example",
        "Avant d'imprimer, pensez à l'environnement.",
        "\u200b",
        "\u00a0",
    ),
    *("Ce message est confidentiel et destiné au seul destinataire. " * 3, "Marie", "merci <", "a@b", ":", "："),
]
MAILS = st.lists(st.sampled_from(SCRAPS), max_size=25).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n", "\r"]).map(lambda end: end.join(lines))
)
ANYTHING = st.one_of(MAILS, st.text(max_size=300), st.lists(st.text(max_size=40), max_size=20).map("\n".join))
HUGE: dict[str, Callable[[], str]] = {
    "quoted lines": lambda: ">\n" * (MEGABYTE // 2),
    "quoted lines under words": lambda: "Bonjour\n\n" + "> \n" * (MEGABYTE // 3),
    "one line of quote signs": lambda: ">" * MEGABYTE,
    "On On On wrote": lambda: "On " * (MEGABYTE // 3) + "wrote:",
    "On in lines, wrote": lambda: "On \n" * (MEGABYTE // 4) + "wrote:",
    "announcements": lambda: "Le 23/11/2026 à 10:12, Support <s@demo.example> a écrit :\n" * (MEGABYTE // 58),
    "announcements without end": lambda: "Le 23/11/2026 à 10:12, Support <s@demo.example>\n" * (MEGABYTE // 50),
    "a single line": lambda: "a" * MEGABYTE,
    "a single line of spaces": lambda: " " * MEGABYTE + "x",
    "a single line of dashes": lambda: "-" * MEGABYTE,
    "a single line of addresses": lambda: "a@" * (MEGABYTE // 2),
    "a single line of at signs": lambda: "@" * MEGABYTE,
    "a single line of colons": lambda: ":" * MEGABYTE,
    "blank lines": lambda: "\n" * MEGABYTE,
    "blank lines between words": lambda: "a" + "\n" * MEGABYTE + "b",
    "dividers": lambda: "----\n" * (MEGABYTE // 5),
    "delimiters": lambda: "-- \n" * (MEGABYTE // 4),
    "devices": lambda: "Envoyé de mon iPhone\n" * (MEGABYTE // 21),
    "header fields": lambda: "De : a\n" * (MEGABYTE // 7),
    "header blocks": lambda: "De : a@b.fr\nÀ : b@b.fr\nDate : 23/11/2026 10:12\nObjet : c\n\n" * (MEGABYTE // 58),
    "answers between quotes": lambda: "> a\nb\n" * (MEGABYTE // 6),
    "markers": lambda: "##- x -##\n" * (MEGABYTE // 10),
    "forwards": lambda: "---------- Forwarded message ---------\n" * (MEGABYTE // 39),
}


def assert_nothing_is_lost(text: str, trimmed: Trimmed) -> None:
    assert "".join(piece.text for piece in trimmed.pieces) == text
    assert "".join(piece.text for piece in trimmed.pieces if piece.kind == "own") == trimmed.visible
    assert "".join(piece.text for piece in trimmed.pieces if piece.kind != "own") == trimmed.removed


@given(text=ANYTHING, subject=st.sampled_from(["", "TR: Panne", "Re: Panne"]))
@settings(max_examples=400, deadline=None)
def test_it_never_raises_and_loses_nothing(text: str, subject: str) -> None:
    trimmed = trim(text, subject=subject)
    assert_nothing_is_lost(text, trimmed)
    assert bool(trimmed.rule) == bool(trimmed.removed)


@given(text=ANYTHING)
@settings(max_examples=400, deadline=None)
def test_trimming_what_is_visible_changes_nothing(text: str) -> None:
    visible = trim(text).visible
    assert trim(visible).visible == visible


@given(text=MAILS)
@settings(max_examples=200, deadline=None)
def test_line_ends_do_not_matter(text: str) -> None:
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    assert trim(unix.replace("\n", "\r\n")).visible.replace("\r\n", "\n") == trim(unix).visible


@given(text=MAILS)
@settings(max_examples=200, deadline=None)
def test_new_words_at_the_top_stay_whatever_follows_them(text: str) -> None:
    assert trim(f"C'est urgent.\n\n{text}").visible.startswith("C'est urgent.")


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in HUGE.items()])
def test_a_megabyte_takes_less_than_a_second(make: Callable[[], str]) -> None:
    text = make()
    began = time.process_time()
    trimmed = trim(text)
    assert time.process_time() - began < 1
    assert_nothing_is_lost(text, trimmed)
