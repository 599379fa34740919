"""What the mail server in front of us found, as its Authentication-Results header states it. Pure, asks no DNS.

Believed is the topmost header that names our authserv-id, and that one alone: a server that checks mail removes
headers of its own name that come from outside (RFC 8601 section 5), so whatever is below is not its word today.
"""

import re
from collections.abc import Sequence

from gateway.mail.address import domain_of, normalise_domain
from gateway.mail.authentication import Authentication, Policy, Result, Source, unproven
from gateway.mail.headers import Headers
from inbound.authentication.authentication_results import (
    AuthenticationResults,
    MethodResult,
    authserv_id_of,
    parse_authentication_results,
)
from inbound.authentication.organisation import is_aligned

# `dmarc=fail (p=REJECT dis=NONE)`, `(policy=quarantine)`; as a property `policy.dmarc`, or Microsoft's `action`.
_POLICY = re.compile(r"\b(?:p|policy)=(none|quarantine|reject)\b", re.IGNORECASE)
_ACTIONS = {"quarantine": Policy.QUARANTINE, "reject": Policy.REJECT, "oreject": Policy.REJECT}


def find_trusted(headers: Headers, authserv_id: str) -> AuthenticationResults | None:
    """The topmost header of our server; None where there is none. Where that one cannot be read, none is believed:
    what broke it may be what makes a lower one look good."""
    for value in headers.all("authentication-results"):
        if authserv_id_of(value) == authserv_id.strip().lower():
            return parse_authentication_results(value)
    return None


def read_stated(headers: Headers, *, authserv_id: str, domain: str) -> Authentication:
    """What our server's header says about a mail whose single From mailbox is at `domain`."""
    found = find_trusted(headers, authserv_id)
    if found is None:
        return unproven(f"no Authentication-Results of {authserv_id} that can be read", domain=domain)
    spf = [(normalise_domain(_sender_domain(item)), _result(item)) for item in _of(found, "spf")]
    dkim = [(normalise_domain(_signing_domain(item)), _result(item)) for item in _of(found, "dkim")]
    dmarc, policy = _dmarc(_of(found, "dmarc"), domain)
    proven = any(result is Result.PASS and is_aligned(of, domain) for of, result in (*spf, *dkim))
    best_spf, best_dkim = _best(spf, domain), _best(dkim, domain)
    return Authentication(
        spf=best_spf,
        dkim=best_dkim,
        dmarc=dmarc,
        policy=policy,
        aligned=dmarc is Result.PASS or (dmarc is Result.NONE and proven),
        domain=domain,
        source=Source.AUTHSERV_ID,
        evidence=f"{authserv_id} says: SPF {best_spf}; DKIM {best_dkim}; DMARC {dmarc}",
    )


def _of(found: AuthenticationResults, method: str) -> list[MethodResult]:
    return [item for item in found.results if item.method == method]


def _result(item: MethodResult) -> Result:
    """A result that we do not know counts as none (RFC 8601 section 2.7); `hardfail` is an old word for fail."""
    word = {"hardfail": "fail"}.get(item.result, item.result)
    return Result(word) if word in {known.value for known in Result} else Result.NONE


def _best(found: Sequence[tuple[str, Result]], domain: str) -> Result:
    """What to show of several results: a pass for the From domain, then any pass, then what stands first."""
    passed = [of for of, result in found if result is Result.PASS]
    if passed:
        return Result.PASS
    own = [result for of, result in found if is_aligned(of, domain)]
    return next(iter(own), next((result for _, result in found), Result.NONE))


def _dmarc(found: Sequence[MethodResult], domain: str) -> tuple[Result, Policy]:
    """The DMARC result for this From domain. Of several the worst counts; one about another domain is no pass."""
    about = [
        item
        for item in found
        if normalise_domain(item.properties.get("header.from", domain)) == normalise_domain(domain)
    ]
    results = [_result(item) for item in about]
    if len(about) < len(found):
        return Result.PERMERROR, Policy.UNKNOWN
    worst = Result.FAIL if Result.FAIL in results else next(iter(set(results) - {Result.PASS}), None)
    result = worst or next(iter(results), Result.NONE)
    return result, next((_policy(item) for item in about if _result(item) is result), Policy.UNKNOWN)


def _policy(item: MethodResult) -> Policy:
    named = _POLICY.search(item.comments)
    word = item.properties.get("policy.dmarc") or (named[1] if named else "")
    if word.lower() in {"none", "quarantine", "reject"}:
        return Policy(word.lower())
    return _ACTIONS.get(item.properties.get("action", "").lower().replace(".", ""), Policy.UNKNOWN)


def _sender_domain(item: MethodResult) -> str:
    value = item.properties.get("smtp.mailfrom", "").strip("<>")
    return domain_of(value) or value


def _signing_domain(item: MethodResult) -> str:
    return item.properties.get("header.d") or domain_of(item.properties.get("header.i", ""))
