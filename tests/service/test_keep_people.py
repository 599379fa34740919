"""People are looked after by the same rules from the desk and from the shell, and every act is on record."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from sqlalchemy import Connection, select, update

from gateway.db.audit import AuditFilter, list_audit
from gateway.db.participants import add_participant
from gateway.db.people import Person, add_membership, find_person, find_roles, get_or_create_person, people
from gateway.db.people_list import PeopleFilter, list_people
from gateway.db.tickets import create_ticket
from gateway.domain.ticket import Language, Role
from gateway.errors import Conflict, NotFound, Refused
from gateway.runtime import Runtime
from gateway.services import keep_people
from gateway.services.api_tokens import Scope, find_bearer
from gateway.services.keep_people import Wanted, add_person, change_person, take_roles
from gateway.services.keep_ways_in import end_session_of, end_token_of, make_token_of
from gateway.services.people_look import find_people, look_at_person
from tests.support.agents import ANA, CHIEF, NINA, Desk

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DEMO = frozenset({"DEMO"})


def known(runtime: Runtime, email: str) -> Person:
    with runtime.database.reading() as connection:
        found = find_person(connection, email=email)
    assert found is not None
    return found


def member(runtime: Runtime, email: str, project: str, role: Role) -> Person:
    with runtime.database.transaction() as connection:
        found = get_or_create_person(connection, email=email, name="", now=runtime.clock.now())
        add_membership(connection, person_id=found.id, project=project, role=role)
    return found


def roles(runtime: Runtime, email: str) -> frozenset[Role]:
    with runtime.database.reading() as connection:
        return find_roles(connection, email=email, project="DEMO")


def on_record(runtime: Runtime, email: str) -> list[tuple[str, str | None]]:
    with runtime.database.reading() as connection:
        rows = list_audit(connection, AuditFilter(who=email), None, limit=50)
    return [(row.action, row.actor) for row in reversed(rows)]


@SQLITE
def test_adding_twice_is_adding_once_and_is_on_record_once(desk: Desk) -> None:
    runtime, chief = desk.site.runtime, known(desk.site.runtime, CHIEF)
    for _ in range(2):
        wanted = Wanted(name="Luc", phone="+33612345678")
        add_person(runtime, email=" Luc@Support.example", role=Role.N1, project="DEMO", wanted=wanted, by=chief)
    assert on_record(runtime, "luc@support.example") == [("person added", CHIEF), ("role given", CHIEF)]
    luc = known(runtime, "luc@support.example")
    assert (luc.name, luc.phone) == ("Luc", "+33612345678")


@SQLITE
def test_whoever_is_in_a_project_of_others_is_given_a_role_and_stays_who_they_are(desk: Desk) -> None:
    runtime, chief = desk.site.runtime, known(desk.site.runtime, CHIEF)
    eve = member(runtime, "eve@other.example", "OTHER", Role.N2)
    stolen = Wanted(name="Mine", phone="+33600000000")
    add_person(runtime, email=eve.email, role=Role.REPORTER, project="DEMO", wanted=stolen, by=chief)
    assert known(runtime, eve.email) == eve
    look = look_at_person(runtime, eve.id, DEMO)
    assert (look.may_touch, list(look.sessions), list(look.tokens)) == (False, [], [])
    for act in (
        lambda: change_person(runtime, person_id=eve.id, wanted=stolen, by=chief),
        lambda: end_session_of(runtime, eve.id, None, by=chief),
        lambda: end_token_of(runtime, eve.id, 1, by=chief),
        lambda: make_token_of(runtime, eve.id, scopes={Scope.REPORT}, days=1, by=chief, newest=0),
        lambda: take_roles(runtime, person_id=eve.id, project="OTHER", roles=frozenset(Role), by=chief),
    ):
        with pytest.raises((Refused, NotFound)):
            act()
    assert known(runtime, eve.email) == eve


@SQLITE
@pytest.mark.parametrize("way", ["reporter", "participant"])
def test_seeing_a_request_elsewhere_is_enough_to_be_out_of_reach(desk: Desk, way: str) -> None:
    runtime, chief = desk.site.runtime, known(desk.site.runtime, CHIEF)
    eve, bob = member(runtime, "eve@x.example", "DEMO", Role.REPORTER), member(runtime, "b@x.example", "OTHER", Role.N1)
    reporter = eve if way == "reporter" else bob
    with runtime.database.transaction() as connection:
        ticket = create_ticket(
            connection, project="OTHER", subject="x", lang=Language.FR, reporter_id=reporter.id, now=runtime.clock.now()
        )
        if way == "participant":
            add_participant(connection, ticket_id=ticket.id, person_id=eve.id, now=runtime.clock.now())
    with pytest.raises(Refused, match="other projects"):
        make_token_of(runtime, eve.id, scopes={Scope.TICKETS_READ}, days=1, by=chief, newest=0)


@SQLITE
def test_nobody_gives_themselves_a_role_or_takes_the_last_supervisor_away(desk: Desk) -> None:
    runtime, chief = desk.site.runtime, known(desk.site.runtime, CHIEF)
    with pytest.raises(Refused, match="themselves"):
        add_person(runtime, email=CHIEF, role=Role.N2, project="DEMO", wanted=Wanted(), by=chief)
    with pytest.raises(Refused, match="last supervisor"):
        take_roles(runtime, person_id=chief.id, project="DEMO", roles=frozenset(Role), by=chief)
    nina, agent = known(runtime, NINA), known(runtime, ANA)
    with pytest.raises((Refused, NotFound)):
        add_person(runtime, email=ANA, role=Role.SUPERVISOR, project="DEMO", wanted=Wanted(), by=nina)
    with pytest.raises(NotFound):
        take_roles(runtime, person_id=nina.id, project="DEMO", roles=frozenset(Role), by=agent)
    assert roles(runtime, CHIEF) == {Role.SUPERVISOR}


def test_of_two_supervisors_who_remove_each_other_at_once_one_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime, both_know = desk.site.runtime, Barrier(2, timeout=0.3)
    know = keep_people.lock_supervisors

    def know_together(connection: Connection, project: str) -> frozenset[str]:
        """Whoever knows waits for the other, who is kept from knowing."""
        found = know(connection, project)
        with suppress(BrokenBarrierError):
            both_know.wait()
        return found

    monkeypatch.setattr(keep_people, "lock_supervisors", know_together)
    two = [known(runtime, CHIEF), member(runtime, "second@support.example", "DEMO", Role.SUPERVISOR)]

    def remove(pair: tuple[Person, Person]) -> bool:
        by, whom = pair
        try:
            take_roles(runtime, person_id=whom.id, project="DEMO", roles=frozenset(Role), by=by)
        except (Refused, NotFound):
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(remove, [(two[0], two[1]), (two[1], two[0])]))
    assert sorted(done) == [False, True]
    assert sum(Role.SUPERVISOR in roles(runtime, one.email) for one in two) == 1


def test_a_form_made_from_an_older_state_changes_nothing(desk: Desk) -> None:
    runtime, chief = desk.site.runtime, known(desk.site.runtime, CHIEF)
    ana = known(runtime, ANA)
    version = look_at_person(runtime, ana.id, DEMO).kept.version
    change_person(runtime, person_id=ana.id, wanted=Wanted(phone="+33600000001"), by=chief, version=version)
    change_person(runtime, person_id=ana.id, wanted=Wanted(phone="+33600000001"), by=chief, version=version)  # as is
    with pytest.raises(Conflict):
        change_person(runtime, person_id=ana.id, wanted=Wanted(phone="+33600000002"), by=chief, version=version)
    assert known(runtime, ANA).phone == "+33600000001"
    assert on_record(runtime, ANA) == [("person changed", CHIEF)]


def test_a_token_form_that_is_sent_twice_makes_one_token(desk: Desk) -> None:
    runtime, chief = desk.site.runtime, known(desk.site.runtime, CHIEF)
    ana = known(runtime, ANA)
    made = make_token_of(runtime, ana.id, scopes={Scope.REPORT}, days=3, by=chief, newest=0)
    with pytest.raises(Conflict):
        make_token_of(runtime, ana.id, scopes={Scope.REPORT}, days=3, by=chief, newest=0)
    bearer = find_bearer(runtime, made.token)
    assert bearer is not None
    assert bearer.person.email == ANA
    end_token_of(runtime, ana.id, made.id, by=chief)
    assert find_bearer(runtime, made.token) is None
    assert on_record(runtime, ANA) == [("token made", CHIEF), ("token revoked", CHIEF)]


def test_people_are_found_by_a_piece_of_address_or_name(desk: Desk) -> None:
    runtime = desk.site.runtime
    member(runtime, "eve@other.example", "OTHER", Role.N2)
    with runtime.database.transaction() as connection:
        connection.execute(update(people).where(people.c.email == ANA).values(name="Anaïs 50%_"))

    def found(words: str = "", role: Role | None = None) -> list[str]:
        lines = find_people(runtime, DEMO, words=words, project=None, role=role, limit=9, offset=0)
        return [line.row.email for line in lines]

    everybody = found()
    assert {ANA, NINA, CHIEF} < set(everybody)
    assert "marie@example.org" in everybody  # who has no role, and wrote
    assert "eve@other.example" not in everybody
    assert found("SUPPORT.example", Role.N2) == [ANA]
    assert found("anaïs") == found("50%_") == [ANA]
    assert found("%") == [ANA]
    assert found("a' OR 1=1") == []
    with runtime.database.reading() as connection:
        rows = list_people(connection, PeopleFilter(projects=DEMO), limit=2, offset=1)
        assert [row.email for row in rows] == everybody[1:3]
        assert connection.scalar(select(people.c.id).where(people.c.email == ANA)) is not None
