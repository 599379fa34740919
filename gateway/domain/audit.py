"""The words of the audit log: what staff, the shell and strangers did that is not on the timeline of a ticket."""

from enum import StrEnum


class Origin(StrEnum):
    """Who did it: a person whom we know, somebody with a shell on the machine, or nobody whom we know."""

    PERSON = "person"
    SHELL = "shell"
    STRANGER = "stranger"


class AuditAction(StrEnum):
    """What was done. `subject` of a record is named after each; the address is always that of the person concerned."""

    PERSON_ADDED = "person added"  # address
    PERSON_CHANGED = "person changed"  # address
    PERSON_EXPORTED = "person exported"  # address
    PERSON_ERASED = "person erased"  # the pseudonym that stays
    ROLE_GIVEN = "role given"  # address
    ROLE_TAKEN = "role taken"  # address
    TOKEN_MADE = "token made"  # noqa: S105  # a word, no secret  # address
    TOKEN_REVOKED = "token revoked"  # noqa: S105  # a word, no secret  # address
    LINK_MADE = "link made"  # address
    SIGNED_IN = "signed in"  # address
    SIGN_IN_FAILED = "sign-in failed"  # address
    SIGN_IN_CHANGED = "sign-in changed"  # address; a password or a second factor was set or taken away
    SESSION_REVOKED = "session revoked"  # address
    HELD_RELEASED = "held mail released"  # spool id
    HELD_DISCARDED = "held mail discarded"  # spool id
    ASIDE_REPLAYED = "quarantine replayed"  # spool id
    ASIDE_DISCARDED = "quarantine discarded"  # spool id
    RAW_READ = "raw mail read"  # the ticket's reference, or the spool id
    SOUND_HEARD = "recording heard"  # recording id
    CALENDAR_OVERRIDDEN = "calendar overridden"  # the emergency's number
    CALENDAR_ENDED = "emergency ended"  # the emergency's number
    DUTY_SET = "duty set"  # weekday or date
    DUTY_SWAPPED = "duty swapped"  # date
    REPORT_READ = "report downloaded"  # the period
    AUDIT_READ = "audit log downloaded"
    BACKUP_MADE = "backup made"
    BACKUP_RESTORED = "backup restored"
    IMPORTED = "import"  # the kind of source
    REPLAYED = "replay"  # how far back
