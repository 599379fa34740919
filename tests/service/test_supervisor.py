"""The supervisor's parts: a child that is kept alive, stopped and never orphaned, and the lock on the data folder."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from gateway.config.locations import Locations
from gateway.errors import Misconfigured
from gateway.up.child import Child, stop_children
from gateway.up.guardian import Guardian, left_of
from gateway.up.lock import hold_data_folder
from gateway.up.stopping import Stopping
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
SLEEPS = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPS
DEAF_ONCE = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)))
"""
LINGERS = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.3), sys.exit()))
"""

Make = Callable[..., Child]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes a child that runs a piece of Python; at the end none is left."""
    made: list[Child] = []

    def child(script: str = SLEEPS, name: str = "child", **options: Any) -> Child:
        options = {"log_path": tmp_path / "log" / f"{name}.log", **options}
        made.append(Child(name, [sys.executable, "-c", script], **options))
        return made[-1]

    yield child
    for each in made:
        each.stop_seconds = 0
    stop_children(made, hurry=lambda: True)


@pytest.fixture
def stopping() -> Iterator[Stopping]:
    """The wish to stop; the signals are the tests' own again afterwards."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield Stopping()
    for number, handler in before.items():
        signal.signal(number, handler)


def started(child: Child) -> Child:
    """Started, and so far that it has said so."""
    child.start()
    wait_for(lambda: "up" in child.log_path.read_text(), "its first word")
    return child


def never() -> bool:
    return False


def test_a_child_that_dies_is_started_again(make: Make) -> None:
    child = started(make())
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: (child.tend(), child.pid not in {None, first})[1], "another process")


def test_the_pause_before_a_restart_doubles_while_it_dies_at_once(make: Make) -> None:
    deaths: list[tuple[int, float]] = []
    child = make("raise SystemExit(3)", before_restart=lambda count: deaths.append((count, time.monotonic())))
    begin = time.monotonic()
    child.start()
    wait_for(lambda: (child.tend(), len(deaths) == 4)[1], "four restarts")
    assert [count for count, _ in deaths] == [1, 2, 3, 4]
    for (_, at), least in zip(deaths, (0.1, 0.3, 0.7, 1.5), strict=True):
        assert at - begin >= least


def test_what_cannot_be_started_now_does_not_end_the_supervisor(make: Make) -> None:
    """No process left, or no disk space for the log: both may come back."""
    tried: list[int] = []

    def fail(deaths: int) -> None:
        tried.append(deaths)
        raise OSError(28, "No space left on device")

    child = make("raise SystemExit(3)", before_restart=fail)
    child.start()
    wait_for(lambda: (child.tend(), tried)[1], "a restart that fails")
    child.tend()
    assert (tried, child.exit_code) == ([1], 3)


def test_a_child_that_does_not_end_is_killed_when_its_time_is_over(make: Make) -> None:
    child = started(make(STUBBORN, stop_seconds=0.2))
    stop_children([child], hurry=never)
    assert child.exit_code == -signal.SIGKILL


def test_before_it_is_killed_it_is_asked_once_more(make: Make) -> None:
    """The second SIGTERM is where an RQ worker lets go of its job."""
    child = started(make(DEAF_ONCE + SLEEPS, stop_seconds=0.2))
    stop_children([child], hurry=never)
    assert child.exit_code == 7


def test_a_hurry_that_comes_while_we_wait_shortens_the_wait(make: Make) -> None:
    child = started(make(STUBBORN, stop_seconds=60))
    begin = time.monotonic()
    stop_children([child], hurry=lambda: time.monotonic() > begin + 0.2)
    assert time.monotonic() - begin < 10
    assert not child.is_running


def test_many_children_share_the_time_to_end(make: Make) -> None:
    children = [started(make(STUBBORN, name=f"child-{number}", stop_seconds=0.5)) for number in range(3)]
    begin = time.monotonic()
    stop_children(children, hurry=lambda: time.monotonic() > begin + 0.5)
    assert [child.is_running for child in children] == [False] * 3


def test_ctrl_c_in_a_terminal_reaches_no_child(make: Make) -> None:
    """Else the order of stopping would not be ours: each child has a session of its own."""
    child = started(make())
    assert child.pid is not None
    assert os.getsid(child.pid) == os.getpgid(child.pid) == child.pid


PARENT = """
import sys, time
from pathlib import Path
from gateway.up.child import Child
child = Child("child", [sys.executable, "-c", {script!r}], log_path=Path({log!r}))
child.start()
print(child.pid, flush=True)
time.sleep(600)
"""


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = PARENT.format(script=SLEEPS, log=str(tmp_path / "child.log"))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:
        assert parent.stdout is not None
        # The supervisor's own log comes first.
        pid = int(next(line for line in parent.stdout if line.strip().isdigit()))
        child = psutil.Process(pid)
        parent.kill()
    wait_for(lambda: not psutil.wait_procs([child], timeout=0)[1], "the end of the child")


GUARDED = """
import sys, time
from gateway.up.guardian import Guardian
guardian = Guardian()
for pid in sys.argv[1:]:
    guardian.watch(int(pid))
