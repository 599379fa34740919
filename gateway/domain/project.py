"""A project: one application under contract, its addresses, its people and what they were promised."""

from dataclasses import dataclass

from gateway.domain.calendar import USUAL_CALENDAR, Calendar
from gateway.domain.contract import USUAL_CONTRACT, Contract
from gateway.domain.follow_up import USUAL_FOLLOW_UP, FollowUpRules
from gateway.domain.ticket import Language, Level, Role


@dataclass(frozen=True, kw_only=True)
class Project:
    """One application under contract.

    `key` begins every reference (`DEMO-42`); `addresses` are lower case, the first is the one we write from.
    `level_addresses` are those by which a level is written to directly. `teams` are the addresses that the
    configuration gives a role; people with a role in the database are members too. `contacts` are the customer's people
    who are told of work that we do of our own accord. `hotline` is a number in
    international form; with `takes_any_call` its callers need no ticket, and each call becomes one. `follow_up` is what
    happens by itself to a ticket that waits for its reporter or is resolved. With `open_to_all` whoever belongs to no
    project is offered this one on the report form.
    """

    key: str
    name: str
    addresses: tuple[str, ...]
    language: Language
    contract: Contract = USUAL_CONTRACT
    calendar: Calendar = USUAL_CALENDAR
    teams: tuple[tuple[Role, frozenset[str]], ...] = ()
    level_addresses: tuple[tuple[Level, str], ...] = ()
    contacts: tuple[str, ...] = ()
    hotline: str | None = None
    follow_up: FollowUpRules = USUAL_FOLLOW_UP
    takes_any_call: bool = False
    open_to_all: bool = True

    @property
    def address(self) -> str:
        """The address that this project's mail is written from."""
        return self.addresses[0]

    @property
    def every_address(self) -> tuple[str, ...]:
        """The support addresses, then those of the levels."""
        return (*self.addresses, *(address for _, address in self.level_addresses))

    def level_of(self, address: str) -> Level | None:
        """The level that this address writes to directly; None for a support address."""
        return next((level for level, known in self.level_addresses if known == address), None)

    def configured_roles(self, address: str) -> frozenset[Role]:
        """The roles that the configuration gives to the person with this address."""
        return frozenset(role for role, members in self.teams if address in members)
