"""Failure reports in plain words: the sentences, the addresses and the reasons, and who is no machine."""

import pytest

from gateway.mail.bounce import Action
from inbound.dsn import read_report
from inbound.dsn_dialects import before_copy, read_words, what_happened

DAEMON = "MAILER-DAEMON@mx.example"
ADDRESS = "jean-paul@mairie-de-ville.example"


def mail(text: str, *, subject: str = "Undelivered", sender: str = DAEMON, more: str = "") -> bytes:
    head = f"From: {sender}\nTo: support@demo.example\nSubject: {subject}\n{more}"
    return f"{head}Content-Type: text/plain; charset=utf-8\n\n{text}\n".encode()


@pytest.mark.parametrize(
    "text",
    [
        f"Votre message n'a pas été remis aux destinataires suivants :\n\n  {ADDRESS}\n",
        f"Votre message n’a pas pu être remis à :\n<{ADDRESS}> : utilisateur inconnu\n",
        f"Le message n'a pu être distribué à {ADDRESS}.\n",
        f"Votre message à {ADDRESS} n'a pas pu être remis.",
        f"Échec de la remise pour les destinataires ou groupes suivants :\n{ADDRESS}\nL'adresse n'existe pas.\n",
        f"Impossible de délivrer votre message.\nDestinataire : {ADDRESS}\n",
        f"Le courriel adressé au destinataire suivant est non délivré :\n* {ADDRESS} (boîte inexistante)\n",
        f"Your message could not be delivered to {ADDRESS}\n",
        f"The following address failed:\n   {ADDRESS}:\n      550 5.1.1 no such user\n",
        f"Delivery failed 10 attempts: {ADDRESS}\n",
        f"Sorry, we were unable to deliver your message.\n<{ADDRESS}>:\n550 no\n",
        f"Ihre Nachricht konnte nicht an den Empfänger zugestellt werden:\n{ADDRESS}\n",
        f"No se ha podido entregar el mensaje a {ADDRESS}\n",
        f"Il messaggio non è stato consegnato.\nIndirizzo: {ADDRESS}\n",
        f"Uw bericht kon niet worden bezorgd:\n{ADDRESS}\n",
    ],
)
def test_a_daemons_sentence_and_the_address_below_it_are_a_failure(text: str) -> None:
    found = read_report(mail(text))
    assert [(one.address, one.action) for one in found.failing] == [(ADDRESS, Action.FAILED)]
    assert found.is_bounce


@pytest.mark.parametrize(
    "text",
    [
        "Votre message n'a pas encore été remis. De nouvelles tentatives auront lieu.",
        "La remise de votre message est retardée.",
        "Your message has not yet been delivered to its recipients after 2 days.",
        "Delivery is delayed, we will keep trying.",
        "Warning: message delayed 4 hours",
    ],
)
def test_not_yet_is_a_delay_and_not_a_failure(text: str) -> None:
    found = read_report(mail(f"{text}\n\n  {ADDRESS}\n"))
    assert [(one.address, one.action, one.permanent) for one in found.failing] == [(ADDRESS, Action.DELAYED, False)]
    assert found.is_bounce


def test_who_gave_up_after_a_delay_failed() -> None:
    outcome = what_happened("Your message has been delayed for 5 days. I'm giving up.")
    assert outcome is not None
    assert outcome.permanent


def test_several_addresses_are_read_each_with_the_reason_below_it() -> None:
    text = (
        "Votre message n'a pas pu être remis à :\n\n"
        "  anne@client.example\n    550 5.1.1 utilisateur inconnu\n\n"
        "  paul@client.example\n    552 5.2.2 boîte pleine\n"
    )
    found = read_report(mail(text)).recipients
    assert [(one.address, one.status, one.is_hard) for one in found] == [
        ("anne@client.example", "5.1.1", True),
        ("paul@client.example", "5.2.2", False),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "--- Below this line is a copy of the message.",
        "----- Original message -----",
        "-----Message d'origine-----",
        "Original message follows.",
        "This is a copy of your message, including all the headers:",
        "En-têtes du message d'origine :",
    ],
)
def test_nobody_in_the_returned_copy_has_failed(line: str) -> None:
    text = f"Could not be delivered:\n{ADDRESS}\n\n{line}\n\ninnocent@client.example\nTo: other@client.example\n"
    assert [one.address for one in read_report(mail(text)).recipients] == [ADDRESS]
    assert "innocent" not in before_copy(text)


def test_neither_the_daemon_nor_whom_it_writes_to_has_failed() -> None:
    text = "Could not be delivered. Questions to postmaster@mx.example\nsupport@demo.example\n<gone@client.example>:\n"
    found = read_words(text, besides={"support@demo.example"})
    assert [one.address for one in found] == ["gone@client.example"]


def test_x_failed_recipients_names_them_all() -> None:
    more = "X-Failed-Recipients: anne@client.example,\n paul@client.example\n"
    found = read_report(mail("A message that you sent could not be delivered.", more=more))
    assert [one.address for one in found.failing] == ["anne@client.example", "paul@client.example"]


@pytest.mark.parametrize(
    "raw",
    [
        mail("Je ne suis pas là jusqu'au 3.", subject="Absence du bureau", more="Auto-Submitted: auto-replied\n"),
        mail(
            "Je suis absent.",
            subject="Absence",
            sender="jean@client.example",
            more="Return-Path: <>\nAuto-Submitted: auto-replied\n",
        ),
        mail(f"Mon mail à {ADDRESS} n'a pas pu être remis, pourquoi ?", sender="jean@client.example"),
        mail(
            "Toujours impossible de transmettre.\n\n-----Message d'origine-----\nDe : support\n",
            subject="Re: Impossible de transmettre",
            sender="jean@client.example",
            more="In-Reply-To: <ours@demo.example>\n",
        ),
    ],
    ids=["out of office", "vacation with the null sender", "a person asks about a bounce", "an answer that quotes"],
)
def test_what_a_person_or_an_autoresponder_writes_is_no_bounce(raw: bytes) -> None:
    found = read_report(raw)
    assert (found.is_bounce, found.recipients) == (False, ())


def test_a_report_that_names_nobody_still_says_what_happened() -> None:
    found = read_report(mail("Votre message n'a pas été remis : boîte pleine."))
    assert (found.is_bounce, found.recipients) == (True, ())
    assert found.general.permanent
    assert not found.general.is_hard


def test_html_alone_is_read() -> None:
    html = f"<html><body><p>Votre message n'a pas &eacute;t&eacute; remis &agrave; :</p><p>{ADDRESS}</p></body></html>"
    raw = mail(html).replace(b"text/plain", b"text/html")
    assert [one.address for one in read_report(raw).failing] == [ADDRESS]
