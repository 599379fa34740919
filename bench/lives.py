"""Two years of tickets as rows, drawn from one seed: what happened to each, in the shape that the services leave it.

Three projects of unlike size and contract. Half of the tickets are incidents; most are answered within hours, some
late, some reopened, and one in fifty is worked on still. One reporter has a twentieth of all, an organisation whose
people see each other's a fifth, and one ticket's conversation is very long.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from bench.life import Life, call_row, callback_row, delivery_row, receipt_row

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
YEARS = timedelta(days=730)
LONG_CONVERSATION = 2_000  # entries
PROJECTS = {
    "DEMO": {
        "name": "Plateforme",
        "addresses": ["support@demo.example"],
        "hotline": "+33123456789",
        "contract": "shared",
    },
    "SHOP": {"name": "La boutique", "addresses": ["support@shop.example"], "contract": "office"},
    "LAB": {"name": "Le laboratoire", "addresses": ["support@lab.example"]},
}
CONTRACTS = {"shared": {"organisations": ["grand.example"]}, "office": {"counting": "working"}}
MANY, COLLEAGUE, ONE = "many@client.example", "client7@grand.example", "client9@client9.example"
AGENTS = {
    "n1": "agent1@support.example",
    "n2": "agent12@support.example",
    "n3": "agent20@support.example",
    "supervisor": "chief@support.example",
}
COMMON_WORD, RARE_WORD = "imprimante", "xylophone"
FREQUENT_WORDS = ("clavier", "souris")
"""Each in some of ten entries: too many to look up, too few to be in what moved last."""

_AGENTS = [
    (f"agent{number}@support.example", "n1" if number < 12 else "n2" if number < 20 else "n3")
    for number in range(1, 25)
]
_STARTS = ["im", "ré", "con", "sys", "par", "dé", "trans", "pro", "ac", "su", "fac", "com", "mé", "an", "or"]
_MIDDLES = ["pri", "so", "nec", "te", "ta", "mo", "li", "ra", "vo", "fi", "du", "ga", "né", "ju", "bo", "que"]
_ENDS = ["mante", "tion", "tes", "ment", "ble", "teur", "ge", "que", "rie", "té", "sif", "nel", "ci", "son"]
_KINDS = (["corrective"] * 11) + (["assistance"] * 7) + ["evolutive", "adaptive"]
_HOUR = timedelta(hours=1)


@dataclass(kw_only=True)
class Lives:
    """Draws `number` tickets. `rows()` yields (table, row) in an order that foreign keys allow, moments aware."""

    number: int
    people: int = 4_000
    _ids: dict[str, int] = field(default_factory=dict)
    _random: random.Random = field(default_factory=lambda: random.Random(7))  # figures that repeat

    def rows(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every row."""
        self._words = [a + b + c for a in _STARTS for b in _MIDDLES for c in _ENDS]
        self._random.shuffle(self._words)
        self._words[3] = COMMON_WORD
        self._words[40], self._words[100] = FREQUENT_WORDS
        self._weights = list(accumulate(1 / (rank + 5) for rank in range(len(self._words))))
        yield from self._people()
        began = NOW - YEARS
        moments = sorted(began + YEARS * self._random.random() for _ in range(self.number))
        numbers = dict.fromkeys(PROJECTS, 0)
        for at in moments:
            key = self._random.choices(list(PROJECTS), [6, 3, 1])[0]
            numbers[key] += 1
            yield from self._ticket(key, numbers[key], at)
        for key, number in numbers.items():
            yield "project_counters", {"project": key, "last_number": number}
        yield from self._mails_without_ticket()

    def _id(self, table: str) -> int:
        self._ids[table] = self._ids.get(table, 0) + 1
        return self._ids[table]

    def _people(self) -> Iterator[tuple[str, dict[str, Any]]]:
        self._agents, self._reporters = [], []
        staff = [*_AGENTS, (AGENTS["supervisor"], "supervisor")]
        clients = [MANY, *(f"client{one}@grand.example" for one in range(1, 201))]
        clients += [f"client{one}@client{one % 300}.example" for one in range(1, self.people)]
        for email in [*(email for email, _ in staff), *clients]:
            ident = self._id("people")
            name = f"{self._word().title()} {self._word().title()}"
            plain = {"phone": None, "notices": "immediate", "created_at": NOW - YEARS}
            yield "people", {"id": ident, "email": email, "name": name, "lang": "fr", **plain}
            (self._agents if ident <= len(staff) else self._reporters).append((ident, email))
        for (ident, _), (_, role) in zip(self._agents, staff, strict=True):
            for key in PROJECTS:
                yield "memberships", {"person_id": ident, "project": key, "role": role}

    def _reporter(self) -> tuple[int, str]:
        draw = self._random.random()
        if draw < 0.05:
            return self._reporters[0]
        return self._random.choice(self._reporters[1:201] if draw < 0.25 else self._reporters[201:])

    def _word(self) -> str:
        return self._random.choices(self._words, cum_weights=self._weights)[0]

    def _text(self, words: int) -> str:
        return " ".join(self._random.choices(self._words, cum_weights=self._weights, k=words)).capitalize() + "."

    def _ticket(self, key: str, number: int, at: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
        draw, life = self._random, Life(ident=self._id("tickets"), ref=f"{key}-{number}", project=key, began=at)
        life.reporter_id, life.reporter = self._reporter()
        life.agent_id, life.agent = draw.choice(self._agents[:-1])
        life.kind = draw.choice(_KINDS)
        life.severity = (
            draw.choice(["blocking", "major", "major", "minor", "minor"]) if life.kind == "corrective" else None
        )
        channel = draw.choices(["smtp", "web", "phone"], [7, 2, 1])[0]
        subject = self._text(draw.randint(3, 8))[:-1] + (f" {RARE_WORD}" if life.ident % 10_000 == 77 else "")
        self._live(life)
        yield "tickets", life.row(subject)
        yield (
            "participants",
            {
                "ticket_id": life.ident,
                "person_id": life.reporter_id,
                "added_at": at,
                "muted": False,
                "removed_at": None,
            },
        )
        if life.is_open and life.severity:
            yield "stale_clocks", {"ticket_id": life.ident}
        for event in life.events:
            yield (
                "ticket_events",
                {"id": self._id("ticket_events"), "ticket_id": life.ident, "reason": "", "details": {}, **event},
            )
        yield from self._conversation(life, channel)
        if channel == "phone" or draw.random() < 0.06:
            yield from self._call(life)

    def _live(self, life: Life) -> None:
        """What happened: most within hours, a few late, one in fifty not yet."""
        draw, at = self._random, life.began
        life.tell(at, "created", "", by="gateway")
        if life.kind != "assistance":
            life.tell(at, "kind", life.kind)
        if life.severity:
            life.tell(at + draw.random() * 2 * _HOUR, "severity", life.severity)
        is_stuck = draw.random() < 0.02
        steps = [("assigned", life.agent, draw.expovariate(1 / 4)), ("status", "open", 0.01)]
        steps.append(("answered", "", draw.expovariate(1 / 3)))
        if draw.random() < 0.25:
            steps += [("level", "N2", 0.5), ("status", "pending", 0.1), ("status", "open", draw.expovariate(1 / 20))]
        if draw.random() < 0.05:
            steps.append(("level", "N3", 2.0))
        steps += [("status", "resolved", draw.expovariate(1 / 12))]
        if draw.random() < 0.04:
            steps += [("status", "open", 30.0), ("answered", "", 3.0), ("status", "resolved", draw.expovariate(1 / 10))]
        steps.append(("status", "closed", 24.0 * 7))
        for kind, value, hours in steps[: draw.randint(0, 5) if is_stuck else None]:
            at += hours * _HOUR
            if at > NOW:
                return
            life.tell(at, kind, value, by="gateway" if value == "closed" else "agent")

    def _conversation(self, life: Life, channel: str) -> Iterator[tuple[str, dict[str, Any]]]:
        draw = self._random
        by = {"in": (life.reporter_id, life.reporter), "out": (life.agent_id, life.agent)}
        said = [(life.began, "in", "call" if channel == "phone" else "message", channel)]
        for event in life.events:
            if event["type"] == "answered":
                said.append((event["at"], "out", "message", "web"))
            elif event["type"] == "status" and event["by"] == "agent":
                said.append((event["at"], "internal", "system", None))
        if draw.random() < 0.4 and life.moved > life.began:
            said.append((life.moved, "in", "message", "smtp"))
        if draw.random() < 0.3:
            said.append((life.moved, "internal", "note", "web"))
        if life.ident == self.number - 5:
            said += [
                (life.began + one * timedelta(minutes=1), draw.choice(["in", "out"]), "message", "web")
                for one in range(LONG_CONVERSATION)
            ]
        for at, direction, kind, door in sorted(said, key=lambda one: one[0]):
            author_id, author = by.get(direction, by["out"])
            yield from self._entry(life, at, direction, kind, door, author_id, author)

    def _entry(
        self, life: Life, at: datetime, direction: str, kind: str, door: str | None, author_id: int, author: str
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        draw, ident = self._random, self._id("entries")
        is_mail = direction == "in" and door == "smtp"
        message_id = f"<{ident}@{author.partition('@')[2]}>" if is_mail else None
        is_first = at == life.began and direction == "in"
        yield (
            "entries",
            {
                "id": ident,
                "ticket_id": life.ident,
                "at": at,
                "type": kind,
                "direction": direction,
                "channel": door,
                "author_id": author_id,
                "author": author,
                "text": "Statut : en cours" if kind == "system" else self._text(draw.randint(20, 90)),
                "removed_text": self._text(60) if is_mail and not is_first else "",
                "message_id": message_id,
                "in_reply_to": None,
                "reference_ids": [],
                "match": "our Message-ID" if is_mail and not is_first else None,
                "visible": kind != "note",
                "raw_sha256": f"{ident:064x}" if is_mail else None,
                "data": {"acknowledgement": "sent"} if is_first else {},
                "to_tell": None,
            },
        )
        if is_mail:
            yield "message_ids", {"message_id": message_id, "ticket_id": life.ident, "entry_id": ident, "ours": False}
            yield self._receipt(life.project, at, "filed", "new ticket" if is_first else "reply", ident, life.ident)
        if direction == "in" and draw.random() < 0.2:
            name = f"{self._word()}.pdf"
            yield (
                "attachments",
                {
                    "id": self._id("attachments"),
                    "entry_id": ident,
                    "position": 1,
                    "name": name,
                    "type": "application/pdf",
                    "size": draw.randint(2_000, 900_000),
                    "sha256": f"{ident:064x}",
                },
            )
        if kind == "message" and (is_first or direction == "out"):
            yield "deliveries", delivery_row(life, self._id("deliveries"), at, entry_id=ident)

    def _receipt(
        self,
        project: str,
        at: datetime,
        verdict: str,
        reason: str,
        entry_id: int | None = None,
        ticket_id: int | None = None,
    ) -> tuple[str, dict[str, Any]]:
        row = receipt_row(self._id("receipts"), project, at, verdict, reason)
        return "receipts", row | {"ticket_id": ticket_id, "entry_id": entry_id}

    def _call(self, life: Life) -> Iterator[tuple[str, dict[str, Any]]]:
        draw, ident = self._random, self._id("calls")
        at = life.moved if draw.random() < 0.5 else life.began
        callback_id = None
        if draw.random() < 0.2:
            callback_id = self._id("callback_requests")
            yield "callback_requests", callback_row(life, callback_id, at, is_over=at < NOW - timedelta(days=3))
        outcome = draw.choice(["answered", "answered", "missed", "voicemail", "refused"])
        yield "calls", call_row(life, ident, at, outcome=outcome) | {"callback_id": callback_id}

    def _mails_without_ticket(self) -> Iterator[tuple[str, dict[str, Any]]]:
        draw = self._random
        for number in range(self.number // 10):
            at, key = NOW - YEARS * draw.random(), draw.choice(list(PROJECTS))
            verdict = "held" if number < 40 else draw.choice(["ignored", "duplicate", "discarded"])
            table, row = self._receipt(key, at, verdict, f"auto-reply: {draw.choice(['Auto-Submitted', 'Precedence'])}")
            yield table, row | {"fingerprint": None if verdict == "duplicate" else row["fingerprint"]}
