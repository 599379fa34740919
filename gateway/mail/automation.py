"""Did a machine write this mail, and may it be answered? (RFC 3834 and the practice around it)

Pure: headers, envelope sender and subject in, a classification with its evidence out. It is asked before
anything that may answer, and it leans to silence: a person who misses one acknowledgement loses little, two
machines that answer each other are a flood. It does not lean to loss: what only makes us silent is still filed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from gateway.mail.automation_words import (
    AGGREGATE_REPORT,
    BULK_HEADERS,
    COMPLAINT_HEADERS,
    DAEMON,
    DELAY,
    FAILURE,
    GENERATED_HEADERS,
    LIST_HEADERS,
    MAILER,
    OUT_OF_OFFICE_LABEL,
    OUT_OF_OFFICE_PHRASE,
    RECEIPT,
    REPLY_HEADERS,
    ROBOT,
    STOCK_FAILURE,
)
from gateway.mail.headers import Headers

LOOP_HEADER = "X-Gateway-Loop"


class Origin(StrEnum):
    """Who wrote a mail, as far as its form tells. A `delay` is a report that a mail is still being tried (RFC 3464),
    a `feedback-report` one of abuse (RFC 5965) or of what DMARC saw."""

    HUMAN = "human"
    AUTO_REPLY = "auto-reply"
    OUT_OF_OFFICE = "out-of-office"
    AUTO_GENERATED = "auto-generated"
    LIST = "list"
    BULK = "bulk"
    BOUNCE = "bounce"
    DELAY = "delay"
    READ_RECEIPT = "read-receipt"
    FEEDBACK_REPORT = "feedback-report"
    OWN_LOOP = "own-loop"


# Mail about mail: it tells nothing that a person would have to answer, so it opens no ticket.
REPORTS = frozenset({Origin.BOUNCE, Origin.DELAY, Origin.READ_RECEIPT, Origin.FEEDBACK_REPORT, Origin.OWN_LOOP})
# Answers that a machine gave to a mail of ours or of somebody else; nobody asks for anything in them.
MACHINE_ANSWERS = frozenset({Origin.AUTO_REPLY, Origin.OUT_OF_OFFICE})


@dataclass(frozen=True, kw_only=True)
class Classification:
    """What a mail is, the rule that said so and what it saw. `may_answer` is about automatic answers only."""

    origin: Origin
    may_answer: bool
    rule: str
    evidence: str


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What the rules look at. `mail_from` is "" for the null sender; `own_loop_marker` is what our own mail carries.

    `is_own_mail` says that the Message-ID is one that we signed: the mail is ours, whatever was stripped from it.
    """

    headers: Headers
    mail_from: str
    from_address: str
    subject: str
    content_type: str
    report_type: str
    own_loop_marker: str
    is_own_mail: bool = False


Finding = tuple[Origin, str]
Rule = Callable[[Subject], Finding | None]


def classify(mail: Subject) -> Classification:
    """Ask the rules in order; the first that finds something decides, and none means that a person wrote.

    - own loop: our own loop marker, or a Message-ID of ours, came back
    - report: multipart/report, or one of the forms that reports had before RFC 3464
    - Auto-Submitted: anything but `no` (RFC 3834 section 5)
    - automatic-reply headers: X-Autoreply and its kin
    - Precedence and X-Precedence: auto_reply, then bulk, junk, list
    - list headers: List-Id, List-Unsubscribe and the others of RFC 2369 and 2919
    - null sender: the envelope sender is `<>`, which only machines use
    - X-Auto-Response-Suppress: a person's mailer does not ask for silence; ours may not answer
    - sender: mailer-daemon, postmaster, noreply
    - subject: an out-of-office phrase or that of a failure report, where no header says so
    """
    for name, rule in _RULES:
        found = rule(mail)
        if found is not None:
            origin, evidence = found
            return Classification(origin=origin, may_answer=False, rule=name, evidence=evidence)
    return Classification(origin=Origin.HUMAN, may_answer=True, rule="none", evidence="no rule found a machine")


