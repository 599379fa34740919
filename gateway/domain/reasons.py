"""Why something may not be done, or was decided so: a reason's name with its values. `saying` says it.

The rules of the contract and the services refuse with these; none of them writes a sentence. A reason that is stored
(as of an entry, or in a mail that waits) is stored by its name, so a name that has been released stays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any


class Reason(Enum):
    """Every reason that somebody is given, by what it is about. Called with its values it is a `Why`."""

    # rights
    NO_TICKET_FOR_THEM = auto()
    NEVER_BEFORE_THEIRS = auto()
    WORKED_ON_BY = auto()
    STATUS_SET_BY = auto()
    NOTES_BY_AGENTS = auto()
    NOTES_OF_LEVELS = auto()
    NO_SEVERITY = auto()
    N3_ONLY_ANOMALIES = auto()
    N3_NOT_THIS_KIND = auto()
    PREVENTIVE_BY_ADVISORY = auto()
    PREVENTIVE_BY_STEPS = auto()
    NOT_BY_HAND = auto()
    IS_MERGED = auto()
    AT_ITS_END = auto()
    REOPEN_FIRST = auto()
    IS_IN_STATUS = auto()
    ALREADY_IN_STATUS = auto()
    ASSIGNEE_OF_LEVEL = auto()
    # levels
    ALREADY_AT_LEVEL = auto()
    ONE_LEVEL_AT_A_TIME = auto()
    ONLY_N2_TO_N3 = auto()
    HANDED_BY = auto()
    HANDING_BACK_SAYS_WHY = auto()
    # entrance
    ENTERS_AT_N1 = auto()
    ENTERS_AT_N1_BY_PHONE = auto()
    ENTERS_AT_N2_FROM_N1 = auto()
    ENTERS_AT_N2_FROM_N2 = auto()
    ENTERS_AT_N3 = auto()
    SENDER_REFUTED = auto()
    WANTED_BY_PHONE = auto()
    WANTED_UNPROVEN = auto()
    WANTED_OTHER_WORK = auto()
    WANTED_BY_OTHERS = auto()
    WANTED_BY_NO_N1 = auto()
    # change, kinds of work, orders
    NOTHING_CHANGES = auto()
    FIELD_EMPTY = auto()
    FIELD_ONE_OF = auto()
    FIELD_DATE = auto()
    FIELD_UNKNOWN = auto()
    FIELD_TOO_LONG = auto()
    COMMAND_UNKNOWN = auto()
    COMMAND_NOT_UNDERSTOOD = auto()
    COMMANDS_TOO_MANY = auto()
    # who and what is named
    NO_TICKET = auto()
    NO_ADDRESS = auto()
    NO_PROJECT = auto()
    PROJECT_GONE = auto()
    NO_PERSON = auto()
    WORKS_NOT_FOR = auto()
    WORKS_NOT_FOR_CALL = auto()
    # merging, splitting, linking, people
    MERGED_ALREADY = auto()
    OTHER_IN_STATUS = auto()
    OTHER_REOPEN_FIRST = auto()
    PREVENTIVE_ALONE = auto()
    MERGED_BY = auto()
    SPLIT_BY = auto()
    LINKED_BY_AGENTS = auto()
    PEOPLE_SAID_BY = auto()
    NO_SURVIVOR = auto()
    MERGED_INTO_ITSELF = auto()
    MERGED_OVER_PROJECTS = auto()
    NOT_MERGED_INTO = auto()
    LINKED_TO_ITSELF = auto()
    NO_ENTRY = auto()
    ENTRY_STAYS = auto()
    NOTHING_LEFT = auto()
    ENTRIES_NEEDED = auto()
    PEOPLE_TOO_MANY = auto()
    ADDED_AND_REMOVED = auto()
    REPORTER_STAYS = auto()
    OWN_ADDRESS = auto()
    NOT_ON_IT = auto()
    # advisories
    STEPS_BY_WORKERS = auto()
    STEP_TAKEN = auto()
    STEPS_OVER = auto()
    STEP_LATER = auto()
    STEP_SAYS_WHAT = auto()
    ADVISORY_REFERENCE = auto()
    ADVISORY_TITLE = auto()
    ADVISORY_TOUCHES = auto()
    ADVISORY_PROJECTS = auto()
    ADVISORY_BY_WORKERS = auto()
    ADVISORY_OPEN = auto()
    ADVISORY_OPEN_OTHERWISE = auto()
    ADVISORY_OPENING = auto()
    NO_ADVISORY = auto()
    NO_ADVISORY_OF = auto()
    # calls, mail, duty
    CALL_NOT_OVER = auto()
    CALL_MINUTES = auto()
    CALL_SAYS_WHY = auto()
    NO_CALL = auto()
    CALL_DECIDED = auto()
    CALL_NOT_WAITING = auto()
    CALLBACK_STATES = auto()
    NO_CALLBACK = auto()
    CALLBACK_CLOSED = auto()
    MAIL_SAYS_WHY = auto()
    MAIL_DECIDED = auto()
    MAIL_WHOSE = auto()
    ASKED_ALREADY = auto()
    NO_HELD_MAIL = auto()
    NO_TURN = auto()
    NOBODY_KNOWN = auto()
    NO_NUMBER = auto()
    NOT_RINGABLE = auto()
    SWAP_DATE = auto()
    NO_DAY = auto()
    HOURS_NEEDED = auto()
    HOURS_FORM = auto()
    HOURS_BACKWARDS = auto()
    HOURS_OVERLAP = auto()
    # calendars, periods, tokens
    EMERGENCY_SAYS_WHY = auto()
    EMERGENCY_OVER = auto()
    EMERGENCY_BACKWARDS = auto()
    EMERGENCY_BY_SUPERVISOR = auto()
    NO_EMERGENCY = auto()
    PERIOD_BACKWARDS = auto()
    PERIOD_YEARS = auto()
    PERIOD_DATE = auto()
    TOKEN_SCOPE = auto()
    TOKEN_DAYS = auto()
    NO_TOKEN = auto()
    # whatever has no reason of its own
    # people and their roles
    PERSON_ELSEWHERE = auto()
    PERSON_CHANGED = auto()
    ROLE_ELSEWHERE = auto()
    ROLE_OF_ONESELF = auto()
    ROLE_CONFIGURED = auto()
    ROLE_NOT_THEIRS = auto()
    LAST_SUPERVISOR = auto()
    PHONE_FORM = auto()
    TOKEN_MEANWHILE = auto()
    FACTORS_SET_UP = auto()
    CHANGED_MEANWHILE = auto()
    NOT_THERE = auto()
    REFUSED = auto()
    # nothing refused, but what is wrong with the installation (`alarms.py`)
    NO_ANSWER = auto()
    ENTRIES_WAIT = auto()
    IN_QUARANTINE = auto()
    MAIL_OVERDUE = auto()
    WARNING_LATE = auto()
    MAILBOXES_UNREAD = auto()
    READER_SILENT = auto()
    SNAPSHOT_NONE = auto()
    SNAPSHOT_OLD = auto()
    MACHINES_SILENT = auto()
    MACHINES_HOLD = auto()
    KEYS_DIFFER = auto()
    HOOKS_STUCK = auto()
    TEMPLATES_UNFIT = auto()

    def __call__(self, **values: object) -> "Why":
        """This reason with what its sentence names: `Reason.IS_IN_STATUS(status=status)`."""
        return Why(reason=self, values=tuple((name, str(value)) for name, value in values.items()))


@dataclass(frozen=True, kw_only=True)
class Why:
    """A reason and its values. Values are words of the rules (`N2`, `closed`), or what somebody wrote."""

    reason: Reason
    values: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain values, to be stored."""
        return {"reason": self.reason.name, "values": dict(self.values)}


def read_why(stored: Mapping[str, Any]) -> Why | None:
    """The reason behind stored values; None for a name that this version does not know."""
    name = str(stored.get("reason"))
    return Reason[name](**stored.get("values", {})) if name in Reason.__members__ else None
