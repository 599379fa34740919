"""An act on a ticket: its events, its row, its timeline and the mail that its reporter gets; or nothing of it."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.db.outbox import Delivery
from gateway.db.tickets import message_ids
from gateway.domain.change import Change, NotAllowed
from gateway.domain.clocks import Guarantee
from gateway.domain.ticket import Kind, Level, Severity, Status
from gateway.errors import NotFound
from gateway.notify.notices import Notice
from gateway.runtime import Runtime
from gateway.services.change_ticket import change_ticket
from tests.support.clock import MovableClock
from tests.support.desk import (
    ANA,
    CHIEF,
    DEV,
    NINA,
    act,
    body,
    clocks,
    history,
    outbox,
    read_mail,
    staff,
    ticket_of,
    told,
)
from tests.support.desk import timeline as whole_timeline
from tests.support.outbox import file_and_acknowledge

MARIE = "marie@example.org"


@pytest.fixture
def desk(runtime: Runtime) -> Runtime:
    """A runtime with one ticket, DEMO-1 of Marie's, and somebody at each level."""
    staff(runtime)
    file_and_acknowledge(runtime, MARIE, message_id="first@client.example")
    return runtime


def hand_to_n3(runtime: Runtime) -> None:
    act(runtime, NINA, severity=Severity.BLOCKING)
    act(runtime, NINA, level=Level.N2)
    act(runtime, ANA, level=Level.N3, reason="a null pointer in the export")


def timeline(runtime: Runtime, *, visible_only: bool = False) -> list[tuple[str, str, str]]:
    """What came after the first message."""
    return whole_timeline(runtime, visible_only=visible_only)[1:]


def notices(runtime: Runtime) -> list[Delivery]:
    return outbox(runtime, notice=Notice.PROGRESS)


def test_an_answer_is_on_the_timeline_and_in_a_mail_under_what_was_written(desk: Runtime) -> None:
    changed = act(desk, NINA, reply="Bonjour,\n\nAvez-vous essayé un autre navigateur ?")
    assert changed.status == Status.OPEN
    assert told(desk) == [("created", ""), ("answered", ""), ("status", "open")]
    assert timeline(desk, visible_only=True)[0] == (
        "message",
        "out",
        "Bonjour,\n\nAvez-vous essayé un autre navigateur ?",
    )
    [row] = notices(desk)
    assert (row.recipient, row.in_reply_to) == (MARIE, "first@client.example")
    assert list(row.reference_ids) == ["first@client.example"]
    message = read_mail(desk, row)
    assert message["Subject"] == "Re: Impossible de se connecter [DEMO-1]"
    assert message["Auto-Submitted"] is None, "a person wrote it"
    for kind in ("plain", "html"):
        assert "Avez-vous essayé un autre navigateur" in body(message, kind)
        assert "vous avez écrit" in body(message, kind)
        assert "Bonjour, je ne peux plus me connecter." in body(message, kind)
    assert "> Bonjour, je ne peux plus me connecter." in body(message)


def test_the_next_mail_hangs_under_the_answer_and_answers_to_it_find_the_ticket(desk: Runtime) -> None:
    act(desk, NINA, reply="Bonjour")
    act(desk, NINA, reply="Encore une question")
    first, second = notices(desk)
    assert second.in_reply_to == first.message_id
    assert list(second.reference_ids) == ["first@client.example", first.message_id]
    with desk.database.reading() as connection:
        found = connection.execute(select(message_ids).where(message_ids.c.message_id == second.message_id)).one()
    assert (found.ticket_id, found.ours) == (ticket_of(desk).id, True)


def test_a_change_without_words_is_told_by_an_automatic_mail_in_the_ticket_s_language(desk: Runtime) -> None:
    act(desk, NINA, level=Level.N2)
    [row] = notices(desk)
    message = read_mail(desk, row)
    assert message["Auto-Submitted"] == "auto-generated"
    assert "niveau 2 depuis le 24 novembre 2026 à 10:00" in body(message)
    with desk.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE people SET lang = 'en' WHERE email = 'marie@example.org'")
    act(desk, ANA, reply="Hello", status=Status.PENDING)
    english = body(read_mail(desk, notices(desk)[-1]))
    assert "We need your answer to go on." in english
    assert "On 24 November 2026 at 10:00, you wrote:" in english


def test_one_act_is_one_mail_whatever_it_changes(desk: Runtime) -> None:
    act(desk, NINA, kind=Kind.CORRECTIVE, severity=Severity.BLOCKING, reply="Nous regardons.", level=Level.N2)
    [row] = notices(desk)
    text = body(read_mail(desk, row))
    for line in (
        "Nous regardons.",
        "Gravité de l’incident : bloquante.",
        "niveau 2",
        "Rétablissement garanti avant le 25 novembre 2026 à 10:00",
    ):
        assert line in text
    assert "Prise en charge garantie" not in text, "it has just been met"


def test_notes_and_reasons_never_reach_the_reporter(desk: Runtime) -> None:
    act(desk, NINA, note="C’est sûrement le cache.")
    assert notices(desk) == []
    act(desk, NINA, level=Level.N2, reason="personne ne comprend")
    assert ("note", "internal", "C’est sûrement le cache.") in timeline(desk)
    assert ("system", "internal", "Transmis à N2 — motif : personne ne comprend") in timeline(desk)
    shown = json.dumps([timeline(desk, visible_only=True), [dict(row.context) for row in notices(desk)]])
    assert "cache" not in shown
    assert "comprend" not in shown


