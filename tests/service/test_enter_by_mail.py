"""A mail's new ticket enters where its sender may reach; an address of a level is ours, and asks for that level."""

from dataclasses import replace

import pytest

from gateway.config.load import load_settings
from gateway.db.people import add_membership, get_or_create_person
from gateway.db.receipts import Verdict, list_receipts
from gateway.db.tickets import Ticket, find_ticket, list_entries, list_tickets
from gateway.domain.levels import Identity
from gateway.domain.ticket import Channel, Level, Role
from gateway.mail.authentication import NO_AUTHENTICATION, Policy, Result
from gateway.mail.envelope import MailEnvelope
from gateway.runtime import Runtime
from gateway.services.enter_by_mail import identity_of
from gateway.spool.entry import Lane
from inbound import arriving
from inbound.filing import file_mail
from inbound.release import release_mail
from tests.support.installation import mail
from tests.support.reasons import kept

NINA = "nina@client.example"


def file(runtime: Runtime, sender: str, to: str) -> Ticket:
    spool(runtime, sender, to)
    with runtime.database.reading() as connection:
        [ticket] = list_tickets(connection)
    return ticket


def spool(runtime: Runtime, sender: str, to: str) -> None:
    """File a mail, whatever becomes of it."""
    envelope = MailEnvelope(
        channel=Channel.SMTP,
        mail_from=sender,
        rcpt_tos=(to,),
        peer="192.0.2.1",
        helo="client.example",
        tls=False,
        smtputf8=False,
        received_at=runtime.clock.now(),
    )
    spool_id = runtime.spool.accept(Lane.MAIL, envelope.to_json(), mail(sender=sender))
    with runtime.spool.worker(Lane.MAIL) as claims:
        entry = claims.claim(spool_id, 0)
        assert entry is not None
        file_mail(entry, runtime)
        claims.finish(entry)


@pytest.fixture
def desk(runtime: Runtime) -> Runtime:
    """The demonstration project with addresses of its levels, and Nina of its N1 team."""
    prefix = "GATEWAY_PROJECTS__DEMO__"
    variables = {
        f"{prefix}NAME": "Démonstration",
        f"{prefix}ADDRESSES": '["support@demo.example"]',
        f"{prefix}LEVEL_ADDRESSES__N2": "n2@demo.example",
        f"{prefix}LEVEL_ADDRESSES__N3": "n3@demo.example",
    }
    named = load_settings({"GATEWAY_CONFIG": "/dev/null", **variables})
    with runtime.database.transaction() as connection:
        person = get_or_create_person(connection, email=NINA, name="", now=runtime.clock.now())
        add_membership(connection, person_id=person.id, project="DEMO", role=Role.N1)
    return replace(runtime, settings=runtime.settings.model_copy(update={"projects": named.projects}))


@pytest.mark.parametrize(
    ("sender", "to", "level", "said"),
    [
        ("marie@client.example", "support@demo.example", Level.N1, []),
        (NINA, "support@demo.example", Level.N2, ["N2: a report by the N1 team is before N2"]),
        (NINA, "n2@demo.example", Level.N2, ["N2: a report by the N1 team is before N2"]),
        (
            "marie@client.example",
            "n2@demo.example",
            Level.N1,
            ["N1: N2 was asked for, but only the N1 team writes to N2 directly; requests enter at N1"],
        ),
        (
            NINA,
            "N3@demo.example",
            Level.N2,
            ["N2: N3 was asked for, but only N2 may put anything before N3; a report by the N1 team is before N2"],
        ),
    ],
)
def test_a_mail_enters_at_the_level_that_its_sender_may_reach(
    desk: Runtime, sender: str, to: str, level: Level, said: list[str]
) -> None:
    ticket = file(desk, sender, to)
    assert ticket.level == level
    with desk.database.reading() as connection:
        assert [kept(entry.data) for entry in list_entries(connection, ticket.id) if entry.type == "system"] == said


@pytest.mark.parametrize(("named", "level"), [(NINA, Level.N2), (None, Level.N1)])
def test_an_operator_who_names_the_sender_of_a_held_mail_is_believed(
    desk: Runtime, monkeypatch: pytest.MonkeyPatch, named: str | None, level: Level
) -> None:
    """A mere release is not: what the mail proves of its sender counts then."""
    failed = replace(NO_AUTHENTICATION, dmarc=Result.FAIL, policy=Policy.REJECT, evidence="neither passed")
    monkeypatch.setattr(arriving, "authenticate", lambda *_, **__: failed)
    spool(desk, NINA, "support@demo.example")
    with desk.database.reading() as connection:
        [held] = list_receipts(connection, Verdict.HELD)
    ref = release_mail(desk, held.spool_id, sender=named)
    with desk.database.reading() as connection:
        ticket = find_ticket(connection, ref=ref)
    assert ticket is not None
    assert (ticket.reporter, ticket.level) == (NINA, level)


@pytest.mark.parametrize(
    ("aligned", "dmarc", "identity"),
    [
        (True, Result.PASS, Identity.PROVEN),
        (True, Result.NONE, Identity.PROVEN),
        (True, Result.FAIL, Identity.REFUTED),
        (False, Result.FAIL, Identity.REFUTED),
        (False, Result.NONE, Identity.UNKNOWN),
        (False, Result.TEMPERROR, Identity.UNKNOWN),
    ],
)
def test_what_authentication_says_about_a_sender(aligned: bool, dmarc: Result, identity: Identity) -> None:
    assert identity_of(replace(NO_AUTHENTICATION, aligned=aligned, dmarc=dmarc)) is identity
