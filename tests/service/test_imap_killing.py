"""Killed at every step and at random: every mail of the mailbox is on a ticket, once, and has been moved.

GATEWAY_KILL_MAILBOX_MAILS=500 ./run test tests/service/test_imap_killing.py -s    the long run
GATEWAY_KILL_SEED=7            the same decisions again
"""

import os
import random
import signal
import smtplib
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from gateway.config.load import load_settings
from gateway.db.tickets import list_tickets
from gateway.runtime import open_runtime
from tests.support.dovecot import Dovecot
from tests.support.imap import file_all, mailbox_settings
from tests.support.imap_fake import FakeImap, fake_imap
from tests.support.installation import ROOT, Installation, mail
from tests.support.waiting import wait_for

pytestmark = pytest.mark.crash

STEPS = [
    ("SELECT", False),
    ("FETCH SIZE", False),
    ("FETCH BODY", False),
    ("FETCH BODY", True),
    ("UID MOVE", False),
    ("UID MOVE", True),
]


class Killer:
    """Kills the poller when it says a command: before the server has done it, or just when it has."""

    def __init__(self, command: str, *, done: bool) -> None:
        self._command, self._done = command, done
        self.process: subprocess.Popen[bytes] | None = None
        self.struck = threading.Event()

    def __call__(self, name: str) -> None:
        if name != self._command or self.struck.is_set():
            return
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.struck.set()
        if not self._done:
            raise ConnectionResetError


def test_killed_at_every_step_it_loses_nothing_and_files_nothing_twice(tmp_path: Path) -> None:
    with fake_imap() as server:
        installation = Installation(tmp_path, **mailbox_settings(server.port))
        assert installation.run("migrate").returncode == 0
        for number, (command, done) in enumerate(STEPS):
            server.deliver(nameless(number))
            server.behaviour.on_command = killer = Killer(command, done=done)
            killer.process = start_imapd(installation)
            wait_for(killer.struck.is_set, f"the kill at {command}")
        server.behaviour.on_command = lambda _name: None
        read_to_the_end(installation, server)
        assert subjects_filed(installation) == [f"Aide {number}" for number in range(len(STEPS))]
        assert len(server.content("Processed")) == len(STEPS)


def subjects_filed(installation: Installation) -> list[str]:
    """File all that was spooled, as a worker does, and read the tickets."""
    settings = load_settings(installation.environment)
    with open_runtime(settings) as runtime:
        file_all(runtime)
        with runtime.database.reading() as connection:
            return sorted(ticket.subject for ticket in list_tickets(connection))


def nameless(number: int) -> bytes:
    """A mail with neither Message-ID nor Date: only the name of its arrival says that it came once."""
    return f"From: writer-{number}@client.example\r\nSubject: Aide {number}\r\n\r\nAu secours\r\n".encode()


def start_imapd(installation: Installation) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gateway", "imapd"]
    return subprocess.Popen(command, cwd=ROOT, env=installation.environment, stderr=subprocess.DEVNULL)


def read_to_the_end(installation: Installation, server: FakeImap) -> None:
    process = start_imapd(installation)
    try:
        wait_for(lambda: not server.content(), "an empty inbox")
    finally:
        process.terminate()
        process.wait(20)


def test_random_kills_of_poller_worker_and_server_lose_nothing_and_file_nothing_twice(tmp_path: Path) -> None:
    mails = int(os.environ.get("GATEWAY_KILL_MAILBOX_MAILS", "40"))
    seed = int(os.environ.get("GATEWAY_KILL_SEED", random.randrange(10**6)))
    print(f"\nseed {seed}, {mails} mails")
    chance = random.Random(seed)
    with Dovecot() as server:
        installation = Installation(tmp_path, **mailbox_settings(server.imap_port, idle_seconds=5))
        with installation:
            sender = threading.Thread(target=deliver_all, args=(server, mails), daemon=True)
            sender.start()
            kills = 0
            while sender.is_alive():
                strike(chance, installation, server)
                kills += 1
                sender.join(chance.uniform(0.2, 0.8))
            wait_for(lambda: moved(server) == (0, True), "an empty inbox", seconds=60)
            installation.wait_idle(seconds=120)
            tickets = installation.rows("ticket", "list")
            in_folder = len(set(server.subjects("Processed")))
    print(f"{kills} kills")
    assert kills >= 3
    assert sorted(ticket["subject"] for ticket in tickets) == sorted(f"Écran bloqué n° {n}" for n in range(mails))
    assert {ticket["entries"] for ticket in tickets} == {1}
    assert in_folder == mails


def deliver_all(server: Dovecot, mails: int) -> None:
    """As an MTA does: what was not acknowledged is delivered again."""
    pause = threading.Event()
    for number in range(mails):
        raw = mail(number, sender=f"writer-{number}@client.example")
        while True:
            try:
                server.deliver(raw)
                break
            except (OSError, smtplib.SMTPException):
                pause.wait(0.1)
        pause.wait(0.05)


def strike(chance: random.Random, installation: Installation, server: Dovecot) -> None:
    """SIGKILL for the poller, for the workers with their forks, or for the whole IMAP server."""
    victim = chance.choice(["imapd", "imapd", "worker", "dovecot"])
    if victim == "dovecot":
        server.kill()
        server.start()
        return
    for process in installation.processes():
        with suppress(psutil.NoSuchProcess):
            if victim in process.cmdline():
                process.send_signal(signal.SIGKILL)


def moved(server: Dovecot) -> tuple[int, bool]:
    """How many are left in the inbox, and whether any was moved."""
    return len(server.subjects()), bool(server.subjects("Processed"))
