"""A gateway with two years of tickets in it (`bench.lives`), and browsers that are signed in to it."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, func, select

from bench.clocks import run_until_known
from bench.filling import fill
from bench.lives import CONTRACTS, NOW, PROJECTS, YEARS, Lives
from gateway.config.load import Settings, load_settings
from gateway.db.migrate import migrate
from gateway.db.people import find_person, people
from gateway.db.sign_in import add_session
from gateway.db.tickets import entries, tickets
from gateway.runtime import Runtime, open_runtime
from gateway.services.index_texts import index_texts
from gateway.services.judge_tickets import judge_tickets
from gateway.services.note_contracts import note_contracts
from inbound.formatted import read_formatted
from inbound.parse import read_file
from tests.support.clock import MovableClock
from web.app import create_app
from web.security import cookie_name


@dataclass(kw_only=True)
class Stocked:
    """The gateway, its pages in this process, and who is signed in."""

    runtime: Runtime
    app: Flask
    _clients: dict[str, FlaskClient] = field(default_factory=dict)

    def browser(self, email: str) -> FlaskClient:
        """Somebody's browser, signed in; a stranger's for no address."""
        if email not in self._clients:
            client = self.app.test_client()
            if email:
                client.set_cookie(cookie_name(self.runtime.settings, "session"), self.session(email))
            self._clients[email] = client
        return self._clients[email]

    def session(self, email: str) -> str:
        """The value of a new session's cookie."""
        token, now = secrets.token_urlsafe(32), self.runtime.clock.now()
        with self.runtime.database.transaction() as connection:
            person = find_person(connection, email=email)
            assert person is not None, email
            add_session(
                connection,
                person_id=person.id,
                token_sha256=sha256(token.encode()).hexdigest(),
                now=now,
                expires_at=now + timedelta(days=30),
            )
        return token


def stocked_settings(data: Path, *, redis_url: str, more: dict[str, str]) -> Settings:
    """The settings of the three projects. `more` are others, without their prefix."""
    return load_settings(
        {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_DATA": str(data),
            "GATEWAY_REDIS_URL": redis_url,
            "GATEWAY_PROJECTS": json.dumps(PROJECTS),
            "GATEWAY_CONTRACTS": json.dumps(CONTRACTS),
            **{f"GATEWAY_{name}": value for name, value in more.items()},
        }
    )


@contextmanager
def open_stocked(settings: Settings, *, number: int) -> Iterator[Stocked]:
    """Fill the database, unless that was done before, let the clocks run, and serve the pages at `lives.NOW`."""
    clock = MovableClock(NOW - YEARS)
    with open_runtime(settings, clock=clock) as runtime:
        migrate(runtime.database)
        with runtime.database.reading() as connection:
            is_empty = connection.execute(select(tickets.c.id).limit(1)).first() is None
        note_contracts(runtime)
        if is_empty:
            fill(runtime.database, Lives(number=number).rows())
        clock.move(seconds=YEARS.total_seconds())
        run_until_known(runtime)
        while judge_tickets(runtime):
            pass
        index_texts(runtime)
        app = create_app(runtime, read_file, read_formatted=read_formatted)
        app.config["WTF_CSRF_ENABLED"] = False
        try:
            yield Stocked(runtime=runtime, app=app)
        finally:
            app.extensions["gateway"].background.close()


def longest_ticket(connection: Connection) -> tuple[str, str]:
    """The reference and the reporter's address of the ticket with the longest conversation."""
    query = (
        select(tickets.c.ref, people.c.email)
        .join(people, people.c.id == tickets.c.reporter_id)
        .join(entries, entries.c.ticket_id == tickets.c.id)
        .group_by(tickets.c.ref, people.c.email)
        .order_by(func.count().desc())
        .limit(1)
    )
    ref, email = connection.execute(query).one()
    return str(ref), str(email)
