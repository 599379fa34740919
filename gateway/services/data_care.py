"""How a table holds people: the rows that are a person's, and what is written over them when they are erased.

The rules for each table are in `gateway.services.personal_data`; here is what they are said with.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, false, func, or_, select

from gateway.db.outbox import DeliveryState
from gateway.db.receipts import Verdict
from gateway.db.schema import metadata
from gateway.domain.tries import key_of_address
from gateway.mail.address import mailbox_key
from gateway.services.data_subject import DataSubject

Condition = Callable[[DataSubject], ColumnElement[bool]]
Instead = Callable[[Row[Any], DataSubject], Any]
ERASED = "erased"
_OPEN = frozenset({DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.UNKNOWN})


@dataclass(frozen=True, kw_only=True)
class Care:
    """How a table holds people; `holds` says it in the words of the processing record.

    `theirs` finds the rows that are a person's; None where the table is about nobody. Erasing deletes them, or writes
    what `instead` says into the columns named there and leaves those in `kept`. `shown` finds what an export shows,
    where that is not the same; `secret` columns are never shown. Beyond that, whatever names the person in any text
    of any table is replaced by their pseudonym, unless the table `is_sealed`: what it holds cannot be read.
    """

    holds: str = ""
    theirs: Condition | None = None
    shown: Condition | None = None
    is_deleted: bool = False
    instead: Mapping[str, Instead] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()
    is_sealed: bool = False


def table_of(name: str) -> Table:
    """The table with this name."""
    return metadata.tables[name]


def columns(listed: str) -> frozenset[str]:
    """Names of columns, in a line."""
    return frozenset(listed.split())


def always(value: Any) -> Instead:
    """The same value for every row."""
    return lambda _row, _subject: value


def pseudonym(_row: Row[Any], subject: DataSubject) -> str:
    """What stands for the person from now on."""
    return subject.pseudonym


def address(_row: Row[Any], subject: DataSubject) -> str:
    """The pseudonym as an address."""
    return subject.address


def equals(table: str, column: str, fact: str) -> Condition:
    """Rows whose column is this fact of the person; none where the fact is not known."""

    def condition(subject: DataSubject) -> ColumnElement[bool]:
        value = getattr(subject, fact)
        if value is None:
            return false()
        wanted: ColumnElement[Any] = table_of(table).c[column]
        return func.lower(wanted) == value if isinstance(value, str) else wanted == value

    return condition


def one_of(table: str, column: str, fact: str) -> Condition:
    """Rows whose column is one of these facts of the person."""
    return lambda subject: table_of(table).c[column].in_(sorted(getattr(subject, fact)))


def either(*conditions: Condition) -> Condition:
    """Rows that are a person's by any of these."""
    return lambda subject: or_(*(condition(subject) for condition in conditions))


def visible_on_their_tickets(subject: DataSubject) -> ColumnElement[bool]:
    """What may be seen on the tickets that they reported."""
    entries = table_of("entries")
    return entries.c.visible & entries.c.ticket_id.in_(sorted(subject.reported))


def files_of_shown_entries(subject: DataSubject) -> ColumnElement[bool]:
    """The files of what an export shows."""
    entries = table_of("entries")
    shown = or_(entries.c.id.in_(sorted(subject.authored)), visible_on_their_tickets(subject))
    return table_of("attachments").c.entry_id.in_(select(entries.c.id).where(shown))


def sent_by_them(subject: DataSubject) -> ColumnElement[bool]:
    """Receipts of mail that came from them."""
    receipts = table_of("receipts")
    return or_(
        func.lower(receipts.c.envelope["mail_from"].as_string()) == subject.email,
        receipts.c.sha256.in_(sorted(subject.mails)),
    )


def counted(subject: DataSubject) -> ColumnElement[bool]:
    """The counts of answers to their address."""
    return table_of("daily_counts").c.scope == f"address:{mailbox_key(subject.email)}"


def tried(subject: DataSubject) -> ColumnElement[bool]:
    """The count of failed tries to sign in as them."""
    return table_of("sign_in_tries").c.key_sha256 == key_of_address(subject.email)


def reference_alone(row: Row[Any], _subject: DataSubject) -> dict[str, Any]:
    """Of what a mail said, the reference of its ticket."""
    return {"ref": row.context["ref"]} if "ref" in row.context else {}


def ended(row: Row[Any], _subject: DataSubject) -> str:
    """A mail to them that has not left is not sent any more."""
    return str(DeliveryState.FAILED if row.state in _OPEN else row.state)


def settled(row: Row[Any], _subject: DataSubject) -> str:
    """A mail of theirs that waits for a person's word needs none any more: its content is gone."""
    return str(Verdict.DISCARDED if row.verdict == Verdict.HELD else row.verdict)


def without_evidence(row: Row[Any], _subject: DataSubject | None = None) -> list[dict[str, Any]]:
    """The trace of a receipt: which rules were asked and what they said, not on what evidence."""
    return [{"rule": step["rule"], "outcome": step["outcome"], "evidence": ""} for step in row.trace]


def scrubbed(name: str) -> Instead:
    """What is in this column, without anything that names them."""
    return lambda row, subject: subject.scrub(row._mapping[name])


def door_alone(row: Row[Any], _subject: DataSubject | None = None) -> dict[str, Any]:
    """The envelope of a receipt: by which door and when, not from whom to whom."""
    return {name: row.envelope[name] for name in ("channel", "received_at") if name in row.envelope}


def heard(row: Row[Any], subject: DataSubject) -> dict[str, Any]:
    """An event of a call without what the provider said of the caller."""
    data = {name: value for name, value in row.data.items() if name not in {"params", "note"}}
    return data | {"from": subject.pseudonym, "from_kind": ERASED} if data.get("from") else data
