"""What is kept for how long, class by class, and forgetting what is over. Asked by the timetable; safe to run twice.

| class | from when | then |
| raw mail, attachments | the closing of the ticket; the filing where there is none | the file goes, the entry stays |
| sent files | the sending | the file goes |
| sessions | their end | the row goes |
| failed tries to sign in | the last of them | the row goes after a day |
| logs | each line's own moment | the line goes |
| audit log | each act's own moment | the row goes |
| recordings, call metadata, call payloads | `gateway.services.forget_calls` | |
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select

from gateway.config.load import Settings
from gateway.config.retention import RetentionSettings
from gateway.config.telephony import LONGEST_CALL_DAYS, LONGEST_MESSAGE_DAYS
from gateway.db.api_tokens import api_reports, api_tokens
from gateway.db.audit import audit
from gateway.db.drafts import drafts, forget_drafts
from gateway.db.sign_in import sessions, sign_in_links
from gateway.db.sign_in_tries import sign_in_tries
from gateway.db.webhooks import HookState, webhook_deliveries
from gateway.domain.tries import COUNTED
from gateway.runtime import Runtime
from gateway.services.forget_calls import PAYLOAD_DAYS, count_old_calls, forget_calls
from gateway.services.retention_mails import due_mails, forget_mails

DRAFT_DAYS = 14
"""How long a page keeps what was typed and not sent; the page writes the end beside it (`web.drafts`)."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A class of what is kept. `longest` and `shortest` are the bounds in days that no setting passes.

    `due` counts what is over now; `forget` lets it go and says how much went; None where it goes with another class.
    """

    name: str
    holds: str
    setting: str
    days: Callable[[Settings], int]
    shortest: int
    longest: int
    due: Callable[[Runtime], int]
    forget: Callable[[Runtime], int] | None


def apply_retention(runtime: Runtime) -> dict[str, int]:
    """Forget what is over, in every class; how much, by class. Raises DatabaseTrouble."""
    done = {kept.name: kept.forget(runtime) for kept in CLASSES if kept.forget is not None}
    return {name: gone for name, gone in done.items() if gone}


def forget_own_files(runtime: Runtime) -> int:
    """Forget what is over of the files that each machine has to itself; how much."""
    return _forget_sent(runtime) + _forget_lines(runtime)


def _limit(runtime: Runtime, days: int) -> datetime:
    return runtime.clock.now() - timedelta(days=days)


def _old_sent(runtime: Runtime) -> list[Path]:
    limit = _limit(runtime, runtime.settings.retention.sent_days).timestamp()
    return [path for path in runtime.where.sent.glob("*.eml") if path.stat().st_mtime < limit]


def _forget_sent(runtime: Runtime) -> int:
    old = _old_sent(runtime)
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _ended(runtime: Runtime) -> Iterator[tuple[Any, ColumnElement[bool]]]:
    limit = _limit(runtime, runtime.settings.retention.session_days)
    yield sessions, or_(sessions.c.expires_at < limit, sessions.c.revoked_at < limit)
    yield sign_in_links, sign_in_links.c.expires_at < limit
    yield api_tokens, or_(api_tokens.c.expires_at < limit, api_tokens.c.revoked_at < limit)
    yield api_reports, api_reports.c.created_at < limit
    over = webhook_deliveries.c.state.in_((HookState.SENT, HookState.FAILED))
    yield webhook_deliveries, over & (webhook_deliveries.c.created_at < limit)


def _count_ended(runtime: Runtime) -> int:
    with runtime.database.reading() as connection:
        return sum(
            int(connection.execute(select(func.count()).select_from(table).where(over)).scalar_one())
            for table, over in _ended(runtime)
        )


def _forget_ended(runtime: Runtime) -> int:
    with runtime.database.transaction() as connection:
        return sum(connection.execute(delete(table).where(over)).rowcount for table, over in _ended(runtime))


def _old_tries(runtime: Runtime) -> ColumnElement[bool]:
    return sign_in_tries.c.last_at < runtime.clock.now() - COUNTED


def _count_tries(runtime: Runtime) -> int:
    query = select(func.count()).select_from(sign_in_tries).where(_old_tries(runtime))
    with runtime.database.reading() as connection:
        return int(connection.execute(query).scalar_one())


def _forget_tries(runtime: Runtime) -> int:
    with runtime.database.transaction() as connection:
        return connection.execute(delete(sign_in_tries).where(_old_tries(runtime))).rowcount


def _count_drafts(runtime: Runtime) -> int:
    query = select(func.count()).select_from(drafts).where(drafts.c.expires_at <= runtime.clock.now())
    with runtime.database.reading() as connection:
        return int(connection.execute(query).scalar_one())


def _forget_drafts(runtime: Runtime) -> int:
    with runtime.database.transaction() as connection:
        return forget_drafts(connection, now=runtime.clock.now())


def _old_acts(runtime: Runtime) -> ColumnElement[bool]:
    return audit.c.at < _limit(runtime, runtime.settings.retention.audit_days)


def _count_acts(runtime: Runtime) -> int:
    with runtime.database.reading() as connection:
        return int(connection.scalar(select(func.count()).select_from(audit).where(_old_acts(runtime))) or 0)


def _forget_acts(runtime: Runtime) -> int:
    with runtime.database.transaction() as connection:
        return connection.execute(delete(audit).where(_old_acts(runtime))).rowcount


def _old_lines(runtime: Runtime) -> dict[Path, tuple[int, bytes]]:
    """The logs with lines that are over: how many, and what stays. A line without a moment is as old as the one before
    it; before any, as the file."""
    limit = _limit(runtime, runtime.settings.retention.log_days)
    found = {}
    for path in sorted(runtime.where.log.glob("*.log*")):
        content = path.read_bytes()
        lines = content.splitlines(keepends=True)
        number = _lines_over(lines, limit, at=datetime.fromtimestamp(path.stat().st_mtime, UTC))
        if number:
            found[path] = number, b"".join(lines[number:])
    return found


def _lines_over(lines: list[bytes], limit: datetime, *, at: datetime) -> int:
    for number, line in enumerate(lines):
        at = _moment(line) or at
        if at >= limit:
            return number
    return len(lines)


def _moment(line: bytes) -> datetime | None:
    try:
        return datetime.fromisoformat(json.loads(line)["timestamp"])
    except (ValueError, KeyError, TypeError):
        return None


def _forget_lines(runtime: Runtime) -> int:
    """Cut each log in place: whoever has it open goes on appending. What is written within this instant is lost."""
    old = _old_lines(runtime)
    for path, (_, rest) in old.items():
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
        with os.fdopen(descriptor, "wb") as file:
            file.truncate(0)
            file.write(rest)
    return sum(number for number, _ in old.values())


def _bounds(name: str) -> dict[str, int]:
    limits = {type(one).__name__: one for one in RetentionSettings.model_fields[name].metadata}
    return {"shortest": limits["Ge"].ge, "longest": limits["Le"].le}


CLASSES: tuple[Kept, ...] = (
    Kept(
        name="raw mail",
        holds="courrier reçu, tel quel, sans pièce jointe",
        setting="retention.raw_mail_days",
        days=lambda settings: settings.retention.raw_mail_days,
        **_bounds("raw_mail_days"),
        due=lambda runtime: len(due_mails(runtime, with_files=False)),
        forget=lambda runtime: forget_mails(runtime, with_files=False),
    ),
    Kept(
        name="attachments",
        holds="courrier reçu avec ses pièces jointes",
        setting="retention.attachment_days",
        days=lambda settings: settings.retention.attachment_days,
        **_bounds("attachment_days"),
        due=lambda runtime: len(due_mails(runtime, with_files=True)),
        forget=lambda runtime: forget_mails(runtime, with_files=True),
    ),
    Kept(
        name="sent files",
        holds="copies du courrier envoyé, sans relais",
        setting="retention.sent_days",
        days=lambda settings: settings.retention.sent_days,
        **_bounds("sent_days"),
        due=lambda runtime: len(_old_sent(runtime)),
        forget=_forget_sent,
    ),
    Kept(
        name="sessions",
        holds="sessions, liens de connexion et jetons échus",
        setting="retention.session_days",
        days=lambda settings: settings.retention.session_days,
        **_bounds("session_days"),
        due=_count_ended,
        forget=_forget_ended,
    ),
    Kept(
        name="sign-in tries",
        holds="essais de connexion manqués",
        setting="",
        days=lambda _settings: COUNTED.days,
        shortest=COUNTED.days,
        longest=COUNTED.days,
        due=_count_tries,
        forget=_forget_tries,
    ),
    Kept(
        name="drafts",
        holds="brouillons jamais envoyés",
        setting="",
        days=lambda _settings: DRAFT_DAYS,
        shortest=DRAFT_DAYS,
        longest=DRAFT_DAYS,
        due=_count_drafts,
        forget=_forget_drafts,
    ),
    Kept(
        name="logs",
        holds="journaux techniques, sans adresse ni texte",
        setting="retention.log_days",
        days=lambda settings: settings.retention.log_days,
        **_bounds("log_days"),
        due=lambda runtime: sum(number for number, _ in _old_lines(runtime).values()),
        forget=_forget_lines,
    ),
    Kept(
        name="audit log",
        holds="journal des actes de l’équipe et de l’exploitation",
        setting="retention.audit_days",
        days=lambda settings: settings.retention.audit_days,
        **_bounds("audit_days"),
        due=_count_acts,
        forget=_forget_acts,
    ),
    Kept(
        name="recordings",
        holds="messages vocaux",
        setting="telephony.message_days",
        days=lambda settings: settings.telephony.message_days,
        shortest=1,
        longest=LONGEST_MESSAGE_DAYS,
        due=lambda runtime: count_old_calls(runtime).messages,
        forget=None,
    ),
    Kept(
        name="call metadata",
        holds="numéros des appelants",
        setting="telephony.call_days",
        days=lambda settings: settings.telephony.call_days,
        shortest=1,
        longest=LONGEST_CALL_DAYS,
        due=lambda runtime: count_old_calls(runtime).numbers,
        forget=None,
    ),
    Kept(
        name="call payloads",
        holds="paramètres transmis par l'opérateur de téléphonie",
        setting="",
        days=lambda _settings: PAYLOAD_DAYS,
        shortest=PAYLOAD_DAYS,
        longest=PAYLOAD_DAYS,
        due=lambda runtime: count_old_calls(runtime).payloads,
        forget=forget_calls,
    ),
)
