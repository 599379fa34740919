"""Keep what a person wrote: the text of a mail in, the same text in pieces out, each own or removed by a named rule."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from inbound.trimming.boundaries import Boundary, find_boundaries
from inbound.trimming.decide import decide, find_cuts
from inbound.trimming.forward import find_forward
from inbound.trimming.model import Kind, Line, Piece, Trimmed, is_marked, split_lines
from inbound.trimming.structure import mark_lines

_BLANK_LINES = re.compile(r"(?:[^\S\r\n]*(?:\r\n|\n|\r))+")


def trim(text: str, html: str = "", *, subject: str = "") -> Trimmed:
    """What is visible of a mail's text, and what was removed. Total, pure, and linear in its input.

    `text` is the plain text of the mail, or its HTML rendered as text; `html` its HTML body, "" without one. The
    subject only decides whether a copied header means a forward ("TR: Panne"). Trimming the visible text again
    changes nothing.
    """
    lines = mark_lines(split_lines(text), html)
    boundaries = find_boundaries(lines)
    pieces = _pieces(lines, boundaries)
    forwarded = find_forward(lines, boundaries, subject)
    visible = "".join(piece.text for piece in pieces if piece.kind is Kind.OWN)
    if all(piece.kind is Kind.OWN for piece in pieces) or not (is_marked(lines) or _is_final(visible)):
        return Trimmed(visible=text, forwarded=forwarded, pieces=(Piece(kind=Kind.OWN, text=text),) if text else ())
    removed = [piece for piece in pieces if piece.kind is not Kind.OWN]
    return Trimmed(
        visible=visible,
        removed="".join(piece.text for piece in removed),
        rule="; ".join(dict.fromkeys(piece.rule for piece in removed)),
        forwarded=forwarded,
        pieces=tuple(pieces),
    )


def _is_final(visible: str) -> bool:
    lines = split_lines(visible)
    return not find_cuts(lines, find_boundaries(lines))


def _pieces(lines: Sequence[Line], boundaries: Sequence[Boundary]) -> list[Piece]:
    """The text as pieces; the blank lines at the outer ends of the own ones go with what was removed beside them."""
    cuts = decide(lines, boundaries)
    if not cuts:
        return [Piece(kind=Kind.OWN, text="".join(line.raw for line in lines))]
    kinds: list[tuple[Kind, str]] = [(Kind.OWN, "")] * len(lines)
    for cut in cuts:
        kinds[cut.start : cut.stop] = [(cut.kind, cut.rule)] * (cut.stop - cut.start)
    pieces = [
        Piece(kind=kind, rule=rule, text="".join(line.raw for line, _ in run))
        for (kind, rule), run in groupby(zip(lines, kinds, strict=True), key=lambda pair: pair[1])
    ]
    return _settle(pieces) if len(pieces) > 1 else pieces


def _settle(pieces: Sequence[Piece]) -> list[Piece]:
    own = [number for number, piece in enumerate(pieces) if piece.kind is Kind.OWN and piece.text.strip()]
    settled: list[Piece] = []
    for number, piece in enumerate(pieces):
        before = pieces[number - 1] if number else pieces[1]
        after = pieces[number + 1] if number + 1 < len(pieces) else before
        if piece.kind is not Kind.OWN:
            settled.append(piece)
        elif not own or not own[0] <= number <= own[-1]:
            settled.append(replace(before, text=piece.text))
        else:
            gap = number > 0 and (number == own[0] or _ends_with_gap(pieces[number - 2].text))
            head = _BLANK_LINES.match(piece.text) if gap else None
            body = piece.text[head.end() :] if head else piece.text
            words = body.rstrip() if number == own[-1] and number + 1 < len(pieces) else body
            parts = (replace(before, text=head[0] if head else ""), replace(piece, text=words))
            settled.extend((*parts, replace(after, text=body[len(words) :])))
    return _merge(settled)


def _ends_with_gap(text: str) -> bool:
    return text.rstrip(" \t").endswith(("\n\n", "\n\r\n", "\r\r"))


def _merge(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbours of one kind and rule as one, and no empty ones."""
    filled = [piece for piece in pieces if piece.text]
    groups = groupby(filled, key=lambda piece: (piece.kind, piece.rule))
    return [Piece(kind=kind, rule=rule, text="".join(one.text for one in group)) for (kind, rule), group in groups]
