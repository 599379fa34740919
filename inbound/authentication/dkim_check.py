"""DKIM (RFC 6376) of one mail, by dkimpy over our own lookups. The only module that knows dkimpy.

The library checks the mathematics; here stands what a verifier must refuse besides: a signature that leaves out
From, or covers only the beginning of the body, or is of a kind that was given up (RFC 8301), lets a stranger reuse
a mail that somebody really sent. The sum of the body is ours as well: the library's takes the square of a run of
white space in time, and a hundred times the body in memory.
"""

import base64
import hashlib
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

_MAX_VERIFIED = 4  # signatures that are looked up and whose mathematics we do
_PIECE = 1_000_000  # bytes
_MAX_HEADER_BYTES = 100_000
_MAX_FIELDS = 1000
_MAX_SIGNATURE_BYTES = 8192
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
    most four. Total."""
    try:
        return tuple(_check(raw, lookups, domain=domain))
    except Exception as error:  # noqa: BLE001 (the boundary to a library that reads what strangers send)
        log.warning("dkim.check_failed", error=type(error).__name__)
        return (Signature(domain="", result=Result.PERMERROR),)


def _check(raw: bytes, lookups: Lookups, *, domain: str) -> list[Signature]:
    cut = _BLANK_LINE.search(raw, 0, _MAX_HEADER_BYTES)
    head, body = (raw[: cut.start()], _Body(raw[cut.end() :])) if cut else (raw, _Body(b""))
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
    number: int, tags: dict[bytes, bytes], *, fields: list[list[bytes]], body: "_Body", lookups: Lookups
) -> Result:
    """Compare the body's sum, which costs no lookup, and have the library verify the header."""
    if b"".join(tags.get(b"bh", b"").split()) != body.digest(is_relaxed=tags.get(b"c", b"").endswith(b"/relaxed")):
        return Result.FAIL
    verifier = dkim.DKIM(minkey=_MIN_KEY_BITS)
    verifier.headers = fields
    try:
        signature, signed, headers = verifier.verify_headerprep(number)
        del signature[b"bh"]  # compared above; with it the library would read the body, in a hundred times its size
        is_good = verifier.verify_sig(signature, signed, headers[number], _key_lookup(lookups))
    except DnsTrouble:
        return Result.TEMPERROR
    except dkim.ValidationError:
        return Result.FAIL
    except dkim.DKIMException:
        return Result.PERMERROR
    return Result.PASS if is_good else Result.FAIL


def _key_lookup(lookups: Lookups) -> Callable[..., bytes | None]:
    """The way of dkimpy to a key. It names a time limit of its own; the mail's budget is the one that counts."""

    def find(name: bytes, **_limits: float) -> bytes | None:
        texts = lookups.txt(name.decode("ascii", "replace"))
        return texts[0] if texts else None

    return find


class _Body:
    """The body of a mail, and its SHA-256 sums in base64 as signatures state them (RFC 6376 section 3.4).

    Each step is one pass over the bytes that makes no more of them, so a body of 25 MB takes that much, not gigabytes.
    """

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._digests: dict[bool, bytes] = {}

    def digest(self, *, is_relaxed: bool) -> bytes:
        """The sum of the body after the simple or the relaxed canonicalisation."""
        if is_relaxed not in self._digests:
            lines = self._body.replace(b"\r\n", b"\n")
            self._digests[is_relaxed] = _sum(_relax(lines) if is_relaxed else lines, is_relaxed=is_relaxed)
        return self._digests[is_relaxed]


def _relax(lines: bytes) -> bytes:
    """White space at line ends dropped, and otherwise one space for each run. Runs halve with each pass."""
    text = lines.replace(b"\t", b" ")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text.replace(b" \n", b"\n").removesuffix(b" ")


def _sum(lines: bytes, *, is_relaxed: bool) -> bytes:
    """Empty lines at the end do not count; a body with none left is one empty line, or relaxed nothing at all."""
    end = len(lines.rstrip(b"\n"))
    digest = hashlib.sha256()
    for start in range(0, end, _PIECE):
        digest.update(lines[start : min(start + _PIECE, end)].replace(b"\n", b"\r\n"))
    if end or not is_relaxed:
        digest.update(b"\r\n")
    return base64.b64encode(digest.digest())
