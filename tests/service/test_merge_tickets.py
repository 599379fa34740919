"""A ticket is taken over by another: mail on either comes to the survivor, and its reporter is told once."""

import threading
from collections.abc import Sequence

import pytest
from sqlalchemy import Connection

from gateway.db.change_participants import leave_participants, remove_participant
from gateway.db.joint_reporters import is_joint_reporter
from gateway.db.my_tickets import list_followed
from gateway.db.participants import find_participants, mute_participant
from gateway.db.receipts import Receipt
from gateway.db.scope import Scope
from gateway.db.ticket_facts import follow_merges
from gateway.db.tickets import Ticket
from gateway.domain.change import NotAllowed
from gateway.domain.ticket import Level, Severity, Status
from gateway.errors import NotFound
from gateway.mail.reply_address import make_reply_address
from gateway.notify.notices import Notice
from gateway.runtime import Runtime
from gateway.services.approach import Approach, approach_all
from gateway.services.merge_tickets import merge_tickets
from tests.service.test_filing import SUPPORT, file
from tests.support.clock import MovableClock
from tests.support.desk import ANA, CHIEF, DEV, NINA, act, body, clocks, outbox, read_mail, staff, ticket_of, timeline
from tests.support.installation import mail

MARIE, PAUL = "marie@client.example", "paul@client.example"


@pytest.fixture
def desk(runtime: Runtime) -> Runtime:
    """DEMO-1 to DEMO-3, reported by Marie, Paul (with Luc in copy) and Marie, and somebody at each level."""
    staff(runtime)
    file(runtime, mail(1))
    file(runtime, mail(2, sender=PAUL, Cc="luc@client.example"), mail_from=PAUL)
    file(runtime, mail(3))
    return runtime


def ticket_by(runtime: Runtime, receipt: Receipt) -> str:
    with runtime.database.reading() as connection:
        assert receipt.ticket_id is not None
        found = follow_merges(connection, receipt.ticket_id)
    assert found is not None
    assert found.id == receipt.ticket_id, "a mail is on a ticket that survived"
    return found.ref


def people(runtime: Runtime, ticket: Ticket) -> set[str]:
    with runtime.database.reading() as connection:
        return find_participants(connection, ticket.id)


def progress(runtime: Runtime) -> list[tuple[str, str]]:
    return [(row.recipient, row.context["ref"]) for row in outbox(runtime, notice=Notice.PROGRESS)]


def test_the_entries_stay_and_everybody_is_on_the_survivor(desk: Runtime) -> None:
    survivor = merge_tickets(desk, ref="demo-2", into="demo-1", by=NINA, reason="même panne")
    merged = ticket_of(desk, "DEMO-2")
    assert (survivor.ref, merged.status, merged.merged_into_id) == ("DEMO-1", Status.MERGED, survivor.id)
    assert timeline(desk, "DEMO-2")[0][:2] == ("message", "in")
    assert people(desk, survivor) == {MARIE, PAUL, "luc@client.example"}
    line = "DEMO-2 a été fusionnée ici : Écran bloqué n° 2 — motif : même panne"
    assert ("system", "internal", line) in timeline(desk)
    assert line not in str(timeline(desk, visible_only=True)), "the other's reporter learns nothing of it"


def test_the_reporter_is_told_once_under_their_own_mail(desk: Runtime) -> None:
    merge_tickets(desk, ref="DEMO-2", into="DEMO-1", by=NINA, reason="un doublon de Marie")
    assert progress(desk) == [(PAUL, "DEMO-2")]
    [row] = outbox(desk, notice=Notice.PROGRESS)
    message = read_mail(desk, row)
    assert message["In-Reply-To"] == "<mail-2@client.example>"
    for kind in ("plain", "html"):
        assert "Votre demande est désormais suivie avec la demande DEMO-1." in body(message, kind)
        assert "doublon" not in body(message, kind)
    with pytest.raises(NotAllowed, match="merged already"):
        merge_tickets(desk, ref="DEMO-2", into="DEMO-1", by=NINA)
    assert len(progress(desk)) == 1


