"""What one peer may take of us: connections at once, and mails a minute. Plain counting, time comes in."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from gateway.config.model import SmtpSettings

_MINUTE = 60.0  # seconds
_MANY_PEERS = 4096  # counters kept before the old ones are swept out


@dataclass(frozen=True, kw_only=True)
class Peer:
    """Who is connected. `address` is the IP address, "" where there is none; `key` is what limits count by:
    one IPv4 address, or one IPv6 /64, because whoever has one of its addresses has them all."""

    address: str
    key: str
    trusted: bool


class PeerLimits:
    """The counters of one listener. Not for use by several threads."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._trusted = tuple(ip_network(network) for network in settings.trusted_peers)
        self._connections: dict[str, int] = {}
        self._total = 0
        self._minutes: dict[str, tuple[float, int]] = {}

    def identify(self, address: str) -> Peer:
        """The peer at an IP address."""
        return _identify(address, self._trusted)

    def connect(self, peer: Peer) -> bool:
        """Count a connection; False, and nothing counted, where it is one too many."""
        mine = self._connections.get(peer.key, 0)
        if self._total >= self._settings.max_connections or mine >= self._settings.max_connections_per_peer:
            return False
        self._connections[peer.key] = mine + 1
        self._total += 1
        return True

    def disconnect(self, peer: Peer) -> None:
        """Forget a connection that `connect` counted."""
        self._total -= 1
        left = self._connections[peer.key] - 1
        if left:
            self._connections[peer.key] = left
        else:
            del self._connections[peer.key]

    def may_send(self, peer: Peer, *, now: float) -> bool:
        """Count a mail begun at `now` (seconds of any steady clock); False where it is one too many.

        Minutes are counted from a peer's first mail. Trusted peers are not counted: the MTA in front of us speaks
        for everybody.
        """
        if peer.trusted:
            return True
        begun, count = self._minutes.get(peer.key, (now, 0))
        if now - begun >= _MINUTE:
            begun, count = now, 0
        if count >= self._settings.messages_per_minute:
            return False
        self._minutes[peer.key] = (begun, count + 1)
        if len(self._minutes) > _MANY_PEERS:
            self._minutes = {key: entry for key, entry in self._minutes.items() if now - entry[0] < _MINUTE}
        return True


@lru_cache(maxsize=1024)
def _identify(address: str, trusted: tuple[IPv4Network | IPv6Network, ...]) -> Peer:
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return Peer(address="", key="", trusted=False)
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    key = str(ip_network((ip, 64), strict=False)) if isinstance(ip, IPv6Address) else str(ip)
    return Peer(address=str(ip), key=key, trusted=any(ip in network for network in trusted))
