"""Signed addresses: `support+r-...@` takes a reply to its ticket, `support+b-...@` a failure report to its delivery."""

from dataclasses import dataclass
from datetime import date

from gateway.mail.address import normalise_address, split_detail
from gateway.mail.tokens import BadToken, Purpose, TokenSigner


@dataclass(frozen=True, kw_only=True)
class ReplyToken:
    """A reply address that we signed for this person on this ticket."""

    ticket_id: int
    person_id: int


@dataclass(frozen=True, kw_only=True)
class BounceToken:
    """A return path that we signed for this outbox row."""

    delivery_id: int


def make_reply_address(address: str, signer: TokenSigner, *, ticket_id: int, person_id: int, today: date) -> str:
    """The address to answer to, below the project's own `address`."""
    return _with_detail(address, signer.sign(Purpose.REPLY, ticket_id, person_id, today=today))


def make_bounce_address(address: str, signer: TokenSigner, *, delivery_id: int, today: date) -> str:
    """The return path of one delivery (VERP)."""
    return _with_detail(address, signer.sign(Purpose.BOUNCE, delivery_id, today=today))


def read_token(address: str, signer: TokenSigner, *, today: date) -> ReplyToken | BounceToken | None:
    """What a signed address says; None for an address without a token of ours."""
    detail = split_detail(normalise_address(address))[1]
    try:
        if detail.startswith("r-"):
            ticket_id, person_id = signer.verify(Purpose.REPLY, detail, today=today)
            return ReplyToken(ticket_id=ticket_id, person_id=person_id)
        if detail.startswith("b-"):
            (delivery_id,) = signer.verify(Purpose.BOUNCE, detail, today=today)
            return BounceToken(delivery_id=delivery_id)
    except BadToken:
        return None
    return None


def _with_detail(address: str, detail: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}+{detail}@{domain}"
