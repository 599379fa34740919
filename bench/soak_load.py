"""The mails of the endurance run: who writes what, sending each until it is acknowledged, and how many are bearable."""

import smtplib
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from tests.support.installation import Installation

SENDERS = 4
PATIENCE = 600  # seconds
_FOLLOW_UP = 5  # every so many mails one goes on with an earlier mail of the same person
_BACK = 100


@dataclass(kw_only=True)
class Load:
    """The mails that were acknowledged, and what is told of them."""

    acknowledged: int = 0
    refused: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    next_number: int = 0

    def take_number(self) -> int:
        """The number of the next mail."""
        with self.lock:
            self.next_number += 1
            return self.next_number - 1


def is_first(number: int) -> bool:
    """True for a mail that begins a conversation; one in `_FOLLOW_UP` goes on with one."""
    return number <= _BACK or number % _FOLLOW_UP != _FOLLOW_UP - 1


def _mail(number: int) -> tuple[str, bytes]:
    """Who writes the mail of that number, and the mail; one in `_FOLLOW_UP` goes on with their first."""
    follows = not is_first(number)
    first = number - _BACK + 1 if follows else number
    sender = f"person{first}@client-{first % 97}.example"
    head = [
        f"From: Person {first} <{sender}>",
        "To: support@demo.example",
        f"Subject: {'Re: ' if follows else ''}Écran {first} bloqué".encode().decode("latin-1"),
        f"Message-ID: <soak-{number}@client.example>",
        *([f"In-Reply-To: <soak-{first}@client.example>"] if follows else []),
        "Content-Type: text/plain; charset=utf-8",
        "",
        f"Bonjour,\r\n\r\nje ne peux plus me connecter, essai {number}.\r\n" + "Le message est le même. " * 150,
    ]
    return sender, "\r\n".join(head).encode("latin-1", "replace")


def send(installation: Installation, load: Load, number: int, give_up: float) -> None:
    """Send one mail until it is acknowledged."""
    sender, raw = _mail(number)
    while True:
        with suppress(OSError, smtplib.SMTPException):
            installation.send(raw, sender=sender)
            with load.lock:
                load.acknowledged += 1
            return
        with load.lock:
            load.refused += 1
        if time.monotonic() > give_up:
            raise RuntimeError(f"mail {number} was never acknowledged")
        time.sleep(0.5)


def capacity(installation: Installation, load: Load, seconds: float = 30) -> float:
    """Mails a second, from the first that is sent until all are filed and answered."""
    begun = time.monotonic()

    def send_all() -> None:
        while time.monotonic() < begun + seconds:
            send(installation, load, load.take_number(), begun + PATIENCE)

    together([send_all] * SENDERS)
    installation.wait_idle(seconds=PATIENCE)
    return load.acknowledged / (time.monotonic() - begun)


def together(works: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
