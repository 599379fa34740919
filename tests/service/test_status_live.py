"""`gateway status --live` goes on while the database is away, on a terminal and without one, and Ctrl-C ends it."""

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from gateway.admin.status_live import screen
from gateway.config.load import load_settings
from gateway.runtime import open_runtime

AWAY = "postgresql+psycopg://nobody@127.0.0.1:1/none"
UP = {"state": "up", "lanes": {"mail": {"waiting": 3, "quarantined": 0, "oldest_seconds": 700}}}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    given = {
        "GATEWAY_CONFIG": "/dev/null",
        "GATEWAY_DATA": str(tmp_path / "var"),
        "GATEWAY_DATABASE_URL": AWAY,
        "GATEWAY_REDIS_URL": "redis://127.0.0.1:1/0",
        "GATEWAY_SPOOL__MIN_FREE": "0",
    }
    with open_runtime(load_settings(given)):
        pass  # the folder with its keys
    return os.environ | given | {"TERM": "xterm", "COLUMNS": "100", "PYTHONUNBUFFERED": "1"}


def lines(descriptor: int) -> Iterator[str]:
    """What is written there, without what moves the cursor and gives colours."""
    with suppress(OSError), os.fdopen(descriptor, "rb", buffering=0) as stream:  # a terminal that is closed is an error
        for raw in iter(stream.readline, b""):
            yield re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", raw.decode())


@pytest.mark.parametrize(("is_terminal", "times"), [(True, 2), (False, 1)])
def test_it_says_what_is_down_again_and_again_until_ctrl_c(
    environment: dict[str, str], is_terminal: bool, times: int
) -> None:
    ours, theirs = pty.openpty() if is_terminal else os.pipe()
    # Whoever runs the tests in the background has them ignore Ctrl-C, and a child takes that over.
    command = ["env", "--default-signal=INT", sys.executable, "-m", "gateway", "status", "--live"]
    process = subprocess.Popen(command, env=environment, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen, found = "", 0
    for line in lines(ours):
        seen += line
        found += "database_down: it does not answer" in line
        if found == times:
            process.send_signal(signal.SIGINT)
            times = 0
    assert (process.wait(timeout=20), times) == (0, 0), seen
    assert re.search(r"database\W+down", seen)
    assert "Traceback" not in seen


def test_the_screen_has_a_line_for_each_part_and_says_what_is_wrong() -> None:
    file = StringIO()
    parts = {"spool": UP, "redis": {"state": "down"}}
    shown = screen(parts, {"redis_down": "2026-11-24 09:00 UTC"}, at="2026-11-24 10:00:00", say_facts=lambda _: "facts")
    Console(file=file, width=100).print(shown)
    said = file.getvalue()
    assert "spool" in said
    assert "facts" in said
    assert "redis_down: it does not answer, since 2026-11-24 09:00 UTC" in said
    assert "spool_stuck: entries wait in: mail" in said
    assert "all is well" not in said
