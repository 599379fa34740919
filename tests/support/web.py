"""The pages on a whole runtime, with people and requests in them, and a browser that fills forms in."""

import html
import re
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.db.people import Person, get_or_create_person, update_person
from gateway.db.tickets import Attachment, NewEntry, Ticket, add_entry, create_ticket, list_attachments
from gateway.domain.ticket import Channel, Direction, EntryType, Language
from gateway.runtime import Runtime
from gateway.services.sign_in import make_link
from gateway.spool.entry import Lane
from inbound.formatted import read_formatted
from inbound.parse import parse_message
from inbound.release import release_mail
from tests.support.clock import MovableClock
from web.app import create_app


def read_attachment(raw: bytes, position: int) -> bytes:
    """The file at a position of a raw mail, as the standard library takes it apart."""
    leaves = [part for part in message_from_bytes(raw).walk() if not part.is_multipart()]
    content = leaves[position].get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


@dataclass(kw_only=True)
class Browser:
    """A browser that keeps cookies. `post` first loads a page to have its form's token."""

    client: FlaskClient
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, headers=self.headers, buffered=True, **options)

    def post(self, path: str, *, page: str, **form: str) -> TestResponse:
        token = self.field(page, "csrf_token")
        return self.client.post(path, data={"csrf_token": token, **form}, headers=self.headers)

    def field(self, page: str, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.get(page).text)
        assert found is not None, f"no field {name} on {page}"
        return html.unescape(found[1])


@dataclass(kw_only=True)
class Site:
    """The pages, and what is in them."""

    runtime: Runtime
    clock: MovableClock
    app: Flask

    def browser(self, *, prefers: str = "fr") -> Browser:
        return Browser(client=self.app.test_client(), headers={"Accept-Language": prefers})

    def person(self, email: str = "marie@example.org", *, lang: Language | None = None) -> Person:
        with self.runtime.database.transaction() as connection:
            person = get_or_create_person(connection, email=email, name="", now=self.clock.now())
            update_person(connection, person.id, name=None, lang=lang, phone=None)
        return Person(id=person.id, email=email, name="", lang=lang, phone=None)

    def ticket(self, reporter: Person, subject: str = "Imprimante en panne", *, project: str = "DEMO") -> Ticket:
        with self.runtime.database.transaction() as connection:
            return create_ticket(
                connection,
                project=project,
                subject=subject,
                lang=Language.FR,
                reporter_id=reporter.id,
                now=self.clock.now(),
            )

    def entry(self, ticket: Ticket, text: str = "Bonjour", *, files: Sequence[Attachment] = (), **values: Any) -> int:
        entry = NewEntry(
            **{
                "at": self.clock.now(),
                "type": EntryType.MESSAGE,
                "direction": Direction.IN,
                "channel": Channel.SMTP,
                "author": "Marie",
                "text": text,
                "visible": True,
                **values,
            }
        )
        with self.runtime.database.transaction() as connection:
            return add_entry(connection, ticket.id, entry, files)

    def entry_with_file(self, ticket: Ticket, *, name: str, kind: str, content: bytes, **values: Any) -> str:
        """An entry whose mail carries one file; the path at which the file is."""
        mail = EmailMessage()
        mail.set_content("Voir la pièce jointe.")
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename="x")
        raw_sha256 = self._archive(mail.as_bytes())
        file = Attachment(position=1, name=name, type=kind, size=len(content), sha256="0" * 64)
        entry_id = self.entry(ticket, files=[file], raw_sha256=raw_sha256, **values)
        with self.runtime.database.reading() as connection:
            row = list_attachments(connection, ticket.id)[entry_id][0]
        return f"/tickets/{ticket.ref}/attachments/{row.id}"

    def entry_of_mail(self, ticket: Ticket, raw: bytes, **values: Any) -> int:
        """An entry of this raw mail, with its files."""
        files = [
            Attachment(position=file.position, name=file.name, type=file.type, size=file.size, sha256=file.sha256)
            for file in parse_message(raw).files
        ]
        return self.entry(ticket, files=files, raw_sha256=self._archive(raw), **values)

    def sign_in(self, person: Person, *, prefers: str = "fr") -> Browser:
        browser = self.browser(prefers=prefers)
        path = self.link(person)
        assert browser.post(path, page=path).status_code == 303
        return browser

    def link(self, person: Person) -> str:
        """A new sign-in link's path."""
        return make_link(self.runtime, email=person.email).removeprefix(self.runtime.settings.http.base_url)

    def _archive(self, raw: bytes) -> str:
        self.runtime.spool.accept(Lane.MAIL, {}, raw)
        with self.runtime.spool.worker(Lane.MAIL) as claims:
            entry = claims.claim(*self.runtime.spool.waiting(Lane.MAIL)[0])
            assert entry is not None
            self.runtime.archive.keep(entry)
            claims.finish(entry)
        return entry.sha256


@pytest.fixture
def site(runtime: Runtime, clock: MovableClock) -> Iterator[Site]:
    """The pages on a migrated database, once on each engine."""
    app = create_app(runtime, read_attachment, read_formatted=read_formatted, release_mail=release_mail)
    yield Site(runtime=runtime, clock=clock, app=app)
    app.extensions["gateway"].background.close()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]
