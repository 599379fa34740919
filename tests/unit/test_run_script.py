"""The two scripts of a fresh machine, `run` and `.ci/run`: clean shell, in the right order, and saying what they do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with nothing prepared: the script, empty locks, and a `bin` folder that is the whole PATH."""
    shutil.copy(ROOT / "run", tmp_path)
    (tmp_path / "requirements").mkdir()
    for lock in ("run.txt", "dev.txt"):
        (tmp_path / "requirements" / lock).touch()
    commands = tmp_path / "bin"
    commands.mkdir()
    for name in ("dirname", "cksum", "cat"):
        (commands / name).symlink_to(str(shutil.which(name)))
    return tmp_path


def command(checkout: Path, name: str, script: str) -> None:
    """Put a command of ours on the script's PATH."""
    path = checkout / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def environment_that_echoes(checkout: Path) -> None:
    """A prepared `.venv` whose Python prints its arguments, one a line; both stamps are right, the driver runs."""
    python = checkout / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\n[ "$1" = -VV ] && { echo 3.x; exit; }\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    driver = checkout / ".venv/lib/python3.11/site-packages/playwright/driver/node"
    driver.parent.mkdir(parents=True)
    driver.write_text("#!/bin/sh\n")
    driver.chmod(0o755)
    for lock in ("run", "dev"):
        content = (checkout / f"requirements/{lock}.txt").read_text()
        stamp = subprocess.check_output(["cksum"], input=content, text=True)
        (checkout / f".venv/.stamp-{lock}").write_text(f"{stamp}3.x\n")


def run(checkout: Path, *arguments: str, language: str = "C") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [checkout / "run", *arguments],
        env={"PATH": str(checkout / "bin"), "LC_ALL": language},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("script", ["run", ".ci/run"])
def test_shellcheck_finds_nothing(script: str) -> None:
    shellcheck = Path(sys.executable).parent / "shellcheck"
    result = subprocess.run([shellcheck, ROOT / script], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize("script", ["run", ".ci/run"])
def test_a_script_can_be_executed(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)


@pytest.mark.parametrize(
    ("arguments", "python_gets"),
    [
        ([], ["-m", "gateway", "up"]),
        (["up"], ["-m", "gateway", "up"]),
        (["ticket", "list", "--json"], ["-m", "gateway", "ticket", "list", "--json"]),
        (["ingest", "a file.eml", "*"], ["-m", "gateway", "ingest", "a file.eml", "*"]),
        (["test"], ["-m", "pytest"]),
        (["test", "-k", "spool and not crash"], ["-m", "pytest", "-k", "spool and not crash"]),
    ],
)
def test_arguments_reach_the_command_as_they_were_given(
    checkout: Path, arguments: list[str], python_gets: list[str]
) -> None:
    environment_that_echoes(checkout)
    command(checkout, "initdb", "exit 0")
    command(checkout, "chromium", "exit 0")
    result = run(checkout, *arguments)
    assert result.stdout.splitlines() == python_gets
    assert result.stderr == "", "a prepared machine has nothing to be told"


def test_the_environment_for_the_tests_serves_to_run_as_well(checkout: Path) -> None:
    environment_that_echoes(checkout)
    (checkout / ".venv/.stamp-run").unlink()
    assert run(checkout, "check").stdout.splitlines() == ["-m", "gateway", "check"]


def test_a_changed_lock_is_installed_once(checkout: Path) -> None:
    environment_that_echoes(checkout)
    for lock in ("run.txt", "dev.txt"):
        (checkout / "requirements" / lock).write_text("changed\n")
    first, second = run(checkout, "check"), run(checkout, "check")
    assert "--require-hashes" in first.stdout
    assert "Installing requirements/run.txt" in first.stderr
    assert (second.stdout.splitlines(), second.stderr) == (["-m", "gateway", "check"], "")


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("fr_FR.UTF-8", "À installer par un administrateur"),
        ("en_GB.UTF-8", "To be installed by an administrator"),
        ("C", "To be installed by an administrator"),
    ],
)
def test_who_is_not_root_is_told_what_to_type_and_nothing_is_installed(
    checkout: Path, language: str, sentence: str
) -> None:
    command(checkout, "id", "echo 1000")
    command(checkout, "apt-get", f"touch {checkout}/installed")
    result = run(checkout, language=language)
    assert result.returncode == 1
    assert sentence in result.stderr
    assert "sudo apt-get install --no-install-recommends python3 python3-venv" in result.stderr
    assert not (checkout / "installed").exists()


def test_tests_go_on_without_the_servers_that_only_root_can_install(checkout: Path) -> None:
    environment_that_echoes(checkout)
    command(checkout, "id", "echo 1000")
    command(checkout, "apt-get", "exit 1")
    result = run(checkout, "test")
    assert "sudo apt-get install --no-install-recommends chromium libatomic1\n" in result.stderr
    assert "Without chromium, the tests that need it are skipped." in result.stderr
    assert (result.returncode, result.stdout.splitlines()) == (0, ["-m", "pytest"])


def test_a_failed_installation_by_root_stops_the_start(checkout: Path) -> None:
    command(checkout, "id", "echo 0")
    command(checkout, "apt-get", "exit 100")
    result = run(checkout)
    assert result.returncode == 1
    assert "Installing by apt-get: python3 python3-venv" in result.stderr
    assert not (checkout / ".venv").exists()


REPORT = '<testsuites><testsuite><testcase classname="c" name="ran"/>{}</testsuite></testsuites>'
SKIPPED = '<testcase classname="c" name="n"><skipped type="{}" message="{}"/></testcase>'


@pytest.mark.parametrize(
    ("report", "taken"),
    [
        (REPORT.format(""), True),
        (REPORT.format(SKIPPED.format("pytest.skip", "the corpus of real mails is not here")), True),
        (REPORT.format(SKIPPED.format("pytest.skip", "a small disk needs the right to mount one")), True),
        (REPORT.format(SKIPPED.format("pytest.xfail", "a known fault of a library")), True),
        (REPORT.format(SKIPPED.format("pytest.skip", "no PostgreSQL server on this machine")), False),
        (REPORT.format(SKIPPED.format("pytest.skip", "no Chromium on this machine")), False),
        ("<testsuites><testsuite></testsuite></testsuites>", False),
    ],
)
def test_integration_fails_on_a_skip_for_want_of_a_server(tmp_path: Path, report: str, taken: bool) -> None:
    path = tmp_path / "report.xml"
    path.write_text(report)
    result = subprocess.run(
        [sys.executable, ROOT / ".ci/refuse_skips.py", path], capture_output=True, text=True, check=False
    )
    assert (result.returncode == 0) is taken, result.stderr
