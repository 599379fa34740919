"""The parameters of MAIL and RCPT, read strictly (RFC 5321 section 4.1.2). Pure.

aiosmtpd reads them with the parser for address headers, which is slow and lets comments and folding in.
"""

import re
from dataclasses import dataclass

from gateway.mail.address import is_address
from inbound import replies

# In angle brackets, perhaps after a source route (to be ignored, appendix C); bare as old clients write it.
_PATH = re.compile(
    r'<(?:@[^:<>"\s]*:)?(?P<path>(?:"(?:[^"\\]|\\.)*"|[^"<>\s])*)>(?:\s+(?P<parameters>.*))?'
    r"|(?P<bare>[^<>\"\s]+)(?:\s+(?P<more>.*))?"
)
_PARAMETER = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9-]*)(?:=(?P<value>[^\s=\x00-\x1f\x7f]+))?")


class Declined(Exception):
    """The command is not taken; `reply` says why, and whether another try is worth it."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


@dataclass(frozen=True, kw_only=True)
class Sender:
    """MAIL FROM. `address` is "" for the null sender; `size` is what the peer announced, in bytes, None if nothing."""

    address: str
    smtputf8: bool
    size: int | None


def parse_sender(argument: str) -> Sender:
    """Read what follows MAIL. Raises Declined."""
    address, parameters = _split(argument, "FROM:")
    if address and not _is_ours_to_read(address):
        raise Declined(replies.BAD_SENDER)
    body = parameters.pop("BODY", "7BIT")
    smtputf8 = parameters.pop("SMTPUTF8", "absent")
    size = parameters.pop("SIZE", "")
    if parameters or body is None or body.upper() not in {"7BIT", "8BITMIME"}:
        raise Declined(replies.UNKNOWN_PARAMETERS)
    if smtputf8 not in {None, "absent"} or size is None or (size and not _is_number(size)):
        raise Declined(replies.BAD_SYNTAX)
    return Sender(address=address, smtputf8=smtputf8 is None, size=int(size) if size else None)


def parse_recipient(argument: str) -> str:
    """Read what follows RCPT: the address. Raises Declined."""
    address, parameters = _split(argument, "TO:")
    if not (_is_ours_to_read(address) or address.lower() == "postmaster"):
        raise Declined(replies.BAD_RECIPIENT)
    if parameters:
        raise Declined(replies.UNKNOWN_PARAMETERS)
    return address


def _split(argument: str, keyword: str) -> tuple[str, dict[str, str | None]]:
    if argument[: len(keyword)].upper() != keyword:
        raise Declined(replies.BAD_SYNTAX)
    found = _PATH.fullmatch(argument[len(keyword) :].strip())
    if found is None:
        raise Declined(replies.BAD_SYNTAX)
    address = found["bare"] if found["path"] is None else found["path"]
    parameters: dict[str, str | None] = {}
    for text in (found["parameters"] or found["more"] or "").split():
        parameter = _PARAMETER.fullmatch(text)
        if parameter is None or parameter["name"].upper() in parameters:
            raise Declined(replies.BAD_SYNTAX)
        parameters[parameter["name"].upper()] = parameter["value"]
    return address, parameters


def _is_ours_to_read(address: str) -> bool:
    # Bytes that were no UTF-8 arrive as U+FFFD: such an address could never be answered.
    return is_address(address) and "\ufffd" not in address


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 20
