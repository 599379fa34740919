"""Calls to the hotline of a runtime in this process: real webhooks, spool, jobs and database; only time is moved."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import insert, update

from gateway.db.hotline import hotline_code_of, hotline_codes
from gateway.db.people import add_membership, get_or_create_person, update_person
from gateway.db.tickets import Ticket, create_ticket, tickets
from gateway.domain.ticket import Kind, Language, Level, Role, Severity
from gateway.jobs.drain import drain_lane
from gateway.runtime import Runtime
from gateway.services.log_call import log_call
from gateway.services.refresh_hotline import refresh_hotline
from gateway.spool.entry import Lane
from telephony.exchange import open_exchange
from telephony.simulator.account import Account
from telephony.simulator.command import local_provider
from telephony.simulator.delivery import Faults
from telephony.simulator.script import Script
from telephony.simulator.sending import WsgiTransport
from telephony.simulator.session import Session
from tests.support.clock import MovableClock

FIRST, SECOND = "+33612345601", "+33612345602"


class Calling:
    """The hotline of DEMO, with two agents on duty: Ana, then Luc."""

    def __init__(self, runtime: Runtime, clock: MovableClock) -> None:
        self.runtime = runtime
        self.clock = clock
        with runtime.database.transaction() as connection:
            self._reporter = get_or_create_person(connection, email="marie@client.example", name="", now=clock.now())
            for name, number in (("Ana", FIRST), ("Luc", SECOND)):
                email = f"{name.lower()}@demo.example"
                agent = get_or_create_person(connection, email=email, name=name, now=clock.now())
                update_person(connection, agent.id, name=name, lang=None, phone=number)
                add_membership(connection, person_id=agent.id, project="DEMO", role=Role.N2)

    def incident(self, severity: Severity, *, code: str | None = None) -> tuple[Ticket, str]:
        """An incident of yesterday before N2, and the code that it has or would have."""
        now = self.clock.now()
        with self.runtime.database.transaction() as connection:
            made = create_ticket(
                connection,
                project="DEMO",
                subject="Caisse en panne",
                lang=Language.FR,
                reporter_id=self._reporter.id,
                now=now - timedelta(days=1),
            )
            values = {"severity": severity, "kind": Kind.CORRECTIVE, "level": Level.N2}
            connection.execute(update(tickets).where(tickets.c.id == made.id).values(**values))
            if code is not None:
                connection.execute(insert(hotline_codes).values(code=code, ticket_id=made.id, created_at=now))
            return made, hotline_code_of(connection, made.id, now=now)

    def set_clock(self, at: datetime) -> None:
        """Make it this moment."""
        self.clock.move(seconds=(at - self.clock.now()).total_seconds())

    def place(
        self, script: Script, *, seed: int, account: Account | None = None, faults: Faults | None = None
    ) -> Session:
        """A call from its first ring to its last callback, in a web process that knows of none before it."""
        refresh_hotline(self.runtime)
        usual = local_provider(self.runtime.settings)
        provider = replace(
            usual,
            transport=WsgiTransport(app=open_exchange(self.runtime)),
            account=account or usual.account,
            faults=faults or Faults(),
            pace=lambda seconds: self.clock.move(seconds=seconds),
        )
        session = Session(provider, script, begun=self.clock.now(), seed=seed)
        session.run()
        return session

    def drain(self) -> None:
        """Let a worker put on record what was heard."""
        drain_lane(Lane.CALL, log_call, self.runtime, deadline=float("inf"))
        assert self.runtime.spool.quarantine.list(Lane.CALL) == []
