"""Where people are in the database: every table, what of a person it holds, and what becomes of that.

This is the one inventory that the export, the erasure and the processing record go by. A table or a column that is
not in it fails a test, so that nobody adds a place in which a person stays behind.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, false, func, or_, select

from gateway.db.outbox import DeliveryState
from gateway.db.receipts import Verdict
from gateway.db.schema import metadata
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


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


def _always(value: Any) -> Instead:
    return lambda _row, _subject: value


def _pseudonym(_row: Row[Any], subject: DataSubject) -> str:
    return subject.pseudonym


def _address(_row: Row[Any], subject: DataSubject) -> str:
    return subject.address


def _equals(table: str, column: str, fact: str) -> Condition:
    """Rows whose column is this fact of the person; none where the fact is not known."""

    def condition(subject: DataSubject) -> ColumnElement[bool]:
        value = getattr(subject, fact)
        if value is None:
            return false()
        wanted: ColumnElement[Any] = table_of(table).c[column]
        return func.lower(wanted) == value if isinstance(value, str) else wanted == value

    return condition


def _in(table: str, column: str, fact: str) -> Condition:
    """Rows whose column is one of these facts of the person."""
    return lambda subject: table_of(table).c[column].in_(sorted(getattr(subject, fact)))


def _either(*conditions: Condition) -> Condition:
    return lambda subject: or_(*(condition(subject) for condition in conditions))


def _visible_on_their_tickets(subject: DataSubject) -> ColumnElement[bool]:
    entries = table_of("entries")
    return entries.c.visible & entries.c.ticket_id.in_(sorted(subject.reported))


def _files_of_shown_entries(subject: DataSubject) -> ColumnElement[bool]:
    entries = table_of("entries")
    shown = or_(entries.c.id.in_(sorted(subject.authored)), _visible_on_their_tickets(subject))
    return table_of("attachments").c.entry_id.in_(select(entries.c.id).where(shown))


def _sent_by_them(subject: DataSubject) -> ColumnElement[bool]:
    receipts = table_of("receipts")
    return or_(
        func.lower(receipts.c.envelope["mail_from"].as_string()) == subject.email,
        receipts.c.sha256.in_(sorted(subject.mails)),
    )


def _counted(subject: DataSubject) -> ColumnElement[bool]:
    return table_of("daily_counts").c.scope == f"address:{mailbox_key(subject.email)}"


def _reference_alone(row: Row[Any], _subject: DataSubject) -> dict[str, Any]:
    return {"ref": row.context["ref"]} if "ref" in row.context else {}


def _ended(row: Row[Any], _subject: DataSubject) -> str:
    """A mail to them that has not left is not sent any more."""
    return str(DeliveryState.FAILED if row.state in _OPEN else row.state)


def _settled(row: Row[Any], _subject: DataSubject) -> str:
    """A mail of theirs that waits for a person's word needs none any more: its content is gone."""
    return str(Verdict.DISCARDED if row.verdict == Verdict.HELD else row.verdict)


def without_evidence(row: Row[Any], _subject: DataSubject | None = None) -> list[dict[str, Any]]:
    """The trace of a receipt: which rules were asked and what they said, not on what evidence."""
    return [{"rule": step["rule"], "outcome": step["outcome"], "evidence": ""} for step in row.trace]


def door_alone(row: Row[Any], _subject: DataSubject | None = None) -> dict[str, Any]:
    """The envelope of a receipt: by which door and when, not from whom to whom."""
    return {name: row.envelope[name] for name in ("channel", "received_at") if name in row.envelope}


def _heard(row: Row[Any], subject: DataSubject) -> dict[str, Any]:
    """An event of a call without what the provider said of the caller."""
    data = {name: value for name, value in row.data.items() if name not in {"params", "note"}}
    return data | {"from": subject.pseudonym, "from_kind": ERASED} if data.get("from") else data


