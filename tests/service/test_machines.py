"""Machines that share a database: each says how it is, and does what others ask of it with what only it can see."""

from typing import Any

import pytest
from sqlalchemy import select, update

from gateway.admin.items import wait_until_idle
from gateway.db.machines import list_machines, list_orders, list_set_aside, machines, set_aside
from gateway.db.receipts import Verdict, find_receipts
from gateway.domain.alarms import what_is_wrong
from gateway.errors import Conflict, NotFound
from gateway.jobs.timetable import sweep
from gateway.runtime import Runtime
from gateway.services.elsewhere import ask_its_machine, find_elsewhere
from gateway.services.health import ask_everything
from gateway.services.machines import carry_out_orders, take_leave
from gateway.spool.entry import Lane, file_name
from gateway.up.roles import announce_role, living_roles
from tests.support.clock import MovableClock
from tests.support.operator import Operator
from tests.support.two_machines import KEY, Pair, speak

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def put_aside(runtime: Runtime) -> str:
    """A mail to DEMO that could not be filed."""
    spool_id = runtime.spool.accept(Lane.MAIL, {"rcpt_tos": ["support@demo.example"]}, b"Subject: x\r\n\r\nx")
    waiting = runtime.where.spool / Lane.MAIL / "new" / file_name(spool_id, 0)
    runtime.spool.quarantine.put(waiting, Lane.MAIL, "broken")
    return spool_id


def alarms(runtime: Runtime) -> dict[str, str]:
    return {name: said for name, said in what_is_wrong(ask_everything(runtime)).items() if "machine" in name}


def fall_silent(runtime: Runtime, name: str) -> None:
    with runtime.database.transaction() as connection:
        connection.execute(update(machines).where(machines.c.name == name).values(seen_ms=machines.c.seen_ms - 61_000))


def test_each_machine_knows_how_the_others_are(pair: Pair) -> None:
    one, two = pair
    two.spool.accept(Lane.WEB, {}, b"reply")
    with announce_role(two.where.run, "web"):
        speak(one, two)
    with one.database.reading() as connection:
        found = {machine.name: machine for machine in list_machines(connection)}
    assert (found["mx1"].waiting, found["mx2"].waiting, found["mx2"].roles) == (0, 1, ("timetable", "web"))
    assert found["mx2"].oldest_seconds is not None
    assert alarms(one) == {}
    fall_silent(one, "mx2")
    assert alarms(one) == {"machine_silent": "nothing is heard of: mx2"}


def test_a_machine_that_took_its_leave_is_missed_by_nobody_unless_something_waits_there(
    pair: Pair,
) -> None:
    one, two = pair
    speak(one)
    with announce_role(two.where.run, "timetable"):
        take_leave(two)
    assert wait_until_idle(one, seconds=0.2) == []
    fall_silent(one, "mx2")
    assert alarms(one) == {}
    two.spool.accept(Lane.WEB, {}, b"reply")
    take_leave(two)
    fall_silent(one, "mx2")
    assert alarms(one) == {"machine_silent": "nothing is heard of: mx2"}


def test_a_role_is_told_of_for_as_long_as_a_process_has_it(pair: Pair) -> None:
    run = pair[0].where.run
    assert living_roles(run) == []
    with announce_role(run, "worker"), announce_role(run, "web"):
        assert living_roles(run) == ["web", "worker"]
    assert living_roles(run) == []
    assert list((run / "roles").iterdir()) == []


def test_a_machine_with_other_keys_is_an_alarm(pair: Pair) -> None:
    one, two = pair
    speak(one, two)
    with one.database.transaction() as connection:
        connection.execute(update(machines).where(machines.c.name == "mx2").values(keys=["another"]))
    assert alarms(one) == {"machine_keys": "other signing keys than mx1 have: mx2"}
    with one.database.reading() as connection:
        ours = list_machines(connection)[0].keys
    with one.database.transaction() as connection:
        rotating = ["new", *ours]
        connection.execute(update(machines).where(machines.c.name == "mx2").values(keys=rotating))
    assert "machine_keys" in alarms(one), "it believes us, and we do not believe it"


def test_what_one_machine_set_aside_is_known_and_filed_again_from_another(pair: Pair) -> None:
    one, two = pair
    spool_id = put_aside(two)
    assert find_elsewhere(one, spool_id) is None
    speak(two)
    found = find_elsewhere(one, spool_id)
    assert found is not None
    assert (found.machine, found.reason, found.projects) == ("mx2", "broken", ("DEMO",))
    assert alarms(one) == {"machine_spool": "entries wait or are in quarantine on: mx2"}
    assert ask_its_machine(one, spool_id, act="replay") == "mx2"
    with pytest.raises(Conflict):
        ask_its_machine(one, spool_id, act="replay")
    assert carry_out_orders(one) == 0, "it is not for us"
    assert carry_out_orders(two) == 1
    assert two.spool.waiting(Lane.MAIL) == [(spool_id, 0)]
    assert left(one) == ([], [])
    with pytest.raises(NotFound):
        ask_its_machine(one, spool_id, act="replay")


