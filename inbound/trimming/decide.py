"""Which lines go: the decision over a mail's lines, round by round until nothing more is found.

It leans to keeping. Answers between quoted lines keep the quote around them; an announcement that stands above
unquoted text must be evident; and when nothing stands above a quote that has no quoted lines, only its announcement
goes, since the text below may be the person's own.
"""

from collections.abc import Sequence

from inbound.trimming.boundaries import Boundary, find_boundaries
from inbound.trimming.model import Cut, Kind, Line
from inbound.trimming.signature import find_end, is_device_line

_MAX_ROUNDS = 6
_MAX_ENDS = 40
_GREETING_LENGTH = 40


def decide(lines: Sequence[Line], boundaries: Sequence[Boundary]) -> list[Cut]:
    """The lines to remove, as cuts without overlap, in order. `boundaries` are those of the lines."""
    left = list(range(len(lines)))
    cuts: list[Cut] = []
    view = lines
    for _ in range(_MAX_ROUNDS):
        found = find_cuts(view, boundaries)
        if not found:
            break
        gone: set[int] = set()
        for cut in found:
            numbers = left[cut.start : cut.stop]
            gone.update(numbers)
            cuts.extend(Cut(start=one, stop=one + 1, kind=cut.kind, rule=cut.rule) for one in numbers)
        left = [number for number in left if number not in gone]
        view = [lines[number] for number in left]
        boundaries = find_boundaries(view)
    return sorted(cuts, key=lambda cut: cut.start)


def find_cuts(lines: Sequence[Line], boundaries: Sequence[Boundary]) -> list[Cut]:
    """One round: the quote, or else what stands at the end."""
    ends = _find_ends(lines)
    end = ends[-1].start if ends else len(lines)
    quote = _find_quote(lines, boundaries, end)
    return [quote] if quote else ends


def _find_ends(lines: Sequence[Line]) -> list[Cut]:
    """Signature and what else closes a mail, from the last line upwards."""
    ends: list[Cut] = []
    view = list(lines)
    for _ in range(_MAX_ENDS):
        cut = find_end(view)
        if cut is None:
            break
        ends.append(cut)
        del view[cut.start :]
    return ends


def _find_quote(lines: Sequence[Line], boundaries: Sequence[Boundary], end: int) -> Cut | None:
    passed = 0
    for number, boundary in enumerate(boundaries):
        if boundary.start < passed:
            continue
        if not boundary.rest and _is_quoted(lines, boundary):
            cut, passed = _cut_quoted(lines, boundary, end)
        elif boundary.certain:
            cut = _cut_unquoted(lines, boundaries[number:])
        else:
            cut = None
        if cut and cut.start < cut.stop:
            return cut
    return _cut_unannounced(lines, end)


def _is_quoted(lines: Sequence[Line], boundary: Boundary) -> bool:
    """Are the lines quoted that it announces, or that it stands in?"""
    following = next((line for line in lines[boundary.stop : boundary.stop + 8] if line.body), None)
    if boundary.start < boundary.stop and lines[boundary.stop - 1].quoted:
        return True
    return following is not None and following.quoted


def _cut_quoted(lines: Sequence[Line], boundary: Boundary, end: int) -> tuple[Cut | None, int]:
    """The cut of an announced run of quoted lines, and the line up to which all has been looked at."""
    stop, between = _quoted_region(lines, boundary, end)
    above = _own_above(lines, boundary.start)
    below = any(lines[number].is_own for number in range(stop, end))
    if between or (below and above and not _is_greeting(above)):
        return None, stop
    return _quote(boundary, boundary.start, stop), stop


def _quoted_region(lines: Sequence[Line], boundary: Boundary, end: int) -> tuple[int, bool]:
    """(the line after the last quoted one, whether own words stand between quoted lines)."""
    stop = boundary.stop
    between = pending = False
    for number in range(boundary.stop, end):
        line = lines[number]
        if line.quoted:
            stop, between = number + 1, between or pending
        elif line.body:
            pending = True
    return stop, between


def _cut_unquoted(lines: Sequence[Line], boundaries: Sequence[Boundary]) -> Cut:
    """From the first boundary to the end; with nothing above, only that announcement and those that follow it."""
    first = boundaries[0]
    if _own_above(lines, first.start):
        return _quote(first, first.start, len(lines))
    stop = first.stop
    for boundary in boundaries[1:]:
        if boundary.start < stop or any(line.body for line in lines[stop : boundary.start]):
            break
        if boundary.certain and not _is_quoted(lines, boundary):
            stop = boundary.stop
    return _quote(first, first.start, stop)


def _cut_unannounced(lines: Sequence[Line], end: int) -> Cut | None:
    """Quoted lines at the end that nothing announces: a paragraph of their own, which no sentence introduces."""
    last = end
    while last and not lines[last - 1].body:
        last -= 1
    start = last
    while start and (lines[start - 1].quoted or (start < last and not lines[start - 1].body)):
        start -= 1
    if start == last or not start:
        return None
    while start < last and not lines[start].quoted:
        start += 1
    if lines[start - 1].body or _is_said_by_hand(lines, start, last):
        return None
    return Cut(start=start, stop=last, kind=Kind.QUOTE, rule="quoted lines at the end")


def _is_said_by_hand(lines: Sequence[Line], start: int, stop: int) -> bool:
    """Does a sentence lead to these quoted lines, are they prompts of Python, or is it a single one?"""
    above = next((line.body for line in reversed(lines[:start]) if line.body), ":")
    filled = [line for line in lines[start:stop] if line.body]
    prompts = all(line.plain.lstrip().startswith(">>> ") for line in filled)
    return above.endswith((":", "：", ",")) or len(filled) < 2 or prompts


def _own_above(lines: Sequence[Line], stop: int) -> list[str]:
    """The first two lines of a person's words above a line; what a telephone writes by itself is none."""
    found: list[str] = []
    for line in lines[:stop]:
        if line.is_own and not is_device_line(line):
            found.append(line.body)
            if len(found) == 2:
                break
    return found


def _is_greeting(above: Sequence[str]) -> bool:
    """A single short line like "Bonjour,": the answer to come stands below the quote."""
    return len(above) == 1 and len(above[0]) <= _GREETING_LENGTH and above[0].endswith((",", "!"))


def _quote(boundary: Boundary, start: int, stop: int) -> Cut:
    return Cut(start=start, stop=stop, kind=Kind.QUOTE, rule=boundary.rule)
