"""The hotline of a running installation: always open, with two agents on duty and a ticket to call about."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sqlalchemy import select

from gateway.config.load import load_settings
from gateway.config.locations import database_url
from gateway.db.engine import Database
from gateway.db.hotline import hotline_codes
from gateway.domain.calendar import DAY_NAMES
from gateway.hotline_snapshot import read_snapshot, snapshot_path
from telephony.simulator.command import local_provider
from telephony.simulator.effects import Reply
from telephony.simulator.script import Script
from telephony.simulator.sending import Request, Transport
from telephony.simulator.session import Pace, Provider, Session
from tests.support.installation import Installation, mail
from tests.support.waiting import wait_for

ALWAYS_OPEN = {
    "GATEWAY_CALENDARS__DEFAULT__HOLIDAYS": "none",
    **{f"GATEWAY_CALENDARS__DEFAULT__{day.upper()}": "0:00-24:00" for day in DAY_NAMES},
}
"""Settings by which a test calls in hours, whenever it runs."""

ANA, LUC = "ana@demo.example", "luc@demo.example"
_RETRIES_END = 14.0  # seconds; the provider waits no longer for all tries of one request


def prepare(installation: Installation) -> str:
    """Two agents, and DEMO-1 as a blocking incident; the code by which it is called about."""
    for email, role, number in ((ANA, "n2", "+33612345601"), (LUC, "n2", "+33612345602"), (ANA, "n1", "+33612345601")):
        done = installation.run("person", "add", email, "--role", role, "--project", "DEMO", "--phone", number)
        assert done.returncode == 0, done.stderr.decode()
    installation.send(mail(1))
    installation.wait_idle()
    make(installation, "DEMO-1", severity="blocking")
    wait_for(lambda: _knows_a_ticket(installation), "the hotline to know of the ticket")
    return str(wait_for(lambda: code_of(installation), "the code of a blocking ticket"))


def _knows_a_ticket(installation: Installation) -> bool:
    """The code may be in a mail some seconds before the webhooks know it."""
    snapshot = read_snapshot(snapshot_path(installation.data))
    return snapshot is not None and bool(snapshot.codes)


def make(installation: Installation, ref: str, *, severity: str) -> None:
    """Make a ticket an incident of this severity."""
    done = installation.run("ticket", "set", ref, "--kind", "corrective", "--severity", severity, "--as", ANA)
    assert done.returncode == 0, done.stderr.decode()


def code_of(installation: Installation) -> str | None:
    """The first code that was drawn, once it was."""
    database = Database(database_url(load_settings(installation.environment)))
    try:
        with database.reading() as connection:
            return connection.scalar(select(hotline_codes.c.code).limit(1))
    finally:
        database.close()


def caller(installation: Installation, *, pace: Pace, wrap: Callable[[Transport], Transport]) -> Provider:
    """The provider as it is set up for this installation."""
    provider = local_provider(load_settings(installation.environment))
    return replace(provider, pace=pace, transport=wrap(provider.transport))


def called(provider: Provider, script: Script, *, seed: int) -> Session:
    """A call from its first ring to its last callback."""
    session = Session(provider, script, begun=datetime.now(UTC), seed=seed)
    session.run()
    return session


@dataclass(frozen=True, kw_only=True)
class Waits:
    """The requests of a `Patient` that met nobody: those that wait for another try, and a line for each given up."""

    pending: set[int] = field(default_factory=set)
    given_up: list[str] = field(default_factory=list)


class Patient:
    """Sends a request again that met nobody, or died half way, as the provider is told to (deploy/twilio/README.md)."""

    def __init__(self, transport: Transport, *, seed: int, waits: Waits) -> None:
        self._transport = transport
        self._pause = threading.Event()
        self._chance = random.Random(seed)
        self._waits = waits

    def __call__(self, request: Request) -> Reply:
        try:
            return self._send(request)
        finally:
            self._waits.pending.discard(id(request))

    def _send(self, request: Request) -> Reply:
        taken, tries = 0.0, 0
        while True:
            reply = self._transport(request)
            taken, tries = taken + reply.seconds, tries + 1
            if 0 < reply.status < 500:
                return replace(reply, seconds=taken)
            if taken > _RETRIES_END:
                route = request.url.partition("?")[0].rpartition("/")[2]
                why = reply.error or reply.status
                self._waits.given_up.append(f"{route}: {tries} tries in {taken:.1f} s, at last: {why}")
                return replace(reply, seconds=taken)
            self._waits.pending.add(id(request))
            pause = self._chance.uniform(0.1, 0.4)
            self._pause.wait(pause)
            taken += pause
