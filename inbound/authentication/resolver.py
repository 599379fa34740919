"""Asking DNS within a time limit: one resolver for the process, one budget of seconds for each mail.

Promises: no lookup outlives its mail's budget; "there is no such record" and "nobody answered" are never taken for
each other; where the resolver itself answers nothing for three mails in a row, it is left alone for a minute. Workers
fork for each job, so that is remembered in memory which the forks of one worker share.
"""

import mmap
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import dns.exception
import dns.name
import dns.resolver

_PATIENCE = 3  # mails in a row without an answer
_REST = 60.0  # seconds
_ONE_TRY = 2.0  # seconds for one name server, so that a second one has its turn
_MAX_LOOKUPS = 100  # for one mail; SPF alone may need 10 names of 10 hosts
_MEMORY = struct.Struct("qd")  # mails in a row without an answer; until when the resolver is left alone
_MAX_TXT = 4096  # bytes; no record of mail is longer, and a longer one may hold a key made to keep us busy


class DnsTrouble(Exception):
    """DNS gave no answer in time, or an error that another try may not meet."""


class Resolver:
    """The resolver of this process and of its forks. Without `nameservers` those of the machine are asked.

    `now` is a steady clock in seconds that all of them share. Not for use by several threads.
    """

    def __init__(
        self, nameservers: Sequence[str] = (), *, port: int = 53, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._nameservers = list(nameservers)
        self._port = port
        self._now = now
        self._asker: dns.resolver.Resolver | None = None
        self._memory = mmap.mmap(-1, _MEMORY.size)
        self._remember(silent=0, rests_until=0.0)

    @property
    def is_resting(self) -> bool:
        """True while the resolver is left alone because it did not answer."""
        return self._now() < float(_MEMORY.unpack_from(self._memory)[1])

    def begin(self, *, seconds: float) -> "Lookups":
        """The lookups of one mail, which may take so many seconds together."""
        return Lookups(ask=self._ask, now=self._now, deadline=self._now() + seconds)

    def finish(self, lookups: "Lookups") -> None:
        """Learn from a mail's lookups whether there is anybody to ask. One answer to anything is enough."""
        silent = 0 if lookups.answers or not lookups.timeouts else int(_MEMORY.unpack_from(self._memory)[0]) + 1
        is_dead = silent >= _PATIENCE
        self._remember(silent=0 if is_dead else silent, rests_until=self._now() + _REST if is_dead else 0.0)

    def _remember(self, *, silent: int, rests_until: float) -> None:
        _MEMORY.pack_into(self._memory, 0, silent, rests_until)

    def _ask(self, name: str, kind: str, seconds: float) -> list[Any]:
        if self._asker is None:
            self._asker = dns.resolver.Resolver(configure=not self._nameservers)
            self._asker.nameservers = self._nameservers or self._asker.nameservers
            self._asker.port = self._port
            self._asker.timeout = _ONE_TRY
        found = self._asker.resolve(
            dns.name.from_text(name), kind, lifetime=seconds, search=False, raise_on_no_answer=False
        )
        return list(found)


@dataclass(kw_only=True)
class Lookups:
    """The lookups of one mail; each question is asked once. `answers` and `timeouts` count what came of them."""

    ask: Callable[[str, str, float], list[Any]]
    now: Callable[[], float]
    deadline: float
    answers: int = 0
    timeouts: int = 0
    _known: dict[tuple[str, str], list[Any]] = field(default_factory=dict)

    def txt(self, name: str) -> list[bytes]:
        """The TXT records of a name, each in one piece; those longer than 4 KiB are left out. Raises DnsTrouble."""
        whole = [b"".join(record.strings) for record in self._records(name, "TXT")]
        return [text for text in whole if len(text) <= _MAX_TXT]

    def addresses(self, name: str, kind: str) -> list[str]:
        """The addresses of a name; `kind` is A or AAAA. Raises DnsTrouble."""
        return [record.address for record in self._records(name, kind)]

    def exchanges(self, name: str) -> list[tuple[int, str]]:
        """The mail exchanges of a name with their preference. Raises DnsTrouble."""
        return [
            (record.preference, record.exchange.to_text(omit_final_dot=True)) for record in self._records(name, "MX")
        ]

    def pointers(self, name: str) -> list[str]:
        """The names that a reverse name points to. Raises DnsTrouble."""
        return [record.target.to_text(omit_final_dot=True) for record in self._records(name, "PTR")]

    def _records(self, name: str, kind: str) -> list[Any]:
        key = (name.lower().rstrip("."), kind)
        if key not in self._known:
            self._known[key] = self._fetch(name, kind)
        return self._known[key]

    def _fetch(self, name: str, kind: str) -> list[Any]:
        left = self.deadline - self.now()
        if left <= 0 or len(self._known) >= _MAX_LOOKUPS:
            raise DnsTrouble("the time for this mail is over" if left <= 0 else "too many lookups")
        try:
            found = self.ask(name, kind, left)
        except dns.exception.Timeout as error:
            self.timeouts += 1
            raise DnsTrouble("no answer in time") from error
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.YXDOMAIN):
            found = []
        except (dns.resolver.NoNameservers, dns.resolver.NoResolverConfiguration, OSError) as error:
            self.answers += isinstance(error, dns.resolver.NoNameservers)
            raise DnsTrouble(f"no usable answer: {type(error).__name__}") from error
        except (dns.exception.DNSException, UnicodeError):
            return []  # a name that DNS cannot hold
        self.answers += 1
        return found
