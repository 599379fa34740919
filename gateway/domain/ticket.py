"""The words of a ticket: its states and kinds, and the reference that people quote."""

import re
from enum import StrEnum


class Language(StrEnum):
    """The languages that we write in."""

    FR = "fr"
    EN = "en"


class Status(StrEnum):
    """Where a ticket stands."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"
    MERGED = "merged"


class Severity(StrEnum):
    """How badly an incident hurts."""

    BLOCKING = "blocking"
    MAJOR = "major"
    MINOR = "minor"


class Level(StrEnum):
    """The level of support that a ticket is before."""

    N1 = "N1"
    N2 = "N2"
    N3 = "N3"


class Kind(StrEnum):
    """The kind of work that a ticket asks for."""

    CORRECTIVE = "corrective"
    PREVENTIVE = "preventive"
    ADAPTIVE = "adaptive"
    EVOLUTIVE = "evolutive"
    REGULATORY = "regulatory"
    ASSISTANCE = "assistance"


class Role(StrEnum):
    """What a person is in a project."""

    REPORTER = "reporter"
    N1 = "n1"
    N2 = "n2"
    N3 = "n3"
    SUPERVISOR = "supervisor"


STAFF = frozenset({Role.N1, Role.N2, Role.N3, Role.SUPERVISOR})


class EntryType(StrEnum):
    """What a timeline entry is."""

    MESSAGE = "message"
    CALL = "call"
    NOTE = "note"
    SYSTEM = "system"


class Direction(StrEnum):
    """Which way a timeline entry went."""

    IN = "in"
    OUT = "out"
    INTERNAL = "internal"


class Channel(StrEnum):
    """By which door something came."""

    SMTP = "smtp"
    LMTP = "lmtp"
    IMAP = "imap"
    PIPE = "pipe"
    WEB = "web"
    PHONE = "phone"


_REFERENCE = re.compile(r"[A-Z][A-Z0-9]{1,9}-[1-9][0-9]{0,9}")


def make_reference(project_key: str, number: int) -> str:
    """The reference of the project's ticket with this number: `DEMO-42`. Guessable, so it proves nothing."""
    return f"{project_key}-{number}"


def is_reference(text: str) -> bool:
    """True for text in the form of a reference, whether or not there is such a ticket."""
    return _REFERENCE.fullmatch(text) is not None
