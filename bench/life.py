"""One ticket while its life is drawn, and the rows that hang on it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any


@dataclass(kw_only=True)
class Life:
    """One ticket while it is drawn."""

    ident: int
    ref: str
    project: str
    began: datetime
    reporter_id: int = 0
    reporter: str = ""
    agent_id: int = 0
    agent: str = ""
    kind: str = "assistance"
    severity: str | None = None
    status: str = "new"
    level: str = "N1"
    is_assigned: bool = False
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def moved(self) -> datetime:
        """When something last happened."""
        return max(event["at"] for event in self.events)

    @property
    def is_open(self) -> bool:
        """Whether somebody works on it."""
        return self.status in {"new", "open", "pending"}

    def tell(self, at: datetime, kind: str, value: str, *, by: str = "agent") -> None:
        """Something happened to it."""
        if kind == "status":
            self.status = value
        self.level = value if kind == "level" else self.level
        self.is_assigned |= kind == "assigned"
        author = self.agent if by == "agent" else ""
        self.events.append({"at": at, "type": kind, "by": by, "author": author, "value": value})

    def row(self, subject: str) -> dict[str, Any]:
        """Its row of `tickets`."""
        return {
            "id": self.ident,
            "ref": self.ref,
            "project": self.project,
            "subject": subject,
            "kind": self.kind,
            "severity": self.severity,
            "status": self.status,
            "level": self.level,
            "lang": "fr",
            "reporter_id": self.reporter_id,
            "assignee_id": self.agent_id if self.is_assigned else None,
            "created_at": self.began,
            "updated_at": self.moved,
            "closed_at": self.moved if self.status == "closed" else None,
            "merged_into_id": None,
            "follows_id": None,
            "due_at": datetime(9999, 1, 1, tzinfo=UTC),
        }


def receipt_row(ident: int, project: str, at: datetime, verdict: str, reason: str) -> dict[str, Any]:
    """A mail that was taken; on no ticket, unless somebody says so."""
    rules = ("signed reply address", "our Message-ID", "reference in the subject")
    return {
        "id": ident,
        "spool_id": f"s{ident}",
        "lane": "mail",
        "project": project,
        "fingerprint": f"{ident:064x}",
        "message_id": f"<{ident}@mail.example>",
        "sha256": f"{ident:064x}",
        "verdict": verdict,
        "reason": reason,
        "ticket_id": None,
        "entry_id": None,
        "trace": [{"rule": rule, "outcome": "no match", "evidence": ""} for rule in rules],
        "envelope": {
            "mail_from": f"m{ident}@client.example",
            "rcpt_to": f"support@{project.lower()}.example",
            "channel": "smtp",
        },
        "accepted_at": at,
        "filed_at": at,
    }


def delivery_row(life: Life, ident: int, at: datetime, *, entry_id: int) -> dict[str, Any]:
    """A mail to its reporter about an entry."""
    return {
        "id": ident,
        "notice": "acknowledgement",
        "project": life.project,
        "ticket_id": life.ident,
        "entry_id": entry_id,
        "person_id": life.reporter_id,
        "recipient": life.reporter,
        "lang": "fr",
        "message_id": f"<{ident}@ours.example>",
        "in_reply_to": None,
        "reference_ids": [],
        "context": {"ref": life.ref},
        "state": "sent" if ident % 97 else "suppressed",
        "attempts": 1,
        "next_attempt_at": at,
        "last_error": None,
        "created_at": at,
        "sent_at": at,
    }


def callback_row(life: Life, ident: int, at: datetime, *, is_over: bool) -> dict[str, Any]:
    """Somebody to call back."""
    return {
        "id": ident,
        "project": life.project,
        "ticket_id": life.ident,
        "number": "+33612345678",
        "requested_at": at,
        "due_at": at + timedelta(hours=1),
        "state": "done" if is_over else "open",
        "attempts": 0,
        "agent_id": None,
        "closed_at": at + timedelta(hours=1) if is_over else None,
        "warned_at": None,
        "warned_percent": 100,
    }


def call_row(life: Life, ident: int, at: datetime, *, outcome: str) -> dict[str, Any]:
    """A call about it."""
    plain = {"provider": "simulator", "caller_kind": "e164", "lang": "fr", "status": "completed", "trust": "none"}
    none = dict.fromkeys(("entry_id", "answered_at", "triage", "triage_reason"))
    numbers = {"caller": "+33612345678", "called": "+33123456789"}
    return {
        **plain,
        **none,
        **numbers,
        "id": ident,
        "provider_id": f"c{ident}",
        "project": life.project,
        "ticket_id": life.ident,
        "started_at": at,
        "ended_at": at,
        "agent_id": life.agent_id,
        "outcome": outcome,
        "is_open": True,
        "waiting_seconds": 20,
        "talk_seconds": 90,
        "total_seconds": 110,
        "source": "webhook",
        "details": {},
        "stopped_gti": False,
    }
