"""What an answer does to its ticket: it wakes it, follows it, goes to the one it was merged into."""

from typing import Any

import pytest
from sqlalchemy import select

from gateway.db.receipts import Verdict
from gateway.db.tickets import tickets
from gateway.domain.ticket import Status
from gateway.runtime import Runtime
from gateway.services.mail_item import Decision
from inbound import filing
from inbound.deciding import decide
from tests.service.test_filing import file, timeline
from tests.service.test_filing import tickets as all_tickets
from tests.service.test_matching import merge
from tests.support.clock import MovableClock
from tests.support.installation import mail
from tests.support.matching import first_ticket, fresh, ours, set_to, where


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED])
def test_an_answer_with_our_id_reopens(runtime: Runtime, status: Status) -> None:
    ticket = first_ticket(runtime)
    set_to(runtime, ticket, status)
    file(runtime, mail(2, In_Reply_To=ours(runtime, ticket)))
    assert (fresh(runtime, ticket).status, fresh(runtime, ticket).closed_at) == (Status.OPEN, None)
    assert [entry.data.get("event") for entry in timeline(runtime, ticket)] == [None, None, "reopened"]


def test_an_automatic_mail_reopens_nothing(runtime: Runtime) -> None:
    ticket = first_ticket(runtime)
    set_to(runtime, ticket, Status.CLOSED)
    file(runtime, mail(2, In_Reply_To=ours(runtime, ticket), **{"Auto-Submitted": "auto-generated"}))
    assert fresh(runtime, ticket).status == Status.CLOSED


def test_long_after_closing_an_answer_begins_a_ticket_that_follows(runtime: Runtime, clock: MovableClock) -> None:
    ticket = first_ticket(runtime)
    set_to(runtime, ticket, Status.CLOSED)
    clock.move(days=runtime.settings.intake.reopen_days, seconds=1)
    found, _ = where(runtime, file(runtime, mail(2, In_Reply_To=ours(runtime, ticket))))
    assert (found.follows_id, fresh(runtime, ticket).status) == (ticket.id, Status.CLOSED)


def test_without_proof_an_answer_to_a_closed_ticket_is_not_lost_on_it(runtime: Runtime) -> None:
    ticket = first_ticket(runtime)
    set_to(runtime, ticket, Status.CLOSED)
    found, _ = where(runtime, file(runtime, mail(2, In_Reply_To="<mail-1@client.example>")))
    assert found.follows_id == ticket.id


def test_two_machines_do_not_reopen_a_ticket_for_ever(runtime: Runtime) -> None:
    ticket = first_ticket(runtime)
    for number in range(6):
        set_to(runtime, ticket, Status.RESOLVED)
        file(runtime, mail(number + 2, In_Reply_To=ours(runtime, ticket)))
    events = [entry.data.get("event") for entry in timeline(runtime, ticket)]
    assert events.count("reopened") == runtime.settings.intake.reopenings_per_hour
    assert fresh(runtime, ticket).status == Status.RESOLVED


def test_the_answer_that_a_ticket_waited_for_sets_it_going(runtime: Runtime) -> None:
    ticket = first_ticket(runtime)
    set_to(runtime, ticket, Status.PENDING)
    file(runtime, mail(2, In_Reply_To="<mail-1@client.example>"))
    assert fresh(runtime, ticket).status == Status.OPEN


def test_a_merged_ticket_hands_its_mail_to_the_survivor_over_several_hops(runtime: Runtime) -> None:
    one = first_ticket(runtime)
    for number in (2, 3):
        file(runtime, mail(number))
    two, three = sorted((t for t in all_tickets(runtime) if t.id != one.id), key=lambda ticket: ticket.id)
    merge(runtime, one, two)
    merge(runtime, two, three)
    assert where(runtime, file(runtime, mail(4, In_Reply_To=ours(runtime, one))))[0].id == three.id


def test_tickets_merged_in_a_ring_stop_nothing(runtime: Runtime) -> None:
    one = first_ticket(runtime)
    file(runtime, mail(2))
    two = next(ticket for ticket in all_tickets(runtime) if ticket.id != one.id)
    merge(runtime, one, two)
    merge(runtime, two, one)
    receipt = file(runtime, mail(3, In_Reply_To=ours(runtime, one)))
    assert receipt.verdict is Verdict.FILED
    assert where(runtime, receipt)[0].id not in {one.id, two.id}


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_ticket_stays_as_it_was_decided_upon_until_that_is_written(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else two answers reopen it, and one to a ticket that is closed meanwhile wakes nobody."""
    ticket = first_ticket(runtime)
    free: list[int] = []

    def decided(*arguments: Any) -> Decision:
        decision = decide(*arguments)
        with runtime.database.reading() as other:
            free.extend(other.execute(select(tickets.c.id).with_for_update(skip_locked=True)).scalars())
        return decision

    monkeypatch.setattr(filing, "decide", decided)
    file(runtime, mail(2, In_Reply_To=ours(runtime, ticket)))
    assert free == []
