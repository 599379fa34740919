"""Preventive work over several projects: each goes through its steps by itself, and its contacts read every one."""

import threading
from collections.abc import Callable, Iterator

import pytest

from gateway.config.load import Settings
from gateway.db.engine import Database
from gateway.db.people import add_membership, get_or_create_person, update_person
from gateway.db.ticket_events import history_of
from gateway.domain.advisory import Danger, Stage, Step, steps_of
from gateway.domain.change import NotAllowed
from gateway.domain.ticket import Kind, Language, Level, Role, Severity, Status
from gateway.errors import Conflict, NotFound, Refused
from gateway.runtime import Runtime, open_runtime
from gateway.services.change_people import change_people
from gateway.services.link_tickets import link_tickets
from gateway.services.merge_tickets import merge_tickets
from gateway.services.open_advisory import Opened, open_advisory
from gateway.services.step_advisory import AdvisoryProject, advisory_state, get_advisory, step_advisory
from tests.support.clock import MovableClock
from tests.support.desk import ANA, CHIEF, DEV, NINA, act, body, clocks, outbox, read_mail, staff, ticket_of, timeline
from tests.support.outbox import file_and_acknowledge
from tests.support.projects import with_two_projects

CVE = "CVE-2026-12345"
DSI, MARIE = "dsi@shop.example", "marie@client.example"


@pytest.fixture
def desk(settings: Settings, clock: MovableClock, database: Database) -> Iterator[Runtime]:
    """DEMO, whose reporter Marie reads English, and SHOP with a contact; somebody at each level of both."""
    with open_runtime(with_two_projects(settings), clock=clock) as runtime:
        for project in ("DEMO", "SHOP"):
            staff(runtime, project=project)
        with runtime.database.transaction() as connection:
            marie = get_or_create_person(connection, email=MARIE, name="", now=clock.now())
            update_person(connection, marie.id, name=None, lang=Language.EN, phone=None)
            add_membership(connection, person_id=marie.id, project="DEMO", role=Role.REPORTER)
        yield runtime


def opened(runtime: Runtime, *projects: str, by: str = ANA, **changed: str) -> Opened:
    values = {"reference": CVE, "title": "Exécution de code dans libfoo", "touches": "libfoo 3.1", **changed}
    return open_advisory(runtime, danger=Danger.SECURITY, projects=projects or ["demo", "SHOP"], by=by, **values)


def take(runtime: Runtime, ref: str, step: Step, words: str = "", *, by: str = ANA) -> AdvisoryProject:
    return step_advisory(runtime, ref=ref, step=step, words=words, by=by)


def told(runtime: Runtime, recipient: str) -> list[str]:
    """What this person read of it, mail by mail."""
    return [body(read_mail(runtime, row)) for row in outbox(runtime) if row.recipient == recipient]


def test_each_project_gets_one_ticket_of_preventive_work_before_n2(desk: Runtime) -> None:
    done = opened(desk)
    assert (done.tickets, done.new) == ({"DEMO": "DEMO-1", "SHOP": "SHOP-1"}, ("DEMO", "SHOP"))
    assert done.told == {"DEMO": (MARIE,), "SHOP": (DSI,)}
    for ref in done.tickets.values():
        ticket = ticket_of(desk, ref)
        assert (ticket.kind, ticket.level, ticket.status) == (Kind.PREVENTIVE, Level.N2, Status.NEW)
        assert ticket.subject == f"{CVE} : Exécution de code dans libfoo"
        assert clocks(desk, ref).fields()["gti_state"] == "none"


def test_its_contacts_are_told_at_each_step_in_their_language_and_in_one_thread(desk: Runtime) -> None:
    opened(desk)
    take(desk, "SHOP-1", Step.PRESENT, "la version 3.1 est installée")
    take(desk, "SHOP-1", Step.PATCHED, "Passage en 3.2.")
    take(desk, "SHOP-1", Step.DELIVERED)
    take(desk, "DEMO-1", Step.ABSENT, "libfoo is not used")
    french = told(desk, DSI)
    for text, sentence in zip(
        french,
        (
            "Une faille de sécurité nous a été signalée (CVE-2026-12345) : Exécution de code dans libfoo.",
            "votre application est concernée : la version 3.1 est installée. Nous allons installer le correctif.",
            "Le correctif est installé. Passage en 3.2. Nous suivons sa livraison.",
            "Le correctif est livré. Cette demande est close.",
        ),
        strict=True,
    ):
        assert sentence in " ".join(text.split())
    english = told(desk, MARIE)
    assert len(english) == 2
    assert "A security flaw has been reported to us (CVE-2026-12345)" in " ".join(english[0].split())
    assert "your application is not affected: libfoo is not used. This request is closed." in " ".join(
        english[1].split()
    )
    rows = [row for row in outbox(desk) if row.recipient == DSI]
    assert [row.in_reply_to for row in rows] == [None, *(row.message_id for row in rows[:-1])]
    subjects = {str(read_mail(desk, row)["Subject"]).removeprefix("Re: ") for row in rows}
    assert len(subjects) == 1


