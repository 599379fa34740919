"""Is this recipient ours, and whose? Pure: the configured projects, the signer and the day decide.

There is no relaying: what is not an address of a project is refused, whoever asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from gateway.domain.project import Project
from gateway.errors import Refused
from gateway.mail.address import domain_of, normalise_address, split_detail
from gateway.mail.envelope import MailEnvelope
from gateway.mail.parsed import ParsedMessage
from gateway.mail.reply_address import BounceToken, ReplyToken, read_token
from gateway.mail.tokens import TokenSigner

NOTED_BY_DELIVERY = ("Delivered-To", "X-Original-To", "Envelope-To")
"""The fields in which a mailbox's server notes the recipient of the envelope that it took a mail with."""

_POSTMASTER = "postmaster"


class UnknownRecipient(Refused):
    """Not an address of ours. The text says where to write instead."""


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """An address of ours: its project, and what its signed part says (None for a plain address)."""

    project: Project
    token: ReplyToken | BounceToken | None


def find_project(address: str, projects: Sequence[Project]) -> Project | None:
    """The project that an address belongs to; None when it is not ours.

    - a configured address, also one of a level, with or without `+detail`: its project
    - `postmaster@` a domain of ours (RFC 5321 section 4.5.1): the first project with an address there
    - `postmaster` alone: the first project
    """
    plain, _ = split_detail(normalise_address(address))
    for project in projects:
        if plain in project.every_address:
            return project
    if plain == _POSTMASTER:
        return projects[0] if projects else None
    if plain.rpartition("@")[0] == _POSTMASTER:
        domain = domain_of(plain)
        return next((p for p in projects if any(domain_of(known) == domain for known in p.every_address)), None)
    return None


def delivered_to(envelope: MailEnvelope, message: ParsedMessage) -> list[tuple[str, tuple[str, ...]]]:
    """Where it stands to whom a mail was delivered, the surest place first: the envelope, what delivery noted in the
    header, To and Cc. Each place with its addresses."""
    noted = [(name, tuple(value.strip(" <>") for value in message.headers.all(name))) for name in NOTED_BY_DELIVERY]
    written = tuple(mailbox.address for mailbox in message.recipients)
    return [("envelope", tuple(envelope.rcpt_tos)), *noted, ("To or Cc", written)]


def check_recipient(address: str, *, projects: Sequence[Project], signer: TokenSigner, today: date) -> Recipient:
    """The recipient behind an address. Raises UnknownRecipient.

    - an address that is not ours is unknown
    - a detail that begins like a token of ours (`r-`, `b-`) must be one, and still be valid
    - any other detail is the writer's own business
    """
    project = find_project(address, projects)
    if project is None:
        raise UnknownRecipient(_advice(projects))
    token = read_token(address, signer, today=today)
    if token is None and split_detail(normalise_address(address))[1].startswith(("r-", "b-")):
        raise UnknownRecipient(f"This answer address is not valid, or not any more; please write to {project.address}")
    return Recipient(project=project, token=token)


def _advice(projects: Sequence[Project]) -> str:
    # With many projects the list of addresses would be an invitation to spammers, and no help.
    if len(projects) == 1:
        return f"No such address here; the support address is {projects[0].address}"
    return "No such address here; please check the support address that you were given"
