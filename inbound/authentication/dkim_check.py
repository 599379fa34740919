"""DKIM (RFC 6376) of one mail, by dkimpy over our own lookups. The only module that knows dkimpy.

The library checks the mathematics; here stands what a verifier must refuse besides: a signature that leaves out
From, or covers only the beginning of the body, or is of a kind that was given up (RFC 8301), lets a stranger reuse
a mail that somebody really sent. The mail is prepared so that no input takes more than linear time.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass

import dkim
import structlog

from gateway.mail.address import normalise_domain
from gateway.mail.authentication import Result
from inbound.authentication.organisation import is_aligned
from inbound.authentication.resolver import DnsTrouble, Lookups

log = structlog.get_logger()
# Its messages quote domains and header fields.
logging.getLogger("dkimpy").setLevel(logging.CRITICAL)

_MAX_VERIFIED = 2  # signatures whose mathematics we do; each reads the whole body
_MAX_HEADER_BYTES = 100_000
_MAX_FIELDS = 1000
_MAX_SIGNATURE_BYTES = 8192
_MAX_KEY_BYTES = 2048  # a key record longer than that holds a key made to keep us busy
_MIN_KEY_BITS = 1024  # RFC 8301 section 3.2
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
# Fields that may stand once only (RFC 5322 section 3.6, RFC 2045): a second one changes what a reader sees.
_SINGLE = frozenset(
    {b"from", b"sender", b"reply-to", b"to", b"cc", b"subject", b"date", b"message-id", b"in-reply-to", b"references"}
    | {b"content-type", b"content-transfer-encoding", b"mime-version"}
)


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What one DKIM-Signature came to. `domain` is the one that signed."""

    domain: str
    result: Result


def check_dkim(raw: bytes, lookups: Lookups, *, domain: str) -> tuple[Signature, ...]:
    """Verify signatures, those of the From domain first, then those of its organisation: until one of them is good, at
    most two. Total."""
    try:
        return tuple(_check(raw, lookups, domain=domain))
    except Exception as error:  # noqa: BLE001 (the boundary to a library that reads what strangers send)
        log.warning("dkim.check_failed", error=type(error).__name__)
        return (Signature(domain="", result=Result.PERMERROR),)


def _check(raw: bytes, lookups: Lookups, *, domain: str) -> list[Signature]:
    cut = _BLANK_LINE.search(raw, 0, _MAX_HEADER_BYTES)
    head, body = (raw[: cut.start()], raw[cut.end() :]) if cut else (raw, b"")
    fields = dkim.rfc822_parse(head)[0] if len(head) <= _MAX_HEADER_BYTES else None
    if fields is None or len(fields) > _MAX_FIELDS:
        return [Signature(domain="", result=Result.POLICY)]
    tags = [_tags(value) for name, value in fields if name.lower() == b"dkim-signature"]
    found: list[Signature] = []
    left = _MAX_VERIFIED
    for number in sorted(range(len(tags)), key=lambda number: _distance(_signer(tags[number]), domain)):
        signer, refused = _signer(tags[number]), _refuse(tags[number], fields)
        if refused is not None:
            found.append(Signature(domain=signer, result=refused))
        elif left:
            result = _verify(number, tags[number], fields=fields, body=body, lookups=lookups)
            found.append(Signature(domain=signer, result=result))
            left = 0 if result is Result.PASS and is_aligned(signer, domain) else left - 1
    return found


def _distance(signer: str, domain: str) -> tuple[bool, bool]:
    return (signer != domain, not is_aligned(signer, domain))


def _tags(value: bytes) -> dict[bytes, bytes]:
    """The tags of a signature; none where they cannot be read."""
    if len(value) > _MAX_SIGNATURE_BYTES:
        return {}
    try:
        return dict(dkim.parse_tag_value(value))
    except dkim.InvalidTagValueList:
        return {}


def _signer(tags: dict[bytes, bytes]) -> str:
    return normalise_domain(tags.get(b"d", b"").decode("ascii", "replace"))


def _refuse(tags: dict[bytes, bytes], fields: list[list[bytes]]) -> Result | None:
    """The result of a signature that is not even verified; None for one that may be.

    - it cannot be read, or does not sign From (RFC 6376 section 5.4): permerror
    - it covers only a part of the body (l=), is of SHA-1 (RFC 8301 section 3.1), or signs a field that must stand
      once fewer times than the field is there: policy
    - it is of a kind that we cannot verify (Ed25519): neutral
    """
    signed = [name.strip().lower() for name in tags.get(b"h", b"").split(b":")]
    if not _signer(tags) or b"from" not in signed:
        return Result.PERMERROR
    if tags.get(b"a") == b"ed25519-sha256":
        return Result.NEUTRAL
    present = [name.lower() for name, _ in fields]
    doubled = any(present.count(name) > max(1, signed.count(name)) for name in _SINGLE)
    if b"l" in tags or tags.get(b"a") != b"rsa-sha256" or doubled:
        return Result.POLICY
    return None


def _verify(
    number: int, tags: dict[bytes, bytes], *, fields: list[list[bytes]], body: bytes, lookups: Lookups
) -> Result:
    verifier = dkim.DKIM(minkey=_MIN_KEY_BITS)
    verifier.headers, verifier.body = fields, _prepare(body, tags)
    try:
        return Result.PASS if verifier.verify(number, dnsfunc=_key_lookup(lookups)) else Result.FAIL
    except DnsTrouble:
        return Result.TEMPERROR
    except dkim.ValidationError:
        return Result.FAIL
    except dkim.DKIMException:
        return Result.PERMERROR


def _key_lookup(lookups: Lookups) -> Callable[..., bytes | None]:
    """The way of dkimpy to a key. It names a time limit of its own; the mail's budget is the one that counts."""

    def find(name: bytes, **_limits: float) -> bytes | None:
        texts = lookups.txt(name.decode("ascii", "replace"))
        return texts[0] if texts and len(texts[0]) <= _MAX_KEY_BYTES else None

    return find


def _prepare(body: bytes, tags: dict[bytes, bytes]) -> bytes:
    """The body with CRLF line ends, and without what the canonicalisation will drop anyway.

    dkimpy drops white space before a line end by an expression that takes the square of the run's length, and
    empty lines at the end one by one; a stranger chooses both.
    """
    lines = body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if tags.get(b"c", b"").lower().endswith(b"/relaxed"):
        lines = re.sub(rb"[\t ]+", b" ", lines).replace(b" \r\n", b"\r\n")
    kept = lines.rstrip(b"\r\n")
    tail = lines[len(kept) :]
    return kept + b"\r\n" if tail and tail == b"\r\n" * (len(tail) // 2) else lines
