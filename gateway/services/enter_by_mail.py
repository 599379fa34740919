"""The level at which a mail's new ticket enters: by its sender's roles, the address, and what proves the sender."""

from sqlalchemy import Connection

from gateway.db.tickets import Ticket
from gateway.domain.levels import Identity
from gateway.domain.trace import Said
from gateway.mail.address import normalise_address, split_detail
from gateway.mail.authentication import Authentication, Result
from gateway.services.enter_ticket import enter_ticket, level_written_to
from gateway.services.mail_item import Decision, MailItem


def enter_by_mail(connection: Connection, item: MailItem, decision: Decision, *, ticket: Ticket) -> Ticket:
    """Put the new ticket of a mail before the level that its reporter may reach; the ticket as it then is."""
    written_to = item.envelope.rcpt_tos or [mailbox.address for mailbox in item.message.recipients]
    addresses = [split_detail(normalise_address(address))[0] for address in written_to]
    wanted = level_written_to(item.project, addresses)
    identity = _identity(item, decision)
    entered = enter_ticket(
        connection,
        item.project,
        ticket,
        channel=item.envelope.channel,
        identity=identity,
        wanted=wanted,
        roles=decision.roles,
    )
    item.trace.note("level", entered.level, Said("{level} was written to", level=wanted) if wanted else "")
    return entered


def _identity(item: MailItem, decision: Decision) -> Identity:
    """What is known of the reporter: an operator's word counts, whatever the mail proves of its From. What proves who
    forwarded a mail says nothing about the author of what was forwarded."""
    if decision.is_vouched_for:
        return Identity.PROVEN
    return Identity.UNKNOWN if decision.retold else identity_of(item.authentication)


def identity_of(authentication: Authentication) -> Identity:
    """What a mail's authentication says about its sender.

    - a pass aligned with the From domain: proven
    - DMARC failed: refuted
    - anything else: unknown
    """
    if authentication.is_aligned_pass:
        return Identity.PROVEN
    return Identity.REFUTED if authentication.dmarc is Result.FAIL else Identity.UNKNOWN
