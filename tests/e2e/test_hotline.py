"""From a mail to a call about it: a running installation, called by `gateway call simulate` as a newcomer does."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.hotline import ALWAYS_OPEN, ANA, prepare
from tests.support.installation import Installation
from tests.support.waiting import wait_for

CALLER = "+33612345678"
SECONDS = 10  # within which a call stands on its ticket's timeline


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, str]]:
    """A running installation that is always open, and the code of its blocking ticket."""
    with Installation(tmp_path_factory.mktemp("hotline"), **ALWAYS_OPEN) as running:
        yield running, prepare(running)
        assert running.stop() == 0


def call(installation: Installation, *arguments: str) -> str:
    """The dialogue of a call that went by its script."""
    done = installation.run("call", "simulate", "--from", CALLER, *arguments)
    assert done.returncode == 0, done.stdout.decode()
    return done.stdout.decode()


def on_timeline(installation: Installation, words: str) -> dict[str, Any]:
    """The call's entry on DEMO-1 whose text has these words, once it stands there."""

    def look() -> dict[str, Any] | None:
        (ticket,) = installation.rows("ticket", "show", "DEMO-1")
        found = [entry for entry in ticket["timeline"] if entry["type"] == "call" and words in entry["text"]]
        return found[-1] if found else None

    began = time.monotonic()
    entry = wait_for(look, f"{words!r} on the timeline", seconds=SECONDS)
    print(f"{words!r} stood there after {time.monotonic() - began:.1f} s")
    assert entry is not None
    return entry


def test_the_right_code_reaches_an_agent_and_stands_on_the_timeline(hotline: tuple[Installation, str]) -> None:
    installation, code = hotline
    told = call(installation, *_press("1", f"{code}#", "1"), "--leg", "accept,talk=90")
    assert "talks with the caller" in told
    entry = on_timeline(installation, "Appel pris")
    assert (entry["channel"], entry["visible"]) == ("phone", False)
    assert CALLER not in entry["text"]


def test_where_nobody_answers_a_message_is_left_and_somebody_is_to_call_back(
    hotline: tuple[Installation, str],
) -> None:
    installation, code = hotline
    told = call(installation, *_press("1", f"{code}#", "1"), "--leg", "voicemail", "--leg", "no-answer")
    assert told.index("Aucun agent") < told.index("records")
    on_timeline(installation, "À rappeler avant")
    (request,) = installation.rows("callback", "list")
    assert (request["ticket"], request["state"]) == ("DEMO-1", "open")
    done = installation.run("callback", "set", str(request["id"]), "done", "--as", ANA)
    assert done.returncode == 0, done.stderr.decode()


def test_another_code_is_refused_and_rings_nobody(hotline: tuple[Installation, str]) -> None:
    installation, code = hotline
    wrong = f"{(int(code) + 97) % 10**8:08d}#"
    told = call(installation, *_press("1", wrong, "1"))
    assert "ne pouvons pas vous mettre en relation" in told
    assert "rings" not in told


def test_no_log_holds_a_number_a_code_or_a_secret(hotline: tuple[Installation, str]) -> None:
    installation, code = hotline
    call(installation, *_press("1", f"{code}#", "1"), "--leg", "accept,talk=5")
    installation.run("call", "simulate", "--from", CALLER)
    installation.wait_idle()
    logs = "".join(path.read_text() for path in (installation.data / "log").glob("*.log"))
    secrets = [path.read_text().strip() for path in (installation.data / "secrets").iterdir()]
    assert len(secrets) >= 2
    for secret in (CALLER, CALLER[1:], "0612345678", "612345601", code, "?s=", *secrets):
        assert secret not in logs


def _press(*keys: str) -> list[str]:
    return [part for key in keys for part in ("--press", key)]
