"""Who wrote a mail, to the project that it came to; where answers go; whom the mail brings along."""

from dataclasses import dataclass

from sqlalchemy import Connection

from gateway.domain.ticket import STAFF, Role
from gateway.mail.address import is_robot
from gateway.mail.parsed import Mailbox
from gateway.runtime import Runtime
from gateway.services.mail_item import MailItem
from gateway.services.roles import roles_in
from inbound.recipients import find_project


@dataclass(frozen=True, kw_only=True)
class Sender:
    """The single From mailbox, which is the identity. `proved`: its domain vouches for the mail.

    `roles` are what the mail's address has in the project: a claim, until something proves it.
    """

    mailbox: Mailbox
    proved: bool
    roles: frozenset[Role]

    @property
    def claims_agent(self) -> bool:
        """True where the address is an agent's, whoever may have written it."""
        return bool(self.roles & STAFF)

    @property
    def is_agent(self) -> bool:
        """True for an agent whose domain vouches for the mail."""
        return self.claims_agent and self.proved


def identify(connection: Connection, item: MailItem, mailbox: Mailbox) -> Sender:
    """What the project knows of whoever the mail says it is from."""
    roles = roles_in(connection, item.project, mailbox.address)
    sender = Sender(mailbox=mailbox, proved=item.authentication.is_aligned_pass, roles=roles)
    if sender.claims_agent:
        item.trace.note("agent", "yes" if sender.proved else "not proved", item.authentication.evidence)
    return sender


def answer_to(runtime: Runtime, item: MailItem, sender: Sender) -> str:
    """Where answers go: a proved sender's Reply-To, else the sender's own address, as it could aim at a victim."""
    wanted = item.message.reply_to[:1]
    if sender.proved and wanted and is_person(runtime, wanted[0]):
        return wanted[0].address
    return sender.mailbox.address


def copies(runtime: Runtime, item: MailItem, sender: Sender) -> tuple[Mailbox, ...]:
    """The people whom this mail brings onto its ticket: its sender, and those it was written to."""
    if sender.claims_agent:
        return ()
    found = [sender.mailbox, *(mailbox for mailbox in item.message.recipients if is_person(runtime, mailbox))]
    return tuple({mailbox.address: mailbox for mailbox in found}.values())


def is_person(runtime: Runtime, mailbox: Mailbox) -> bool:
    """True for an address that is neither ours nor a machine's."""
    ours = find_project(mailbox.address, runtime.settings.project_list) is not None
    return not ours and not is_robot(mailbox.address)
