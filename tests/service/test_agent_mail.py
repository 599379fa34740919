"""Agents by mail: their text answers the reporter, their first lines are orders, and nobody else's are."""

from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.mime.message import MIMEMessage
from email.policy import default

import pytest

from gateway.db.outbox import Delivery
from gateway.db.people import add_membership, get_or_create_person, update_person
from gateway.db.tickets import Ticket, find_ticket, list_attachments
from gateway.domain.saying import say_stored
from gateway.domain.ticket import Language, Role
from gateway.mail.authentication import NO_AUTHENTICATION, Result
from gateway.notify.compose import compose
from gateway.runtime import Runtime
from inbound import arriving
from tests.service.test_filing import file, outbox, tickets, timeline
from tests.support.installation import mail

AGENT = "agent@desk.example"


@pytest.fixture(autouse=True)
def authenticated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every mail of these tests is proved to come from its From domain."""
    proved = replace(NO_AUTHENTICATION, dmarc=Result.PASS, aligned=True, evidence="DKIM passed")
    monkeypatch.setattr(arriving, "authenticate", lambda *_, **__: proved)


@pytest.fixture
def ticket(runtime: Runtime) -> Ticket:
    """A ticket of Marie's at N1, and an agent of N1."""
    with runtime.database.transaction() as connection:
        person = get_or_create_person(connection, email=AGENT, name="", now=runtime.clock.now())
        add_membership(connection, person_id=person.id, project="DEMO", role=Role.N1)
    file(runtime, mail(1))
    [found] = tickets(runtime)
    return found


def write(runtime: Runtime, text: str, *, number: int = 2, sender: str = AGENT) -> None:
    """A mail of an agent on the first ticket."""
    raw = mail(number, sender=sender, Subject="Re: [DEMO-1] Écran bloqué")
    lines = [x for x in raw.partition(b"\r\n\r\n")[0].split(b"\r\n") if not x.lower().startswith((b"content", b"mime"))]
    head = b"\r\n".join([*lines, b"MIME-Version: 1.0", b"Content-Type: text/plain; charset=utf-8"])
    file(runtime, head + b"\r\n\r\n" + text.replace("\n", "\r\n").encode(), mail_from=sender)


def fresh(runtime: Runtime, ticket: Ticket) -> Ticket:
    with runtime.database.reading() as connection:
        found = find_ticket(connection, ticket_id=ticket.id)
    assert found is not None
    return found


def told_since_acknowledged(runtime: Runtime) -> list[Delivery]:
    return [mail for mail in outbox(runtime) if mail.notice != "acknowledgement"]


def plain(runtime: Runtime, notice: Delivery) -> str:
    body = message_from_bytes(compose(notice, runtime=runtime).content, policy=default).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def with_file(runtime: Runtime, text: str, *, html: str = "") -> None:
    """A mail of an agent with a picture: attached, or shown by the HTML."""
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = AGENT, "Re: [DEMO-1] Écran", "<file@x.example>"
    message.set_content(html or text, subtype="html" if html else "plain")
    if html:
        message.add_related(b"GIF89a", maintype="image", subtype="gif", cid="<picture@x>", filename="capture.gif")
    else:
        message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="devis.pdf")
    file(runtime, message.as_bytes(), mail_from=AGENT)


def test_an_agents_text_is_the_answer_to_the_reporter(runtime: Runtime, ticket: Ticket) -> None:
    write(runtime, "Bonjour,\n\nC'est corrigé, pouvez-vous réessayer ?\n")
    entry = timeline(runtime, ticket)[1]
    assert (entry.direction, entry.visible, entry.author, entry.channel) == ("out", True, AGENT, "smtp")
    [notice] = told_since_acknowledged(runtime)
    assert notice.recipient == ticket.reporter
    assert "C'est corrigé" in plain(runtime, notice)
    sent = message_from_bytes(compose(notice, runtime=runtime).content, policy=default)
    assert "<support@demo.example>" in sent["From"]
    assert AGENT not in sent.as_string()


def test_the_reporters_answer_to_it_joins(runtime: Runtime, ticket: Ticket) -> None:
    write(runtime, "C'est corrigé.")
    [notice] = told_since_acknowledged(runtime)
    file(runtime, mail(3, In_Reply_To=f"<{notice.message_id}>"))
    assert timeline(runtime, ticket)[-1].match == "our Message-ID"
    assert len(tickets(runtime)) == 1


