"""What a person wrote stays, wherever it stands and whatever it looks like."""

import pytest

from gateway.mail.marker import MARKER
from inbound.trimming import trim
from tests.unit.test_trimming_text import ANNOUNCEMENTS, ANSWER, FIELDS, quoted

# Every word is the person's own: nothing goes.
KEPT = {
    "the trap": "Le document que Marie a écrit : il est faux.",
    "the trap, broken after the colon": "Voilà ce que Marie a écrit :\nle serveur est faux.",
    "a dated sentence": "Le 12 mars à 10h, Marie a écrit : le serveur est en panne.",
    "a dated sentence, broken after the colon": "Le 12 mars à 10h, Marie a écrit :\nle serveur est en panne.\nVrai ?",
    "a form": "Je voudrais partir.\n\nDe : Paris\nÀ : Lyon\nDate : 12/03/2026\nObjet : voyage",
    "a pasted header": "Voyez cet en-tête.\n\nReturn-Path: <a@demo.example>\nFrom: a@demo.example\nTo: b@demo.example\n"
    "Message-ID: <1@demo.example>\nSubject: x\n\nPourquoi ?",
    "an introduced mail": f"Voici ce que j'ai reçu :\n\nDe : Chef <chef@demo.example>\n{FIELDS}\n\nRien ne marche.",
    "inline answers": "Bonjour,\n\nLe 23/11/2026 à 10:12, Support a écrit :\n"
    "> Est-il revenu ?\n\nOui.\n\n> Depuis quand ?\n\nHier.",
    "an answer to a passage": "> Est-il revenu ?\n\nOui, depuis hier.",
    "introduced commands": "J'ai lancé :\n\n> npm install\n> npm start",
    "a prompt in a paragraph": "J'ai lancé\n> npm install",
    "prompts": "mysql> select 1;\nPS C:\\> dir\nrien de plus",
    "one who wrote from a desk": "Bien reçu.\n\nSent from my desk, is much easier then my mobile phone.",
    "a parcel": "Le colis a été envoyé par la poste hier.",
    "a divided text": "Premier point : le portail.\n\n----------\n\nSecond point : la base.",
    "a question under dashes": "Premier point.\n--\nPouvez-vous regarder le second ?",
    "a name under a greeting": "C'est urgent.\n\nCordialement,\nMarie Dupont",
    "code": "Voici :\n\n```\n# a\n####\n--flag\n```\n\nMerci",
    "a table": "| nom | date |\n|-----|------|\n| a | 2026-11-23 |",
    "only a quoted line": "> rien d'autre",
    "confidential words": "Ce message d'erreur est confidentiel ?",
    "a server's log": "Journal.\n\n2026-11-23 10:12:44 INFO a@demo.example wrote 45 bytes to:\n/var/x\n\nQue faire ?",
    "a system's log": "Journal.\n\nMay 29 11:58:43 demo kernel: user root@demo.example wrote:\nx\nMay 29 11:58:44 y",
    "a web server's log": "J'ai ceci\n\n[Mon Nov 23 10:12:44 2026] [error] client a@demo.example:\nligne\nfin ?",
    "an agenda": "Le planning\n\nLe 23/11/2026 à 10:12, réunion avec Marie <m@demo.example> :\n- point 1\n- point 2",
    "told in a sentence": "Bonjour,\nLe 24/11/2026 à 14:00, Marie m'a écrit :\nle portail est mort\nQue faire ?",
    "told by one": "Bonjour,\nLe 24/11/2026 à 14:00, elle nous a écrit :\nle portail est mort\nQue faire ?",
    "a form of times": "De : 10h\nÀ : 12h\nObjet : maintenance\nDate : 23/11/2026 10:12\nMerci de confirmer.",
    "a configuration": "Ma configuration\n\nfrom: a@demo.example\nto: b@demo.example\nsubject: test\n\nPourquoi ?",
    "a pasted header that begins with its id": "Voici\n\nMessage-ID: <1@demo.example>\nDate: Mon, 23 Nov 2026 10:12\n"
    "From: a@demo.example\nTo: b@demo.example\nSubject: x\n\nPourquoi ?",
    "a header in a list": "Détails\n\n* From: a@demo.example\n* To: b@demo.example\n* Date: 23/11/2026 10:12\n\nEt ?",
    "prompts of Python": "J'ai lancé ceci\n\n>>> import demo\n>>> demo.run()",
    "a single cited line": "Comme dit le manuel\n\n> Redémarrez le service",
    "a client's words": "Le client Dupont a écrit :\n> ça ne marche pas\n\nQue lui répondre ?",
    "a form that was sent": "Bonjour\n\nEnvoyé depuis le formulaire mobile, le message n'arrive pas.",
    "a sentence on an app": "Le message est parti.\n\nSent from the mobile app but not received",
    "a program to get": "Comment faire ?\n\nGet Outlook working again please",
    "a question on confidence": "Bonjour\n\nCe message est confidentiel et le destinataire n'existe pas. Pouvez-vous"
    " corriger ce message confidentiel pour ce destinataire ?",
    "comments in SQL": "-- commentaire\nselect 1;\n-- fin",
    "a patch": "Le correctif\n\n--- a/x\n+++ b/x\n@@\n-a\n+b",
    "a marker in a sentence": "Le bouton « -----Message d'origine----- » ne marche pas",
    "empty": "",
    "blank": " \n\n",
}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in KEPT.items()])
def test_a_persons_words_stay(text: str) -> None:
    trimmed = trim(text)
    assert (trimmed.visible, trimmed.removed, trimmed.rule) == (text, "", "")


@pytest.mark.parametrize("greeting", ["", "Bonjour,\n\n", "Envoyé de mon iPhone\n\n"])
def test_an_answer_below_the_quote_stays_and_the_quote_goes(greeting: str) -> None:
    quote = f"{ANNOUNCEMENTS['fr thunderbird']}\n{quoted('Est-il revenu ?')}\n"
    trimmed = trim(f"{greeting}{quote}Oui, depuis hier.")
    assert trimmed.visible == f"{greeting}Oui, depuis hier."
    assert trimmed.removed.rstrip() == quote.rstrip()


def test_an_answer_inside_of_our_own_quoted_mail_stays() -> None:
    text = f"Mes réponses ci-dessous.\n\nLe 23/11/2026 à 10:12, S a écrit :\n> {MARKER['fr']}\n> a ?\noui\n> b ?\nnon"
    assert trim(text).visible == text


def test_words_under_an_announcement_that_nothing_stands_above_may_be_new() -> None:
    assert trim(f"{ANNOUNCEMENTS['fr gmail']}\n\nC'est réparé.").visible == "C'est réparé."


def test_a_mail_that_is_all_quote_holds_nothing_new() -> None:
    text = f"{ANNOUNCEMENTS['fr gmail']}\n\n> Est-il revenu ?\n"
    trimmed = trim(text)
    assert (trimmed.visible, trimmed.removed) == ("", text)


def test_an_answer_below_a_quote_that_is_longer_than_we_look_stays() -> None:
    text = f"{ANNOUNCEMENTS['fr gmail']}\n" + "> Est-il revenu ?\n" * 25_000 + "\nOui, depuis hier."
    assert "Oui, depuis hier." in trim(text).visible


def test_a_mail_whose_end_has_no_end_is_kept_whole() -> None:
    text = f"{ANSWER}\n" + "Avant d'imprimer, pensez à l'environnement.\n" * 500
    assert trim(text).visible == text


def test_a_mail_that_is_all_signature_is_kept() -> None:
    assert trim("-- \nMarie Dupont").visible == "-- \nMarie Dupont"
