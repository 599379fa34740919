"""Two machines with one name are noticed and the later one is refused; a machine that was restarted or moved is not."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import update

from gateway.config.load import Settings
from gateway.db.machines import machines
from gateway.jobs import timetable
from gateway.jobs.timetable import run_timetable
from gateway.runtime import Runtime, open_runtime
from gateway.services.machines import NameTaken, require_own_name, say_how_we_are, take_leave
from gateway.up.instance import Instance, instance_of, take_part
from gateway.up.roles import announce_role
from tests.support.clock import MovableClock

Open = Callable[[str], Runtime]


@pytest.fixture
def open_at(settings: Settings, tmp_path: Path, clock: MovableClock) -> Iterator[Open]:
    """Opens the machine mx1 at a data folder of this name."""
    with ExitStack() as stack:

        def opened(name: str) -> Runtime:
            here = settings.model_copy(update={"data": tmp_path / name, "machine": "mx1"})
            return stack.enter_context(open_runtime(here, clock=clock))

        yield opened


def copied(tmp_path: Path, folder: str) -> str:
    """A copy of a data folder, with everything that is kept in it."""
    shutil.copytree(tmp_path / folder, tmp_path / f"{folder}-copy")
    return f"{folder}-copy"


def at_once(_seconds: float) -> None:
    pytest.fail("it waits for a machine that is not there")


def crash_while_speaking(one: Runtime) -> None:
    with announce_role(one.where.run, "timetable"):
        say_how_we_are(one)


def pass_by(runtime: Runtime, seconds: int) -> None:
    """So long ago is the last word."""
    with runtime.database.transaction() as connection:
        connection.execute(update(machines).values(seen_ms=machines.c.seen_ms - seconds * 1000))


def test_a_copy_of_a_machine_that_runs_is_refused_and_says_what_to_do(open_at: Open, tmp_path: Path) -> None:
    one = open_at("first")
    with announce_role(one.where.run, "timetable"):
        say_how_we_are(one)
        copy = open_at(copied(tmp_path, "first"))
        with announce_role(copy.where.run, "timetable"):
            with pytest.raises(NameTaken, match=r"the name mx1 runs on .*GATEWAY_MACHINE.*empty data folder"):
                require_own_name(copy, pause=lambda _: say_how_we_are(one))
            with pytest.raises(NameTaken):
                say_how_we_are(copy)
        say_how_we_are(one)
        require_own_name(one, pause=at_once)


def test_a_machine_without_a_configured_name_is_told_where_its_name_is(settings: Settings) -> None:
    with open_runtime(settings) as runtime:
        assert f"remove {settings.data / 'machine'}" in str(NameTaken(runtime, "mail"))


def test_all_processes_of_a_machine_are_one_and_after_a_crash_it_starts_at_once(open_at: Open) -> None:
    one = open_at("first")
    with announce_role(one.where.run, "smtpd"):
        first = instance_of(one.where.run)
        with announce_role(one.where.run, "timetable"):
            say_how_we_are(one)
        with announce_role(one.where.run, "timetable"):
            assert instance_of(one.where.run) == first
            require_own_name(one, pause=at_once)
            say_how_we_are(one)
    with announce_role(one.where.run, "worker"):
        assert instance_of(one.where.run).before == first.id
        require_own_name(one, pause=at_once)
        say_how_we_are(one)


def test_processes_that_start_together_begin_one_run(tmp_path: Path) -> None:
    with take_part(tmp_path) as first:
        pass
    together, seen = threading.Barrier(8), set[Instance]()

    def start() -> None:
        together.wait()
        with take_part(tmp_path) as one:
            seen.add(one)
            together.wait()

    for _ in range(5):
        threads = [threading.Thread(target=start) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        [run] = seen
        assert run.before == first.id
        first = seen.pop()


def test_a_machine_that_was_moved_after_a_crash_waits_until_its_last_word_is_old(open_at: Open, tmp_path: Path) -> None:
    crash_while_speaking(open_at("first"))
    moved = open_at(copied(tmp_path, "first"))
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            pass_by(moved, 16)

    with announce_role(moved.where.run, "timetable"):
        require_own_name(moved, pause=wait)
        say_how_we_are(moved)
    assert len(waited) == 3


def test_a_machine_that_took_its_leave_may_start_elsewhere_at_once(open_at: Open, tmp_path: Path) -> None:
    one = open_at("first")
    with announce_role(one.where.run, "timetable"):
        say_how_we_are(one)
        take_leave(one)
    moved = open_at(copied(tmp_path, "first"))
    with announce_role(moved.where.run, "timetable"):
        require_own_name(moved, pause=at_once)


def test_a_machine_that_others_took_for_dead_ends_when_it_speaks_again(
    open_at: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = open_at("first")
    monkeypatch.setattr(timetable, "BEAT", 0.001)
    with announce_role(one.where.run, "timetable"):
        say_how_we_are(one)
        pass_by(one, 16)
        copy = open_at(copied(tmp_path, "first"))
        with announce_role(copy.where.run, "timetable"):
            require_own_name(copy, pause=at_once)
            say_how_we_are(copy)
            with pytest.raises(NameTaken):
                run_timetable(one)


def test_the_release_before_tells_no_run_and_is_in_nobodys_way(open_at: Open, tmp_path: Path) -> None:
    one = open_at("first")
    crash_while_speaking(one)
    with one.database.transaction() as connection:
        connection.execute(update(machines).values(instance=None))
    copy = open_at(copied(tmp_path, "first"))
    with announce_role(copy.where.run, "timetable"):
        require_own_name(copy, pause=at_once)
        say_how_we_are(copy)
