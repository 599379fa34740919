"""The places where quoted mail may begin, in order: what each detector found, brought to one form."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from inbound.trimming.attribution import MAX_WRAPPED, find_attributions
from inbound.trimming.headers import find_header_blocks, read_header_block
from inbound.trimming.model import MAX_CANDIDATES, Line, Mark, bodies_of, is_marked
from inbound.trimming.separators import holds_marker, is_divider, is_forward, is_original_message, next_filled


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """Lines `start` up to and without `stop` announce quoted mail. What is `certain` needs no quoted lines below."""

    start: int
    stop: int
    rule: str
    certain: bool
    forward: bool = False
    rest: bool = False  # the HTML says that all is quote from here on


def find_boundaries(lines: Sequence[Line]) -> list[Boundary]:
    """All boundaries in the order of their first line; one that begins inside of another is left out."""
    found = [*_marked(lines), *_markers(lines), *_separators(lines), *_header_blocks(lines), *_attributions(lines)]
    kept: list[Boundary] = []
    for boundary in sorted(found, key=lambda one: (one.start, -one.stop)):
        if not kept or boundary.start >= kept[-1].stop:
            kept.append(replace(boundary, start=_top_of_quote(lines, boundary.start)))
    return kept


def _top_of_quote(lines: Sequence[Line], start: int) -> int:
    """The first quoted line, when it stands at most three above an announcement that is quoted itself
    (`> Message du 23/11/26 10:12` / `> De : ...`)."""
    if start < len(lines) and lines[start].quoted:
        for number in range(start - 1, max(start - 5, -2), -1):
            if number < 0 or not lines[number].quoted:
                return number + 1
    return start


def _marked(lines: Sequence[Line]) -> list[Boundary]:
    """Where the HTML says that a quote begins."""
    found: list[Boundary] = []
    if not is_marked(lines):
        return found
    before = Mark.NONE
    for number, line in enumerate(lines):
        if not line.body:
            continue
        if line.mark is Mark.REST and before is not Mark.REST:
            found.append(Boundary(start=number, stop=number, rule=line.html_rule, certain=True, rest=True))
        elif line.mark is Mark.ATTRIBUTION and before is not Mark.ATTRIBUTION:
            stop = _end_of_attribution(lines, number)
            found.append(Boundary(start=number, stop=stop, rule=line.html_rule, certain=False))
        elif line.mark is Mark.QUOTE and before not in (Mark.QUOTE, Mark.ATTRIBUTION):
            found.append(Boundary(start=number, stop=number, rule=line.html_rule, certain=False))
        before = line.mark
    return found


def _end_of_attribution(lines: Sequence[Line], start: int) -> int:
    stop = start + 1
    while stop < len(lines) and lines[stop].mark is Mark.ATTRIBUTION:
        stop += 1
    return stop


def _markers(lines: Sequence[Line]) -> list[Boundary]:
    """Our own marker line, with the announcement above it, whatever its language."""
    found: list[Boundary] = []
    if not holds_marker("\n".join(bodies_of(lines))):
        return found
    for number, line in enumerate(lines):
        if len(found) < MAX_CANDIDATES and holds_marker(line.body):
            start = _above_marker(lines, number)
            found.append(Boundary(start=start, stop=number + 1, rule="our marker", certain=True))
    return found


def _above_marker(lines: Sequence[Line], marker: int) -> int:
    """The first line of the announcement: at most five lines that hold a digit and end with a colon."""
    last = marker - 1
    while last >= 0 and marker - last < 6 and not lines[last].body:
        last -= 1
    if last < 0 or not lines[last].body.endswith((":", "：")) or len(lines[last].body) > 300:
        return marker
    start = last
    while start > 0 and last - start < MAX_WRAPPED - 1 and lines[start - 1].body and not _tells_when(lines[start]):
        start -= 1
    return start if _tells_when(lines[start]) else marker


def _tells_when(line: Line) -> bool:
    return sum(char.isdigit() for char in line.body[:300]) >= 3


def _separators(lines: Sequence[Line]) -> list[Boundary]:
    found: list[Boundary] = []
    for number, body in enumerate(bodies_of(lines)):
        if len(found) == MAX_CANDIDATES or not body or not (body[-1] in ":：" or body[0] in "-=_*"):
            continue
        forward = is_forward(lines, number)
        if forward or is_original_message(lines[number]):
            below = next_filled(lines, number + 1)
            block = read_header_block(lines, below, trusted=True) if below is not None else None
            rule = "forwarded mail" if forward else "separator line of the original message"
            stop = block.stop if block else number + 1
            found.append(Boundary(start=number, stop=stop, rule=rule, certain=True, forward=forward))
    return found


def _header_blocks(lines: Sequence[Line]) -> list[Boundary]:
    """Header blocks that no sentence of the person introduces ("voici son message :")."""
    found: list[Boundary] = []
    for block in find_header_blocks(lines):
        start = _over_dividers(lines, block.start)
        introduced = start == block.start and _is_introduced(lines, block.start)
        if not introduced:
            found.append(Boundary(start=start, stop=block.stop, rule="header block of the quoted mail", certain=True))
    return found


def _is_introduced(lines: Sequence[Line], start: int) -> bool:
    above = next((line for line in reversed(lines[max(start - 4, 0) : start]) if line.body), None)
    return above is not None and not above.quoted and above.body.endswith((":", "："))


def _over_dividers(lines: Sequence[Line], start: int) -> int:
    """The line of underscores or dashes above a header belongs to it."""
    for number in range(start - 1, max(start - 4, -1), -1):
        if is_divider(lines[number]):
            return number
        if lines[number].body:
            break
    return start


def _attributions(lines: Sequence[Line]) -> list[Boundary]:
    return [
        Boundary(start=one.start, stop=one.stop, rule=f"header line: {one.verb}", certain=one.evident)
        for one in find_attributions(lines)
    ]
