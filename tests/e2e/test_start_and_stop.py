"""`gateway up`: ready when all answers, stopped in order, nothing left behind, one at a time."""

import smtplib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.support.installation import Installation, mail, words_of
from tests.support.servers import free_port

PUBLIC_URL = "https://support.client.example"


@dataclass(frozen=True, kw_only=True)
class Life:
    """What was seen of an installation between its start and the end of its stop."""

    installation: Installation
    processes: list[psutil.Process]
    words: list[str]
    exit_code: int


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """An installation with an LMTP listener and a public name, which took one mail and was stopped by Ctrl-C."""
    port = free_port()
    folder = tmp_path_factory.mktemp("life")
    with Installation(folder, GATEWAY_LMTP__PORT=str(port), GATEWAY_HTTP__PUBLIC_URL=PUBLIC_URL) as installation:
        with smtplib.LMTP("127.0.0.1", port, timeout=30) as client:
            client.sendmail("marie@client.example", ["support@demo.example"], mail())
        installation.wait_idle()
        processes = installation.processes()
        words = [word for process in processes for word in words_of(process)]
        yield Life(installation=installation, processes=processes, words=words, exit_code=installation.stop())


def test_it_says_where_everything_is(life: Life) -> None:
    """The pages answer to their public name only; their health was asked all the same."""
    for place in (PUBLIC_URL, str(life.installation.smtp_port), str(life.installation.data)):
        assert place in life.installation.ready_line


def test_ctrl_c_leaves_no_process_behind(life: Life) -> None:
    assert len(life.processes) >= 6
    assert life.exit_code == 0
    life.installation.wait_until_gone(life.processes)


def test_nothing_secret_stands_in_a_command_line(life: Life) -> None:
    secrets = [path.read_text().strip() for path in (life.installation.data / "secrets").iterdir()]
    assert len(secrets) >= 2
    assert [word for word in life.words if any(secret in word for secret in secrets)] == []


def test_secrets_logs_and_data_are_readable_by_us_alone(life: Life) -> None:
    data = life.installation.data
    assert data.stat().st_mode & 0o077 == 0
    logs = {path.name for path in (data / "log").iterdir()}
    assert logs >= {"smtpd.log", "web.log", "timetable.log", "worker-0.log", "worker-1.log", "valkey.log"}
    files = [*(data / "secrets").iterdir(), *(data / "log").iterdir()]
    assert [path.name for path in files if path.stat().st_mode & 0o077] == []


def test_after_the_parent_was_killed_a_new_start_goes_on_where_it_was(tmp_path: Path) -> None:
    with Installation(tmp_path) as installation:
        assert f"http://127.0.0.1:{installation.http_port}" in installation.ready_line
        processes = installation.processes()
        installation.kill()
        installation.start()
        installation.wait_until_gone(processes)
        installation.send(mail())
        installation.wait_idle()
        assert len(installation.rows("ticket", "list")) == 1
        assert installation.stop() == 0


def test_a_broken_setting_stops_the_start_with_every_fault_named(tmp_path: Path) -> None:
    installation = Installation(tmp_path, GATEWAY_SMTP__PORT="ninety", GATEWAY_TYPO="1", GATEWAY_HTTP__THREADS="0")
    done = installation.run("up")
    assert done.returncode == 78
    faults = done.stderr.decode()
    for name in ("smtp.port", "GATEWAY_TYPO", "http.threads"):
        assert name in faults


def test_a_port_in_use_is_one_clear_sentence_and_nothing_stays_running(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = str(stranger.getsockname()[1])
        installation = Installation(tmp_path, GATEWAY_SMTP__PORT=port)
        done = installation.run("up")
        assert done.returncode == 78
        [sentence] = done.stderr.decode().splitlines()
        assert port in sentence
    assert [process for process in psutil.process_iter() if str(installation.data) in environment_of(process)] == []


def environment_of(process: psutil.Process) -> str:
    """The settings that a process was started with; empty for one that has gone or is not ours."""
    try:
        return process.environ().get("GATEWAY_DATA", "")
    except psutil.Error:
        return ""
