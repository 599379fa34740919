"""The mail cut at its boundaries, and the bones of it for mail-parser: headers and structure, no bodies.

mail-parser builds the tree of parts and names the defects. It is given a small mail instead of the real one: every
header block repaired and bounded, every boundary replaced by a short one of ours, every body by the number of its
segment. So no mail is too large, too deep or too wide for it, and every part's content is a slice of the raw mail,
byte for byte, also where it is a whole mail itself. One pass over the raw mail, linear.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from inbound.bounds import MAX_DASH_LINES, MAX_DEPTH, MAX_HEADER_BYTES, MAX_PART_HEADER_BYTES, MAX_PARTS
from inbound.header_block import HeaderBlock, read_header_block, unfold
from inbound.parameters import split_value

_BODY = re.compile(r"segment-(\d+)-body")
# Bytes of a field that mail-parser gets, of the mail's header and of a part's: some of its readers are quadratic.
_MAX_SHOWN_FIELD = 16 * 1024
_MAX_SHOWN_PART_FIELD = 1024
# The fields that the tree hangs on, and those that mail-parser looks for defects in. It decodes all that it gets,
# twice; of the many others we would use nothing.
_SHOWN = (
    *(b"content-", b"mime-version", b"date", b"resent-date", b"received"),
    *(b"from", b"to", b"cc", b"bcc", b"reply-to", b"delivered-to"),
)


@dataclass(frozen=True, kw_only=True)
class Segment:
    """What stands between two boundary lines: a header block and a body, `raw[block.body:end]`."""

    block: HeaderBlock
    end: int


@dataclass(frozen=True, kw_only=True)
class Skeleton:
    """A mail cut into segments. The first one is the mail's own header and what follows it.

    `source` is the small mail for mail-parser, `notes` the bounds that were reached, `defects` what was repaired.
    """

    raw: bytes
    segments: tuple[Segment, ...]
    source: bytes
    notes: tuple[str, ...]
    defects: tuple[str, ...]

    def segment_of(self, payload: str) -> Segment | None:
        """The segment that a leaf of mail-parser's tree stands for."""
        found = _BODY.search(payload)
        return self.segments[int(found[1])] if found and int(found[1]) < len(self.segments) else None


def cut(raw: bytes) -> Skeleton:
    """Cut a mail at the boundaries that its headers declare. What is inside a nested message stays whole."""
    cutter = _Cutter(raw)
    cutter.open(0, depth=0, limit=MAX_HEADER_BYTES)
    for start, end, text in _dash_lines(raw, cutter):
        is_opening = text in cutter.boundaries
        shown, depth = cutter.boundaries[text if is_opening else text[:-2]]
        cutter.close(start)
        if is_opening and len(cutter.segments) == MAX_PARTS:
            cutter.notes[f"parts-limited:{MAX_PARTS}"] = None
            break
        cutter.show_boundary(shown, is_opening=is_opening)
        if is_opening:
            cutter.open(end, depth=depth, limit=MAX_PART_HEADER_BYTES)
    else:
        cutter.close(len(raw))
    bones = b"\n".join(cutter.bones) + b"\n"
    return Skeleton(
        raw=raw,
        segments=tuple(cutter.segments),
        source=bones,
        notes=tuple(cutter.notes),
        defects=tuple(cutter.defects),
    )


class _Cutter:
    """The work of `cut` while it goes on: `boundaries` are those declared so far, with our name and their depth."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.boundaries: dict[bytes, tuple[bytes, int]] = {}
        self.segments: list[Segment] = []
        self.bones: list[bytes] = []
        self.notes: dict[str, None] = {}
        self.defects: dict[str, None] = {}
        self._block: HeaderBlock | None = None
        self._closed: dict[bytes, int] = {}

    def show_boundary(self, shown: bytes, *, is_opening: bool) -> None:
        """A multipart that goes on after its end was not at its end: some mailers use one boundary twice."""
        if is_opening and shown in self._closed:
            self.bones[self._closed.pop(shown)] = b""
        elif not is_opening:
            self._closed[shown] = len(self.bones)
        self.bones.append(b"--" + shown + (b"" if is_opening else b"--"))

    def open(self, start: int, *, depth: int, limit: int) -> None:
        """Begin a segment: its header ends at a blank line, and in any case where a boundary could be."""
        dashes = start if self.raw.startswith(b"--", start) else self.raw.find(b"\n--", start) + 1
        self._block = read_header_block(self.raw, start, dashes or len(self.raw), limit=limit)
        if self._block.is_cut:
            self.notes["header-truncated"] = None
        if self._block.is_repaired:
            self.defects["header-repaired"] = None
        has_type, most = False, _MAX_SHOWN_PART_FIELD if self.segments else _MAX_SHOWN_FIELD
        for name, value in self._block.fields:
            if not name.lower().startswith(_SHOWN):
                continue
            line = unfold(value)
            if name.lower() == b"content-type":
                line, has_type = b"" if has_type else self._with_own_boundary(line, depth), True
            self.bones.append(name + b": " + line[:most])
        # Two blank lines: of a nested message the first ends the part's header, the second its own.
        self.bones += [b"", b"", b"segment-%d-body" % len(self.segments)]

    def close(self, end: int) -> None:
        """End the segment that is open, if one is; what follows a closing boundary is nobody's."""
        if self._block is not None:
            end = _without_line_end(self.raw, self._block.body, end)
            self.segments.append(Segment(block=self._block, end=end))
        self._block = None

    def _with_own_boundary(self, value: bytes, depth: int) -> bytes:
        """Content-Type of a multipart with a boundary of ours; the declared one is looked for from here on."""
        kind, parameters = split_value(value.decode("utf-8", "surrogateescape"))
        if not kind.startswith("multipart/"):
            return value
        declared = parameters.get("boundary", "").encode("utf-8", "surrogateescape").rstrip()
        shown = b"boundary-%d" % len(self.boundaries)
        if declared and depth >= MAX_DEPTH:
            self.notes[f"nesting-limited:{MAX_DEPTH}"] = None
        elif declared:
            shown = self.boundaries.setdefault(declared, (shown, depth + 1))[0]
        plain_kind = kind.encode("ascii", "ignore")
        return plain_kind + b'; boundary="' + shown + b'"' if declared else plain_kind


def _dash_lines(raw: bytes, cutter: _Cutter) -> Iterator[tuple[int, int, bytes]]:
    """The boundary lines: start, end, and the text after the dashes. More boundaries may be declared while we look."""
    position = 0 if raw.startswith(b"--") else raw.find(b"\n--") + 1
    for _ in range(MAX_DASH_LINES):
        if not raw.startswith(b"--", position):
            return
        stop = raw.find(b"\n", position)
        stop = len(raw) if stop < 0 else stop
        text = raw[position + 2 : stop].rstrip()
        if text in cutter.boundaries or (text.endswith(b"--") and text[:-2] in cutter.boundaries):
            yield position, min(stop + 1, len(raw)), text
        position = raw.find(b"\n--", stop) + 1
        if not position:
            return
    cutter.notes[f"parts-limited:{MAX_PARTS}"] = None


def _without_line_end(raw: bytes, start: int, end: int) -> int:
    """The end of a body; the line end before a boundary belongs to the boundary (RFC 2046 section 5.1.1)."""
    if end == len(raw) or end <= start:
        return max(start, end)
    end -= raw[end - 1 : end] == b"\n"
    return end - (end > start and raw[end - 1 : end] == b"\r")