INVENTORY: Mapping[str, Care] = {
    "people": Care(
        holds="adresse, nom, langue, numéro",
        theirs=_equals("people", "id", "person_id"),
        instead={"email": _address, "name": _always(""), "lang": _always(None), "phone": _always(None)},
        kept=frozenset({"id", "created_at", "notices"}),
    ),
    "memberships": Care(
        holds="rôles dans les projets", theirs=_equals("memberships", "person_id", "person_id"), is_deleted=True
    ),
    "tickets": Care(
        holds="demandes, leur objet",
        theirs=_in("tickets", "id", "reported"),
        instead={"subject": _pseudonym},
        kept=_names(
            """id ref project kind severity status level lang reporter_id assignee_id created_at updated_at
            closed_at merged_into_id follows_id due_at"""
        ),
    ),
    "entries": Care(
        holds="messages et notes, leur auteur",
        theirs=_in("entries", "id", "authored"),
        shown=_either(_in("entries", "id", "authored"), _visible_on_their_tickets),
        instead={
            "author": _address,
            "text": _always(""),
            "removed_text": _always(""),
            "message_id": _always(None),
            "in_reply_to": _always(None),
            "reference_ids": _always([]),
            "data": _always({}),
        },
        kept=_names("id ticket_id at type direction channel author_id match visible raw_sha256 to_tell"),
    ),
    "attachments": Care(
        holds="noms des pièces jointes",
        theirs=_in("attachments", "entry_id", "authored"),
        shown=_files_of_shown_entries,
        is_deleted=True,
    ),
    "message_ids": Care(
        holds="identifiants de messages",
        theirs=lambda subject: (
            table_of("message_ids").c.entry_id.in_(sorted(subject.authored)) & ~table_of("message_ids").c.ours
        ),
        is_deleted=True,
    ),
    "participants": Care(
        holds="personnes en copie", theirs=_equals("participants", "person_id", "person_id"), is_deleted=True
    ),
    "receipts": Care(
        holds="enveloppes et décisions du courrier reçu",
        theirs=_sent_by_them,
        instead={
            "message_id": _always(None),
            "trace": without_evidence,
            "envelope": door_alone,
            "verdict": _settled,
        },
        kept=_names("""id spool_id lane project fingerprint sha256 reason ticket_id entry_id accepted_at filed_at"""),
    ),
    "deliveries": Care(
        holds="courrier envoyé, son destinataire",
        theirs=_either(_equals("deliveries", "person_id", "person_id"), _equals("deliveries", "recipient", "email")),
        instead={
            "recipient": _address,
            "in_reply_to": _always(None),
            "reference_ids": _always([]),
            "context": _reference_alone,
            "state": _ended,
            "last_error": _always(None),
        },
        kept=_names(
            """id notice project ticket_id entry_id person_id lang message_id attempts next_attempt_at
            created_at sent_at"""
        ),
    ),
    "suppressions": Care(
        holds="adresses injoignables", theirs=_equals("suppressions", "address", "email"), is_deleted=True
    ),
    "daily_counts": Care(holds="accusés de réception par jour", theirs=_counted, is_deleted=True),
    "sign_in_links": Care(
        holds="liens de connexion", theirs=_equals("sign_in_links", "person_id", "person_id"), is_deleted=True
    ),
    "drafts": Care(
        holds="brouillons de réponses et de signalements",
        theirs=_equals("drafts", "person_id", "person_id"),
        is_deleted=True,
    ),
    "sessions": Care(
        holds="sessions",
        theirs=_equals("sessions", "person_id", "person_id"),
        is_deleted=True,
        secret=frozenset({"token_sha256"}),
    ),
    "api_tokens": Care(
        holds="jetons de programmes",
        theirs=_equals("api_tokens", "person_id", "person_id"),
        is_deleted=True,
        secret=frozenset({"token_sha256"}),
    ),
    "api_reports": Care(
        holds="empreintes des signalements envoyés par des programmes",
        theirs=_equals("api_reports", "person_id", "person_id"),
        is_deleted=True,
    ),
    "calls": Care(
        holds="appels, numéro de l'appelant",
        theirs=_in("calls", "id", "calls"),
        instead={"caller": _pseudonym, "caller_kind": _always(ERASED), "triage_reason": _always(None)},
        kept=_names(
            """id provider provider_id project ticket_id entry_id callback_id called lang started_at ended_at
            answered_at agent_id status outcome is_open trust waiting_seconds talk_seconds total_seconds
            source details triage stopped_gti"""
        ),
    ),
    "call_events": Care(
        holds="déroulement des appels",
        theirs=_in("call_events", "call_id", "calls"),
        instead={"data": _heard},
        kept=frozenset({"id", "call_id", "key", "kind", "at", "turn"}),
    ),
    "call_messages": Care(
        holds="messages vocaux",
        theirs=_in("call_messages", "call_id", "calls"),
        instead={"state": _always(ERASED), "error": _always(None)},
        kept=_names(
            """id call_id recording_id seconds sha256 size type attempts next_attempt_at fetched_at deleted_at"""
        ),
    ),
    "call_texts": Care(
        holds="SMS demandés par l'appelant", theirs=_in("call_texts", "call_id", "calls"), is_deleted=True
    ),
    "callback_requests": Care(
        holds="rappels demandés, numéro à rappeler",
        theirs=_either(_in("callback_requests", "number", "phones"), _in("callback_requests", "ticket_id", "reported")),
        instead={"number": _always(None)},
        kept=_names(
            "id project ticket_id requested_at due_at state attempts agent_id closed_at warned_at warned_percent"
        ),
    ),
    "clock_calls": Care(
        holds="alertes aux agents", theirs=_equals("clock_calls", "person_id", "person_id"), is_deleted=True
    ),
    "agent_news": Care(
        holds="nouvelles aux agents", theirs=_equals("agent_news", "person_id", "person_id"), is_deleted=True
    ),
    "ticket_presences": Care(
        holds="agents devant une demande, dix minutes",
        theirs=_equals("ticket_presences", "person_id", "person_id"),
        is_deleted=True,
    ),
    "duty_shifts": Care(
        holds="tours d'astreinte", theirs=_equals("duty_shifts", "person_id", "person_id"), is_deleted=True
    ),
    "ticket_events": Care(
        holds="historique des demandes, son auteur",
        theirs=_equals("ticket_events", "author", "email"),
        instead={"author": _address},
        kept=frozenset({"id", "ticket_id", "at", "type", "by", "value", "reason", "details"}),
    ),
    **dict.fromkeys(
        _names(
            """project_counters stale_clocks clock_marks contract_versions hotline_codes mailbox_folders
            mailboxes follow_ups alarms ticket_links advisories advisory_tickets
            calendar_overrides"""
        ),
        Care(),
    ),
    **dict.fromkeys(("mailbox_tokens", "erasures"), Care(is_sealed=True)),
}
