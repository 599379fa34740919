"""The machine-readable part of a failure report (RFC 3464 section 2): its fields, also where they are broken.

Total. What is forgiven: groups that no blank line parts or that too many part, address types left out, angle
brackets and comments, source routes, actions and codes in other words than the standard's.
"""

import re

from gateway.mail.address import is_address, normalise_address
from gateway.mail.bounce import Action, ReportedRecipient, find_status
from inbound.charset import clean_line

MAX_RECIPIENTS = 100
MAX_DIAGNOSTIC = 300
_MAX_LINES = 5000

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60})[ \t]*:[ \t]*(.*)")
_KIND = re.compile(r"[A-Za-z0-9.+/_-]{1,40}")
_XTEXT = re.compile(r"\+([0-9A-F]{2})")  # RFC 3461 section 4
_EMBEDDED = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")  # RFC 6533 section 3
_COMMENT = re.compile(r"\([^()]{0,200}\)")
_BY_FIRST_LETTERS = (
    ("fail", Action.FAILED),
    ("err", Action.FAILED),
    ("undeliver", Action.FAILED),
    ("delay", Action.DELAYED),
    ("defer", Action.DELAYED),
    ("warn", Action.DELAYED),
    ("deliver", Action.DELIVERED),
    ("relay", Action.RELAYED),
    ("expand", Action.EXPANDED),
)
_BY_CLASS = {"5": Action.FAILED, "4": Action.DELAYED, "2": Action.DELIVERED}
_GRAVITY = (Action.FAILED, Action.DELAYED)

Group = dict[str, str]


def read_recipients(text: str) -> tuple[ReportedRecipient, ...]:
    """The recipients in the text of a delivery-status part, in order, each once, at most 100.

    Of two groups for one address the graver counts.
    """
    found: dict[str, ReportedRecipient] = {}
    for group in _recipient_groups(text):
        recipient = _recipient(group)
        if recipient is None:
            continue
        earlier = found.get(recipient.address)
        if earlier is None or _gravity(recipient) < _gravity(earlier):
            found[recipient.address] = recipient
        if len(found) == MAX_RECIPIENTS:
            break
    return tuple(found.values())


def read_fields(text: str) -> list[Group]:
    """The groups of fields in a text, names in lower case, values unfolded; of a field that is repeated, the first.

    A group ends at a blank line, and where a second recipient begins.
    """
    groups: list[Group] = [{}]
    last = ""
    for line in text.splitlines()[:_MAX_LINES]:
        if not line.strip():
            groups.append({})
            last = ""
        elif line[0] in " \t":
            if last:
                groups[-1][last] += " " + line.strip()
        elif field := _FIELD.match(line):
            last = field[1].lower()
            if last in {"final-recipient", "original-recipient"} and last in groups[-1]:
                groups.append({})
            last = "" if last in groups[-1] else last
            if last:
                groups[-1][last] = field[2].strip()
        else:
            last = ""
    return [group for group in groups if group]


def one_short_line(text: str) -> str:
    """Another server's words as we keep them."""
    return clean_line(text)[:MAX_DIAGNOSTIC]


def read_address(text: str) -> str | None:
    """An address in any of the spellings that reports use, normalised; None where there is none."""
    text = _COMMENT.sub("", text[:1000]).strip()
    if "<" in text:
        text = text.partition("<")[2].partition(">")[0]
    text = _EMBEDDED.sub(_embedded, text.strip(" \t\"'[]"))
    if text.startswith("@"):
        text = text.rpartition(":")[2]
    text = re.sub(r"^(smtp|mailto|rfc822):", "", text, flags=re.IGNORECASE)
    address = normalise_address(text.rstrip(".,;:"))
    return address if is_address(address) else None


def _recipient_groups(text: str) -> list[Group]:
    """The groups about a recipient, each with what a stray blank line parted from it."""
    groups: list[Group] = []
    for group in read_fields(text):
        if "final-recipient" in group or "original-recipient" in group:
            groups.append(group)
        elif groups and "action" not in groups[-1] and "reporting-mta" not in group:
            groups[-1] = group | groups[-1]
    return groups


def _recipient(group: Group) -> ReportedRecipient | None:
    final = read_address(_value(group, "final-recipient"))
    given = _value(group, "original-recipient")
    original = read_address(given)
    decoded = read_address(_XTEXT.sub(lambda code: chr(int(code[1], 16)), given))
    if decoded is not None and original != final:
        original = decoded
    address = original or final or read_address(_value(group, "x-actual-recipient"))
    if address is None:
        return None
    diagnostic = one_short_line(_value(group, "diagnostic-code"))
    status = find_status(group.get("status", ""))
    return ReportedRecipient(
        address=address,
        final_recipient=final if final != address else None,
        action=_action(group.get("action", ""), status or find_status(diagnostic)),
        status=status,
        diagnostic=diagnostic,
    )


def _value(group: Group, name: str) -> str:
    """The value of a typed field (`rfc822; user@example.org`) without its type."""
    kind, semicolon, rest = group.get(name, "").partition(";")
    return rest if semicolon and _KIND.fullmatch(kind.strip()) else group.get(name, "")


def _action(word: str, status: str) -> Action:
    """The action; by the class of the status where the word is missing or unknown, and failed where nothing tells."""
    for letters, action in _BY_FIRST_LETTERS:
        if word.lower().startswith(letters):
            return action
    return _BY_CLASS.get(status[:1], Action.FAILED)


def _gravity(recipient: ReportedRecipient) -> int:
    return _GRAVITY.index(recipient.action) if recipient.action in _GRAVITY else len(_GRAVITY)


def _embedded(code: re.Match[str]) -> str:
    number = int(code[1], 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number <= 0xDFFF else ""
