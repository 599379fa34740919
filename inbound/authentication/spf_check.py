"""SPF (RFC 7208) of one mail, by pyspf over our own lookups. The only module that knows pyspf."""

import warnings
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

import structlog

from gateway.domain.ticket import Channel
from gateway.mail.address import domain_of, normalise_domain
from gateway.mail.authentication import Result
from gateway.mail.envelope import MailEnvelope
from inbound.authentication.resolver import DnsTrouble, Lookups

with warnings.catch_warnings():
    # Its source has escapes in strings that newer Pythons warn of while they compile it.
    warnings.simplefilter("ignore")
    import spf

log = structlog.get_logger()

# A peer in one of these is a server of ours that hands mail over: no domain's SPF record speaks of it.
_INSIDE = tuple(
    ip_network(network)
    for network in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)


@dataclass(frozen=True, kw_only=True)
class SpfOutcome:
    """The result, and the domain that it is about: that of MAIL FROM, or of HELO for the null sender."""

    domain: str
    result: Result


def has_own_peer(envelope: MailEnvelope) -> bool:
    """True where the mail came to us straight from the internet, so that its SPF is ours to check.

    - it came by SMTP: LMTP, a pipe and a mailbox mean that a mail server of ours took it first
    - from an address that is not of this machine or of a private network
    """
    if envelope.channel is not Channel.SMTP:
        return False
    try:
        peer = ip_address(envelope.peer.partition("%")[0])
    except ValueError:
        return False
    peer = getattr(peer, "ipv4_mapped", None) or peer
    return not any(peer in network for network in _INSIDE)


def check_spf(envelope: MailEnvelope, lookups: Lookups) -> SpfOutcome:
    """Whether the peer may send for the envelope sender. Total."""
    helo = normalise_domain(envelope.helo)
    domain = normalise_domain(domain_of(envelope.mail_from)) if envelope.mail_from else helo
    if not domain:
        return SpfOutcome(domain="", result=Result.NONE)
    local = envelope.mail_from.rpartition("@")[0] or "postmaster"
    peer = ip_address(envelope.peer.partition("%")[0])
    try:
        query = _Query(str(getattr(peer, "ipv4_mapped", None) or peer), f"{local}@{domain}", helo, lookups)
        word = str(query.check()[0])
    except Exception as error:  # noqa: BLE001 (the boundary to a library that reads what strangers publish)
        log.warning("spf.check_failed", error=type(error).__name__)
        word = "permerror"
    return SpfOutcome(domain=domain, result=Result(word) if word in _WORDS else Result.NONE)


_WORDS = {result.value for result in Result}


class _Query(spf.query):  # type: ignore[misc] # the library is untyped
    """One question of pyspf, with its way to DNS replaced by ours; RFC 7208's limits stay."""

    def __init__(self, peer: str, sender: str, helo: str, lookups: Lookups) -> None:
        super().__init__(i=peer, s=sender, h=helo)
        self._lookups = lookups

    def dns(self, name: object, qtype: str, cnames: object = None, *, ignore_void: bool = False) -> list[object]:
        """The records of a name in the form that pyspf works with; counts those that are not there."""
        del cnames  # our resolver follows them
        try:
            found = self._find(str(name), qtype)
        except DnsTrouble as trouble:
            raise spf.TempError(f"DNS: {trouble}") from trouble
        if not found and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("too many lookups of what is not there")
        return found

    def _find(self, name: str, qtype: str) -> list[object]:
        if qtype in {"A", "AAAA"}:
            return list(self._lookups.addresses(name, qtype))
        if qtype == "MX":
            return list(self._lookups.exchanges(name))
        if qtype == "PTR":
            return list(self._lookups.pointers(name))
        return [(text,) for text in self._lookups.txt(name)] if qtype == "TXT" else []
