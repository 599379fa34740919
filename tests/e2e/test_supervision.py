"""`gateway up` while it runs and when it ends: processes that die come back, a stop under load is short and whole."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.support.installation import ROOT, Installation, mail, words_of
from tests.support.servers import free_port
from tests.support.waiting import wait_for

pytestmark = pytest.mark.timeout(240)  # three starts, on a machine that has other things to do
STOP_ORDER = ("smtpd", "web", "timetable", "worker-0", "worker-1", "valkey")


def role_of(process: psutil.Process) -> str:
    """`smtpd`, `web`, `worker-0`, ..., or `valkey`; empty for a process that has gone."""
    words = words_of(process)
    if "gateway" not in words:
        return "valkey" if words else ""
    return "-".join(word for word in words[3:] if word[:2] != "--")


def children(installation: Installation) -> dict[str, psutil.Process]:
    """The processes that the supervisor itself started, one for each role."""
    return {role_of(process): process for process in installation.processes() if _parent(process) == installation.pid}


def _parent(process: psutil.Process) -> int:
    with suppress(psutil.NoSuchProcess):
        return int(process.ppid())
    return 0


def test_whatever_dies_comes_back_and_the_mail_goes_on(tmp_path: Path) -> None:
    with Installation(tmp_path) as installation:
        before = children(installation)
        assert set(before) == set(STOP_ORDER)
        for process in before.values():
            process.kill()
        killed = set(before.values())
        wait_for(
            lambda: {role for role, process in children(installation).items() if process not in killed} >= set(before),
            "another process for each role",
        )
        wait_for(lambda: _takes_mail(installation), "the mail door")
        installation.wait_idle()
        assert len(installation.rows("ticket", "list")) == 1
        assert installation.stop() == 0


def _takes_mail(installation: Installation) -> bool:
    with suppress(OSError):
        installation.send(mail())
        return True
    return False


def test_a_stop_under_load_is_short_in_order_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """Whatever signal asks for it, forks of workers included; what was not done yet is done after the next start."""
    installation = Installation(tmp_path)
    letters = [tmp_path / f"{each}.eml" for each in range(120)]
    for each, path in enumerate(letters):
        path.write_bytes(mail(each, sender=f"person{each}@client.example"))
    paths = [str(path) for path in letters]

    for number, more in ((signal.SIGINT, paths[:80]), (signal.SIGTERM, paths[80:])):
        assert installation.run("ingest", "--to", "support@demo.example", *more).returncode == 0
        with installation:
            processes = installation.processes()
            begin = time.monotonic()
            order = _order_of_ends(installation, number)
            assert time.monotonic() - begin < 30
            assert installation.wait() == 0
            assert "child.killed" not in installation.complaints(), "each ended by itself"
            installation.wait_until_gone(processes)
        assert set(order[:2]) == {"smtpd", "web"}
        assert set(order[2:-1]) == {"timetable", "worker-0", "worker-1"}
        assert order[-1] == "valkey"

    with installation:
        installation.wait_idle(seconds=90)
        assert len(installation.rows("ticket", "list")) == len(letters)
        assert installation.rows("quarantine", "list") == []
        assert installation.stop() == 0


def _order_of_ends(installation: Installation, number: signal.Signals) -> list[str]:
    """The roles as they end; those found ended at one look are named in the order that they should end in."""
    found = children(installation)
    alive = {role: found[role] for role in STOP_ORDER}
    order: list[str] = []
    os.kill(installation.pid, number)

    def all_gone() -> bool:
        for role, process in list(alive.items()):
            if _has_ended(process):
                order.append(role)
                del alive[role]
        return not alive

    wait_for(all_gone, "every role to end")
    return order


def _has_ended(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    return True


def test_a_data_folder_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = Installation(tmp_path, GATEWAY_DATA=str(tmp_path / "file" / "var")).run("up")
    assert done.returncode == 78
    [sentence] = done.stderr.decode().splitlines()
    assert "data folder" in sentence
    assert "file/var" in sentence


def test_a_database_server_that_is_not_there_yet_is_waited_for_and_ctrl_c_ends_the_wait(tmp_path: Path) -> None:
    installation = Installation(
        tmp_path, GATEWAY_DATABASE_URL=f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/nothing"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", "up"],
        cwd=ROOT,
        env=installation.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as up:
        assert up.stderr is not None
        assert any("waiting for the database" in line for line in up.stderr)
        processes = psutil.Process(up.pid).children()
        up.send_signal(signal.SIGINT)
        assert up.wait(30) == 0
    installation.wait_until_gone(processes)
