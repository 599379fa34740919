"""What a view needs beyond its request: kept with the app, so that two apps in one process share nothing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from flask import current_app, g

from gateway.config.mail_checks import AttachmentSettings
from gateway.db.people import Person
from gateway.errors import NotFound
from gateway.mail.formatted import FormattedBody
from gateway.mail.parsed import MailFile
from gateway.runtime import Runtime
from gateway.services.sign_in import Visitor
from web.background import Background

ReadAttachment = Callable[[bytes, int], bytes]
"""The decoded bytes of the file at a position of a raw mail. Handed in: how mail is taken apart is not ours."""

ReadFormatted = Callable[[bytes], FormattedBody]
"""The body of a raw mail in its own layout, not yet safe to show. Handed in likewise."""

RefuseFiles = Callable[[Iterable[MailFile], AttachmentSettings], Mapping[int, str]]
"""The files that are not kept: their position, and why as a code. Handed in likewise."""


class ReleaseMail(Protocol):
    """Files a mail held in a project, under a sender or None for its own, by the word of the person with this id;
    returns its ticket's reference. Handed in likewise."""

    def __call__(self, runtime: Runtime, spool_id: str, /, *, sender: str | None, project: str, by: int) -> str: ...


_KEY = "gateway"


@dataclass(frozen=True, kw_only=True)
class WebState:
    """The installation, as the pages see it."""

    runtime: Runtime
    read_attachment: ReadAttachment
    read_formatted: ReadFormatted
    refuse_files: RefuseFiles
    release_mail: ReleaseMail
    background: Background
    shows_sent: bool

    def attach(self) -> None:
        """Keep this with the present app."""
        current_app.extensions[_KEY] = self


def web() -> WebState:
    """The state of the present app."""
    return cast(WebState, current_app.extensions[_KEY])


def read_no_layout(_raw: bytes) -> FormattedBody:
    """For pages that show each mail as text alone."""
    return FormattedBody(pieces=(), images={})


def refuse_no_files(_files: Iterable[MailFile], _settings: AttachmentSettings) -> Mapping[int, str]:
    """For pages whose files are looked at when they are filed, and not before."""
    return {}


def release_no_mail(_runtime: Runtime, _spool_id: str, *, sender: str | None, project: str, by: int) -> str:
    """For pages that decide on no mail. Raises NotFound."""
    raise NotFound(f"nothing of {project} is released here, whoever sent it: {sender or 'its sender'}, by {by}")


def find_visitor_of_request() -> Visitor | None:
    """Who is signed in; None for a stranger, and before the gate has looked."""
    return cast(Visitor | None, g.get("visitor"))


def remember_program(person: Person) -> None:
    """Whose token this request of a program brought: it is answered in their language. It opens no page."""
    g.program = person


def find_reader_of_request() -> Person | None:
    """Who reads the answer, a visitor or the person of a program's token; None for a stranger."""
    found = find_visitor_of_request()
    return found.person if found is not None else cast(Person | None, g.get("program"))


def reader() -> Person:
    """The same where nobody else gets to. Raises NotFound for a stranger."""
    found = find_reader_of_request()
    if found is None:
        raise NotFound("nobody is signed in")
    return found


def visitor() -> Visitor:
    """Who is signed in. The gate lets nobody else get here; should it ever fail, there is nothing to see."""
    found = find_visitor_of_request()
    if found is None:
        raise NotFound("nobody is signed in")
    return found