def test_nobody_is_told_of_their_own_act(desk: Runtime) -> None:
    act(desk, NINA, status=Status.RESOLVED)
    assert len(notices(desk)) == 1
    act(desk, MARIE, status=Status.OPEN)
    assert len(notices(desk)) == 1
    assert timeline(desk, visible_only=True)[-1][2] == "Votre demande est rouverte."


def test_a_ticket_is_handed_up_by_each_level_and_back_with_a_reason(desk: Runtime) -> None:
    hand_to_n3(desk)
    assert ticket_of(desk).level == Level.N3
    with pytest.raises(NotAllowed, match="needs a reason"):
        act(desk, DEV, level=Level.N2)
    act(desk, DEV, level=Level.N2, reason="cannot be reproduced")
    assert ticket_of(desk).level == Level.N2
    assert [value for kind, value in told(desk) if kind == "level"] == ["N2", "N3", "N2"]


@pytest.mark.parametrize("by", [NINA, DEV, CHIEF, MARIE])
def test_nobody_but_n2_puts_anything_before_n3(desk: Runtime, by: str) -> None:
    act(desk, NINA, severity=Severity.BLOCKING, level=Level.N2)
    before, mails = told(desk), len(notices(desk))
    with pytest.raises(NotAllowed):
        act(desk, by, level=Level.N3, reason="now")
    assert (ticket_of(desk).level, told(desk), len(notices(desk))) == (Level.N2, before, mails)


def test_a_refusal_leaves_nothing_of_the_act(desk: Runtime) -> None:
    with pytest.raises(NotAllowed):
        act(desk, NINA, reply="Bonjour", severity=Severity.MAJOR, level=Level.N3)
    assert (timeline(desk), notices(desk), told(desk)) == ([], [], [("created", "")])
    assert ticket_of(desk).severity is None


def test_a_stranger_is_told_what_they_are_told_of_no_ticket(desk: Runtime) -> None:
    with pytest.raises(NotFound):
        act(desk, "stranger@elsewhere.example", status=Status.CLOSED)
    with pytest.raises(NotFound):
        change_ticket(desk, ref="DEMO-99", change=Change(note="x"), by=NINA)


def test_a_team_of_the_configuration_acts_like_members_of_the_database(desk: Runtime) -> None:
    [project] = desk.settings.project_list
    assert project.configured_roles("helpdesk@client.example") == frozenset()
    settings = desk.settings.model_copy(
        update={
            "projects": {
                "demo": desk.settings.projects["demo"].model_copy(
                    update={
                        "teams": type(desk.settings.projects["demo"].teams)(n1=frozenset({"helpdesk@client.example"}))
                    }
                )
            }
        }
    )
    object.__setattr__(desk, "settings", settings)
    settings.__dict__.pop("project_list", None)
    assert act(desk, "Helpdesk@client.example", reply="Bonjour").status == Status.OPEN


def test_the_row_follows_the_events(desk: Runtime, clock: MovableClock) -> None:
    clock.move(hours=1)
    changed = act(desk, NINA, severity=Severity.MAJOR, assignee=NINA)
    assert (changed.kind, changed.severity, changed.status) == (Kind.CORRECTIVE, Severity.MAJOR, Status.OPEN)
    assert changed.assignee_id is not None
    assert changed.updated_at == clock.now()
    handed = act(desk, NINA, level=Level.N2)
    assert handed.assignee_id is None, "the next level takes it in hand itself"
    closed = act(desk, ANA, status=Status.CLOSED, reply="Fini.")
    assert closed.closed_at == clock.now()
    assert act(desk, ANA, status=Status.OPEN).closed_at is None


def test_clocks_follow_the_acts_and_acknowledgements_do_not_count(desk: Runtime, clock: MovableClock) -> None:
    begun = clock.now()
    clock.move(hours=2)
    act(desk, NINA, severity=Severity.BLOCKING)
    fields = clocks(desk).fields()
    assert fields == {
        "gti_due": begun + timedelta(hours=12),
        "gti_state": "running",
        "gtr_due": begun + timedelta(hours=24),
        "gtr_state": "running",
    }
    act(desk, NINA, reply="Sur quelle page ?", status=Status.PENDING)
    clock.move(hours=5)
    assert clocks(desk).fields()["gtr_state"] == "paused"
    act(desk, NINA, status=Status.OPEN)
    assert clocks(desk).reading(Guarantee.GTR).due == begun + timedelta(hours=29)
    act(desk, NINA, workaround="Passez par l'autre page.")
    assert clocks(desk).fields()["gtr_state"] == "met"


def test_a_ticket_from_before_histories_were_kept_begins_its_history_with_the_first_act(
    desk: Runtime, clock: MovableClock
) -> None:
    with desk.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE tickets SET kind = 'corrective', severity = 'minor', level = 'N2'")
    clock.move(hours=3)
    act(desk, ANA, severity=Severity.MAJOR)
    assert told(desk) == [
        ("created", ""),
        ("kind", "corrective"),
        ("severity", "minor"),
        ("level", "N2"),
        ("severity", "major"),
    ]
    assert history(desk)[0].at == clock.now() - timedelta(hours=3)
