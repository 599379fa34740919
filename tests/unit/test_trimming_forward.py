"""A forwarded mail is found by its mark, or by its header when the subject says that it is one."""

import pytest

from inbound.html_text import html_to_text
from inbound.trimming import Forwarded, trim

HEADER = (
    "De : Marie Dupont <Marie@Demo.example>\nDate : lun. 23 nov. 2026 à 10:12\nObjet : Panne du portail\nÀ : Support"
)
BODY = "Bonjour,\n\nLe portail est en panne."
WANTED = Forwarded(
    name="Marie Dupont",
    address="marie@demo.example",
    subject="Panne du portail",
    date="lun. 23 nov. 2026 à 10:12",
    body=BODY,
)
MARKS = {
    "gmail": "---------- Forwarded message ---------",
    "gmail fr": "---------- Message transféré ---------",
    "gmail de": "---------- Weitergeleitete Nachricht ---------",
    "thunderbird": "-------- Message transféré --------",
    "thunderbird, underlined": "-------- Forwarded Message --------",
    "yahoo": "----- Message transféré -----",
    "apple fr": "Début du message transféré :",
    "apple fr, older": "Début du message réexpédié :",
    "apple en": "Begin forwarded message:",
    "apple de": "Anfang der weitergeleiteten Nachricht:",
    "es": "---------- Mensaje reenviado ---------",
    "it": "---------- Messaggio inoltrato ---------",
    "pt": "---------- Mensagem encaminhada ---------",
    "nl": "---------- Doorgestuurd bericht ---------",
    "pl": "---------- Przekazana wiadomość ---------",
}


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


@pytest.mark.parametrize("mark", [pytest.param(text, id=name) for name, text in MARKS.items()])
def test_a_marked_forward_is_found_and_only_the_comment_is_visible(mark: str) -> None:
    trimmed = trim(f"Pour vous.\n\n{mark}\n{HEADER}\n\n{BODY}")
    assert trimmed.forwarded == WANTED
    assert (trimmed.visible, trimmed.rule) == ("Pour vous.", "forwarded mail")


@pytest.mark.parametrize("mark", [pytest.param(MARKS[name], id=name) for name in ("gmail", "apple fr", "thunderbird")])
def test_a_quoted_forward_is_found_without_its_quote_signs(mark: str) -> None:
    forward = quoted(f"{mark}\n\n{HEADER}\n\n{BODY}")
    assert trim(f"Pour vous.\n\n{forward}").forwarded == WANTED


def test_a_forward_without_a_comment_shows_what_was_forwarded() -> None:
    trimmed = trim(f"{MARKS['gmail fr']}\n{HEADER}\n\n{BODY}")
    assert (trimmed.forwarded, trimmed.visible) == (WANTED, BODY)


def test_a_forward_of_gmail_in_html_is_found() -> None:
    html = (
        '<div dir="ltr">Pour vous.</div><br><div class="gmail_quote"><div class="gmail_attr">'
        "---------- Message transféré ---------<br>De : <b>Marie Dupont</b> &lt;Marie@Demo.example&gt;<br>"
        "Date: lun. 23 nov. 2026 à 10:12<br>"
        "Objet: Panne du portail<br>To: Support<br></div><br>"
        "<div>Bonjour,</div><br><div>Le portail est en panne.</div></div>"
    )
    trimmed = trim(html_to_text(html), html)
    assert trimmed.forwarded == WANTED
    assert trimmed.visible == "Pour vous."


@pytest.mark.parametrize(
    ("subject", "is_forward"),
    [
        ("TR: Panne", True),
        ("TR : Panne", True),
        ("FW: Panne", True),
        ("Fwd: Panne", True),
        ("WG: Panne", True),
        ("RV: Panne", True),
        ("Re: Panne", False),
        ("RE: TR: Panne", False),
        ("Panne", False),
        ("", False),
    ],
)
def test_outlooks_header_is_a_forward_only_when_the_subject_says_so(subject: str, *, is_forward: bool) -> None:
    text = (
        f"Pour vous.\n\nDe : Marie Dupont\nEnvoyé : lundi 23 novembre 2026 10:12\nÀ : Support\nObjet : Panne\n\n{BODY}"
    )
    forwarded = trim(text, subject=subject).forwarded
    assert (forwarded is not None) is is_forward
    if forwarded:
        assert (forwarded.name, forwarded.address, forwarded.subject) == ("Marie Dupont", "", "Panne")
        assert (forwarded.date, forwarded.body) == ("lundi 23 novembre 2026 10:12", BODY)


@pytest.mark.parametrize("author", ["marie@demo.example", "<marie@demo.example>", "[mailto:marie@demo.example]"])
def test_an_address_alone_has_no_name(author: str) -> None:
    forwarded = trim(f"{MARKS['gmail']}\nDe : {author}\nObjet : x\n\n{BODY}").forwarded
    assert forwarded is not None
    assert (forwarded.name, forwarded.address) == ("", "marie@demo.example")


def test_a_reply_is_no_forward() -> None:
    assert trim(f"Oui.\n\n-----Message d'origine-----\n{HEADER}\n\n{BODY}").forwarded is None
