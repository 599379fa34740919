"""What may become of a mail: filed, ignored with a reason, or held for a person; and may it be answered?

Pure. The order is the policy: what a machine says about mail is settled before anybody is identified, and
nobody is identified from anything but one From mailbox.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.db.receipts import Verdict
from gateway.domain.project import Project
from gateway.domain.trace import Said, Trace
from gateway.mail.automation import MACHINE_ANSWERS, REPORTS, Classification, Subject, classify
from gateway.mail.envelope import MailEnvelope
from gateway.mail.parsed import Mailbox, ParsedMessage
from inbound.recipients import find_project


@dataclass(frozen=True, kw_only=True)
class Screening:
    """The outcome. `sender` is the one From mailbox, None where there are none or several."""

    verdict: Verdict
    reason: str
    sender: Mailbox | None
    classification: Classification
    silence: str


def screen(
    message: ParsedMessage,
    envelope: MailEnvelope,
    *,
    projects: Sequence[Project],
    own_loop_marker: str,
    is_own_mail: bool,
    trace: Trace,
) -> Screening:
    """Ask the rules of intake in order. `is_own_mail` says that the Message-ID is one that we signed.

    - mail about mail (bounces, receipts, abuse reports, our own mail come back) is ignored
    - no From mailbox, or several: held, for nobody can be told from it
    - everything else is filed; a machine's answer to no ticket of ours is ignored later, by `deciding`
    """
    found = classify(
        Subject(
            headers=message.headers,
            mail_from=envelope.mail_from,
            from_address=message.senders[0].address if message.senders else "",
            subject=message.subject,
            content_type=message.content_type,
            report_type=message.report_type,
            own_loop_marker=own_loop_marker,
            is_own_mail=is_own_mail,
        )
    )
    trace.note("origin", found.origin, Said("{where}: {what}", where=found.rule, what=found.evidence))
    sender = message.senders[0] if len(message.senders) == 1 else None
    silence = "" if found.may_answer else f"{found.origin}: {found.evidence}"
    if found.origin in REPORTS:
        return _end(Verdict.IGNORED, f"{found.origin}: {found.evidence}", sender, found, silence)
    if sender is None:
        count = len(message.senders)
        trace.note("sender", "none" if not count else "several", Said("{count} From mailboxes", count=count))
        reason = "no usable From address" if not count else "more than one From address"
        return _end(Verdict.HELD, reason, None, found, silence)
    trace.note("sender", "one", "a single From mailbox")
    if find_project(sender.address, projects) is not None:
        silence = silence or "written from one of our own addresses"
    return _end(Verdict.FILED, "filed", sender, found, silence)


def is_answer_of_a_machine(found: Classification) -> bool:
    """True for an automatic answer that a header proves; a telling subject alone is no reason to drop a mail."""
    return found.origin in MACHINE_ANSWERS and found.rule != "subject"


def _end(verdict: Verdict, reason: str, sender: Mailbox | None, found: Classification, silence: str) -> Screening:
    return Screening(verdict=verdict, reason=reason, sender=sender, classification=found, silence=silence)
