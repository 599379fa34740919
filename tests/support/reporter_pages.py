"""Every page that a reporter may see, in each of its states, with people, requests and files in it."""

from dataclasses import dataclass

from gateway.db.hotline import hotline_code_of
from gateway.db.people import Person
from gateway.db.tickets import Ticket
from gateway.domain.ticket import Channel, Direction, EntryType, Severity, Status
from tests.support.desk import NINA, act, staff
from tests.support.web import Site

PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89"
    b"\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82"
)


@dataclass(frozen=True, kw_only=True)
class Peopled:
    """A reporter, and a request of theirs in each state."""

    reporter: Person
    tickets: dict[str, Ticket]


def people_it(site: Site) -> Peopled:
    """Put a reporter and their requests into the pages."""
    staff(site.runtime)
    marie = site.person("marie.lefebvre@mairie.example")
    found = {"blocking": _blocking(site, marie), "resolved": _resolved(site, marie)}
    found |= {"pending": site.ticket(marie, "Accès au module de paie"), "empty": site.ticket(marie, "")}
    act(site.runtime, NINA, ref=found["pending"].ref, reply="Quel navigateur ?", status=Status.PENDING)
    return Peopled(reporter=marie, tickets=found)


def _blocking(site: Site, marie: Person) -> Ticket:
    ticket = site.ticket(marie, "Plus personne ne peut imprimer les attestations " + "tres-long" * 12)
    site.entry_with_file(
        ticket,
        name="capture d’écran.png",
        kind="image/png",
        content=PNG,
        author=marie.email,
        author_id=marie.id,
        text="Bonjour,\n\nDepuis ce matin rien ne sort de l’imprimante.\n\nMarie Lefebvre",
        removed_text="> Le 23 novembre, Support a écrit :\n> Tout est réglé.",
        data={"refused_files": [{"name": "installe.exe", "reason": "extension"}]},
    )
    act(site.runtime, NINA, ref=ticket.ref, severity=Severity.BLOCKING)
    site.clock.move(minutes=130)
    act(site.runtime, NINA, ref=ticket.ref, reply="Bonjour,\n\nNous regardons cela.")
    site.entry(
        ticket,
        "Appel de 97 secondes avec un agent.",
        type=EntryType.CALL,
        channel=Channel.PHONE,
        author="gateway",
        direction=Direction.IN,
    )
    with site.runtime.database.transaction() as connection:
        hotline_code_of(connection, ticket.id, now=site.clock.now())
    return ticket


def _resolved(site: Site, marie: Person) -> Ticket:
    ticket = site.ticket(marie, "Le compteur d’eau affiche zéro")
    act(site.runtime, NINA, ref=ticket.ref, severity=Severity.MAJOR)
    site.clock.move(minutes=40)
    act(site.runtime, NINA, ref=ticket.ref, reply="C’est corrigé.", status=Status.RESOLVED)
    return ticket
