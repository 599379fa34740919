"""References of outgoing mail (RFC 5322 section 3.6.4): what our mail answers to, so that it threads under it.

The ids come from other people's mail, so only those that every mail system carries unharmed are passed on.
"""

import re
from collections.abc import Iterable

MAX_REFERENCES = 20
MAX_ID = 250  # characters without the brackets: far below the 998 bytes of a header line, above every real id

_SOUND = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]+@[\x21-\x3b\x3d\x3f-\x7e]+")


def is_sound_id(message_id: str) -> bool:
    """True for an id (without brackets) that may stand in a header of ours: printable ASCII, one @ at least, short."""
    return len(message_id) <= MAX_ID and _SOUND.fullmatch(message_id) is not None


def build_references(earlier: Iterable[str], in_reply_to: str | None) -> tuple[str, ...]:
    """The ids for `References`, oldest first: those that the parent named, then the parent's own.

    Each id once, unsound ones left out. Of a long thread the first id stays (mail programs group by it) and
    the last ones (they find the nearest parent); the middle goes.
    """
    ids = [*earlier, *([in_reply_to] if in_reply_to else [])]
    # The parent is last wherever it stood before; of the others the first mention counts.
    sound = dict.fromkeys(one for one in ids if one != in_reply_to and is_sound_id(one))
    if in_reply_to and is_sound_id(in_reply_to):
        sound[in_reply_to] = None
    kept = list(sound)
    if len(kept) > MAX_REFERENCES:
        kept = [kept[0], *kept[1 - MAX_REFERENCES :]]
    return tuple(kept)
