"""The line in our mails above which people answer, and cutting their answer off at it.

The marker is the one quote boundary that we can be sure of, because we wrote it. It is recognised by its two
ends, so that a translation or a changed wording of the sentence between them still counts.
"""

import re

_START, _END = "##-", "-##"
MARKER = {
    "fr": f"{_START} Merci de répondre au-dessus de cette ligne {_END}",
    "en": f"{_START} Please write your answer above this line {_END}",
}
# "Le mar. 24 nov. 2026 à 10:12, Support <...> a écrit :" announces the quote that the marker begins.
_ANNOUNCES = re.compile(r"^\W*(le|on|am|el|il|op|dnia|em)\b.*\d.*:\s*$", re.IGNORECASE | re.DOTALL)
_ANNOUNCEMENT_LINES = 3


def cut_at_marker(text: str) -> tuple[str, str]:
    """Split an answer into what the person wrote and the quote of our mail; ("...", "") without a marker.

    An answer with nothing above the marker (written below or inside the quote) is kept whole.
    """
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _START in line and _END in line:
            cut = _before_announcement(lines, number)
            kept = "\n".join(lines[:cut]).rstrip()
            return (kept, "\n".join(lines[cut:])) if kept.strip() else (text, "")
    return text, ""


def _before_announcement(lines: list[str], marker: int) -> int:
    end = marker
    while end and not lines[end - 1].strip(" >\t"):
        end -= 1
    for size in range(1, _ANNOUNCEMENT_LINES + 1):
        if end - size >= 0 and _ANNOUNCES.match("\n".join(lines[end - size : end])):
            return end - size
    return marker
