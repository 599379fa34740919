"""Every call goes by its script and is logged once, while web and worker die and the stores come and go.

A burst of simulated calls meets a real installation whose web and worker processes are killed by SIGKILL every
second or so, whose Redis is stopped and started or emptied, and whose database is stopped and started. The provider
sends a request again that met nobody, but not for ever: no web process is killed while such a request waits.
Afterwards each call is one row with the outcome of its script, each one about a ticket is one entry there, and nothing
was put aside.

GATEWAY_KILL_CALLS and GATEWAY_KILL_SEED choose another size and another run; both are printed.
"""

import os
import random
import signal
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from telephony.simulator.command import departures
from telephony.simulator.script import Message, Script, parse_leg
from telephony.simulator.session import Session
from tests.e2e.conftest import installation_on
from tests.support.hotline import ALWAYS_OPEN, Patient, Waits, called, caller, prepare
from tests.support.installation import Installation, words_of
from tests.support.servers import PostgresServer, ValkeyServer

CALLS = int(os.environ.get("GATEWAY_KILL_CALLS", "18"))
SEED = int(os.environ.get("GATEWAY_KILL_SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)
PATIENCE = 100 + 2 * CALLS  # seconds
SPEED = 20  # times as fast as people are
ROLES = {"web", "worker"}
DEEDS = {"web killed", "worker killed", "Redis stopped and started", "database stopped and started"}

pytestmark = [pytest.mark.crash, pytest.mark.postgres, pytest.mark.timeout(PATIENCE * 2)]


def scripts(code: str) -> list[tuple[str, Script]]:
    """Calls of every kind, each from a number of its own, with the outcome that stands on record afterwards."""
    ring, wrong = ("1", f"{code}#", "1"), f"{(int(code) + 97) % 10**8:08d}#"
    # By what they do, and not by the clock: a call takes longer where what answers it was killed.
    kinds: list[tuple[str, tuple[str, ...], tuple[str, ...], dict[str, Any]]] = [
        ("answered", ring, ("accept,talk=60",), {}),
        ("answered", ring, ("voicemail", "accept,talk=40"), {}),
        ("message", ring, ("refuse", "no-answer"), {}),
        ("missed", ring, ("no-answer", "no-answer"), {"message": Message(seconds=0)}),
        ("redirected", ("2", wrong, "1"), (), {}),
        ("abandoned", ("1",), (), {"hang_up_at": 9.0}),
    ]
    return [
        (
            outcome,
            Script(
                caller=f"+336123460{number:02d}",
                presses=presses,
                legs=tuple(parse_leg(leg) for leg in legs),
                **more,
            ),
        )
        for number in range(CALLS)
        for outcome, presses, legs, more in [kinds[number % len(kinds)]]
    ]


def test_every_call_goes_by_its_script_and_is_logged_once(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    print(f"seed {SEED}, {CALLS} calls")
    installation = installation_on("servers", tmp_path, request)
    installation.environment |= {**ALWAYS_OPEN, "GATEWAY_WORKER__JOB_TIMEOUT": "10"}
    stores = request.getfixturevalue("postgres_server"), request.getfixturevalue("valkey_server")
    with installation:
        code = prepare(installation)
        stopping, deeds, waits = threading.Event(), list[str](), Waits()
        wanted = scripts(code)
        killer = threading.Thread(
            target=_keep_killing, args=(installation, stopping, random.Random(SEED), stores, deeds, waits)
        )
        killer.start()
        try:
            sessions = _call_all(installation, stopping, [script for _, script in wanted], waits)
        finally:
            stopping.set()
            killer.join()
        print(f"deeds: {dict(Counter(deeds))}")
        assert set(deeds) == DEEDS, "not everything died: the test proves nothing"
        assert [departures(session) for session in sessions] == [[]] * CALLS, waits.given_up
        installation.wait_idle(seconds=PATIENCE)

        logged = {row["provider_id"]: row["outcome"] for row in installation.rows("call", "list")}
        by_script = {session.sid: outcome for session, (outcome, _) in zip(sessions, wanted, strict=True)}
        odd = [sid for sid, outcome in by_script.items() if logged.get(sid) != outcome]
        assert logged == by_script, "\n".join(installation.run("call", "show", sid).stdout.decode() for sid in odd)
        assert len(installation.rows("call", "list")) == CALLS
        [ticket] = installation.rows("ticket", "show", "DEMO-1")
        about = sum(outcome in {"answered", "message", "missed"} for outcome, _ in wanted)
        assert len([entry for entry in ticket["timeline"] if entry["type"] == "call"]) == about
        back = sum(outcome in {"message", "missed"} for outcome, _ in wanted)
        assert len(installation.rows("callback", "list")) == back
        assert installation.rows("quarantine", "list") == []
        assert installation.stop() == 0


def _call_all(
    installation: Installation, stopping: threading.Event, scripts: list[Script], waits: Waits
) -> list[Session]:
    """Place all calls, a new one every half second or so."""

    def pace(seconds: float) -> None:
        stopping.wait(seconds / SPEED)

    provider = caller(installation, pace=pace, wrap=lambda transport: Patient(transport, seed=SEED, waits=waits))
    chance = random.Random(SEED + 1)
    with ThreadPoolExecutor(CALLS) as pool:
        placed = []
        for number, script in enumerate(scripts):
            stopping.wait(chance.uniform(0, 1.2))
            placed.append(pool.submit(called, provider, script, seed=SEED + number))
        return [one.result(PATIENCE) for one in placed]


def _keep_killing(
    installation: Installation,
    stopping: threading.Event,
    chance: random.Random,
    stores: tuple[PostgresServer, ValkeyServer],
    deeds: list[str],
    waits: Waits,
) -> None:
    """Something dies or goes away every second or so; each store does so once at least."""
    postgres, valkey = stores
    first = ["database", "redis", "web", "worker"]
    while not stopping.wait(chance.uniform(0.6, 1.4)):
        deed = first.pop() if first else chance.choices(["process", "redis", "database"], [0.8, 0.1, 0.1])[0]
        if deed == "database":
            postgres.stop()
            stopping.wait(chance.uniform(0.5, 2.0))
            postgres.start()
            deeds.append("database stopped and started")
        elif deed == "redis":
            valkey.stop()
            stopping.wait(chance.uniform(0.5, 2.0))
            valkey.start()
            deeds.append("Redis stopped and started")
        else:
            # Starting may take most of the provider's patience, so that two deaths in a row would end it.
            spared = {"web"} if waits.pending else set()
            deeds += _kill_one(installation, chance, ({deed} if deed in ROLES else ROLES) - spared)


def _kill_one(installation: Installation, chance: random.Random, roles: set[str]) -> list[str]:
    """SIGKILL for one process of these roles, the fork of a worker included."""
    alive = [(process, words_of(process)) for process in installation.processes()]
    found = [(process, words[3]) for process, words in alive if len(words) > 3 and words[3] in roles]
    if not found:
        return []
    victim, role = chance.choice(found)
    with suppress(psutil.NoSuchProcess):
        victim.send_signal(signal.SIGKILL)
        return [f"{role} killed"]
    return []
