"""The line that announces a quote: "Le 24 nov. 2026 à 10:12, Support <support@example.org> a écrit :".

It may be wrapped over several lines. Only lines that end as an announcement does are looked at, with at most
five before them and 500 characters in all, so the time stays linear in the text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from inbound.trimming.evidence import find_address, has_date, has_time, is_evident, is_old_gmail, opens_with_date
from inbound.trimming.model import MAX_CANDIDATES, MAX_HEADER, Line, Mark, bodies_of
from inbound.trimming.words import TOLD_BY, WEEKDAYS, WROTE

MAX_WRAPPED = 5

_VERBS = tuple(sorted(WROTE, key=len, reverse=True))
_HAS_VERB = re.compile(rf"(?:\b|(?<=[^\x00-\u024f]))(?:{'|'.join(map(re.escape, _VERBS))})", re.I)
_COLONS = (":", "：")
_VERBS_WITHOUT_COLON = ("写道", "寫道")
_LAST = frozenset(":：-*_>)]道")  # what an announcement ends with, unless it begins with a date in digits
_ADDRESS_AND_COLON = re.compile(r"@[^\s@]{1,255}\s?[>)\]»\"]{1,3}\s{0,3}[:：][\s\-*_]{0,8}$")
_NAMED_ADDRESS = re.compile(r"[^:]{0,100}[<(\[][^\s<>@]{0,8}\s?[^\s<>@]{1,64}@[^\s@]{1,255}[>)\]\"'\s]{0,6}")
_BRACKETS = "<>()[]\"'«» "
_ADDRESS_END = re.compile(r"@[^\s@]{1,255}[>)\]]{1,3}\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Lines `start` up to and without `stop` announce a quote. `evident` ones are believed whatever comes after;
    the others only when quoted lines follow."""

    start: int
    stop: int
    evident: bool
    text: str

    @property
    def verb(self) -> str:
        """The word that tells its language ("a écrit"), which names nobody."""
        verbs = _HAS_VERB.findall(self.text)
        return str(verbs[-1]).lower() if verbs else "date and author"


def find_attributions(lines: Sequence[Line]) -> list[Attribution]:
    """All announcements, in order, without overlap."""
    found: list[Attribution] = []
    floor = candidates = 0
    for number, body in enumerate(bodies_of(lines)):
        # Most lines end otherwise, at a fraction of what a closer look costs.
        if body and (body[-1] in _LAST or body[0].isdecimal()) and _may_end(lines[number]):
            attribution = _ending_at(lines, number, floor)
            candidates += 1
            if attribution:
                found.append(attribution)
                floor = attribution.stop
            if candidates == MAX_CANDIDATES:
                break
    return found


def _may_end(line: Line) -> bool:
    body = line.body
    if not body or len(body) > MAX_HEADER or line.mark is Mark.ATTRIBUTION:  # the last is said by the HTML
        return False
    last = body[-1]
    if last in ":：":
        return True
    if last in "-*_>)]":
        return _final_verb(body) != "" or _ADDRESS_END.search(body) is not None
    return body.endswith(_VERBS_WITHOUT_COLON) or is_old_gmail(body)


def _final_verb(text: str) -> str:
    """The verb that a text ends with, before a colon or dashes; "" without one."""
    words = text.rstrip(" \t-_*")
    bare = words.rstrip(":： ").lower()
    closed = words.endswith(_COLONS) or text.endswith("--") or bare.endswith(_VERBS_WITHOUT_COLON)
    return next((verb for verb in _VERBS if bare.endswith(verb)), "") if closed and bare.endswith(_VERBS) else ""


def _ending_at(lines: Sequence[Line], last: int, floor: int) -> Attribution | None:
    """The announcement that ends with this line: the shortest that begins with a date, else the shortest that has
    evidence."""
    shortest: Attribution | None = None
    joined = ""
    for first in _lines_upwards(lines, last, floor):
        line = lines[first]
        joined = f"{line.body} {joined}".strip()
        if len(joined) > MAX_HEADER:
            break
        dated = opens_with_date(line.body)
        if _announces(joined, dated=dated):
            found = Attribution(start=first, stop=last + 1, evident=is_evident(joined), text=joined)
            if dated:
                return _with_wrapped_date(lines, found, floor)
            shortest = shortest or found
    return shortest


