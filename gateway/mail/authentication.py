"""Is a mail from whom it says? What SPF, DKIM and DMARC came to, as one value that is kept with the entry.

The value is made by `inbound.authentication`. It fails closed: what was not checked, could not be read or was
never kept proves nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Result(StrEnum):
    """What one method came to (RFC 8601 section 2.7). `none` is also what was not there to check."""

    PASS = "pass"  # noqa: S105 (a result, not a password)
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    POLICY = "policy"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"
    NONE = "none"


class Policy(StrEnum):
    """What a domain asks for mail that fails DMARC (RFC 7489 section 6.3). `unknown`: nobody told us."""

    UNKNOWN = "unknown"
    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


class Source(StrEnum):
    """Who checked: the mail server in front of us, named by its authserv-id, or we, or nobody."""

    AUTHSERV_ID = "authserv-id"
    OWN_CHECK = "own check"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Authentication:
    """The outcome of one mail.

    `domain` is that of the single From mailbox, "" where there is none. `aligned` says that a method passed for
    that domain or, by the domain's own policy, for its organisation, and that nothing spoke against it.
    `evidence` is one line to show.
    """

    spf: Result
    dkim: Result
    dmarc: Result
    policy: Policy
    aligned: bool
    domain: str
    source: Source
    evidence: str

    @property
    def is_aligned_pass(self) -> bool:
        """Proof that the From domain sent this mail: what an agent's rights and commands need."""
        return self.aligned and self.dmarc is not Result.FAIL

    def as_json(self) -> dict[str, Any]:
        """Plain values for the database."""
        return {
            "spf": self.spf.value,
            "dkim": self.dkim.value,
            "dmarc": self.dmarc.value,
            "policy": self.policy.value,
            "aligned": self.aligned,
            "domain": self.domain,
            "source": self.source.value,
            "evidence": self.evidence,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any] | None) -> "Authentication":
        """Read what `as_json` wrote; NO_AUTHENTICATION for None and for anything that cannot be read."""
        known = document or {}
        try:
            return cls(
                spf=Result(known["spf"]),
                dkim=Result(known["dkim"]),
                dmarc=Result(known["dmarc"]),
                policy=Policy(known["policy"]),
                aligned=known["aligned"] is True,
                domain=str(known["domain"]),
                source=Source(known["source"]),
                evidence=str(known["evidence"]),
            )
        except (KeyError, TypeError, ValueError):
            return NO_AUTHENTICATION


def unproven(evidence: str, *, domain: str = "") -> Authentication:
    """An outcome that proves nothing, and why."""
    return Authentication(
        spf=Result.NONE,
        dkim=Result.NONE,
        dmarc=Result.NONE,
        policy=Policy.UNKNOWN,
        aligned=False,
        domain=domain,
        source=Source.NONE,
        evidence=evidence,
    )


NO_AUTHENTICATION = unproven("nothing was checked")


def held_reason(authentication: Authentication) -> str:
    """Why a person must look at this mail before it is filed; "" where nothing speaks against it.

    - DMARC failed, and the domain asks to quarantine or to reject what fails
    """
    asks = authentication.policy in {Policy.QUARANTINE, Policy.REJECT}
    if authentication.dmarc is Result.FAIL and asks:
        return f"DMARC failed, and the sender's domain asks to {authentication.policy} such mail"
    return ""
