"""What a failure report says, as plain values: made by `inbound.dsn`, used where mail is filed and suppressed.

A report is a claim. Whether it is about a mail of ours, and may change anything, is decided elsewhere.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)")


class Action(StrEnum):
    """What became of a mail to one recipient (RFC 3464 section 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a mail. `status` is an enhanced code (RFC 3463), "" where none is told; `diagnostic` is the
    other server's own words on one short line, "" where there are none."""

    action: Action
    status: str = ""
    diagnostic: str = ""

    @property
    def is_failing(self) -> bool:
        """True where the mail did not arrive, or not yet."""
        return self.action in {Action.FAILED, Action.DELAYED}

    @property
    def permanent(self) -> bool:
        """True where nobody tries any longer."""
        return self.action is Action.FAILED

    @property
    def is_hard(self) -> bool:
        """True where another mail to the address would fail as well: the address is to blame."""
        return self.permanent and blames_address(self.status, self.diagnostic)


@dataclass(frozen=True, kw_only=True)
class ReportedRecipient(Outcome):
    """One recipient of a report, lower case: the address that the sender used, and `final_recipient`, the one that
    it had become by then, None where it is the same."""

    address: str
    final_recipient: str | None = None


@dataclass(frozen=True, kw_only=True)
class BounceReport:
    """A failure report. `original_message_id` is that of the mail that came back, without brackets.

    `general` is what the report says as a whole, for those that name no recipient. `is_bounce` is false for any
    other mail, and for a report that everything arrived.
    """

    recipients: tuple[ReportedRecipient, ...]
    original_message_id: str | None
    is_bounce: bool
    general: Outcome

    @property
    def failing(self) -> tuple[ReportedRecipient, ...]:
        """The recipients that the mail did not reach, or not yet."""
        return tuple(one for one in self.recipients if one.is_failing)

    def outcome_for(self, address: str) -> Outcome | None:
        """What the report says about a mail to this address; None where it does not name it."""
        return next((one for one in self.recipients if address in {one.address, one.final_recipient}), None)


def find_status(text: str) -> str:
    """The first enhanced status code in an SMTP reply or another server's words, "" where there is none."""
    found = _STATUS.search(text)
    return found[0] if found else ""


_FULL = re.compile(
    r"quota|(mail)?box (is )?full|\bfull (mail)?box|insufficient (disk )?(space|storage)|boîte pleine", re.I
)
_GONE = re.compile(
    r"""\b(user|recipient|address(ee)?|account|mailbox|utilisateur|destinataire|adresse|compte|boîte)s?\b.{0,40}
        (\bunknown|\bnot\ (be\ )?found|n['o]t\ exist|not\ known|\bunavailable|\bdisabled|\binactive|\binvalid
        |\binconnue?|n'existe\ pas|\binexistante?|désactivée?|introuvable)
      | \b(no\ such|unknown|invalid|nonexistent|non-existent|bad\ destination)\ .{0,20}
        (user|recipient|address|account|mailbox|domain|host|person)
      | \b(utilisateur|destinataire|adresse)\ (inconnue?|invalide)
      | \bno\ mailbox\ here | (domain|host)\ (name\ )?not\ found""",
    re.I | re.X,
)
_ABOUT_THE_MAIL = re.compile(
    r"spam|virus|block(ed|list)|black ?list|deny ?list|polic(y|ies)|reputation|relay|too (large|big|long)|exceeds|"
    r"timed? ?out|time-out|greylist|too many|rate limit|expired|dmarc|\bspf\b|content rejected|temporar",
    re.I,
)
# Generic (X.0), addressing (X.1) but for the sender's, mailbox (X.2) but for full and too large, no route to the
# domain (X.4.1, X.4.4, X.4.310). The rest is about servers, the mail itself or us (RFC 3463 section 3).
_ABOUT_THE_ADDRESS = re.compile(r"5\.(0\.\d+|1\.(?![78]$)\d+|2\.(?![23]$)\d+|4\.(1|4|310))")


def blames_address(status: str, diagnostic: str) -> bool:
    """Does a final refusal mean that the address is no good, so that other mail would come back too?

    - not where the code is of class 4: the other side gave up on something that may pass
    - not where it says that a mailbox is full, whatever the code
    - where it says that there is no such user or domain, whatever the code
    - else as the code tells: X.0, X.1, X.2 and no route are about the address; systems, protocol, content and
      policy are not, for one misconfigured relay must not silence everybody
    - where no code tells more than "refused": unless it talks of spam, size, relaying, time and their like
    """
    code = status or find_status(diagnostic)
    if code.startswith("4") or _FULL.search(diagnostic):
        return False
    if _GONE.search(diagnostic):
        return True
    if code and not code.startswith("5.0."):
        return _ABOUT_THE_ADDRESS.fullmatch(code) is not None
    return _ABOUT_THE_MAIL.search(diagnostic) is None