def _own_loop(mail: Subject) -> Finding | None:
    if mail.is_own_mail:
        return Origin.OWN_LOOP, "a Message-ID that we made"
    for value in mail.headers.all(LOOP_HEADER):
        if value.strip().lower() == mail.own_loop_marker.strip().lower():
            return Origin.OWN_LOOP, f"{LOOP_HEADER}: ours"
    return None


_REPORT_TYPES = {
    "delivery-status": Origin.BOUNCE,
    "global-delivery-status": Origin.BOUNCE,
    "disposition-notification": Origin.READ_RECEIPT,
    "global-disposition-notification": Origin.READ_RECEIPT,
    "feedback-report": Origin.FEEDBACK_REPORT,
    "tlsrpt": Origin.FEEDBACK_REPORT,
}


def _report(mail: Subject) -> Finding | None:
    if mail.content_type.lower() == "multipart/report":
        origin = _REPORT_TYPES.get(mail.report_type.lower(), Origin.BOUNCE)
        return _or_delay(origin, mail), f"multipart/report; report-type={mail.report_type or 'none'}"
    bare = mail.content_type.lower().removeprefix("message/")
    if bare in _REPORT_TYPES:
        return _or_delay(_REPORT_TYPES[bare], mail), f"the mail is nothing but {mail.content_type}"
    return _complaint(mail) or _old_failure_report(mail)


def _complaint(mail: Subject) -> Finding | None:
    name = next((name for name in COMPLAINT_HEADERS if name in mail.headers), None)
    if name is not None or "abuse-report" in mail.headers.first("x-loop").lower():
        return Origin.FEEDBACK_REPORT, name or "X-Loop: abuse report"
    if AGGREGATE_REPORT.match(mail.subject):
        return Origin.FEEDBACK_REPORT, "the subject of a DMARC report"
    return None


def _old_failure_report(mail: Subject) -> Finding | None:
    """One in a form from before RFC 3464: never by its subject alone, for people write about failing mail."""
    if "x-failed-recipients" in mail.headers:
        return _or_delay(Origin.BOUNCE, mail), "X-Failed-Recipients"
    if MAILER.match(mail.from_address) and _has_null_sender(mail):
        return _or_delay(Origin.BOUNCE, mail), "a mail daemon and the null sender"
    if (DAEMON.match(mail.from_address) or _has_null_sender(mail)) and FAILURE.match(mail.subject):
        return _or_delay(Origin.BOUNCE, mail), "a daemon or the null sender, and the subject of a failure report"
    return None


def _or_delay(origin: Origin, mail: Subject) -> Origin:
    """A failure report whose subject says that the mail is still being tried is one of delay."""
    return Origin.DELAY if origin is Origin.BOUNCE and DELAY.match(mail.subject) else origin


_COMMENT = re.compile(r"\([^()]*\)")


def _keyword(value: str) -> str:
    """The first word of a field, lower case, without comments and parameters: `(x) Auto-Replied; a=b` gives
    `auto-replied`."""
    words = re.split(r"[\s;,]+", _COMMENT.sub(" ", value).strip().lower(), maxsplit=1)
    return words[0]


def _auto_submitted(mail: Subject) -> Finding | None:
    for value in mail.headers.all("auto-submitted"):
        keyword = _keyword(value)
        if keyword in {"", "no"}:
            continue
        otherwise = Origin.AUTO_REPLY if keyword == "auto-replied" else Origin.AUTO_GENERATED
        return _answer_kind(mail, otherwise), f"Auto-Submitted: {keyword}"
    return None


_DENIED = {"", "no", "none", "false", "0"}


def _automatic_headers(mail: Subject) -> Finding | None:
    for name in REPLY_HEADERS:
        if mail.headers.first(name).lower() not in _DENIED:
            return _answer_kind(mail, Origin.AUTO_REPLY), name
    if _keyword(mail.headers.first("x-autogenerated")) == "reply":
        return _answer_kind(mail, Origin.AUTO_REPLY), "x-autogenerated: reply"
    for name in GENERATED_HEADERS:
        if mail.headers.first(name).lower() not in _DENIED:
            return _answer_kind(mail, Origin.AUTO_GENERATED), name
    return None


