"""DMARC (RFC 7489): a domain's published policy, and what it makes of SPF and DKIM. Pure but for one lookup or two."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.mail.authentication import Policy, Result
from inbound.authentication.dkim_check import Signature
from inbound.authentication.organisation import is_aligned, organisational_domain
from inbound.authentication.resolver import Lookups
from inbound.authentication.spf_check import SpfOutcome


@dataclass(frozen=True, kw_only=True)
class DmarcRecord:
    """What a domain asks for. `policy` is the one for this very name; the two `strict_` say that only this exact
    domain counts as its own, not its whole organisation."""

    policy: Policy
    strict_dkim: bool
    strict_spf: bool


@dataclass(frozen=True, kw_only=True)
class DmarcOutcome:
    """The result, and whether a method passed for the From domain."""

    result: Result
    aligned: bool


def find_record(domain: str, lookups: Lookups) -> DmarcRecord | None:
    """The policy of a domain, or that of its organisation (section 6.6.3). Raises DnsTrouble."""
    own = _parse_one(lookups.txt(f"_dmarc.{domain}"), is_below=False)
    organisation = organisational_domain(domain)
    if own is not None or organisation == domain:
        return own
    return _parse_one(lookups.txt(f"_dmarc.{organisation}"), is_below=True)


def parse_record(text: bytes, *, is_below: bool) -> DmarcRecord | None:
    """Read one TXT record; None where it is no DMARC record. `is_below` asks for the policy of sub-domains.

    A record whose policy cannot be read asks for nothing (section 6.6.3 step 6). One that is said to be a trial
    (`pct=0`, or `t=y` of its successor) asks for nothing either.
    """
    pairs = [part.partition("=") for part in text.decode("utf-8", "replace").split(";")]
    tags = {name.strip().lower(): value.strip().lower() for name, equals, value in pairs if equals}
    if not re.match(rb"\s*v\s*=\s*DMARC1\s*(;|$)", text):
        return None
    word = tags.get("sp", tags.get("p", "")) if is_below else tags.get("p", "")
    is_trial = tags.get("pct") == "0" or tags.get("t") == "y"
    return DmarcRecord(
        policy=Policy(word) if word in {"quarantine", "reject"} and not is_trial else Policy.NONE,
        strict_dkim=tags.get("adkim") == "s",
        strict_spf=tags.get("aspf") == "s",
    )


def evaluate(
    domain: str, record: DmarcRecord | None, *, spf: SpfOutcome | None, signatures: Sequence[Signature]
) -> DmarcOutcome:
    """What the methods come to for the From domain (section 6.6.2). `spf` is None where it was not ours to check.

    - a pass of SPF or DKIM that is aligned: pass, or none where the domain publishes no policy
    - none, but an aligned method met trouble with DNS: temperror
    - none, and SPF could not be checked: none, for it may have passed at the server that handed the mail over
    - none: fail, or none without a policy
    """
    strict_dkim = record is not None and record.strict_dkim
    strict_spf = record is not None and record.strict_spf
    own = [item.result for item in signatures if is_aligned(item.domain, domain, strict=strict_dkim)]
    if spf is not None and is_aligned(spf.domain, domain, strict=strict_spf):
        own.append(spf.result)
    aligned = Result.PASS in own
    if record is None:
        return DmarcOutcome(result=Result.NONE, aligned=aligned)
    if aligned:
        return DmarcOutcome(result=Result.PASS, aligned=True)
    if Result.TEMPERROR in own:
        return DmarcOutcome(result=Result.TEMPERROR, aligned=False)
    return DmarcOutcome(result=Result.NONE if spf is None else Result.FAIL, aligned=False)


def _parse_one(texts: Sequence[bytes], *, is_below: bool) -> DmarcRecord | None:
    """Several records are as good as none (section 6.6.3 step 5)."""
    found = [record for text in texts if (record := parse_record(text, is_below=is_below)) is not None]
    return found[0] if len(found) == 1 else None