def left(runtime: Runtime) -> tuple[list[Any], list[Any]]:
    """What is known as set aside on mx2, and the orders for it."""
    with runtime.database.reading() as connection:
        return list_set_aside(connection, but="mx1"), list_orders(connection, "mx2")


def test_a_discarded_entry_is_on_record_with_the_reason_that_was_given_elsewhere(
    pair: Pair,
) -> None:
    one, two = pair
    spool_id = put_aside(two)
    speak(two)
    ask_its_machine(one, spool_id, act="discard", reason="spam")
    carry_out_orders(two)
    with one.database.reading() as connection:
        [receipt] = find_receipts(connection, spool_id)
    assert (receipt.verdict, receipt.reason, receipt.project) == (Verdict.DISCARDED, "spam", "DEMO")
    assert left(one) == ([], [])


def test_an_order_about_what_has_gone_is_done_with(pair: Pair) -> None:
    one, two = pair
    spool_id = put_aside(two)
    speak(two)
    ask_its_machine(one, spool_id, act="replay")
    two.spool.quarantine.remove(spool_id)
    assert carry_out_orders(two) == 1
    assert left(one) == ([], [])


def test_a_restored_row_of_the_table_follows_the_spool_at_the_next_word(pair: Pair) -> None:
    one, two = pair
    first = put_aside(two)
    speak(two)
    two.spool.quarantine.remove(first)
    second = put_aside(two)
    speak(two)
    with one.database.reading() as connection:
        assert connection.execute(select(set_aside.c.spool_id)).scalars().all() == [second]


def test_waiting_for_idleness_waits_for_every_machine_that_speaks(pair: Pair) -> None:
    one, two = pair
    speak(one, two)
    assert wait_until_idle(one, seconds=0.2) == ["no word of the machine mx2 yet"]
    spool_id = two.spool.accept(Lane.MAIL, {}, b"x")
    speak(two)
    assert "1 on the machine mx2" in wait_until_idle(one, seconds=0.2)
    two.spool.quarantine.put(two.where.spool / Lane.MAIL / "new" / file_name(spool_id, 0), Lane.MAIL, "broken")
    speak(two)
    fall_silent(one, "mx2")
    assert wait_until_idle(one, seconds=0.2) == [], "of a machine that is silent nothing more is expected"


def test_after_ten_seconds_the_bell_is_rung_as_the_release_before_hears_it(pair: Pair, clock: MovableClock) -> None:
    one, _ = pair
    one.spool.accept(Lane.MAIL, {}, b"x")
    clock.move(seconds=5)
    assert sweep(one) == ["mail"]
    assert [len(queue) for queue in one.doorbell.older_queues()] == [0, 0, 0]
    clock.move(seconds=6)
    assert sweep(one) == ["mail"]
    assert [len(queue) for queue in one.doorbell.older_queues()] == [0, 0, 1]
    assert len(one.doorbell.queue("mail")) == 1


def test_commands_show_the_machines_forget_one_that_is_gone_and_check_compares_keys(
    pair: Pair, operator: Operator
) -> None:
    one, two = pair
    assert "all is well" in operator.says("check")
    speak(one, two)
    assert operator.run("check", GATEWAY_SIGNING__KEY=KEY).exit_code == 0
    code, told = operator.refused("check", GATEWAY_SIGNING__KEY="a key that no other machine has ever seen")
    assert (code, told.count("signing.key: the machine mx")) == (78, 2)
    put_aside(two)
    speak(two)
    rows = operator.rows("machine", "list")
    assert [(row["name"], row["state"], row["quarantined"]) for row in rows] == [("mx1", "up", 0), ("mx2", "up", 1)]
    assert operator.refused("machine", "forget", "mx3")[0] == 66
    assert "stop it first" in operator.refused("machine", "forget", "mx2")[1]
    fall_silent(one, "mx2")
    assert "--even-with-entries" in operator.refused("machine", "forget", "mx2")[1]
    operator.says("machine", "forget", "mx2", "--even-with-entries")
    assert [row["name"] for row in operator.rows("machine", "list")] == ["mx1"]
    assert operator.rows("quarantine", "list") == []


def test_the_quarantine_of_another_machine_is_seen_and_replayed_by_shell(pair: Pair, operator: Operator) -> None:
    _, two = pair
    spool_id = put_aside(two)
    speak(two)
    [row] = operator.rows("quarantine", "list")
    assert (row["id"], row["machine"], row["reason"]) == (spool_id, "mx2", "broken")
    assert operator.refused("quarantine", "show", spool_id) == (66, "it is on the machine mx2: run the command there")
    assert "on the machine mx2" in operator.refused("explain", spool_id)[1]
    assert operator.says("quarantine", "replay", spool_id) == f"{spool_id}: the machine mx2 does it within seconds\n"
    assert carry_out_orders(two) == 1
    assert two.spool.waiting(Lane.MAIL) == [(spool_id, 0)]