def test_mail_on_the_merged_ticket_comes_to_the_survivor_over_several_merges(desk: Runtime) -> None:
    merge_tickets(desk, ref="DEMO-2", into="DEMO-1", by=NINA)
    merge_tickets(desk, ref="DEMO-1", into="DEMO-3", by=NINA)
    [notice] = [row for row in outbox(desk, notice=Notice.PROGRESS) if row.context["ref"] == "DEMO-2"]
    answer = mail(4, sender=PAUL, In_Reply_To=f"<{notice.message_id}>")
    assert ticket_by(desk, file(desk, answer, mail_from=PAUL)) == "DEMO-3"
    merged = ticket_of(desk, "DEMO-2")
    today = desk.clock.now().date()
    address = make_reply_address(SUPPORT, desk.signer, ticket_id=merged.id, person_id=merged.reporter_id, today=today)
    assert ticket_by(desk, file(desk, mail(5, sender=PAUL), address, mail_from=PAUL)) == "DEMO-3"
    assert ticket_by(desk, file(desk, mail(6, In_Reply_To="<mail-3@client.example>"))) == "DEMO-3"
    own = mail(7, sender=PAUL, In_Reply_To="<mail-2@client.example>")
    assert ticket_by(desk, file(desk, own, mail_from=PAUL)) == "DEMO-3"
    assert ticket_of(desk, "DEMO-2").entries == 2
    stranger = mail(8, sender="x@elsewhere.example", In_Reply_To=f"<{notice.message_id}>")
    assert ticket_by(desk, file(desk, stranger)) == "DEMO-4"


def test_a_merge_into_a_merged_ticket_ends_at_its_survivor_and_never_in_a_ring(desk: Runtime) -> None:
    merge_tickets(desk, ref="DEMO-2", into="DEMO-1", by=NINA)
    assert merge_tickets(desk, ref="DEMO-3", into="DEMO-2", by=NINA).ref == "DEMO-1"
    with pytest.raises(NotAllowed, match="not merged into itself"):
        merge_tickets(desk, ref="DEMO-1", into="DEMO-2", by=NINA)
    with pytest.raises(NotAllowed, match="not merged into itself"):
        merge_tickets(desk, ref="DEMO-1", into="DEMO-1", by=NINA)
    assert ticket_of(desk).merged_into_id is None


