"""Subjects of our own mail: on one line, with the ticket's reference as a tag.

The tag is for people and their searches. It is guessable, so it proves nothing when it comes back.
"""

import re
import unicodedata

MAX_SUBJECT = 200  # characters; a longer one is cut with an ellipsis, so that no header line grows without bound

# Controls, line and paragraph separators and lone surrogates: what could end a header line or cannot be encoded.
_BREAKING = frozenset({"Cc", "Zl", "Zp", "Cs"})
# Marks that turn the direction of the text around them, which makes a name or a subject read as another.
_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_REPLY_PREFIX = re.compile(r"(re|ré|rép|aw|sv|antw|odp)\s*(\[\d+\])?\s*:\s*", re.IGNORECASE)


def one_line(text: str, *, limit: int) -> str:
    """Text from outside as a header may carry it: no control character, single spaces, at most `limit` characters."""
    turned = text.translate(_TURNING)
    spaced = "".join(" " if unicodedata.category(char) in _BREAKING else char for char in turned[: 4 * limit])
    line = " ".join(spaced.split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def alike_key(subject: str) -> str:
    """What subjects have in common that differ in numbers, letter case, spaces and reply prefixes alone."""
    rest = one_line(subject, limit=MAX_SUBJECT)
    while found := _REPLY_PREFIX.match(rest):
        rest = rest[found.end() :]
    return re.sub(r"\d+", "#", rest.casefold())


def tag_subject(words: str, ref: str) -> str:
    """Our own words and the tag: `Votre demande est enregistrée [DEMO-42]`. A tag that stands there is not doubled."""
    tag = f"[{ref}]"
    return f"{one_line(words.replace(tag, ' '), limit=MAX_SUBJECT - len(tag) - 1)} {tag}".strip()


def reply_subject(subject: str, ref: str) -> str:
    """The subject of an answer to `subject`: one `Re:`, however many reply prefixes it had, and the tag."""
    rest = one_line(subject, limit=4 * MAX_SUBJECT)
    while found := _REPLY_PREFIX.match(rest):
        rest = rest[found.end() :]
    return tag_subject(f"Re: {rest}", ref)