def _lines_upwards(lines: Sequence[Line], last: int, floor: int) -> Iterator[int]:
    """The filled lines that may belong to one announcement, from its last upwards; above a gap only a whole date
    goes on."""
    taken = blanks = 0
    for first in range(last, floor - 1, -1):
        line = lines[first]
        if not line.body:
            blanks += 1
            if blanks > 2 or lines[last].body.count(" ") > 3:
                return
            continue
        if taken and not _goes_together(line, lines[first + 1 : last + 1]):
            return
        if blanks and not (opens_with_date(line.body) and has_date(line.body)):
            return
        yield first
        taken += 1
        if taken == MAX_WRAPPED:
            return


def _with_wrapped_date(lines: Sequence[Line], found: Attribution, floor: int) -> Attribution:
    """With the line above, when the date itself was wrapped ("Le lundi 23 novembre" / "2026 à 10:12, ...")."""
    above = lines[found.start - 1].body if found.start > floor else ""
    wrapped = found.text[:1].isdigit() and 0 < len(above.split()) <= 6 and not above[:1].isdigit()
    if wrapped and opens_with_date(above) and lines[found.start - 1].quoted == lines[found.start].quoted:
        return replace(found, start=found.start - 1, text=f"{above} {found.text}")
    return found


def _goes_together(line: Line, below: Sequence[Line]) -> bool:
    """Lines of one announcement are quoted alike, and do not end as sentences do."""
    first_below = next((other for other in below if other.body), line)
    return line.quoted == first_below.quoted and not line.body.endswith(("!", "?", ":"))


def _announces(text: str, *, dated: bool) -> bool:
    if len(text) > MAX_HEADER:
        return False
    if is_old_gmail(text):
        return True
    verb = _final_verb(text)
    if verb:
        return _is_name_or_date(text[: text.lower().rfind(verb)], dated=dated)
    if text.rstrip(" \t-_*").endswith(_COLONS):
        if _has_verb_inside(text, dated=dated):
            return True
        return _begins_with_date(text) and has_date(text) and _ADDRESS_AND_COLON.search(text) is not None
    # Gmail before 2014: "2013/7/20 Sam <sam@example.org>"
    return dated and text[:1].isdigit() and has_date(text) and _ADDRESS_END.search(text) is not None


def _has_verb_inside(text: str, *, dated: bool) -> bool:
    """The verb, then the date or the author: "schrieb am Fr., 28. Apr. 2017 um 11:53 Uhr:", "skrev Support <...>:"."""
    verbs = list(_HAS_VERB.finditer(text))
    if not verbs:
        return False
    before, after = text[: verbs[0].start()], text[verbs[0].end() :]
    if _ADDRESS_AND_COLON.search(after):
        return True
    if is_evident(after):
        return bool(find_address(before)) or _is_name(before)
    return dated and not before[:1].isdigit() and is_evident(before) and _is_name(after.rstrip(" :：-*_"))


def _is_name(text: str) -> bool:
    """One to four words that begin as names do."""
    words = text.split()
    return 1 <= len(words) <= 4 and all(word[:1].isupper() or word[:1] in "\"'<(«" for word in words)


def _is_name_or_date(before: str, *, dated: bool) -> bool:
    """What stands before "a écrit :" is a date and more, a name with its address, or a bare name."""
    told = before.lower().split()
    if before[-1:] in ("'", "’") or (told and told[-1].strip(_BRACKETS) in TOLD_BY):
        return False
    if dated and (is_evident(before) or has_date(before) or has_time(before)):
        return True
    named = _NAMED_ADDRESS.match(before)
    rest = before[named.end() :] if named else before
    return (named is not None and (not rest or (has_date(rest) and has_time(rest)))) or _is_name(before)


def _begins_with_date(text: str) -> bool:
    """Without "Le" or "On" before it."""
    words = text.lstrip(_BRACKETS).split(maxsplit=1)
    return bool(words) and (words[0][:1].isdigit() or words[0].strip(".,").lower() in WEEKDAYS)
