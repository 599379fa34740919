"""Is a mail let in at all? Asked once it has one sender and is not mail about mail. Pure but for the settings."""

from gateway.db.receipts import Verdict
from gateway.mail.authentication import held_reason
from gateway.mail.parsed import Mailbox
from gateway.mail.reply_address import BounceToken, read_token
from gateway.runtime import Runtime
from gateway.services.mail_item import Decision, MailItem
from inbound.sender_lists import is_listed


def refuse_admission(runtime: Runtime, item: MailItem, sender: Mailbox, *, answers_as_machine: bool) -> Decision | None:
    """Why the mail is not filed; None where it may be.

    - held: it came to our return paths alone, where failure reports come, mostly from machines that do not say so;
      an automatic answer that says what it is belongs there (RFC 3834 section 4), and is filed like any other
    - ignored: its sender is on the deny list, and not on the allow list with proof
    - held: it fails the policy that its From domain asks for
    """
    authentication = item.authentication
    item.trace.note("authentication", authentication.dmarc, authentication.evidence)
    if not answers_as_machine and _is_to_return_path(runtime, item):
        return Decision(verdict=Verdict.HELD, reason="written to an address that only failure reports come to")
    if _is_unwanted(runtime, item, sender):
        return Decision(verdict=Verdict.IGNORED, reason="the sender is on the deny list")
    doubt = held_reason(authentication)
    return Decision(verdict=Verdict.HELD, reason=doubt) if doubt else None


def _is_to_return_path(runtime: Runtime, item: MailItem) -> bool:
    today = item.envelope.received_at.date()
    tokens = [read_token(address, runtime.signer, today=today) for address in item.envelope.rcpt_tos]
    return bool(tokens) and all(isinstance(token, BounceToken) for token in tokens)


def _is_unwanted(runtime: Runtime, item: MailItem, sender: Mailbox) -> bool:
    lists = runtime.settings.mail
    if not is_listed(sender.address, lists.deny):
        return False
    allowed = is_listed(sender.address, lists.allow) and item.authentication.is_aligned_pass
    item.trace.note("sender lists", "allowed" if allowed else "denied", "on both lists, and proved" if allowed else "")
    return not allowed
