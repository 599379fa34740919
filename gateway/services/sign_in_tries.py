"""Counting tries to sign in before they are looked at, so that no number of requests at once gets more of them.

The counts are in the database: they survive a restart and hold for every web process (`gateway.domain.tries`).
"""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Connection

from gateway.db.sign_in_tries import forget_tries, lock_tries, set_tries, take_back
from gateway.domain.tries import (
    FREE_OF_ADDRESS,
    FREE_OF_LINKS,
    FREE_OF_PEER,
    failures_in_force,
    key_of_address,
    key_of_links,
    key_of_peer,
    wait_left,
)
from gateway.errors import Deferred
from gateway.runtime import Runtime


class MustWait(Deferred):
    """Too much has failed lately. `left` is how long it is until the next try is looked at."""

    def __init__(self, left: timedelta) -> None:
        super().__init__(f"too many tries: wait {max(left.seconds, 1)} seconds")
        self.left = left


def count_try(runtime: Runtime, *, address: str | None, peer: str) -> None:
    """Count a try as failed, at this (normalised) address where one is known and from this place on the network, until
    `take_try_back` says otherwise. Raises MustWait, and counts nothing, while there is a wait for either."""
    free = {key_of_peer(peer): FREE_OF_PEER}
    if address is not None:
        free[key_of_address(address)] = FREE_OF_ADDRESS
    _count(runtime, free)


def count_link(runtime: Runtime, *, peer: str) -> None:
    """The same for a sign-in link that somebody follows from this place on the network."""
    _count(runtime, {key_of_links(peer): FREE_OF_LINKS})


def take_try_back(connection: Connection, *, address: str | None, peer: str) -> None:
    """The try was good: the address begins anew. The place does not: anybody could clear it with a key of their own."""
    acts = {key_of_peer(peer): take_back}
    if address is not None:
        acts[key_of_address(address)] = forget_tries
    for key in sorted(acts):  # in the order of whoever counts there
        acts[key](connection, key)


def take_link_back(connection: Connection, *, peer: str) -> None:
    """The link was good."""
    take_back(connection, key_of_links(peer))


def _count(runtime: Runtime, free: Mapping[str, int]) -> None:
    now = runtime.clock.now()
    with runtime.database.transaction() as connection:
        # In one order, so that two who try at once never wait for each other.
        found = {key: lock_tries(connection, key, now=now) for key in sorted(free)}
        left = max(wait_left(one.failures, one.last_at, free=free[key], now=now) for key, one in found.items())
        if left:
            raise MustWait(left)
        for key, one in found.items():
            failures = failures_in_force(one.failures, one.last_at, now=now) + 1
            set_tries(connection, key, failures=failures, now=now)
