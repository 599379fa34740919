"""Addresses as they go over the wire."""

from gateway.errors import Refused
from gateway.mail.address import is_address, normalise_domain


class NotDeliverable(Refused):
    """An address that no mail can be sent to."""


def wire_address(address: str) -> str:
    """The address with its domain in ASCII (IDNA), so that only a non-ASCII local part needs SMTPUTF8 (RFC 6531).

    Raises NotDeliverable for what is no single plain address.
    """
    if not is_address(address):
        raise NotDeliverable("the recipient is not a mail address")
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    wire = normalise_domain(domain)
    if not wire.isascii():
        raise NotDeliverable("the recipient's domain cannot be written in ASCII")
    return f"{local}@{wire}"
