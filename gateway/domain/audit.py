"""The words of the audit log: what staff, the shell and strangers did that is not on the timeline of a ticket."""

from enum import StrEnum


class Origin(StrEnum):
    """Who did it: a person whom we know, somebody with a shell on the machine, or nobody whom we know."""

    PERSON = "person"
    SHELL = "shell"
    STRANGER = "stranger"


class Refusal(StrEnum):
    """Why somebody was not let in, or might not change how they sign in. It is written down and never told to them."""

    FORGED = "forged"  # a link, or a provider's answer, that is not ours, was altered, or is of long ago
    USED = "used"  # a link, a code of an app or a recovery code that was good once
    EXPIRED = "expired"
    UNKNOWN = "unknown"  # nobody has this address
    NO_ROLE = "no role"  # somebody who works for no project
    NOT_SET_UP = "not set up"
    WRONG_PASSWORD = "wrong password"  # noqa: S105  # a word, no secret
    WRONG_CODE = "wrong code"  # of an app, or for recovery
    WRONG_NEW_CODE = "wrong new code"  # not one of the app that is being set up
    WRONG_SETUP_CODE = "wrong set-up code"  # or its time was over
    CHANGED = "changed meanwhile"  # somebody else changed it at the same time
    TOO_MANY = "too many"  # too much failed or was asked for lately: it was not looked at
    NOT_VOUCHED = "not vouched for"  # the organisation's own sign-in let nobody in


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
