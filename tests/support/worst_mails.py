"""Mails written to hurt a parser; run as a program it parses each and prints what that cost, a JSON object a line."""

import json
import sys
from base64 import encodebytes
from collections.abc import Callable, Iterator
from ctypes import CDLL
from dataclasses import dataclass
from struct import pack
from time import process_time

from tests.support.mime import HEAD, der, multipart, open_ended, part, tnef, tnef_properties


@dataclass(frozen=True, kw_only=True)
class Worst:
    """How to write one, and the subject that must still be read."""

    write: Callable[[], bytes]
    subject: str = "x"


def _with(*fields: bytes, body: bytes = b"Bonjour\n") -> bytes:
    return HEAD + b"".join(field + b"\n" for field in fields) + b"\n" + body


def _nested(count: int, between: bytes = b"") -> bytes:
    levels = (b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) + between for n in range(count))
    return HEAD + b"".join(levels) + b"\nBonjour\n"


def _people(count: int, separator: bytes) -> bytes:
    return separator.join(b"Person %d <p%d@x.example>" % (number, number) for number in range(count))


def _signed_in_pieces(count: int) -> bytes:
    signed, data = der(6, bytes.fromhex("2a864886f70d010702")), der(6, bytes.fromhex("2a864886f70d010701"))
    content = open_ended(0x30, data, open_ended(0xA0, open_ended(0x24, der(4) * count)))
    return open_ended(0x30, signed, open_ended(0xA0, open_ended(0x30, der(2, b"\1"), der(0x31), content)))


def _html(markup: bytes) -> bytes:
    return _with(b"Content-Type: text/html", body=markup)


def _attached(kind: str, data: bytes) -> bytes:
    return multipart("mixed", part(kind, encodebytes(data), "Content-Transfer-Encoding: base64"))


WORST: dict[str, Worst] = {
    name: Worst(write=write)
    for name, write in {
        "2,000 nested parts": lambda: _nested(2000),
        "2,000 nested mails": lambda: HEAD + b"Content-Type: message/rfc822\n\n" * 2000 + b"Bonjour",
        "2,000 of both": lambda: _nested(2000, b"Content-Type: message/rfc822\n\n"),
        "20,000 recipients": lambda: _with(b"To: " + _people(20_000, b", ")),
        "20,000 recipient fields": lambda: _with(b"To: " + _people(20_000, b"\nTo: ")),
        "100,000 parts": lambda: multipart("mixed", *[b"\nx"] * 100_000),
        "100,000 files": lambda: multipart("mixed", *[part("a/b; name=c", b"x")] * 100_000),
        "a field of 10 MB": lambda: _with(b"X-Big: " + b"a" * 10_000_000),
        "1 MB of >": lambda: _with(body=b">" * 1_000_000),
        "1 MB of > lines": lambda: _with(body=b"> \n" * 333_000),
        "20,000 encoded words": lambda: _with(
            b"To: " + b" ".join([b"=?utf-8?q?=C3=A9?="] * 20_000) + b" <a@x.example>"
        ),
        "20,000 brackets": lambda: _with(b"To: " + b"(" * 20_000, b"Cc: " + b"<" * 20_000, b"Bcc: " + b'"' * 20_000),
        "100,000 references": lambda: _with(b"References: " + b" ".join(b"<%d@x.example>" % n for n in range(100_000))),
        "100,000 fields": lambda: HEAD + b"".join(b"X-%d: a\n" % n for n in range(100_000)) + b"\nBonjour",
        "1,000,000 broken lines": lambda: HEAD + b"broken line\n" * 1_000_000 + b"\nBonjour",
        "20,000 relays": lambda: (
            HEAD + b"Received: from a by b (c [1.2.3.4]) for <d@e>; 1 Jan\n" * 20_000 + b"\nBonjour"
        ),
        "parameters": lambda: multipart("mixed", *[part("text/plain" + ';a="' * 4000, b"x")] * 1000),
        "deep HTML": lambda: _html(b"<div>" * 200_000 + b"Bonjour"),
        "deep tables": lambda: _html(b"<table><tr><td>" * 450 + b"Bonjour" + b"<b>x</b>" * 20_000),
        "much HTML": lambda: _html(b"<p>Bonjour <b>x</b> y</p>\n" * 100_000),
        "1,000 HTML parts": lambda: multipart("mixed", *[part("text/html", b"<p>a <b>b</b> c</p>\n" * 800)] * 1000),
        "text beside HTML": lambda: multipart(
            "mixed", part("text/plain", b"a " * 500_000), *[part("text/html", b"<p>a a</p>" * 50)] * 900
        ),
        "angles": lambda: _html(b"<" * 20_000_000),
        "25 MB of line ends": lambda: _with(body=b"\n" * 25_000_000),
        "25 MB of dashes": lambda: multipart("mixed", b"\n" + b"--\n" * 8_000_000),
        "a file of 19 MB": lambda: _attached("application/pdf; name=a.pdf", b"\xa5\x01\x7f" * 6_300_000),
        "quoted-printable": lambda: _with(
            b"Content-Transfer-Encoding: quoted-printable", body=b"=E9=C3=A9=\n" * 2_000_000
        ),
        "uuencoded": lambda: _with(
            b"Content-Transfer-Encoding: uuencode",
            b"Content-Disposition: attachment",
            body=b"begin 644 x\n" + b"a\n" * 2_000_000,
        ),
        "a winmail.dat of records": lambda: _attached("application/ms-tnef", tnef(*[(0x9002, b"")] * 900_000)),
        "a winmail.dat of counts": lambda: _attached(
            "application/ms-tnef",
            tnef((0x9003, tnef_properties((3, 1, b"1234")) * 500_000), (0x9004, pack("<I", 2**32 - 1))),
        ),
        "an envelope of pieces": lambda: _attached("application/pkcs7-mime", _signed_in_pieces(2_000_000)),
        "a calendar of lines": lambda: _attached(
            "text/calendar",
            b"BEGIN:VEVENT\nDTSTART:20261124\n" + b"ATTENDEE;CN=a:mailto:b@c\n" * 9000 + b"END:VEVENT\n",
        ),
    }.items()
}
WORST["a sender of 10 MB"] = Worst(write=lambda: b"Subject: x\nFrom: " + b"a" * 10_000_000 + b"\n\nBonjour")
WORST["10 MB of one line"] = Worst(write=lambda: b"x" * 10_000_000, subject="")


def measure() -> Iterator[dict[str, str | float]]:
    """Parse each, and say what it cost: processor seconds, and megabytes above what the process had before.

    The peak is what the kernel saw; it is set back before each mail (Linux), elsewhere it is not known and 0.
    """
    from inbound.parse import parse_message

    parse_message(multipart("mixed", part("text/html", b"<p>x</p>"), part("text/calendar", b"")))
    for name, worst in WORST.items():
        raw = worst.write()
        before = _reset_peak()
        begun = process_time()
        message = parse_message(raw)
        yield {
            "name": name,
            "subject": message.subject,
            "seconds": process_time() - begun,
            "megabytes": _memory("VmHWM") - before,
            "notes": ",".join(message.notes),
        }


def _reset_peak() -> float:
    try:
        CDLL(None).malloc_trim(0)  # what was freed must not hide what is taken
        with open("/proc/self/clear_refs", "w") as peak:
            peak.write("5")
    except (OSError, AttributeError):
        return _memory("VmHWM")
    return _memory("VmRSS")


def _memory(field: str) -> float:
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith(field))
    except OSError:
        return 0.0


if __name__ == "__main__":
    for found in measure():
        sys.stdout.write(json.dumps(found) + "\n")
