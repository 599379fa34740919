"""The quote blocks of mail programs are known by their HTML, whatever the language of their header line."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbound.html_text import html_to_text
from inbound.trimming import Kind, Trimmed, trim

ANSWER = "<div>Bonjour,</div><div>Le portail est revenu.</div>"
VISIBLE = "Bonjour,\nLe portail est revenu."
# A language that no list of words knows, so that only the structure can tell.
SAID = "Ar Lun 23 Du: Support a skrivas"
OLD = "<div>Est-il revenu ?</div><div>Merci</div>"
FIELDS = "<b>Digant:</b> Support<br><b>Kaset:</b> Lun 23 Du<br><b>Da:</b> Marie<br><b>Danvez:</b> Panne<br>"
QUOTES = {
    "gmail": f'<br><div class="gmail_quote">{SAID}<br><blockquote class="gmail_quote">{OLD}</blockquote></div>',
    "gmail today": f'<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">{SAID}<br></div>'
    f'<blockquote class="gmail_quote" style="margin:0">{OLD}</blockquote></div>',
    "gmail without a cited block": f'<div class="gmail_quote">{SAID}{OLD}</div>',
    "outlook web": f'<div id="appendonsend"></div><hr><div id="divRplyFwdMsg" dir="ltr">{FIELDS}</div>{OLD}',
    "outlook web, older": f'<div id="appendonsend"></div><hr><div>{FIELDS}</div>{OLD}',
    "outlook in webmail": f'<div id="x_divRplyFwdMsg">{FIELDS}</div>{OLD}',
    "outlook desktop": '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
    f"<p class=MsoNormal>{FIELDS}</p></div></div>{OLD}",
    "windows mail": f'<div style="border-top-width:1px;border-top-style:solid">{FIELDS}</div>{OLD}',
    "outlook mobile": f'<div id="mail-editor-reference-message-container"><div>{FIELDS}</div>{OLD}</div>',
    "outlook for mac": f'<span id="OLK_SRC_BODY_SECTION"><div>{FIELDS}</div>{OLD}</span>',
    "hotmail": f'<div><hr id="stopSpelling">{FIELDS}{OLD}</div>',
    "apple mail": f'<div><br><blockquote type="cite"><div>{SAID}</div>{OLD}</blockquote></div>',
    "thunderbird": f'<div class="moz-cite-prefix">{SAID}<br></div><blockquote type="cite">{OLD}</blockquote>',
    "roundcube": f'<p id="reply-intro">{SAID}</p><blockquote type="cite">{OLD}</blockquote>',
    "zimbra": f'<hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__">{FIELDS}</div>{OLD}',
    "zimbra, cited": f'<div data-marker="__QUOTED_TEXT__"><blockquote>{OLD}</blockquote></div>',
    "proton": f'<div class="protonmail_quote">{SAID}<br>'
    f'<blockquote class="protonmail_quote" type="cite">{OLD}</blockquote></div>',
    "yahoo": f'<div id="yahoo_quoted_1" class="yahoo_quoted"><div>{SAID}</div>{OLD}</div>',
    "gmx": f'<div name="quote" style="border-left:2px solid"><div>{FIELDS}</div>{OLD}</div>',
    "orange": "<blockquote style='border-left:2px solid'>envoyé : 23 novembre 2026 à 10:12<br>de : Support "
    f"&lt;s@demo.example&gt;<br>à : marie@demo.example<br>objet : Panne<br>{OLD}</blockquote>",
    "mail.ru": "<div>Thu, 26 Jun 2026 14:00:51 +0400 от Support &lt;s@demo.example&gt;:</div>"
    f"<blockquote style='border-left:1px solid'>{OLD}</blockquote>",
}
SIGNATURES = {
    "gmail": '<div class="gmail_signature" data-smartmail="gmail_signature">Marie Dupont<br>Mairie</div>',
    "gmail with its prefix": '<span class="gmail_signature_prefix">-- </span><br>'
    '<div class="gmail_signature">Marie Dupont</div>',
    "thunderbird": '<div class="moz-signature">-- <br>Marie Dupont</div>',
    "outlook web": '<div id="Signature"><p>Marie Dupont</p></div>',
    "outlook mobile": '<div id="ms-outlook-mobile-signature">Télécharger Outlook pour Android</div>',
    "proton": '<div class="protonmail_signature_block">Marie Dupont</div>',
    "apple": "<div>Envoyé de mon iPhone</div>",
}


def trimmed_html(html: str) -> Trimmed:
    text = html_to_text(html)
    trimmed = trim(text, html)
    assert "".join(piece.text for piece in trimmed.pieces) == text
    return trimmed


@pytest.mark.parametrize("quote", [pytest.param(html, id=name) for name, html in QUOTES.items()])
def test_a_quote_block_goes(quote: str) -> None:
    trimmed = trimmed_html(f"<html><body>{ANSWER}{quote}</body></html>")
    assert trimmed.visible == VISIBLE
    assert "Est-il revenu ?" in trimmed.removed
    assert trimmed.rule


@pytest.mark.parametrize("signature", [pytest.param(html, id=name) for name, html in SIGNATURES.items()])
def test_a_signature_block_goes_with_and_without_a_quote(signature: str) -> None:
    assert trimmed_html(f"{ANSWER}<br>{signature}").visible == VISIBLE
    trimmed = trimmed_html(f"{ANSWER}<br>{signature}{QUOTES['gmail']}")
    assert trimmed.visible == VISIBLE
    assert {piece.kind for piece in trimmed.pieces} == {Kind.OWN, Kind.SIGNATURE, Kind.QUOTE}


@pytest.mark.parametrize(
    "quote", [pytest.param(QUOTES[name], id=name) for name in ("gmail", "thunderbird", "proton", "roundcube", "yahoo")]
)
def test_an_answer_below_the_block_stays(quote: str) -> None:
    assert trimmed_html(f"{quote}<div>Oui, depuis hier.</div>").visible == "Oui, depuis hier."


def test_answers_between_cited_blocks_stay_with_what_they_answer() -> None:
    html = (
        f'<div>Bonjour,</div><div class="gmail_quote"><div class="gmail_attr">{SAID}</div>'
        "<blockquote class='gmail_quote'>Est-il revenu ?</blockquote><div>Oui.</div>"
        "<blockquote class='gmail_quote'>Depuis quand ?</blockquote><div>Hier.</div></div>"
    )
    trimmed = trimmed_html(html)
    assert (trimmed.visible, trimmed.removed) == (html_to_text(html), "")


def test_words_under_outlooks_header_stay_when_nothing_stands_above_it() -> None:
    assert "C'est réparé." in trimmed_html(f'<div id="divRplyFwdMsg">{FIELDS}</div><div>C\'est réparé.</div>').visible


def test_a_block_that_a_person_indented_stays() -> None:
    html = f'{ANSWER}<blockquote style="margin:0 0 0 40px;border:none"><div>Le journal dit non.</div></blockquote>'
    assert "Le journal dit non." in trimmed_html(html).visible


def test_a_quote_that_fills_the_mail_leaves_nothing() -> None:
    assert trimmed_html(QUOTES["gmail"]).visible == ""


def test_the_html_tells_where_the_quote_of_the_plain_text_begins() -> None:
    text = f"Bonjour,\n\nLe portail est revenu.\n\n{SAID}\n\nEst-il revenu ?\nMerci"
    trimmed = trim(text, f"<html><body>{ANSWER}{QUOTES['gmail']}</body></html>")
    assert trimmed.visible == "Bonjour,\n\nLe portail est revenu."
    assert trimmed.visible + trimmed.removed == text


def test_html_of_another_mail_changes_nothing() -> None:
    assert trim("Tout autre chose.\n\nOui.", f"{ANSWER}{QUOTES['gmail']}").visible == "Tout autre chose.\n\nOui."


SCRAPS = [
    *(*QUOTES.values(), *SIGNATURES.values(), ANSWER, "<div>", "</div>", "<blockquote type=cite>", "</blockquote>"),
    *(
        "<div class=gmail_quote>",
        "<hr id=zwchr>",
        "<table><tr><td>",
        "a",
        " ",
        "\ue100",
        "\ue0ff",
        "&#xE100;",
        "<!--",
        "<",
    ),
]


@given(parts=st.lists(st.sampled_from(SCRAPS), max_size=8))
@settings(max_examples=150, deadline=None)
def test_it_never_raises_and_loses_nothing(parts: list[str]) -> None:
    html = "".join(parts)
    trimmed_html(html)
    trimmed = trim("Un texte\n\n> b", html)
    assert "".join(piece.text for piece in trimmed.pieces) == "Un texte\n\n> b"


HUGE: dict[str, Callable[[], str]] = {
    "deep": lambda: "<div class=gmail_quote>" * 100_000 + "a",
    "deep cited": lambda: "<blockquote type=cite>" * 400 + "a",
    "many blocks": lambda: "<div class=gmail_quote>a</div>" * 30_000,
    "many cited blocks": lambda: "<blockquote type=cite>a</blockquote>b" * 10_000,
    "long": lambda: "<div class=gmail_quote>" + "a b " * 250_000 + "</div>",
}


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in HUGE.items()])
def test_huge_html_takes_little_time(make: Callable[[], str]) -> None:
    html = make()
    text = html_to_text(html)
    began = time.process_time()
    trim(text, html)
    assert time.process_time() - began < 3