def test_whoever_is_on_the_ticket_reads_its_steps_and_who_was_taken_off_it_does_not(desk: Runtime) -> None:
    opened(desk, "SHOP")
    change_people(desk, ref="SHOP-1", by=ANA, add=["luc@shop.example"], remove=[DSI])
    before = len(told(desk, DSI))
    take(desk, "SHOP-1", Step.ABSENT, "rien")
    assert len(told(desk, DSI)) == before
    assert "n’est pas concernée : rien." in told(desk, "luc@shop.example")[-1]


def test_each_step_says_who_and_when_on_the_timeline_and_in_the_history(desk: Runtime, clock: MovableClock) -> None:
    opened(desk)
    clock.move(hours=1)
    verified = clock.now()
    take(desk, "SHOP-1", Step.PRESENT, "vu en 3.1", by=CHIEF)
    with desk.database.reading() as connection:
        [state] = [one for one in advisory_state(connection, get_advisory(connection, CVE)) if one.project == "SHOP"]
        assert steps_of(history_of(connection, ticket_of(desk, "SHOP-1"))) == state.steps
    assert [(one.step, one.at, one.by, one.words) for one in state.steps] == [
        (Step.PRESENT, verified, CHIEF, "vu en 3.1")
    ]
    assert state.stage is Stage.PATCH
    assert "votre application est concernée" in timeline(desk, "SHOP-1", visible_only=True)[-1][2]


@pytest.mark.parametrize(
    ("done", "step", "words"),
    [
        ([], Step.PATCHED, "x"),
        ([], Step.DELIVERED, "x"),
        ([], Step.ABSENT, ""),
        ([Step.PRESENT], Step.DELIVERED, "x"),
        ([Step.PRESENT], Step.PRESENT, "x"),
        ([Step.ABSENT], Step.PATCHED, "x"),
    ],
)
def test_no_step_is_skipped_or_taken_twice_and_then_nobody_is_told(
    desk: Runtime, done: list[Step], step: Step, words: str
) -> None:
    opened(desk, "SHOP")
    for one in done:
        take(desk, "SHOP-1", one, "x")
    before = len(outbox(desk)), timeline(desk, "SHOP-1")
    with pytest.raises(NotAllowed):
        take(desk, "SHOP-1", step, words)
    assert (len(outbox(desk)), timeline(desk, "SHOP-1")) == before


