"""Failure reports: who was not reached, for good or not, and which mail it was.

Total and bounded: whatever comes in, something sensible comes out. What a report says is asked of its status fields
(RFC 3464) first, then of a header that names the failed, then of flufl.bounce, which knows many dialects, and last
of our own reading of its words. Nothing here believes a report: that needs a proof, see `inbound.bounces`.
"""

import re
from email.message import Message
from email.utils import getaddresses

from flufl.bounce import all_failures

from gateway.mail.address import normalise_address
from gateway.mail.bounce import Action, BounceReport, Outcome, ReportedRecipient
from inbound.dsn_copy import original_message_id
from inbound.dsn_dialects import before_copy, has_copy, read_words, told_of, what_happened
from inbound.dsn_fields import MAX_RECIPIENTS, read_address, read_recipients
from inbound.dsn_tree import COPY_TYPES, STATUS_TYPES, headers_text, part_text, read_tree, walk, words
from inbound.header_text import decode_header

_DIALECT_BODY = 32_000  # bytes: flufl.bounce looks at every line many times
_DIALECT_LINE = 300
# Read receipts and complaints: nothing failed, unless a delivery agent misuses the form to reject a mail.
_OTHER_REPORTS = {"disposition-notification", "feedback-report"}
_DAEMON = re.compile(
    r"mailer[-_. ]?daemon|mail[-_. ]?daemon|postmaster|mdaemon|mail[-_. ]?deliver|delivery[-_. ]?(sub)?system|bounce|"
    r"mail administrator|system administrator|mail system",
    re.IGNORECASE,
)
_NULL_PATH = re.compile(r"^\s*<\s*>\s*$", re.MULTILINE)
_STATUS_FIELD = re.compile(r"^(final|original)-recipient[ \t]*:", re.IGNORECASE | re.MULTILINE)

_NOTHING = BounceReport(
    recipients=(), original_message_id=None, is_bounce=False, general=Outcome(action=Action.DELIVERED)
)


def read_report(raw: bytes) -> BounceReport:
    """What a mail says about the failure of another. Of a mail that is no failure report: no bounce, no recipients."""
    message = _report_in(read_tree(raw))
    if _report_type(message) in _OTHER_REPORTS and not _is_daemons(message):
        return _NOTHING
    spoken = words(message)
    status = _status_text(message)
    told = before_copy(spoken)
    general = what_happened(f"{_subject(message)}\n{told}")
    recipients = read_recipients(status)
    if not recipients:
        recipients = _from_header(message, told) or _by_dialect(raw, message, told, general)
    failing = any(one.is_failing for one in recipients)
    is_bounce = failing or (not recipients and (_is_status_report(message) or _tells_of_failure(message, general)))
    return BounceReport(
        recipients=recipients if is_bounce or _is_status_report(message) else (),
        original_message_id=original_message_id(message, status=status, words=spoken) if is_bounce else None,
        is_bounce=is_bounce,
        general=general or Outcome(action=Action.FAILED),
    )


def _report_in(message: Message) -> Message:
    """The report itself, where the mail is one, or one that somebody passed on as an attachment."""
    if _status_text(message):
        return message
    for part in walk(message):
        payload = part.get_payload()
        if part.get_content_type() == "message/rfc822" and isinstance(payload, list) and payload:
            nested = payload[0]
            if isinstance(nested, Message) and nested.get_content_type() == "multipart/report":
                return nested
    return message


def _status_text(message: Message) -> str:
    """The text of the status parts, groups parted by blank lines; also of one that is mislabelled in a report."""
    texts = [part_text(part) for part in walk(message) if part.get_content_type() in STATUS_TYPES]
    if not texts and _report_type(message) == "delivery-status":
        texts = [text for text in map(part_text, walk(message)) if _STATUS_FIELD.search(text)][:1]
    return "\n\n".join(texts)


def _is_status_report(message: Message) -> bool:
    return _report_type(message) == "delivery-status" or any(
        part.get_content_type() in STATUS_TYPES for part in walk(message)
    )


def _report_type(message: Message) -> str:
    if message.get_content_type() != "multipart/report":
        return ""
    found = re.search(r"report-type\s*=\s*\"?([\w-]{1,60})", headers_text(message, "content-type"), re.IGNORECASE)
    return found[1].lower() if found else ""


def _tells_of_failure(message: Message, general: Outcome | None) -> bool:
    """Is this a report of a mail system in plain words?

    - with words that tell of a failure, from a daemon or with the null sender
    - with a subject that tells of one and the returned mail in it, whoever it says it is from
    """
    if general is None:
        return False
    if _is_daemons(message) or _has_null_sender(message):
        return True
    return what_happened(_subject(message)) is not None and _returns_a_copy(message)


def _returns_a_copy(message: Message) -> bool:
    if headers_text(message, "in-reply-to") or headers_text(message, "references"):
        return False  # an answer quotes, and does not return
    return any(part.get_content_type() in COPY_TYPES for part in walk(message)) or has_copy(words(message))


def _is_daemons(message: Message) -> bool:
    written_by = headers_text(message, "from") + headers_text(message, "sender")
    return _DAEMON.search(written_by[:2000]) is not None


def _has_null_sender(message: Message) -> bool:
    paths = "\n".join(headers_text(message, name) for name in ("return-path", "x-envelope-from", "x-mailfrom"))
    return _NULL_PATH.search(paths) is not None


def _subject(message: Message) -> str:
    return decode_header(headers_text(message, "subject")[:2000])


def _from_header(message: Message, told: str) -> tuple[ReportedRecipient, ...]:
    """X-Failed-Recipients, as Exim and Gmail write it."""
    found = map(read_address, headers_text(message, "x-failed-recipients")[:20_000].replace("\n", ",").split(","))
    outcome = what_happened(told)
    action = outcome.action if outcome else Action.FAILED
    known = dict.fromkeys(address for address in found if address is not None)
    return tuple(told_of(address, told, action=action) for address in list(known)[:MAX_RECIPIENTS])


def _by_dialect(raw: bytes, message: Message, told: str, general: Outcome | None) -> tuple[ReportedRecipient, ...]:
    """What flufl.bounce finds, unless our own reading finds all of that and more: it overlooks some domains.

    Where no sentence of ours says what happened (the words may be Chinese), a daemon's mail is left to it alone.
    """
    if not (_tells_of_failure(message, general) or _is_daemons(message)):
        return ()
    theirs = _ask_library(raw, told)
    ours = read_words(told, besides=_correspondents(message))
    if theirs and not {one.address for one in ours} > {one.address for one in theirs}:
        return theirs
    return ours


def _ask_library(raw: bytes, told: str) -> tuple[ReportedRecipient, ...]:
    message = read_tree(raw, max_body=_DIALECT_BODY, max_line=_DIALECT_LINE)
    try:
        temporary, permanent = all_failures(message)
    except Exception:  # noqa: BLE001  # dialects of a library on hostile input: then it found nothing
        return ()
    found: dict[str, Action] = {}
    for action, addresses in ((Action.DELAYED, temporary), (Action.FAILED, permanent)):
        for address in sorted(addresses):
            plain = read_address(address.decode("utf-8", "replace"))
            if plain is not None:
                found[plain] = action
    return tuple(told_of(address, told, action=action) for address, action in list(found.items())[:MAX_RECIPIENTS])


def _correspondents(message: Message) -> set[str]:
    """Who the report is from and to: never those who failed."""
    fields = [headers_text(message, name)[:5000] for name in ("from", "sender", "reply-to", "to", "delivered-to")]
    return {normalise_address(address) for _, address in getaddresses(fields)}
