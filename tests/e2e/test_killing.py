"""Nothing acknowledged is lost and nothing is done twice, while processes die at random.

A real installation takes mail while its processes are killed every second or so, Redis is emptied and, where it
is a server, the database is stopped and started. The client sends again what was not acknowledged. Afterwards
every mail has exactly one entry and exactly one acknowledgement.

GATEWAY_KILL_MAILS and GATEWAY_KILL_SEED choose another size and another run; both are printed.
"""

import os
import random
import signal
import smtplib
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.e2e.conftest import installation_on
from tests.support.installation import Installation, mail, words_of
from tests.support.servers import PostgresServer, ValkeyServer

MAILS = int(os.environ.get("GATEWAY_KILL_MAILS", "60"))
SEED = int(os.environ.get("GATEWAY_KILL_SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)
PATIENCE = 100 + MAILS  # seconds

pytestmark = [pytest.mark.crash, pytest.mark.timeout(PATIENCE * 2)]


@pytest.mark.parametrize("kind", ["embedded", pytest.param("servers", marks=pytest.mark.postgres)])
def test_every_acknowledged_mail_has_one_entry_and_one_acknowledgement(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    print(f"seed {SEED}, {MAILS} mails")
    chance = random.Random(SEED)
    installation = installation_on(kind, tmp_path, request)
    # What a killed worker was sending is due again once its job's time and ten seconds are over.
    installation.environment["GATEWAY_WORKER__JOB_TIMEOUT"] = "10"
    with installation:
        stopping = threading.Event()
        stores = (
            (request.getfixturevalue("postgres_server"), request.getfixturevalue("valkey_server"))
            if kind == "servers"
            else None
        )
        deeds: list[str] = []
        killer = threading.Thread(target=_keep_killing, args=(installation, stopping, chance, stores, deeds))
        killer.start()
        try:
            _send_until_acknowledged(installation, stopping, random.Random(SEED + 1))
        finally:
            stopping.set()
            killer.join()
        print(f"deeds: {dict(Counter(deeds))}")
        assert len(deeds) >= MAILS / 15, "hardly anything died: the test proves nothing"
        installation.wait_idle(seconds=PATIENCE)

        tickets = installation.rows("ticket", "list")
        subjects = Counter(ticket["subject"] for ticket in tickets)
        assert subjects == Counter(f"Écran bloqué n° {number}" for number in range(MAILS))
        assert all(ticket["entries"] == 1 for ticket in tickets)
        answered = Counter(message["In-Reply-To"] for message in installation.sent())
        assert answered == Counter(f"<mail-{number}@client.example>" for number in range(MAILS))
        assert installation.rows("quarantine", "list") == []
        assert installation.stop() == 0


def _send_until_acknowledged(installation: Installation, stopping: threading.Event, chance: random.Random) -> None:
    for number in range(MAILS):
        stopping.wait(chance.uniform(0, 0.4))  # the mails come over the whole time of the killing
        sender = f"person{number}@client.example"
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                installation.send(mail(number, sender=sender), sender=sender)
                break
            except (OSError, smtplib.SMTPException):
                assert time.monotonic() < deadline, f"mail {number} was never acknowledged"
                stopping.wait(0.1)


def _keep_killing(
    installation: Installation,
    stopping: threading.Event,
    chance: random.Random,
    stores: tuple[PostgresServer, ValkeyServer] | None,
    deeds: list[str],
) -> None:
    while not stopping.wait(chance.uniform(0.6, 1.4)):
        deed = chance.random()
        if stores is not None and deed < 0.1:
            postgres, _ = stores
            postgres.stop()
            stopping.wait(chance.uniform(0.1, 1.0))
            postgres.start()
            deeds.append("database stopped and started")
        elif stores is not None and deed < 0.25:
            _, valkey = stores
            valkey.client().flushall()
            deeds.append("Redis emptied")
        else:
            deeds.append(_kill_one(installation, chance))


def _kill_one(installation: Installation, chance: random.Random) -> str:
    alive = installation.processes()
    if not alive:
        return "nothing to kill"
    with suppress(psutil.NoSuchProcess):
        victim = chance.choice(alive)
        words = words_of(victim)
        victim.send_signal(signal.SIGKILL)
        return f"{words[3] if len(words) > 3 else 'valkey'} killed"
    return "it was gone already"
