"""Mail addresses as we compare them: one strict rule for every decision.

Two rules in one program are how a forged address passes one check and is used by another (CVE-2023-27043).
"""

import re

# A dot-atom or a quoted string, then a domain or an address literal (RFC 5321 section 4.1.2), non-ASCII allowed
# (RFC 6531). Spaces, angle brackets and control characters never get in.
_ADDRESS = re.compile(
    r"""(?P<local>"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*"|[^\s"(),:;<>@\[\\\]\x00-\x1f\x7f]+)"""
    r"""@(?P<domain>\[[0-9A-Za-z:.]+\]|[^\s"(),:;<>@\[\\\]\x00-\x1f\x7f]+)"""
)
MAX_ADDRESS = 254  # RFC 5321 section 4.5.3.1.3, less the angle brackets


def is_address(text: str) -> bool:
    """True for one plain address of a sane length and nothing around it."""
    return len(text) <= MAX_ADDRESS and _ADDRESS.fullmatch(text) is not None


def normalise_address(text: str) -> str:
    """The form that we compare and store: no outer white space, lower case.

    The local part is lowered too: RFC 5321 lets it be case sensitive, no provider that we know of uses it so,
    and a person who writes `Marie@` one day and `marie@` the next is one person.
    """
    return text.strip().lower()


def split_detail(address: str) -> tuple[str, str]:
    """Split `support+detail@example.org` into the plain address and the detail, "" where there is none."""
    local, at, domain = address.rpartition("@")
    base, _, detail = local.partition("+")
    return f"{base}{at}{domain}", detail


def domain_of(address: str) -> str:
    """What stands behind the last @, lower case; "" where there is none."""
    return address.rpartition("@")[2].lower() if "@" in address else ""
