"""What the structure of HTML says about a mail's lines: Gmail's quote block, Outlook's separator, a cited block.

The marks are found in the tree, carried through the same rendering that made the text (as signs of a private range
that no mail uses), and laid on the lines by counting the characters that are no white space. HTML that is too deep
or too large, or whose text is another than the mail's, leaves the text rules alone. Total.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from gateway.mail.display_html import is_too_deep
from inbound.charset import clean_text
from inbound.html_text import html_to_text
from inbound.trimming.attribution import find_attributions
from inbound.trimming.client_marks import Found, find_marks, may_hold_marks
from inbound.trimming.model import Line, Mark
from inbound.trimming.separators import is_forward

MAX_HTML = 400_000  # beyond, the text rules decide alone: reading the tree costs as much as rendering it

_CLOSE = "\ue0ff"
_FIRST = 0xE100
_SIGNS = re.compile("([\ue0ff-\uf0ff])")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """Characters `start` up to and without `stop` of the text without white space."""

    start: int
    stop: int
    mark: Mark
    rule: str


def mark_lines(lines: Sequence[Line], html: str) -> list[Line]:
    """The lines with what the HTML says of them; the same lines when it says nothing, or is not their source."""
    if not html or len(html) > MAX_HTML or not may_hold_marks(html) or is_too_deep(html):
        return list(lines)
    rendered, found = _render_marked(html)
    if not found:
        return list(lines)
    words, spans = _read_spans(rendered, found)
    text = "".join("".join(line.raw.split()) for line in lines)
    if text and words.startswith(text):
        return _settled(_lay(lines, spans))
    return _mark_same_beginning(lines, text, words, spans)


def _render_marked(html: str) -> tuple[str, list[Found]]:
    from lxml import etree
    from lxml import html as lxml_html

    shown = _SIGNS.sub("", clean_text(html)).encode()
    try:
        tree = lxml_html.document_fromstring(shown, parser=lxml_html.HTMLParser(huge_tree=True, encoding="utf-8"))
        found = find_marks(tree)[: 0xF0FF - _FIRST]
        for number, one in enumerate(found):
            _insert(one, chr(_FIRST + number))
        rendered = html_to_text(lxml_html.tostring(tree, encoding="unicode")) if found else ""
    except (etree.LxmlError, ValueError, RecursionError, AssertionError, TypeError):
        return "", []
    complete = len(_SIGNS.findall(rendered)) == 2 * len(found)
    return (rendered, found) if complete else ("", [])


def _insert(one: Found, sign: str) -> None:
    """The sign where the marked part begins, and the closing one where it ends."""
    element = one.element
    if one.before is not None:
        element.text = sign + (element.text or "")
        _append_before(one.before, _CLOSE)
    elif one.after:
        element.tail = sign + _CLOSE + (element.tail or "")
    else:
        element.text = sign + (element.text or "")
        if len(element):
            element[-1].tail = (element[-1].tail or "") + _CLOSE
        else:
            element.text += _CLOSE


def _append_before(element: Any, text: str) -> None:
    previous = element.getprevious()
    if previous is not None:
        previous.tail = (previous.tail or "") + text
    else:
        parent = element.getparent()
        parent.text = (parent.text or "") + text


def _read_spans(rendered: str, found: Sequence[Found]) -> tuple[str, list[_Span]]:
    """The rendered text without white space and signs, and where the marks lie in it."""
    words: list[str] = []
    length = 0
    open_marks: list[tuple[int, int]] = []
    spans: list[_Span] = []
    for part in _SIGNS.split(rendered):
        if part == _CLOSE:
            number, start = open_marks.pop() if open_marks else (0, length)
            one = found[number]
            spans.append(_Span(start=start, stop=length, mark=one.mark, rule=one.rule))
        elif len(part) == 1 and _SIGNS.match(part):
            open_marks.append((ord(part) - _FIRST, length))
        else:
            words.append("".join(part.split()))
            length += len(words[-1])
    return "".join(words), _widened(spans, length)


def _widened(spans: Sequence[_Span], length: int) -> list[_Span]:
    """The spans in order, without those that lie in another of their kind or in a quote. What is quote to the end
    reaches to the end; a block in no cited form does too, when nothing follows it."""
    wide: list[_Span] = []
    reach: dict[Mark, int] = {}
    for span in sorted(spans, key=lambda one: (one.start, -one.stop)):
        if span.mark is Mark.REST or (span.mark is Mark.BLOCK and span.stop == length):
            kept = replace(span, stop=length, mark=Mark.REST)
        else:
            kept = replace(span, mark=Mark.QUOTE) if span.mark is Mark.BLOCK else span
        inside = max(reach.get(mark, 0) for mark in (kept.mark, Mark.QUOTE, Mark.REST))
        if kept.start < kept.stop and kept.stop > inside:
            wide.append(kept)
            reach[kept.mark] = kept.stop
    return wide


def _positions(lines: Sequence[Line]) -> Iterator[tuple[Line, int, int]]:
    lengths = [len("".join(line.raw.split())) for line in lines]
    for line, length, stop in zip(lines, lengths, accumulate(lengths), strict=True):
        yield line, stop - length, stop


def _lay(lines: Sequence[Line], spans: Sequence[_Span]) -> list[Line]:
    """Each line with the strongest mark that covers it whole."""
    laid: list[Line] = []
    waiting = list(reversed(spans))
    covering: list[_Span] = []
    for line, start, stop in _positions(lines):
        while waiting and waiting[-1].start <= start:
            covering.append(waiting.pop())
        covering = [span for span in covering if span.stop > start]
        whole = [span for span in covering if stop <= span.stop] if start < stop else []
        laid.append(_marked(line, min(whole, key=lambda one: _STRENGTH.index(one.mark))) if whole else line)
    return laid


_STRENGTH = (Mark.REST, Mark.QUOTE, Mark.ATTRIBUTION, Mark.WEAK_QUOTE, Mark.SIGNATURE)


def _marked(line: Line, span: _Span) -> Line:
    return line._replace(mark=span.mark, html_rule=span.rule, quoted=line.quoted or span.mark is Mark.QUOTE)


def _settled(lines: list[Line]) -> list[Line]:
    """With each weak quote decided by what announces it, and forwards left to the rule of forwards."""
    announced = {_next_filled(lines, one.stop) for one in find_attributions(lines)}
    start = 0
    while start < len(lines):
        stop = _end_of_run(lines, start)
        mark = lines[start].mark
        if mark is Mark.WEAK_QUOTE:
            strong = start in announced
            fate = {"mark": Mark.QUOTE, "quoted": True} if strong else {"mark": Mark.NONE}
            lines[start:stop] = [line._replace(**fate) if line.body else line for line in lines[start:stop]]
        elif mark in (Mark.QUOTE, Mark.REST, Mark.ATTRIBUTION) and _begins_forward(lines, start):
            lines[start:stop] = [
                line._replace(mark=Mark.NONE, quoted=line.body != line.plain.strip()) for line in lines[start:stop]
            ]
        start = stop
    return lines


def _end_of_run(lines: Sequence[Line], start: int) -> int:
    stop = start + 1
    while stop < len(lines) and (lines[stop].mark is lines[start].mark or not lines[stop].body):
        stop += 1
    return stop


def _next_filled(lines: Sequence[Line], start: int) -> int:
    return next((number for number in range(start, min(start + 6, len(lines))) if lines[number].body), -1)


def _begins_forward(lines: Sequence[Line], start: int) -> bool:
    return any(lines[number].body and is_forward(lines, number) for number in range(start, min(start + 3, len(lines))))


def _mark_same_beginning(lines: Sequence[Line], text: str, words: str, spans: Sequence[_Span]) -> list[Line]:
    """A plain text beside HTML: when both begin with the same words, and in the HTML nothing but quote follows them,
    the quote begins there in the text too, whatever its form."""
    quotes = [span for span in spans if span.mark in (Mark.REST, Mark.QUOTE, Mark.ATTRIBUTION)]
    begin = min((span.start for span in quotes), default=0)
    reach = begin
    for span in quotes:
        reach = max(reach, span.stop) if span.start <= reach else reach
    if not begin or reach < len(words) or not text.startswith(words[:begin]):
        return list(lines)
    rule = next(span.rule for span in quotes if span.start == begin)
    marked = list(lines)
    for number, (line, start, stop) in enumerate(_positions(lines)):
        if start == begin < stop and not is_forward(lines, number):
            marked[number] = line._replace(mark=Mark.REST, html_rule=rule)
    return marked