def at_once(*acts: Callable[[], object]) -> list[str]:
    """What became of acts at the same moment."""
    outcomes: list[str] = []

    def run(act: Callable[[], object]) -> None:
        try:
            act()
            outcomes.append("done")
        except (NotAllowed, Conflict):
            outcomes.append("refused")

    threads = [threading.Thread(target=run, args=(one,)) for one in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def test_opened_and_stepped_by_two_at_once_it_happens_once(desk: Runtime) -> None:
    assert "done" in at_once(*[lambda: opened(desk, "SHOP")] * 2)
    assert [row.recipient for row in outbox(desk)] == [DSI]
    assert at_once(*[lambda: take(desk, "SHOP-1", Step.PRESENT, "x")] * 2) == ["done", "refused"]
    assert len(told(desk, DSI)) == 2
    with desk.database.reading() as connection:
        [state] = advisory_state(connection, get_advisory(connection, CVE))
    assert len(state.steps) == 1


def test_the_ticket_ends_by_its_steps_and_by_nothing_else(desk: Runtime) -> None:
    opened(desk, "SHOP")
    for status in (Status.RESOLVED, Status.CLOSED):
        with pytest.raises(NotAllowed, match="by the steps of its advisory"):
            act(desk, CHIEF, ref="SHOP-1", status=status)
    with pytest.raises(NotAllowed, match="preventive work"):
        act(desk, ANA, ref="SHOP-1", kind=Kind.CORRECTIVE)
    with pytest.raises(NotAllowed, match="carries no severity"):
        act(desk, ANA, ref="SHOP-1", severity=Severity.BLOCKING)
    take(desk, "SHOP-1", Step.ABSENT, "rien")
    closed = ticket_of(desk, "SHOP-1")
    assert (closed.status, closed.closed_at) == (Status.CLOSED, desk.clock.now())
    act(desk, ANA, ref="SHOP-1", status=Status.OPEN)
    assert act(desk, ANA, ref="SHOP-1", status=Status.CLOSED).status == Status.CLOSED, "after its steps as any other"


def test_opened_again_it_reaches_only_the_projects_that_it_had_not(desk: Runtime) -> None:
    opened(desk, "SHOP")
    mails = len(outbox(desk))
    again = opened(desk, "SHOP", reference=" cve-2026-12345 ")
    assert (again.tickets, again.new, len(outbox(desk))) == ({"SHOP": "SHOP-1"}, (), mails)
    assert opened(desk, "SHOP", "DEMO").new == ("DEMO",)
    with pytest.raises(Refused, match="under the title"):
        opened(desk, "DEMO", title="Autre chose")


def test_a_link_to_another_project_names_the_ticket_and_keeps_its_subject_there(desk: Runtime) -> None:
    opened(desk)
    assert link_tickets(desk, ref="DEMO-1", other="SHOP-1", by=ANA)
    assert timeline(desk, "DEMO-1")[-1][2] in {"Lié à SHOP-1", "Linked to SHOP-1"}
    assert timeline(desk, "SHOP-1")[-1][2] in {"Lié à DEMO-1", "Linked to DEMO-1"}


def test_the_title_of_an_advisory_is_not_told_to_who_works_for_none_of_its_projects(desk: Runtime) -> None:
    opened(desk, "SHOP")
    with desk.database.transaction() as connection:
        person = get_or_create_person(connection, email="eva@support.example", name="", now=desk.clock.now())
        add_membership(connection, person_id=person.id, project="DEMO", role=Role.N2)
    with pytest.raises(Refused, match=r"^CVE-2026-12345 is open already, under another title$"):
        opened(desk, "DEMO", title="Autre chose", by="eva@support.example")


def test_who_does_no_preventive_work_opens_and_steps_nothing(desk: Runtime) -> None:
    for by in (NINA, DEV, MARIE, "x@elsewhere.example"):
        with pytest.raises(NotAllowed):
            opened(desk, by=by)
    with desk.database.transaction() as connection:
        person = get_or_create_person(connection, email="eva@support.example", name="", now=desk.clock.now())
        add_membership(connection, person_id=person.id, project="SHOP", role=Role.N2)
    with pytest.raises(NotAllowed, match="neither in DEMO"):
        opened(desk, by="eva@support.example")
    opened(desk)
    for by in (NINA, DEV):
        with pytest.raises(NotAllowed):
            take(desk, "SHOP-1", Step.PRESENT, "x", by=by)
    with pytest.raises(NotFound):
        take(desk, "SHOP-1", Step.PRESENT, "x", by="x@elsewhere.example")
    assert outbox(desk, notice="progress") == []


def test_what_is_no_advisory_is_not_found(desk: Runtime) -> None:
    file_and_acknowledge(desk, MARIE)
    act(desk, NINA, level=Level.N2, reason="x")
    with pytest.raises(NotFound, match="about no advisory"):
        take(desk, "DEMO-1", Step.PRESENT, "x")
    with pytest.raises(NotFound, match="there is no project NOWHERE"):
        opened(desk, "nowhere")
    with pytest.raises(Refused, match="needs a title"):
        opened(desk, "SHOP", title=" ")


def test_a_ticket_of_preventive_work_is_merged_with_nothing(desk: Runtime) -> None:
    opened(desk, "DEMO")
    file_and_acknowledge(desk, MARIE)
    act(desk, NINA, ref="DEMO-2", level=Level.N2, reason="x")
    for ref, into in (("DEMO-1", "DEMO-2"), ("DEMO-2", "DEMO-1")):
        with pytest.raises(NotAllowed, match="preventive work"):
            merge_tickets(desk, ref=ref, into=into, by=ANA)