def test_orders_are_done_and_not_shown(runtime: Runtime, ticket: Ticket) -> None:
    write(runtime, "#severity blocking\n#assign me\n\nNous regardons.\n")
    after = fresh(runtime, ticket)
    assert (after.severity, after.kind, after.status) == ("blocking", "corrective", "open")
    assert after.assignee_id is not None
    answer = next(entry for entry in timeline(runtime, ticket) if entry.direction == "out")
    assert answer.text.strip() == "Nous regardons."


def test_a_note_goes_to_nobody_outside(runtime: Runtime, ticket: Ticket) -> None:
    write(runtime, "#note\nLe client s'est trompé de bouton.\n")
    entry = timeline(runtime, ticket)[-1]
    assert (entry.type, entry.visible, entry.text.strip()) == ("note", False, "Le client s'est trompé de bouton.")
    assert told_since_acknowledged(runtime) == []


def test_a_mail_with_orders_alone_sends_no_empty_answer(runtime: Runtime, ticket: Ticket) -> None:
    write(runtime, "#assign me\n")
    assert fresh(runtime, ticket).assignee_id is not None
    assert not any(entry.direction == "out" for entry in timeline(runtime, ticket))


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("#sevrity blocking\nBonjour", "#sevrity"),
        ("#severity enormous\nBonjour", "#severity enormous"),
        ("#level N3 bogue\nBonjour", "N3"),
        ("#status merged\nBonjour", "not set to merged by hand"),
    ],
)
def test_an_order_that_is_unknown_or_refused_gets_one_answer_and_nothing_goes_out(
    runtime: Runtime, ticket: Ticket, text: str, cause: str
) -> None:
    write(runtime, text)
    [notice] = told_since_acknowledged(runtime)
    assert (notice.notice, notice.recipient) == ("orders_refused", AGENT)
    assert any(cause in say_stored(fault, Language.EN) for fault in notice.context["faults"])
    content = plain(runtime, notice)
    assert "#severity blocking | major | minor" in content
    assert "(le texte reste interne)" in content
    note = timeline(runtime, ticket)[-1]
    assert (note.type, note.visible, note.data["flags"]) == ("note", False, ["orders-refused"])
    assert fresh(runtime, ticket).severity is None


def test_a_refusal_is_said_in_the_agents_language(runtime: Runtime, ticket: Ticket) -> None:
    write(runtime, "#level N3 bogue\nBonjour")
    [notice] = told_since_acknowledged(runtime)
    assert "de N1 elle passe d’abord à N2, pas directement à N3" in plain(runtime, notice)
    with runtime.database.transaction() as connection:
        agent = get_or_create_person(connection, email=AGENT, name="", now=runtime.clock.now())
        update_person(connection, agent.id, name=None, lang=Language.EN, phone=None)
    write(runtime, "#level N3 bogue\nBonjour", number=3)
    assert "from N1 it goes to N2 first, not to N3 at once" in plain(runtime, told_since_acknowledged(runtime)[-1])


def test_refusals_count_against_the_caps_on_automatic_answers(runtime: Runtime, ticket: Ticket) -> None:
    most = runtime.settings.mail.acknowledgements_per_day
    for number in range(2, most + 4):
        write(runtime, "#sevrity blocking", number=number)
    assert len(told_since_acknowledged(runtime)) == most
    said = [entry.data["acknowledgement"] for entry in timeline(runtime, ticket)[1:]]
    assert said == ["sent"] * most + [f"{most} acknowledgements to this address today"] * 2


@pytest.mark.parametrize(
    ("text", "html", "answer"),
    [
        ("", "", "Fichier joint : devis.pdf"),
        ("\n \n", "", "Fichier joint : devis.pdf"),
        ("", "<p><img src='cid:picture@x'></p>", "Fichier joint : capture.gif"),
        ("Voici le devis.", "", "Voici le devis."),
    ],
)
def test_a_file_without_words_is_an_answer(runtime: Runtime, ticket: Ticket, text: str, html: str, answer: str) -> None:
    with_file(runtime, text, html=html)
    entry = next(entry for entry in timeline(runtime, ticket) if entry.direction == "out")
    assert (entry.text.strip(), entry.visible) == (answer, True)
    with runtime.database.reading() as connection:
        [kept] = list_attachments(connection, ticket.id)[entry.id]
    assert kept.name in {"devis.pdf", "capture.gif"}
    [notice] = told_since_acknowledged(runtime)
    assert answer in plain(runtime, notice)


