"""Who says that this mail is from whom it says: our mail server's word, or our own checks, or nobody."""

from collections.abc import Sequence

from gateway.config.model import MailSettings
from gateway.mail.address import domain_of, normalise_domain
from gateway.mail.authentication import Authentication, Policy, Result, Source, unproven
from gateway.mail.envelope import MailEnvelope
from gateway.mail.parsed import ParsedMessage
from inbound.authentication.dkim_check import Signature, check_dkim
from inbound.authentication.dmarc import DmarcOutcome, DmarcRecord, evaluate, find_record
from inbound.authentication.resolver import DnsTrouble, Lookups, Resolver
from inbound.authentication.spf_check import SpfOutcome, check_spf, has_own_peer
from inbound.authentication.stated import read_stated


def authenticate(
    raw: bytes, message: ParsedMessage, envelope: MailEnvelope, settings: MailSettings, resolver: Resolver
) -> Authentication:
    """Find out about one mail. Total; takes at most `dns_timeout` seconds of waiting. Not for use in a transaction.

    - not exactly one From mailbox: nothing can be proven
    - an authserv-id is configured: its topmost Authentication-Results counts, and DNS is not asked
    - own checks are switched off, or there is neither a peer of its own nor a signature: nothing was checked
    - else SPF (where the peer is the sender's, not our own mail server), DKIM and DMARC by DNS
    """
    domain = normalise_domain(domain_of(message.senders[0].address)) if len(message.senders) == 1 else ""
    if not domain:
        return unproven("not one From mailbox of a domain")
    if settings.authserv_id:
        return read_stated(message.headers, authserv_id=settings.authserv_id, domain=domain)
    if not settings.check_authentication:
        return unproven("checks are switched off", domain=domain)
    if not has_own_peer(envelope) and "dkim-signature" not in message.headers:
        return unproven("handed over by a server of ours, and not signed", domain=domain)
    if resolver.is_resting:
        return _unanswered(domain)
    lookups = resolver.begin(seconds=settings.dns_timeout)
    try:
        return _check(raw, envelope, lookups, domain=domain)
    finally:
        resolver.finish(lookups)


def _check(raw: bytes, envelope: MailEnvelope, lookups: Lookups, *, domain: str) -> Authentication:
    """The policy is asked for first: a sender whose own DNS is slow must not hide what the From domain asks for."""
    record, is_known = _policy(domain, lookups)
    signatures = check_dkim(raw, lookups, domain=domain)
    spf = check_spf(envelope, lookups) if has_own_peer(envelope) else None
    outcome = evaluate(domain, record, spf=spf, signatures=signatures)
    if not is_known:
        outcome = DmarcOutcome(result=Result.TEMPERROR, aligned=False)
    return Authentication(
        spf=spf.result if spf else Result.NONE,
        dkim=_shown([item.result for item in signatures]),
        dmarc=outcome.result,
        policy=record.policy if record else Policy.UNKNOWN,
        aligned=outcome.aligned,
        domain=domain,
        source=Source.OWN_CHECK,
        evidence=f"{_evidence(spf, signatures)}; DMARC {outcome.result}",
    )


def _policy(domain: str, lookups: Lookups) -> tuple[DmarcRecord | None, bool]:
    """The record, and whether we know: no record and no answer are two things."""
    try:
        return find_record(domain, lookups), True
    except DnsTrouble:
        return None, False


def _shown(results: Sequence[Result]) -> Result:
    return Result.PASS if Result.PASS in results else next(iter(results), Result.NONE)


def _evidence(spf: SpfOutcome | None, signatures: Sequence[Signature]) -> str:
    """`SPF pass for a.example; DKIM fail by b.example`: what was checked, and of whom."""
    found = [f"SPF {spf.result} for {spf.domain or 'nobody'}"] if spf else ["SPF is not ours to check"]
    found += [f"DKIM {item.result} by {item.domain or 'nobody'}" for item in signatures]
    return "; ".join(found if signatures else [*found, "not signed"])


def _unanswered(domain: str) -> Authentication:
    return Authentication(
        spf=Result.TEMPERROR,
        dkim=Result.TEMPERROR,
        dmarc=Result.TEMPERROR,
        policy=Policy.UNKNOWN,
        aligned=False,
        domain=domain,
        source=Source.OWN_CHECK,
        evidence="the resolver does not answer",
    )