def _precedence(mail: Subject) -> Finding | None:
    for name in ("precedence", "x-precedence"):
        for value in mail.headers.all(name):
            keyword = _keyword(value).replace("-", "_")
            if keyword in {"auto_reply", "autoreply"}:
                return _answer_kind(mail, Origin.AUTO_REPLY), f"{name}: auto_reply"
            if keyword in {"bulk", "junk", "list"}:
                is_list = keyword == "list" or "list-id" in mail.headers
                return Origin.LIST if is_list else _answer_kind(mail, Origin.BULK), f"{name}: {keyword}"
    return None


def _list_headers(mail: Subject) -> Finding | None:
    for name in LIST_HEADERS:
        if name in mail.headers:
            return (Origin.BULK if name in BULK_HEADERS else Origin.LIST), name
    return None


_NULL_PATH = re.compile(r"\s*<\s*>\s*")


def _has_null_sender(mail: Subject) -> bool:
    return mail.mail_from == "" or any(_NULL_PATH.fullmatch(value) for value in mail.headers.all("return-path"))


def _null_sender(mail: Subject) -> Finding | None:
    if not _has_null_sender(mail):
        return None
    if RECEIPT.match(mail.subject):
        return Origin.READ_RECEIPT, "null sender, and the subject of a receipt"
    return _answer_kind(mail, Origin.AUTO_REPLY if _answers(mail) else Origin.AUTO_GENERATED), "null sender"


_SUPPRESSED = {"all", "oof", "autoreply", "rn", "nrn", "dr"}
_ANSWER_SUPPRESSED = {"all", "oof", "autoreply"}


def _suppress(mail: Subject) -> Finding | None:
    tokens = {
        token.strip().lower()
        for value in mail.headers.all("x-auto-response-suppress")
        for token in re.split(r"[,;\s]+", value)
    }
    if tokens & _ANSWER_SUPPRESSED:
        evidence = f"X-Auto-Response-Suppress: {', '.join(sorted(tokens & _SUPPRESSED))}"
        return _answer_kind(mail, Origin.AUTO_GENERATED), evidence
    return None


def _robot_sender(mail: Subject) -> Finding | None:
    for address in (mail.from_address, mail.mail_from):
        local = address.rpartition("@")[0]
        if DAEMON.match(local):
            return Origin.AUTO_GENERATED, "written by a mail daemon"
        if ROBOT.search(local):
            return Origin.AUTO_GENERATED, "an address that takes no answers"
    return None


def _telling_subject(mail: Subject) -> Finding | None:
    if STOCK_FAILURE.match(mail.subject):
        return Origin.AUTO_GENERATED, "the subject of a failure report"
    if OUT_OF_OFFICE_LABEL.match(mail.subject) or OUT_OF_OFFICE_PHRASE.match(mail.subject):
        return Origin.OUT_OF_OFFICE, "the subject says so"
    return None


def _answer_kind(mail: Subject, otherwise: Origin) -> Origin:
    """A label such as "Automatic reply:" tells more than the header that marks the mail as automatic. A phrase does
    so in what answers something: a newsletter may begin with "On vacation" as well."""
    if OUT_OF_OFFICE_LABEL.match(mail.subject):
        return Origin.OUT_OF_OFFICE
    if (otherwise is Origin.AUTO_REPLY or _answers(mail)) and OUT_OF_OFFICE_PHRASE.match(mail.subject):
        return Origin.OUT_OF_OFFICE
    return otherwise


def _answers(mail: Subject) -> bool:
    return "in-reply-to" in mail.headers or "references" in mail.headers


_RULES: tuple[tuple[str, Rule], ...] = (
    ("own loop", _own_loop),
    ("report", _report),
    ("Auto-Submitted", _auto_submitted),
    ("automatic-reply headers", _automatic_headers),
    ("Precedence", _precedence),
    ("list headers", _list_headers),
    ("null sender", _null_sender),
    ("X-Auto-Response-Suppress", _suppress),
    ("sender", _robot_sender),
    ("subject", _telling_subject),
)
