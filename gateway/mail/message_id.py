"""Message-IDs: making ours so that we know them again, and reading ids out of header text (RFC 5322 section 3.6.4)."""

import re
from dataclasses import dataclass
from datetime import date

from gateway.ids import decode32, random32
from gateway.mail.tokens import BadToken, Purpose, TokenSigner

_BRACKETED = re.compile(r"<([^<>\x00-\x20\x7f]{1,996})>")
_BARE = re.compile(r"[^\s<>,;()\"\x00-\x1f\x7f]{1,200}@[^\s<>,;()\"\x00-\x1f\x7f]{1,250}")
MAX_IDS = 200
MAX_BYTES = 996  # RFC 5322 section 2.1.1: what fits on a line with its brackets


@dataclass(frozen=True, kw_only=True)
class OwnMessageId:
    """A Message-ID that we signed for a mail to this person about this ticket."""

    ticket_id: int
    person_id: int


def make_message_id(domain: str, signer: TokenSigner, *, ticket_id: int, person_id: int, today: date) -> str:
    """A new Message-ID without its angle brackets; nobody can guess it, and `read_own` knows it again."""
    nonce = decode32(random32(8))
    return f"{signer.sign(Purpose.MESSAGE_ID, ticket_id, person_id, nonce, today=today)}@{domain}"


def read_own(message_id: str, signer: TokenSigner, *, today: date) -> OwnMessageId | None:
    """What one of our ids says; None for anybody else's."""
    try:
        ticket_id, person_id, _ = signer.verify(Purpose.MESSAGE_ID, message_id.partition("@")[0], today=today)
    except (BadToken, ValueError):
        return None
    return OwnMessageId(ticket_id=ticket_id, person_id=person_id)


def parse_message_ids(header: str) -> tuple[str, ...]:
    """The ids in a header's raw text, in order, without brackets, each once, at most 200.

    Ids in angle brackets count where there is one; else bare words with an @, which some mailers write. Folding
    inside an id is undone. Text that holds no id gives an empty tuple: an empty In-Reply-To matches nothing.
    """
    joined = re.sub(r"\r?\n[ \t]+", "", header) if "<" in header else header
    found = _BRACKETED.findall(joined) or _BRACKETED.findall(re.sub(r"[ \t\r\n]+", "", header)) or _BARE.findall(header)
    return tuple(dict.fromkeys(ident for ident in found if len(ident.encode("utf-8", "replace")) <= MAX_BYTES))[
        :MAX_IDS
    ]
