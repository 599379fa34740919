"""A mail's new ticket enters where its sender may reach; an address of a level is ours, and asks for that level."""

from dataclasses import replace

import pytest

from gateway.config.load import load_settings
from gateway.db.people import add_membership, get_or_create_person
from gateway.db.tickets import Ticket, list_entries, list_tickets
from gateway.domain.levels import Identity
from gateway.domain.ticket import Channel, Level, Role
from gateway.mail.authentication import NO_AUTHENTICATION, Result
from gateway.mail.envelope import MailEnvelope
from gateway.runtime import Runtime
from gateway.services.enter_by_mail import identity_of
from gateway.spool.entry import Lane
from inbound.filing import file_mail
from tests.support.installation import mail

NINA = "nina@client.example"


def file(runtime: Runtime, sender: str, to: str) -> Ticket:
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
    with runtime.database.reading() as connection:
        [ticket] = list_tickets(connection)
    return ticket


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
        assert [entry.text for entry in list_entries(connection, ticket.id) if entry.type == "system"] == said


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
