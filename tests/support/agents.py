"""Somebody at each level of DEMO, and what they do, for the tests of the desk."""

from dataclasses import dataclass
from typing import Any

import pytest

from gateway.db.people import add_membership, get_or_create_person
from gateway.db.tickets import Ticket, find_ticket
from gateway.domain.change import Change
from gateway.domain.ticket import Role
from gateway.services.change_ticket import change_ticket
from tests.support.web import Browser, Site

NINA, ANA, DEV, CHIEF = "nina@client.example", "ana@support.example", "dev@support.example", "chief@support.example"
ROLES = {NINA: Role.N1, ANA: Role.N2, DEV: Role.N3, CHIEF: Role.SUPERVISOR}


@dataclass(kw_only=True)
class Desk:
    """The pages with agents, and DEMO-1 of Marie's."""

    site: Site
    ticket: Ticket

    @property
    def path(self) -> str:
        return f"/desk/tickets/{self.ticket.ref}"

    def browser(self, email: str, *, prefers: str = "fr") -> Browser:
        return self.site.sign_in(self.site.person(email), prefers=prefers)

    def act(self, by: str = NINA, *, ref: str | None = None, **change: Any) -> None:
        change_ticket(self.site.runtime, ref=ref or self.ticket.ref, change=Change(**change), by=by)

    def now(self) -> Ticket:
        """The ticket as it is by now."""
        with self.site.runtime.database.reading() as connection:
            found = find_ticket(connection, ticket_id=self.ticket.id)
        assert found is not None
        return found

    def send(self, browser: Browser, form: dict[str, str], *, name: str = "act") -> Any:
        """Send a form of the ticket's page as it stands now."""
        version = browser.field(self.path, "version")
        return browser.post(f"{self.path}/{name}", page=self.path, **{"version": version, **form})


@pytest.fixture
def desk(site: Site) -> Desk:
    with site.runtime.database.transaction() as connection:
        for email, role in ROLES.items():
            person = get_or_create_person(connection, email=email, name="", now=site.clock.now())
            add_membership(connection, person_id=person.id, project="DEMO", role=role)
    marie = site.person()
    ticket = site.ticket(marie)
    site.entry(ticket, "Elle fume.", author=marie.email, author_id=marie.id)
    return Desk(site=site, ticket=ticket)
