"""Mail addresses as we compare them: one strict rule for every decision.

Two rules in one program are how a forged address passes one check and is used by another (CVE-2023-27043).
"""

import re

import idna

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
    """The form that we compare and store: no outer white space, lower case, the domain as `normalise_domain` has it.

    The local part is lowered too: RFC 5321 lets it be case sensitive, no provider that we know of uses it so,
    and a person who writes `Marie@` one day and `marie@` the next is one person.
    """
    local, at, domain = text.strip().rpartition("@")
    return f"{local.lower()}@{normalise_domain(domain)}" if at else domain.lower()


def normalise_domain(domain: str) -> str:
    """A domain in the one form that the DNS knows: A-labels (RFC 5890), lower case, no dot at the end.

    Letters of other widths become plain ones (UTS 46). `ß` stays itself, as IDNA 2008 has it: to map it to `ss`
    would be to write to somebody else's domain. What cannot be a domain is only lowered, for others to refuse.
    """
    lowered = domain.lower()
    if not lowered.isascii():
        try:
            lowered = idna.encode(lowered, uts46=True).decode("ascii")
        except UnicodeError:
            return lowered
    return lowered.rstrip(".")


def mailbox_key(address: str) -> str:
    """The mailbox that an address ends in, as a key to count by: normalised, without quotes and `+detail`.

    `Marie+1@example.org`, `"marie+2"@example.org` and `marie@example.org` are one mailbox. A local part that begins
    with a plus is a number, as of a gateway to text messages, and stays whole. The key is no address to write to.
    """
    local, at, domain = normalise_address(address).rpartition("@")
    if len(local) > 1 and local[0] == local[-1] == '"':
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
    return f"{local.partition('+')[0] or local}{at}{domain}"


def split_detail(address: str) -> tuple[str, str]:
    """Split `support+detail@example.org` into the plain address and the detail, "" where there is none."""
    local, at, domain = address.rpartition("@")
    base, _, detail = local.partition("+")
    return f"{base}{at}{domain}", detail


def domain_of(address: str) -> str:
    """What stands behind the last @, lower case; "" where there is none."""
    return address.rpartition("@")[2].lower() if "@" in address else ""


_ROBOTS = re.compile(r"(mailer-daemon|postmaster|no-?_?reply|do-?_?not-?_?reply|ne-?pas-?repondre|bounces?)([-+.].*)?")


def is_robot(address: str) -> bool:
    """True for an address that no person reads: mailer-daemon, postmaster, noreply and their kin."""
    return _ROBOTS.fullmatch(normalise_address(address).rpartition("@")[0]) is not None