def test_a_merge_locks_every_ticket_in_one_go_the_survivor_among_them(
    desk: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge_tickets(desk, ref="DEMO-2", into="DEMO-1", by=NINA)
    locked: list[list[str]] = []

    def note(connection: Connection, runtime: Runtime, *, refs: Sequence[str], by: str) -> list[Approach]:
        locked.append(sorted(refs))
        return approach_all(connection, runtime, refs=refs, by=by)

    monkeypatch.setattr("gateway.services.merge_tickets.approach_all", note)
    assert merge_tickets(desk, ref="DEMO-3", into="DEMO-2", by=NINA).ref == "DEMO-1"
    assert locked == [["DEMO-1", "DEMO-2", "DEMO-3"]]


def test_two_merges_at_once_of_each_into_the_other_leave_one_survivor(desk: Runtime) -> None:
    outcomes: list[str] = []

    def merge(ref: str, into: str) -> None:
        try:
            outcomes.append(merge_tickets(desk, ref=ref, into=into, by=NINA).ref)
        except NotAllowed:
            outcomes.append("refused")

    threads = [threading.Thread(target=merge, args=pair) for pair in (("DEMO-1", "DEMO-2"), ("DEMO-2", "DEMO-1"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("refused") == 1
    with desk.database.reading() as connection:
        assert follow_merges(connection, ticket_of(desk, "DEMO-1").id) is not None


def test_merging_ends_the_clocks_of_the_merged_ticket_alone(desk: Runtime, clock: MovableClock) -> None:
    for ref in ("DEMO-1", "DEMO-2"):
        act(desk, NINA, ref=ref, severity=Severity.BLOCKING)
    clock.move(hours=1)
    merge_tickets(desk, ref="DEMO-2", into="DEMO-1", by=NINA)
    clock.move(hours=30)
    assert clocks(desk).fields()["gti_state"] == "breached"
    assert clocks(desk, "DEMO-2").fields()["gtr_state"] == "none"


def test_nobody_but_n2_brings_a_ticket_before_n3_by_a_merge(desk: Runtime) -> None:
    for ref in ("DEMO-1", "DEMO-2"):
        act(desk, NINA, ref=ref, severity=Severity.MAJOR, level=Level.N2)
    act(desk, ANA, level=Level.N3, reason="un plantage")
    for by in (NINA, DEV, CHIEF):
        with pytest.raises(NotAllowed):
            merge_tickets(desk, ref="DEMO-2", into="DEMO-1", by=by)
    assert ticket_of(desk, "DEMO-2").status != Status.MERGED
    assert merge_tickets(desk, ref="DEMO-2", into="DEMO-1", by=ANA).level == Level.N3


def test_a_stranger_and_a_reporter_merge_nothing(desk: Runtime) -> None:
    with pytest.raises(NotFound):
        merge_tickets(desk, ref="DEMO-1", into="DEMO-2", by="x@elsewhere.example")
    with pytest.raises(NotAllowed):
        merge_tickets(desk, ref="DEMO-1", into="DEMO-3", by=MARIE)
    with pytest.raises(NotFound):
        merge_tickets(desk, ref="DEMO-1", into="DEMO-9", by=NINA)


def test_the_merged_tickets_reporter_hears_all_that_a_reporter_hears_under_their_own_mails(desk: Runtime) -> None:
    """Luc, who was only in copy of it, hears nothing."""
    merge_tickets(desk, ref="DEMO-2", into="DEMO-1", by=NINA)
    merge_tickets(desk, ref="DEMO-1", into="DEMO-3", by=NINA)
    before = len(outbox(desk))
    act(desk, NINA, ref="DEMO-3", reply="Redémarrez le poste.")
    act(desk, NINA, ref="DEMO-3", severity=Severity.MAJOR)
    act(desk, NINA, ref="DEMO-3", status=Status.RESOLVED)
    told = outbox(desk)[before:]
    assert [(row.recipient, row.context["happening"]) for row in sorted(told, key=lambda row: row.id)] == [
        (who, what) for what in ("answer", "change", "resolved") for who in (PAUL, MARIE)
    ]
    answer, _, resolved = (read_mail(desk, row) for row in told if row.recipient == PAUL)
    assert "Redémarrez le poste." in body(answer)
    assert "<mail-2@client.example>" in answer["References"]
    assert "<mail-1@client.example>" not in answer["References"]
    assert answer["Message-ID"] in resolved["References"]
    assert "/outcome/" in body(resolved)


@pytest.mark.parametrize("leaving", ["leaves", "is taken off"])
def test_who_left_the_survivor_hears_no_more_of_it(desk: Runtime, leaving: str) -> None:
    merge_tickets(desk, ref="DEMO-2", into="DEMO-1", by=NINA)
    survivor, paul = ticket_of(desk), ticket_of(desk, "DEMO-2").reporter_id
    with desk.database.transaction() as connection:
        assert is_joint_reporter(connection, ticket_id=survivor.id, person_id=paul)
        if leaving == "leaves":
            mute_participant(connection, ticket_id=survivor.id, person_id=paul)
        else:
            remove_participant(connection, ticket_id=survivor.id, person_id=paul, now=desk.clock.now())
        sees = is_joint_reporter(connection, ticket_id=survivor.id, person_id=paul)
    assert sees == (leaving == "leaves"), "who leaves hears no more, and sees it like any reporter who leaves"
    act(desk, NINA, reply="Redémarrez le poste.")
    assert progress(desk) == [(PAUL, "DEMO-2"), (MARIE, "DEMO-1")]


def test_a_reporter_who_had_left_hears_nothing_of_what_theirs_is_merged_into_and_sees_it(desk: Runtime) -> None:
    paul, survivor = ticket_of(desk, "DEMO-2").reporter_id, ticket_of(desk)
    with desk.database.transaction() as connection:
        ticket_id = ticket_of(desk, "DEMO-2").id
        assert leave_participants(connection, ticket_id=ticket_id, person_id=paul, now=desk.clock.now())
    merge_tickets(desk, ref="DEMO-2", into="DEMO-1", by=NINA)
    before = len(progress(desk))
    act(desk, NINA, reply="Redémarrez le poste.")
    assert progress(desk)[before:] == [(MARIE, "DEMO-1")]
    with desk.database.reading() as connection:
        assert is_joint_reporter(connection, ticket_id=survivor.id, person_id=paul)
        assert {one.ref for one in list_followed(connection, Scope(reporter_id=paul), limit=9)} == {"DEMO-1", "DEMO-2"}


def test_the_merged_tickets_reporter_may_act_as_a_reporter_and_sees_the_survivor(desk: Runtime) -> None:
    merge_tickets(desk, ref="DEMO-2", into="DEMO-1", by=NINA)
    paul = Scope(reporter_id=ticket_of(desk, "DEMO-2").reporter_id)
    with desk.database.reading() as connection:
        assert {ticket.ref for ticket in list_followed(connection, paul, limit=9)} == {"DEMO-1", "DEMO-2"}
    act(desk, NINA, status=Status.RESOLVED)
    assert act(desk, PAUL, status=Status.CLOSED).status == Status.CLOSED
    assert progress(desk)[-1] == (MARIE, "DEMO-1"), "whoever acts is not told, the other is"
    with pytest.raises(NotFound):
        act(desk, "luc@client.example", status=Status.OPEN)
