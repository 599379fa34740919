"""The mails that are sent and filed, the same in every run."""

import random
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage

KIB = 1024
_HEAD = b"From: marie@client.example\r\nTo: support@demo.example\r\nSubject: panne\r\n\r\n"
_LINE = b"La chaudiere numero sept ne demarre plus depuis ce matin, merci de nous rappeler.\r\n"
_TEXT = "Bonjour,\n\nla chaudière n° {number} ne démarre plus depuis ce matin, merci de nous rappeler.\n\n"


def make_mail(size: int) -> bytes:
    """A mail of about `size` bytes in lines of ordinary length."""
    return _HEAD + (_LINE * (size // len(_LINE) + 1))[: size - len(_HEAD)]


def plain_mails(number: int, *, first: int = 0, size: int = 5_000) -> Iterator[bytes]:
    """So many mails of about `size` bytes, numbered from `first`, each from somebody else with its own Message-ID."""
    for one in range(first, first + number):
        yield _mail(one, text=size).as_bytes()


def mixed_mails(number: int) -> Iterator[bytes]:
    """Mails of 1 to 50 kB: every second has one to three attachments, text or binary."""
    random_ = random.Random(2026)
    for one in range(number):
        size = int(1_000 * 50 ** random_.random())
        message = _mail(one, text=size if one % 2 else min(size, 2_000))
        parts = random_.randrange(1, 4) if one % 2 == 0 else 0
        for part in range(parts):
            content = random_.randbytes(max(1, size * 3 // 4 // parts))
            if part % 2:
                message.add_attachment(content.hex()[: len(content)], filename=f"journal-{part}.txt")
            else:
                message.add_attachment(content, maintype="image", subtype="png", filename=f"ecran-{part}.png")
        yield message.as_bytes()


def large_mail(size: int) -> bytes:
    """A mail of about `size` bytes, most of it one attachment."""
    message = _mail(0, text=1_000)
    content = random.Random(25).randbytes(int(size * 57 / 78))
    message.add_attachment(content, maintype="application", subtype="zip", filename="journaux.zip")
    return message.as_bytes()


def _mail(number: int, *, text: int) -> EmailMessage:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = f"Marie {number} <marie-{number}@client-{number % 97}.example>"
    message["To"] = "support@demo.example"
    message["Subject"] = f"Chaudière n° {number} en panne"
    message["Date"] = "Tue, 24 Nov 2026 10:00:00 +0100"
    message["Message-ID"] = f"<bench-{number}@client.example>"
    body = _TEXT.format(number=number)
    message.set_content((body * (text // len(body) + 1))[: max(text, len(body))], cte="8bit")
    return message
