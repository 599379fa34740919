"""Filing mails once more by today's rules, where nobody sees it, to learn what would now be decided otherwise.

Raw mails of the archive are decided against the past as it was when they came (`gateway.services.replay_copy`); files
are filed one after the other into an empty database. Who a mail is from is taken from the record: what the DNS said
then it may not say today. Nothing is asked of DNS or the virus scanner, nothing is sent, nothing is changed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, func, select

from gateway.config.load import Settings
from gateway.config.mail_checks import AntivirusSettings
from gateway.db.engine import Database
from gateway.db.receipts import Verdict, receipts
from gateway.db.tickets import entries, tickets
from gateway.domain.ticket import Channel
from gateway.errors import NotFound
from gateway.ids import SpoolId, new_spool_id
from gateway.mail.authentication import NO_AUTHENTICATION, Authentication, Policy, Result
from gateway.mail.envelope import BadEnvelope, MailEnvelope
from gateway.mail.return_path import return_path
from gateway.runtime import Runtime
from gateway.services.replay_copy import copy_rows, scratch_database, step_back
from gateway.spool.entry import Lane, SpoolEntry
from inbound.arriving import read_entry
from inbound.filing import file_in_project, route

_BY_A_PERSON = frozenset({"released by a person"})
NEW = "new"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was decided: the verdict, the ticket's reference (`new` for one that the mail began), by which match, and
    what kind of origin the mail was taken for. None where there is no such thing."""

    verdict: str
    ticket: str | None
    match: str | None
    origin: str | None


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """One mail in one project. `now` is None where its raw content is not kept any more."""

    spool_id: str
    project: str
    then: Outcome
    now: Outcome | None

    @property
    def differs(self) -> bool:
        """True where today's rules decide otherwise."""
        return self.now is not None and self.now != self.then


@dataclass(frozen=True, kw_only=True)
class _Moment:
    """A clock that stands still."""

    at: datetime

    def now(self) -> datetime:
        return self.at


def replay_archive(runtime: Runtime, *, since: datetime) -> list[Replayed]:
    """Decide every mail accepted since then once more, each against its own past; in the order of acceptance."""
    with scratch_database() as copy:
        copy_rows(runtime.database, copy)
        query = select(receipts).where(receipts.c.lane == Lane.MAIL, receipts.c.accepted_at >= since)
        with copy.reading() as connection:
            rows = connection.execute(query.order_by(receipts.c.id.desc())).all()
        return [_replay(_apart(runtime, copy), runtime, row) for row in rows][::-1]


def replay_files(runtime: Runtime, files: Sequence[Path], *, to: Sequence[str]) -> Iterator[tuple[Path, Outcome]]:
    """File these mails in this order into an empty database. A ticket is named by the file that began it."""
    with scratch_database() as copy:
        apart = _apart(runtime, copy)
        began: dict[int, str] = {}
        for path in files:
            yield path, _file(apart, path, to=to, began=began)


def _apart(runtime: Runtime, copy: Database) -> Runtime:
    """The runtime with the copy in the place of the database, asking nobody."""
    return replace(runtime, database=copy, settings=_unasked(runtime.settings))


def _unasked(settings: Settings) -> Settings:
    mail = settings.mail.model_copy(update={"check_authentication": False})
    return settings.model_copy(update={"mail": mail, "antivirus": AntivirusSettings()})


def _replay(apart: Runtime, runtime: Runtime, row: Row[Any]) -> Replayed:
    at = _received_at(row)
    with apart.database.transaction() as connection:
        then, authentication = _recorded(connection, row)
        step_back(connection, receipt_id=row.id, entry_id=row.entry_id, received_at=at)
    entry = _entry(runtime, row)
    if entry is None:
        return Replayed(spool_id=row.spool_id, project=row.project, then=then, now=None)
    arrived = read_entry(entry, apart.settings)
    if authentication is not None:
        arrived = replace(arrived, authentication=authentication)
    standing = replace(apart, clock=_Moment(at=row.filed_at))
    with apart.database.reading() as connection:
        # Never committed: the next mail meets an earlier past.
        connection.execution_options(gateway_read_only=False)
        file_in_project(connection, standing, arrived, runtime.project(row.project))
        [filed] = connection.execute(select(receipts).where(receipts.c.spool_id == row.spool_id)).all()
        now = _outcome(connection, filed)
        connection.rollback()
    return Replayed(spool_id=row.spool_id, project=row.project, then=then, now=now)


