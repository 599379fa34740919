"""Counting what one peer takes."""

import pytest

from gateway.config.model import SmtpSettings
from inbound.limits import PeerLimits


@pytest.mark.parametrize(
    ("address", "key", "trusted"),
    [
        ("192.0.2.7", "192.0.2.7", False),
        ("::ffff:192.0.2.7", "192.0.2.7", False),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", False),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64", False),
        ("fe80::1%eth0", "fe80::/64", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("::ffff:127.9.9.9", "127.9.9.9", True),
        ("::1", "::/64", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("", "", False),
    ],
)
def test_a_peer_is_one_ipv4_address_or_one_ipv6_network(address: str, key: str, trusted: bool) -> None:
    limits = PeerLimits(SmtpSettings(trusted_peers=("127.0.0.0/8", "::1/128", "10.0.0.0/8")))
    peer = limits.identify(address)
    assert (peer.key, peer.trusted) == (key, trusted)


def test_connections_are_counted_for_each_peer_and_for_all() -> None:
    limits = PeerLimits(SmtpSettings(max_connections=3, max_connections_per_peer=2))
    a, b = limits.identify("192.0.2.1"), limits.identify("192.0.2.2")
    assert [limits.connect(a), limits.connect(a), limits.connect(a)] == [True, True, False]
    assert [limits.connect(b), limits.connect(b)] == [True, False]
    limits.disconnect(a)
    assert [limits.connect(b), limits.connect(a)] == [True, False]


def test_mails_are_counted_by_the_minute() -> None:
    limits = PeerLimits(SmtpSettings(messages_per_minute=2))
    peer = limits.identify("192.0.2.1")
    assert [limits.may_send(peer, now=now) for now in (0, 1, 59.9, 60, 61, 62)] == [
        True,
        True,
        False,
        True,
        True,
        False,
    ]


def test_one_peers_mails_do_not_count_for_another_and_trusted_peers_are_not_counted() -> None:
    limits = PeerLimits(SmtpSettings(messages_per_minute=1))
    one, other, trusted = (limits.identify(address) for address in ("192.0.2.1", "192.0.2.2", "127.0.0.1"))
    assert limits.may_send(one, now=0)
    assert limits.may_send(other, now=0)
    assert not limits.may_send(one, now=0)
    assert all(limits.may_send(trusted, now=0) for _ in range(10))


def test_the_counters_of_many_peers_are_swept_out_when_their_minute_is_over() -> None:
    limits = PeerLimits(SmtpSettings(messages_per_minute=1))
    for number in range(10_000):
        peer = limits.identify(f"198.18.{number // 256}.{number % 256}")
        assert limits.may_send(peer, now=number / 50)
    assert len(limits._minutes) <= 4_097
