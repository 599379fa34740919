"""Signing in without a password: ask for a link by mail, follow it once, be a session until it ends.

    request_link   the sign-in form: a link and the mail that carries it, in one transaction
    make_link      the operator's command: a link to hand over by hand
    consume_link   the button behind the link: the link is used up, a session begins
    begin_session  signed in by whatever way: a new token, and a row that knows it by its sum
    find_visitor   every later request: whose session is this?
    end_session    signing out

Nothing in the database lets its reader in: a link is a row's id that only we can sign, a session is found by
the sha256 of a token that only the browser holds.
"""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, select

from gateway.config.load import Settings
from gateway.db import outbox, sign_in
from gateway.db.people import Person, find_person, find_person_by_id, memberships
from gateway.db.tickets import tickets
from gateway.domain.audit import AuditAction, Refusal
from gateway.domain.project import Project
from gateway.domain.sign_in import Way, opens_desk
from gateway.errors import Deferred, NotFound
from gateway.jobs.doorbell import OUTBOX
from gateway.mail.address import is_address, normalise_address
from gateway.mail.tokens import BadToken, Purpose, TokenSigner
from gateway.notify.notices import Notice
from gateway.notify.person_mail import write_person_mail
from gateway.runtime import Runtime
from gateway.services.sign_in_record import note_failure, record, record_failure, waits_noted
from gateway.services.sign_in_tries import count_link, take_link_back