def _file(apart: Runtime, path: Path, *, to: Sequence[str], began: dict[int, str]) -> Outcome:
    raw, at = path.read_bytes(), apart.clock.now()
    envelope = MailEnvelope(
        channel=Channel.PIPE,
        mail_from=return_path(raw),
        rcpt_tos=tuple(to),
        peer="",
        helo="",
        tls=False,
        smtputf8=False,
        received_at=at,
    )
    entry = SpoolEntry(
        id=new_spool_id(at),
        lane=Lane.MAIL,
        path=path,
        attempts=1,
        envelope=envelope.to_json(),
        payload=raw,
        sha256=sha256(raw).hexdigest(),
    )
    arrived = read_entry(entry, apart.settings)
    project = route(envelope, arrived.message, apart.settings.project_list)[0]
    with apart.database.transaction() as connection:
        file_in_project(connection, apart, arrived, project)
        [filed] = connection.execute(select(receipts).where(receipts.c.spool_id == entry.id)).all()
        outcome = _outcome(connection, filed)
    if filed.ticket_id is None or filed.verdict != Verdict.FILED:
        return outcome
    name = began.setdefault(filed.ticket_id, path.name)
    return replace(outcome, ticket=NEW if outcome.ticket == NEW else name)


def _recorded(connection: Connection, row: Row[Any]) -> tuple[Outcome, Authentication | None]:
    """What was decided before any person's word, and who the mail was proved to be from, None where unknown."""
    outcome = _outcome(connection, row)
    settled = row.verdict == Verdict.DISCARDED or row.reason in _BY_A_PERSON or row.reason.startswith("came again")
    if settled:
        outcome = replace(outcome, verdict=str(Verdict.HELD), ticket=None, match=None)
    data = connection.scalar(select(entries.c.data).where(entries.c.id == row.entry_id)) if row.entry_id else None
    if data:
        return outcome, Authentication.from_json(data.get("authentication"))
    return outcome, _authentication_of(row)


def _authentication_of(row: Row[Any]) -> Authentication | None:
    """What the trace says of it, for a mail that has no entry."""
    step = next((one for one in row.trace if one["rule"] == "authentication"), None)
    if step is None:
        return None
    policy = next((one for one in Policy if f"asks to {one} " in row.reason), Policy.UNKNOWN)
    return replace(NO_AUTHENTICATION, dmarc=Result(step["outcome"]), policy=policy)


def _outcome(connection: Connection, row: Row[Any]) -> Outcome:
    origin = next((step["outcome"] for step in row.trace if step["rule"] == "origin"), None)
    ticket = match = None
    if row.verdict == Verdict.FILED and row.entry_id is not None:
        match = connection.scalar(select(entries.c.match).where(entries.c.id == row.entry_id))
        first = connection.scalar(select(func.min(entries.c.id)).where(entries.c.ticket_id == row.ticket_id))
        ref = connection.scalar(select(tickets.c.ref).where(tickets.c.id == row.ticket_id))
        ticket = NEW if first == row.entry_id else ref
    return Outcome(verdict=str(row.verdict), ticket=ticket, match=match, origin=origin)


def _entry(runtime: Runtime, row: Row[Any]) -> SpoolEntry | None:
    try:
        MailEnvelope.from_json(row.envelope)
        payload = runtime.archive.read(row.sha256)
    except (BadEnvelope, NotFound):
        return None  # its time was over, or its sender was erased
    return SpoolEntry(
        id=SpoolId(row.spool_id),
        lane=Lane.MAIL,
        path=runtime.where.archive,
        attempts=1,
        envelope=row.envelope,
        payload=payload,
        sha256=row.sha256,
    )


def _received_at(row: Row[Any]) -> datetime:
    stated = row.envelope.get("received_at")
    moment: datetime = datetime.fromisoformat(stated) if stated else row.accepted_at
    return moment
