"""Facts of a ticket's past that decisions about its mail need."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select

from gateway.db.people import people
from gateway.db.tickets import Ticket, entries, find_ticket, tickets
from gateway.db.together import Question, ask
from gateway.domain.ticket import EntryType
from gateway.mail.authentication import Authentication
from gateway.mail.subject import alike_key

MAX_HOPS = 20


def follow_merges(connection: Connection, ticket_id: int) -> Ticket | None:
    """The ticket that survived after any merges; None where they run in a ring or the ticket is gone.

    It is locked: what is decided by its state is still true when it is written.
    """
    ticket = lock_ticket(connection, ticket_id)
    for _ in range(MAX_HOPS):
        if ticket is None or ticket.merged_into_id is None:
            return ticket
        ticket = lock_ticket(connection, ticket.merged_into_id)
    return None


def lock_ticket(connection: Connection, ticket_id: int) -> Ticket | None:
    """The ticket with this id, which nobody else changes until this transaction ends."""
    connection.execute(select(tickets.c.id).where(tickets.c.id == ticket_id).with_for_update())
    return find_ticket(connection, ticket_id=ticket_id)


def count_reopenings(connection: Connection, ticket_id: int, *, now: datetime) -> int:
    """How often a ticket was reopened by mail within the hour before `now`."""
    query = select(entries.c.data).where(
        entries.c.ticket_id == ticket_id,
        entries.c.type == EntryType.SYSTEM,
        entries.c.at > now - timedelta(hours=1),
        entries.c.at <= now,
    )
    return sum(data.get("event") == "reopened" for data in connection.execute(query).scalars())


@dataclass(frozen=True, kw_only=True)
class BurstRules:
    """How many tickets one address may begin within a minute, and how many with subjects that differ in numbers."""

    most: int
    most_alike: int


def is_begun_with_proof(connection: Connection, ticket_id: int) -> bool:
    """Was the mail that began this ticket proved to be its sender's?"""
    query = select(entries.c.data).where(entries.c.ticket_id == ticket_id).order_by(entries.c.id).limit(1)
    data = connection.execute(query).scalar_one_or_none() or {}
    return Authentication.from_json(data.get("authentication")).is_aligned_pass


# Built once: filing asks for every mail, and building a statement costs more than running it.
_BEGUN = (
    select(tickets.c.id, tickets.c.subject)
    .join(people, people.c.id == tickets.c.reporter_id)
    .where(
        people.c.email == bindparam("reporter"),
        tickets.c.project == bindparam("project"),
        tickets.c.created_at > bindparam("after"),
        tickets.c.created_at <= bindparam("until"),
    )
    .order_by(tickets.c.created_at, tickets.c.id)
    .limit(bindparam("most"))
)


def begun_of(*, reporter: str, project: str, now: datetime, rules: BurstRules) -> Question:
    """What `burst_ticket` asks."""
    after, most = now - timedelta(minutes=1), rules.most
    return Question(_BEGUN, {"reporter": reporter, "project": project, "after": after, "until": now, "most": most})


def burst_ticket(
    connection: Connection, *, reporter: str, project: str, subject: str, now: datetime, rules: BurstRules
) -> int | None:
    """The ticket that one more mail of this address joins; None while the address may begin another.

    It is the first with a subject alike, where there are too many of those, or else the first of all.
    """
    begun = ask(connection, begun_of(reporter=reporter, project=project, now=now, rules=rules))
    found = [(row["id"], alike_key(row["subject"])) for row in begun]
    alike = [ticket_id for ticket_id, key in found if key == alike_key(subject)]
    if len(alike) >= rules.most_alike:
        return int(alike[0])
    return int(found[0][0]) if len(found) >= rules.most else None