def test_a_file_with_a_mere_note_stays_inside(runtime: Runtime, ticket: Ticket) -> None:
    with_file(runtime, "#note\n")
    entry = timeline(runtime, ticket)[-1]
    assert (entry.type, entry.visible, entry.text) == ("note", False, "Fichier joint : devis.pdf")
    assert told_since_acknowledged(runtime) == []


def test_a_file_beside_orders_alone_is_no_answer(runtime: Runtime, ticket: Ticket) -> None:
    """It may be the logo of a signature."""
    with_file(runtime, "#assign me\n")
    assert not any(entry.direction == "out" for entry in timeline(runtime, ticket))
    with runtime.database.reading() as connection:
        [kept] = list_attachments(connection, ticket.id)
    assert [entry.visible for entry in timeline(runtime, ticket) if entry.id == kept] == [False]


def forward_as_file(runtime: Runtime, *, comment: str, sender: str = AGENT) -> Ticket:
    """The ticket of a mail to which somebody attached another mail."""
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "Paul <paul@client.example>", "Panne du portail"
    inner.set_content("Bonjour, le portail est arrêté depuis ce matin. Merci.")
    outer = EmailMessage()
    outer["From"], outer["Subject"], outer["Message-ID"] = sender, "Fwd: Panne du portail", "<forward@x.example>"
    if comment:
        outer.set_content(comment)
        outer.add_attachment(inner)
    else:
        outer.make_mixed()
        outer.set_payload([MIMEMessage(inner)])
    file(runtime, outer.as_bytes(), mail_from=sender)
    return next(one for one in tickets(runtime) if one.id != 1)


@pytest.mark.parametrize("comment", ["", "Un client important."])
def test_a_mail_that_an_agent_attaches_is_its_authors_ticket(runtime: Runtime, ticket: Ticket, comment: str) -> None:
    opened = forward_as_file(runtime, comment=comment)
    assert (opened.reporter, opened.subject) == ("paul@client.example", "Panne du portail")
    first, *notes = timeline(runtime, opened)
    assert first.text.strip() == "Bonjour, le portail est arrêté depuis ce matin. Merci."
    assert [note.text.strip() for note in notes] == ([comment] if comment else [])


def test_one_that_anybody_else_attaches_is_their_own(runtime: Runtime, ticket: Ticket) -> None:
    opened = forward_as_file(runtime, comment="", sender="jean@client.example")
    assert opened.reporter == "jean@client.example"
    [entry] = timeline(runtime, opened)
    assert entry.text.startswith("[Message joint de Paul : Panne du portail]\n\nBonjour, le portail")


def test_orders_of_anybody_else_are_text(runtime: Runtime, ticket: Ticket) -> None:
    write(runtime, "#status closed\nBonjour", sender=ticket.reporter)
    entry = timeline(runtime, ticket)[-1]
    assert (entry.direction, entry.text.split()) == ("in", ["#status", "closed", "Bonjour"])
    assert fresh(runtime, ticket).status == "new"


def test_an_agent_without_proof_orders_nothing(
    runtime: Runtime, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "authenticate", lambda *_, **__: NO_AUTHENTICATION)
    write(runtime, "#status closed\nFermé.")
    assert fresh(runtime, ticket).status == "new"
    assert len(timeline(runtime, ticket)) == 1


def test_an_answer_to_what_only_agents_were_told_stays_inside(runtime: Runtime, ticket: Ticket) -> None:
    """Also where it goes to the signed address that the notice asks to be answered at."""
    write(runtime, "#sevrity blocking\nBonjour")
    [notice] = told_since_acknowledged(runtime)
    asked = message_from_bytes(compose(notice, runtime=runtime).content, policy=default)
    answer = mail(3, sender=AGENT, In_Reply_To=str(asked["Message-ID"]))
    file(runtime, answer, str(asked["Reply-To"]).strip(" <>"), mail_from=AGENT)
    last = timeline(runtime, ticket)[-1]
    assert (last.type, last.visible, last.match) == ("note", False, "signed reply address")
    assert told_since_acknowledged(runtime) == [notice]