guardian.forget(int(sys.argv[1]))
print("up", flush=True)
time.sleep(600)
"""


def test_where_the_kernel_does_not_a_guardian_ends_what_a_killed_supervisor_left(make: Make) -> None:
    forgotten, *watched = [started(make(name=f"child-{number}")) for number in range(3)]
    pids = [str(child.pid) for child in (forgotten, *watched)]
    with subprocess.Popen([sys.executable, "-c", GUARDED, *pids], stdout=subprocess.PIPE, cwd=ROOT) as supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == b"up\n"
        [guardian] = psutil.Process(supervisor.pid).children()
        supervisor.kill()
    wait_for(lambda: not any(child.is_running for child in watched), "the end of the watched")
    wait_for(lambda: not psutil.wait_procs([guardian], timeout=0)[1], "the end of the guardian")
    assert [child.exit_code for child in watched] == [-signal.SIGTERM] * 2
    assert forgotten.is_running


def test_after_a_clean_stop_the_guardian_has_nobody_left(make: Make) -> None:
    guardian = Guardian()
    children = [started(make(name=f"child-{number}", guardian=guardian)) for number in range(2)]
    stop_children(children, hurry=never)
    guardian.close()
    assert left_of(["+1", "+2", "-1", "+3", "-2", "-3"]) == set()
    assert left_of(["+1", "+2", "-1"]) == {2}


def test_a_log_goes_on_where_it_was_and_is_readable_by_us_alone(make: Make) -> None:
    child = make("print('once')")
    for times in (1, 2):
        child.start()
        wait_for(lambda: not child.is_running, "its end")
        assert child.log_path.read_text() == "once\n" * times
    assert child.log_path.stat().st_mode & 0o777 == 0o600
    assert child.log_path.parent.stat().st_mode & 0o777 == 0o700


def test_a_large_log_is_put_aside_at_the_next_start(make: Make) -> None:
    child = make("print('new')")
    child.log_path.parent.mkdir()
    with child.log_path.open("wb") as log:
        log.truncate(11 * 1024 * 1024)
    child.start()
    wait_for(lambda: not child.is_running, "its end")
    assert child.log_path.read_text() == "new\n"
    assert child.log_path.with_name("child.old.log").stat().st_size == 11 * 1024 * 1024


@pytest.fixture
def where(tmp_path: Path) -> Locations:
    return Locations(data=tmp_path / "var")


def test_a_second_run_on_the_same_folder_waits_then_names_the_first(
    where: Locations, stopping: Stopping, capfd: pytest.CaptureFixture[str]
) -> None:
    first = hold_data_folder(where, stopping)
    assert first is not None
    with first:
        with pytest.raises(Misconfigured, match=rf"already runs on .*var \(process {os.getpid()}\)"):
            hold_data_folder(where, stopping, patience=0.2)
        assert "waiting for the run before this one to end" in capfd.readouterr().err


def test_a_run_that_is_ending_is_waited_for(where: Locations, stopping: Stopping, make: Make) -> None:
    """A child of it has the lock too: a killed run holds the folder until the last of its processes is gone."""
    first = hold_data_folder(where, stopping)
    assert first is not None
    child = started(make(LINGERS + SLEEPS, keep_open=[first.fileno()]))
    first.close()
    child.ask_to_end()
    second = hold_data_folder(where, stopping, patience=20)
    assert second is not None
    assert not child.is_running
    second.close()


def test_who_is_asked_to_stop_while_it_waits_stops(where: Locations, stopping: Stopping) -> None:
    first = hold_data_folder(where, stopping)
    assert first is not None
    with first:
        os.kill(os.getpid(), signal.SIGTERM)
        assert hold_data_folder(where, stopping) is None


def test_a_second_signal_means_in_a_hurry(stopping: Stopping) -> None:
    os.kill(os.getpid(), signal.SIGINT)
    assert (stopping.asked.is_set(), stopping.hurry.is_set()) == (True, False)
    os.kill(os.getpid(), signal.SIGINT)
    assert stopping.hurry.is_set()


def test_who_ignored_the_end_of_the_terminal_means_it(stopping: Stopping) -> None:
    """As `nohup` does."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    patient = Stopping()
    os.kill(os.getpid(), signal.SIGHUP)
    assert not patient.asked.is_set()


def test_ctrl_c_stops_what_a_script_put_into_the_background(stopping: Stopping) -> None:
    """A shell without job control starts it with SIGINT ignored."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    background = Stopping()
    os.kill(os.getpid(), signal.SIGINT)
    assert background.asked.is_set()


def test_the_lock_is_free_once_nobody_has_it(where: Locations, stopping: Stopping) -> None:
    held = hold_data_folder(where, stopping)
    assert held is not None
    held.close()
    with (where.run / "up.lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
