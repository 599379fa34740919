"""An act on a ticket: its events, its row, its timeline and the mail that its reporter gets; or nothing of it."""

import json
from collections.abc import Mapping
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from gateway.admin.cli import cli
from gateway.db.outbox import Delivery, list_deliveries
from gateway.db.people import add_membership, get_or_create_person
from gateway.db.ticket_events import history_of
from gateway.db.tickets import Ticket, find_ticket, list_entries, message_ids
from gateway.domain.change import Change, NotAllowed
from gateway.domain.clocks import Guarantee
from gateway.domain.events import TicketEvent
from gateway.domain.ticket import Kind, Level, Role, Severity, Status
from gateway.errors import NotFound
from gateway.notify.compose import compose
from gateway.notify.notices import Notice
from gateway.runtime import Runtime
from gateway.services.change_ticket import change_ticket
from gateway.services.ticket_clocks import TicketClocks, find_project, ticket_clocks
from tests.support.clock import MovableClock
from tests.support.outbox import file_and_acknowledge

MARIE = "marie@example.org"
PEOPLE = {
    "nina@client.example": Role.N1,
    "ana@support.example": Role.N2,
    "dev@support.example": Role.N3,
    "chief@support.example": Role.SUPERVISOR,
}
NINA, ANA, DEV, CHIEF = PEOPLE


@pytest.fixture
def desk(runtime: Runtime) -> Runtime:
    """A runtime with one ticket, DEMO-1 of Marie's, and somebody at each level."""
    with runtime.database.transaction() as connection:
        for email, role in PEOPLE.items():
            person = get_or_create_person(connection, email=email, name="", now=runtime.clock.now())
            add_membership(connection, person_id=person.id, project="DEMO", role=role)
    file_and_acknowledge(runtime, MARIE, message_id="first@client.example")
    return runtime


def act(runtime: Runtime, by: str, **change: Any) -> Ticket:
    return change_ticket(runtime, ref="DEMO-1", change=Change(**change), by=by)


def hand_to_n3(runtime: Runtime) -> None:
    act(runtime, NINA, severity=Severity.BLOCKING)
    act(runtime, NINA, level=Level.N2)
    act(runtime, ANA, level=Level.N3, reason="a null pointer in the export")


def ticket_of(runtime: Runtime) -> Ticket:
    with runtime.database.reading() as connection:
        found = find_ticket(connection, ref="DEMO-1")
    assert found is not None
    return found


def history(runtime: Runtime) -> list[TicketEvent]:
    with runtime.database.reading() as connection:
        return history_of(connection, ticket_of(runtime))


def told(runtime: Runtime) -> list[tuple[str, str]]:
    return [(event.type.value, event.value) for event in history(runtime)]


def timeline(runtime: Runtime, *, visible_only: bool = False) -> list[tuple[str, str, str]]:
    with runtime.database.reading() as connection:
        entries = list_entries(connection, ticket_of(runtime).id, visible_only=visible_only)
    return [(entry.type, entry.direction, entry.text) for entry in entries][1:]


def notices(runtime: Runtime) -> list[Delivery]:
    with runtime.database.reading() as connection:
        return [row for row in list_deliveries(connection) if row.notice == Notice.PROGRESS]


def clocks(runtime: Runtime) -> TicketClocks:
    project = find_project(runtime, "DEMO")
    return ticket_clocks(history(runtime), project, now=runtime.clock.now())


def read_mail(runtime: Runtime, delivery: Delivery) -> EmailMessage:
    message = message_from_bytes(compose(delivery, runtime=runtime).content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text


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
        "Gravité de l'incident : bloquante.",
        "niveau 2",
        "Rétablissement garanti avant le 25 novembre 2026 à 10:00",
    ):
        assert line in text
    assert "Prise en charge garantie" not in text, "it has just been met"


def test_notes_and_reasons_never_reach_the_reporter(desk: Runtime) -> None:
    act(desk, NINA, note="C'est sûrement le cache.")
    assert notices(desk) == []
    act(desk, NINA, level=Level.N2, reason="personne ne comprend")
    assert ("note", "internal", "C'est sûrement le cache.") in timeline(desk)
    assert ("system", "internal", "Transmis à N2 — motif : personne ne comprend") in timeline(desk)
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


@pytest.fixture
def shell(desk: Runtime, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`gateway ticket ...` as an operator types it."""
    environment: Mapping[str, str] = {
        "GATEWAY_CONFIG": "/dev/null",
        "GATEWAY_DATA": str(desk.settings.data),
        "GATEWAY_DATABASE_URL": desk.database.url.render_as_string(hide_password=False),
        "GATEWAY_REDIS_URL": desk.settings.redis_url.get_secret_value() if desk.settings.redis_url else "",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return lambda *words: CliRunner().invoke(cli, ["ticket", *words])


def test_the_command_line_changes_a_ticket_and_shows_its_clocks(desk: Runtime, shell: Any) -> None:
    done = shell("set", "demo-1", "--severity", "blocking", "--assign", NINA, "--as", NINA, "--json")
    assert done.exit_code == 0, done.output
    row = json.loads(done.stdout)
    assert (row["severity"], row["assignee"], row["gti_state"]) == ("blocking", NINA, "met")
    assert row["clocks"][0].startswith("GTI blocking: 12 h of elapsed hours, from 2026-11-24 10:00")
    assert len(row["clocks"]) == 2
    [listed] = [json.loads(line) for line in shell("list", "--json").stdout.splitlines()]
    assert listed["assignee"] == NINA
    assert {name: listed[name] for name in ("gti_due", "gtr_due")} == {
        "gti_due": "2026-11-24T21:00:00Z",
        "gtr_due": "2026-11-25T09:00:00Z",
    }
    assert "GTR blocking: 24 h" in shell("show", "DEMO-1").stdout


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--level", "N3", "--as", NINA], 65, "gateway: from N1 it goes to N2 first, not to N3 at once"),
        (
            ["--status", "closed", "--as", "who@elsewhere.example"],
            66,
            "gateway: there is no such ticket for this person",
        ),
        (["--reply", "x", "--as", "nobody"], 65, "gateway: 'nobody' is not a mail address"),
        (["--as", NINA], 65, "gateway: nothing would change"),
        (["--kind", "adaptive", "--detail", "component", "--as", NINA], 65, "gateway: 'component' is not in the form"),
    ],
)
def test_a_refusal_is_an_exit_code_and_one_clear_sentence(
    shell: Any, words: list[str], code: int, sentence: str
) -> None:
    done = shell("set", "DEMO-1", *words)
    assert done.exit_code == code
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
