"""`gateway up`: ready when all answers, stopped in order, nothing left behind, one at a time."""

from pathlib import Path

from tests.support.installation import Installation, mail


def test_it_says_where_everything_is_and_leaves_no_process_behind(tmp_path: Path) -> None:
    with Installation(tmp_path) as installation:
        assert str(installation.http_port) in installation.ready_line
        assert str(installation.smtp_port) in installation.ready_line
        assert str(installation.data) in installation.ready_line
        processes = installation.processes()
        assert len(processes) >= 6
        assert installation.stop() == 0
        installation.wait_until_gone(processes)


def test_after_the_parent_was_killed_a_new_start_goes_on_where_it_was(tmp_path: Path) -> None:
    with Installation(tmp_path) as installation:
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
    with Installation(tmp_path / "first") as first:
        second = Installation(tmp_path / "second", GATEWAY_SMTP__PORT=str(first.smtp_port))
        done = second.run("up")
        assert done.returncode == 78
        assert str(first.smtp_port) in done.stderr.decode()
        assert first.stop() == 0


def test_secrets_and_data_are_readable_by_us_alone(tmp_path: Path) -> None:
    with Installation(tmp_path) as installation:
        installation.send(mail())
        installation.wait_idle()
        assert installation.stop() == 0
        assert installation.data.stat().st_mode & 0o077 == 0
        for path in (installation.data / "secrets").iterdir():
            assert path.stat().st_mode & 0o077 == 0
