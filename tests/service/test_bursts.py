"""Many mails of one address within a minute: few tickets, few answers, and nobody in by writing often."""

import pytest

from gateway.db.receipts import Verdict
from gateway.mail.authentication import NO_AUTHENTICATION
from gateway.runtime import Runtime
from tests.service.test_filing import file, outbox, timeline
from tests.service.test_filing import tickets as all_tickets
from tests.support.clock import MovableClock
from tests.support.installation import mail
from tests.support.matching import PROVED, STRANGER, authenticate, first_ticket, fresh, where


def test_a_burst_from_one_address_is_a_few_tickets_and_few_acknowledgements(runtime: Runtime) -> None:
    few = runtime.settings.intake.alike_tickets_per_minute
    for number in range(40):
        file(runtime, mail(number, sender="sonde@client.example"))
    found = all_tickets(runtime)
    assert len(found) == few
    assert sum(ticket.entries for ticket in found) == 40
    assert len(outbox(runtime)) == few
    assert {entry.data.get("subject") for entry in timeline(runtime, found[-1])} >= {"Écran bloqué n° 39"}


def test_many_matters_of_one_address_are_as_many_tickets_up_to_a_bound(runtime: Runtime) -> None:
    most = runtime.settings.intake.new_tickets_per_minute
    for number in range(most + 3):
        file(runtime, mail(number, Subject="Panne " + "x" * number))
    assert len(all_tickets(runtime)) == most


def test_who_forges_a_sender_gets_onto_none_of_their_tickets_by_writing_often(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    authenticate(monkeypatch, PROVED)
    ticket = first_ticket(runtime)
    authenticate(monkeypatch, NO_AUTHENTICATION)
    receipts = [file(runtime, mail(number)) for number in range(2, 12)]
    assert receipts[-1].verdict is Verdict.HELD
    assert fresh(runtime, ticket).entries == 1


def test_who_is_addressed_in_one_of_a_burst_is_not_thereby_on_the_ticket(runtime: Runtime) -> None:
    for number in range(runtime.settings.intake.new_tickets_per_minute):
        file(runtime, mail(number))
    last = file(runtime, mail(98, Cc=STRANGER))
    ticket, rule = where(runtime, last)
    assert rule == "burst"
    answer = mail(99, sender=STRANGER, In_Reply_To=f"<{last.message_id}>")
    assert where(runtime, file(runtime, answer))[0].id != ticket.id


def test_a_mail_that_is_filed_late_is_held_against_its_own_minute(runtime: Runtime, clock: MovableClock) -> None:
    arrived = clock.now()
    for number in range(runtime.settings.intake.new_tickets_per_minute):
        clock.move(minutes=10)
        file(runtime, mail(number))
    clock.move(seconds=(arrived - clock.now()).total_seconds())
    assert file(runtime, mail(99)).reason == "new ticket"
