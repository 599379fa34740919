"""Entries become a ticket of their own: with the thread of their mails, their reporter told once, both linked."""

import pytest

from gateway.db.participants import find_participants
from gateway.db.receipts import Receipt, find_receipts
from gateway.db.ticket_links import find_relations
from gateway.db.tickets import find_ticket, list_entries
from gateway.domain.change import NotAllowed
from gateway.domain.ticket import Kind, Level, Severity, Status
from gateway.errors import NotFound
from gateway.notify.notices import Notice
from gateway.runtime import Runtime
from gateway.services.split_ticket import split_ticket
from tests.service.test_filing import file
from tests.support.clock import MovableClock
from tests.support.desk import ANA, DEV, NINA, act, body, clocks, history, outbox, read_mail, staff, ticket_of, timeline
from tests.support.installation import mail

MARIE, PAUL = "marie@client.example", "paul@client.example"
OTHER = "Une autre question : comment exporter en CSV ?"


@pytest.fixture
def desk(runtime: Runtime, clock: MovableClock) -> Runtime:
    """DEMO-1 of Marie's, on which Paul, who was copied, asks something else an hour later."""
    staff(runtime)
    file(runtime, mail(1, Cc=PAUL))
    clock.move(hours=1)
    second = mail(2, sender=PAUL, Subject="Re: Export CSV", In_Reply_To="<mail-1@client.example>")
    file(runtime, second, mail_from=PAUL)
    clock.move(hours=1)
    return runtime


def entry_ids(runtime: Runtime, ref: str = "DEMO-1") -> list[int]:
    with runtime.database.reading() as connection:
        return [entry.id for entry in list_entries(connection, ticket_of(runtime, ref).id)]


def ref_of(runtime: Runtime, receipt: Receipt) -> str:
    with runtime.database.reading() as connection:
        found = find_ticket(connection, ticket_id=receipt.ticket_id)
    assert found is not None
    return found.ref


def test_the_chosen_entries_are_a_ticket_of_who_wrote_them(desk: Runtime, clock: MovableClock) -> None:
    created = split_ticket(desk, ref="demo-1", entry_ids=entry_ids(desk)[1:], by=NINA)
    assert (created.ref, created.reporter, created.status, created.level) == ("DEMO-2", PAUL, Status.NEW, Level.N1)
    assert created.subject == "Re: Export CSV"
    assert [kind for kind, _, _ in timeline(desk)] == ["message", "system"]
    assert [kind for kind, _, _ in timeline(desk, "DEMO-2")] == ["message", "system", "system"]
    assert timeline(desk)[1][2] == "Suivi à part, DEMO-2 : Re: Export CSV"
    with desk.database.reading() as connection:
        assert find_relations(connection, ticket_of(desk)).links == ("DEMO-2",)
        assert find_relations(connection, created).links == ("DEMO-1",)
        assert find_participants(connection, created.id) == {PAUL}
        spool_id = list_entries(connection, created.id)[0].data["spool_id"]
        assert [receipt.ticket_id for receipt in find_receipts(connection, spool_id)] == [created.id]


def test_its_times_count_from_what_was_written_and_not_from_the_split(desk: Runtime, clock: MovableClock) -> None:
    written = clock.now()
    clock.move(hours=9)
    split_ticket(desk, ref="DEMO-1", entry_ids=entry_ids(desk)[1:], by=NINA)
    act(desk, NINA, ref="DEMO-2", severity=Severity.BLOCKING)
    due = clocks(desk, "DEMO-2").fields()["gti_due"]
    assert (due - written).total_seconds() == 11 * 3600, "twelve hours from an hour before"


def test_its_reporter_is_told_once_under_their_mail(desk: Runtime) -> None:
    split_ticket(desk, ref="DEMO-1", entry_ids=entry_ids(desk)[1:], by=NINA)
    [row] = outbox(desk, notice=Notice.PROGRESS)
    message = read_mail(desk, row)
    assert (row.recipient, message["In-Reply-To"]) == (PAUL, "<mail-2@client.example>")
    assert "[DEMO-2]" in message["Subject"]
    assert "Votre message, reçu dans la demande DEMO-1, est désormais suivi comme une demande à part" in body(message)


def test_mail_in_either_thread_comes_to_its_own_ticket(desk: Runtime) -> None:
    acknowledged = outbox(desk, notice=Notice.ACKNOWLEDGEMENT)[0].message_id
    split_ticket(desk, ref="DEMO-1", entry_ids=entry_ids(desk)[1:], by=NINA)
    [told] = outbox(desk, notice=Notice.PROGRESS)
    in_the_new = mail(3, sender=PAUL, In_Reply_To=f"<{told.message_id}>")
    under_the_moved = mail(4, sender=PAUL, In_Reply_To="<mail-2@client.example>")
    in_the_old = mail(5, In_Reply_To=f"<{acknowledged}>")
    under_the_first = mail(6, In_Reply_To="<mail-1@client.example>")
    found = [
        ref_of(desk, file(desk, raw, mail_from=sender))
        for raw, sender in ((in_the_new, PAUL), (under_the_moved, PAUL), (in_the_old, MARIE), (under_the_first, MARIE))
    ]
    assert found == ["DEMO-2", "DEMO-2", "DEMO-1", "DEMO-1"]


def test_an_answer_that_is_moved_too_has_met_the_time_to_take_it_in_hand(desk: Runtime, clock: MovableClock) -> None:
    act(desk, NINA, reply="Par le menu Fichier.")
    split_ticket(desk, ref="DEMO-1", entry_ids=[*entry_ids(desk)[1:3]], by=NINA)
    created = ticket_of(desk, "DEMO-2")
    assert (created.status, [one.type.value for one in history(desk, "DEMO-2")]) == (
        "open",
        ["created", "answered", "status"],
    )
    act(desk, NINA, ref="DEMO-2", severity=Severity.BLOCKING)
    assert clocks(desk, "DEMO-2").fields()["gti_state"] == "met"


def test_what_is_split_off_before_n3_is_before_n2(desk: Runtime) -> None:
    act(desk, NINA, severity=Severity.MAJOR, level=Level.N2)
    act(desk, ANA, level=Level.N3, reason="un plantage")
    with pytest.raises(NotAllowed):
        split_ticket(desk, ref="DEMO-1", entry_ids=entry_ids(desk)[1:2], by=NINA)
    created = split_ticket(desk, ref="DEMO-1", entry_ids=entry_ids(desk)[1:2], by=DEV, subject="Export")
    assert (created.level, created.kind, created.subject) == (Level.N2, Kind.CORRECTIVE, "Export")
    assert act(desk, ANA, ref="DEMO-2", reply="Bonjour").status == Status.OPEN


def test_what_cannot_be_split_is_refused_and_nothing_is_moved(desk: Runtime) -> None:
    act(desk, NINA, level=Level.N2, reason="urgent")
    every = entry_ids(desk)
    with pytest.raises(NotAllowed, match="nothing would be left"):
        split_ticket(desk, ref="DEMO-1", entry_ids=every[:2], by=ANA)
    with pytest.raises(NotAllowed, match=f"entry {every[2]} is neither"):
        split_ticket(desk, ref="DEMO-1", entry_ids=every[1:], by=ANA)
    with pytest.raises(NotFound, match="no entry 4711 on DEMO-1"):
        split_ticket(desk, ref="DEMO-1", entry_ids=[every[1], 4711], by=ANA)
    with pytest.raises(NotFound):
        split_ticket(desk, ref="DEMO-1", entry_ids=every[1:2], by="x@elsewhere.example")
    assert entry_ids(desk) == every