LAPSED_DAYS = timedelta(days=30)
LINKS_PER_HOUR = 5  # mails to one person, so that nobody can flood a mailbox through our form
_SEEN_NOTED_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class NewSession:
    """A session that has just begun. `token` goes into the browser's cookie and is kept nowhere else."""

    token: str
    person_id: int
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Whoever a live session belongs to, and how they signed in. `may_work` is false where the operator asks staff for
    another way: then nothing is open to them but what is open to reporters."""

    session_id: int
    person: Person
    way: Way
    may_work: bool


def request_link(runtime: Runtime, *, email: str, fallback_language: str) -> bool:
    """Write a sign-in mail into the outbox for the person with this address.

    False, and no mail written, for an address that nobody has, and once a person has had `LINKS_PER_HOUR`. The
    caller shows the same page either way. `fallback_language` is for a person who has not chosen one.
    """
    address = normalise_address(email)
    if not is_address(address):
        return False
    now = runtime.clock.now()
    with runtime.database.transaction() as connection:
        person = find_person(connection, email=address)
        if person is None or _has_had_enough(connection, person, now=now):
            person_id, why = (None, Refusal.UNKNOWN) if person is None else (person.id, Refusal.TOO_MANY)
            record_failure(connection, at=now, person_id=person_id, way=Way.LINK.value, why=why)
            return False
        link_id = _add_link(connection, runtime, person_id=person.id, now=now)
        project = project_of(connection, runtime.settings, person_id=person.id)
        write_person_mail(
            connection,
            runtime,
            Notice.SIGN_IN_LINK,
            person=person,
            project=project,
            context={"link_id": link_id},
            now=now,
            lang=fallback_language,
        )
    runtime.doorbell.ring_soon(OUTBOX)
    return True


def make_link(runtime: Runtime, *, email: str) -> str:
    """A sign-in URL for the person with this address, to be handed over by hand. It opens the desk to staff whatever
    way is asked of them otherwise. Raises NotFound."""
    now = runtime.clock.now()
    with runtime.database.transaction() as connection:
        person = find_person(connection, email=normalise_address(email))
        if person is None:
            raise NotFound("there is no person with this address")
        link_id = _add_link(connection, runtime, person_id=person.id, now=now, way=Way.OPERATOR)
    return sign_in_url(runtime.settings, runtime.signer, link_id, now.date())


def consume_link(runtime: Runtime, token: str, *, peer: str, device: str = "") -> NewSession | None:
    """Use a link up and begin a session on this kind of device; of two at once one wins.

    None for a link that is altered, used, or too old: which of these is never told. Raises MustWait where too many
    were refused at this place on the network.
    """
    now = runtime.clock.now()
    with waits_noted(runtime, person_id=None, way=Way.LINK.value):
        count_link(runtime, peer=peer)
    try:
        (link_id,) = runtime.signer.verify(Purpose.SIGN_IN, token, today=now.date())
    except BadToken:
        note_failure(runtime, person_id=None, way=Way.LINK.value, why=Refusal.FORGED)
        return None
    with runtime.database.transaction() as connection:
        used = sign_in.use_link(connection, link_id, now=now)
        if used is None:
            _record_spent(connection, link_id, now=now)
            return None
        take_link_back(connection, peer=peer)
        return begin_session(connection, runtime, person_id=used.person_id, way=used.way, device=device)


def begin_session(connection: Connection, runtime: Runtime, *, person_id: int, way: Way, device: str) -> NewSession:
    """A new session, with a token that nobody had before."""
    now = runtime.clock.now()
    token = secrets.token_urlsafe(32)
    expires_at = now + timedelta(days=runtime.settings.session.session_days)
    sign_in.add_session(
        connection,
        person_id=person_id,
        token_sha256=_sum(token),
        now=now,
        expires_at=expires_at,
        way=way,
        device=device,
    )
    record(connection, AuditAction.SIGNED_IN, at=now, by=person_id, person_id=person_id, way=way.value)
    return NewSession(token=token, person_id=person_id, expires_at=expires_at)


def find_visitor(runtime: Runtime, session_token: str) -> Visitor | None:
    """The person behind a live session; None for a token that is unknown, expired or revoked."""
    now = runtime.clock.now()
    with runtime.database.reading() as connection:
        session = sign_in.find_session(connection, token_sha256=_sum(session_token), now=now)
        person = None if session is None else find_person_by_id(connection, session.person_id)
    if session is None or person is None:
        return None
    if session.last_seen_at is None or now - session.last_seen_at >= _SEEN_NOTED_EVERY:
        # A database that only reads, or that somebody else writes to for long, keeps nobody from looking.
        with suppress(Deferred), runtime.database.transaction() as connection:
            sign_in.note_seen(connection, session.id, now=now)
    may_work = opens_desk(session.way, runtime.settings.sign_in.ways)
    return Visitor(session_id=session.id, person=person, way=session.way, may_work=may_work)


def find_lapsed_visitor(runtime: Runtime, session_token: str) -> int | None:
    """The id of the person whose session ran out lately. It opens nothing: it is only good for keeping what they had
    typed until they sign in again."""
    now = runtime.clock.now()
    with runtime.database.reading() as connection:
        found = sign_in.find_lapsed_session(
            connection, token_sha256=_sum(session_token), now=now, since=now - LAPSED_DAYS
        )
    return None if found is None else found.person_id


def end_session(runtime: Runtime, visitor: Visitor) -> None:
    """Sign out: the token in the browser is worth nothing from now on."""
    with runtime.database.transaction() as connection:
        sign_in.revoke_session(connection, visitor.session_id, now=runtime.clock.now())


def sign_in_url(settings: Settings, signer: TokenSigner, link_id: int, today: date) -> str:
    """The URL of a link. It is composed when the mail is written out, so that no row holds it."""
    return f"{settings.http.base_url}/login/{signer.sign(Purpose.SIGN_IN, link_id, today=today)}"


def project_of(connection: Connection, settings: Settings, *, person_id: int) -> Project:
    """Whose name a mail to this person is written in: their newest ticket's, else a membership's, else the first."""
    by_ticket = select(tickets.c.project).where(tickets.c.reporter_id == person_id).order_by(tickets.c.id.desc())
    by_membership = (
        select(memberships.c.project).where(memberships.c.person_id == person_id).order_by(memberships.c.project)
    )
    known = {project.key: project for project in settings.project_list}
    keys = [*connection.scalars(by_ticket.limit(1)), *connection.scalars(by_membership)]
    return next((known[key] for key in keys if key in known), settings.project_list[0])


def _add_link(connection: Connection, runtime: Runtime, *, person_id: int, now: datetime, way: Way = Way.LINK) -> int:
    lifetime = timedelta(minutes=runtime.settings.session.link_minutes)
    return sign_in.add_link(connection, person_id=person_id, now=now, expires_at=now + lifetime, way=way)


def _record_spent(connection: Connection, link_id: int, *, now: datetime) -> None:
    """Remember a link of ours that was followed in vain. Those of long ago are forgotten, with whose they were."""
    found = sign_in.find_link(connection, link_id)
    person_id, way = (None, Way.LINK) if found is None else (found.person_id, found.way)
    why = Refusal.USED if found is not None and found.is_used else Refusal.EXPIRED
    record_failure(connection, at=now, person_id=person_id, way=way.value, why=why)


def _has_had_enough(connection: Connection, person: Person, *, now: datetime) -> bool:
    since = now - timedelta(hours=1)
    written = outbox.count_recent(connection, notice=Notice.SIGN_IN_LINK, recipient=person.email, since=since)
    return written >= LINKS_PER_HOUR


def _sum(session_token: str) -> str:
    return sha256(session_token.encode()).hexdigest()
