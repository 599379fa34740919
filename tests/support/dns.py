"""A DNS server on a loopback UDP port, with the zone that a test gives it; it can fall silent, or fail."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from inbound.authentication.resolver import Resolver

Zone = Mapping[tuple[str, str], list[str]]
"""(name, type) to the records as a zone file writes them; a name with no record of any type does not exist."""


class DnsServer:
    """Answers from `zone`. `asked` lists the questions; names in `silent` get no answer, those in `broken` SERVFAIL.
    "*" in one of the two means every name."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.asked: list[tuple[str, str]] = []
        self.silent: set[str] = set()
        self.broken: set[str] = set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, name="dns", daemon=True)

    def resolver(self, *, now: Callable[[], float] = time.monotonic) -> Resolver:
        """A resolver that asks this server."""
        return Resolver(["127.0.0.1"], port=self.port, now=now)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            wire, peer = self._socket.recvfrom(4096)
            if not wire:
                return
            answer = self._answer(wire)
            if answer is not None:
                self._socket.sendto(answer, peer)

    def _answer(self, wire: bytes) -> bytes | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if self.silent & {name, "*"}:
            return None
        reply = dns.message.make_response(query, recursion_available=True)
        records = self.zone.get((name, kind), [])
        if self.broken & {name, "*"}:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif records:
            reply.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", kind, records))
        elif not any(known == name for known, _ in self.zone):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply.to_wire(max_size=65535)


@contextmanager
def serving(zone: Zone) -> Iterator[DnsServer]:
    """A server that answers from this zone until the end of the block."""
    server = DnsServer(zone)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def txt(text: str) -> str:
    """A TXT record as a zone file writes it, long text in pieces of 255 bytes."""
    pieces = [text[at : at + 255] for at in range(0, len(text), 255)] or [""]
    return " ".join('"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"' for piece in pieces)
