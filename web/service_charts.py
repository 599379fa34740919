"""The bars of a service report, as plain values: what a chart draws, and the table that says the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from gateway.domain.judged_clocks import Verdict
from gateway.domain.service_report import ServiceReport
from web.service_words import CALLS, DOORS, REOPENED, RULES, VERDICTS, severity_name
from web.words import KINDS

ROW = 44
"""Pixels that a bar takes with the line above it."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of a bar, in percent of the width; `tone` is a class: plain, good, bad or rest."""

    tone: str
    start: float
    width: float


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A bar with what stands above it; `top` is in pixels."""

    label: str
    value: str
    top: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart: `says` is what somebody hears who does not see it, `head` and `rows` are the table."""

    id: str
    title: str
    says: str
    bars: tuple[Bar, ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def height(self) -> int:
        """Of the drawing, in pixels."""
        return ROW * len(self.bars)


def charts_of(report: ServiceReport) -> dict[str, Chart]:
    """The charts that have something to draw, by name."""
    requests = gettext("Requests")
    found = {
        "channels": _plain("channels", gettext("Requests by channel"), _by_door(report), requests),
        "kinds": _plain("kinds", gettext("Requests by kind"), _named(report.by_kind(), KINDS), requests),
        "kept": _kept(report),
        "reopened": _plain(
            "reopened", gettext("Reopenings by author"), _named(report.reopenings, REOPENED), gettext("Times")
        ),
        "calls": _plain("calls", gettext("Calls by outcome"), _named(report.calls, CALLS), gettext("Calls")),
        "threading": _plain(
            "threading",
            gettext("How replies found their request"),
            _named(report.threading.by_rule, RULES),
            gettext("Mails"),
        ),
    }
    return {name: chart for name, chart in found.items() if chart.bars}


def cross_table(report: ServiceReport) -> tuple[list[str], list[tuple[str, list[int]]]]:
    """Requests by kind and channel: the channels, then for each kind its numbers."""
    doors = list(_by_door(report))
    counted: dict[str, dict[str, int]] = {}
    for (channel, kind), count in report.volumes.items():
        line = counted.setdefault(_name(kind, KINDS), dict.fromkeys(doors, 0))
        line[_name(channel, DOORS)] += count
    return doors, [(kind, [line[door] for door in doors]) for kind, line in sorted(counted.items())]


def _by_door(report: ServiceReport) -> dict[str, int]:
    counted: dict[str, int] = {}
    for channel, count in report.by_channel().items():
        door = _name(channel, DOORS)
        counted[door] = counted.get(door, 0) + count
    return dict(sorted(counted.items(), key=lambda pair: -pair[1]))


def _named(counts: Mapping[str, int], words: Mapping[Any, object]) -> dict[str, int]:
    return {_name(name, words): count for name, count in counts.items()}


def _name(word: str, words: Mapping[Any, object]) -> str:
    return str(words.get(word, word))


def _plain(ident: str, title: str, counts: Mapping[str, int], unit: str) -> Chart:
    most = max(counts.values(), default=1)
    bars = tuple(
        Bar(
            label=label,
            value=str(count),
            top=ROW * number,
            pieces=(Piece(tone="plain", start=0, width=round(100 * count / most, 2)),),
        )
        for number, (label, count) in enumerate(counts.items())
    )
    rows = tuple((label, str(count)) for label, count in counts.items())
    return Chart(id=ident, title=title, says=_says(rows), bars=bars, head=(title, unit), rows=rows)


def _kept(report: ServiceReport) -> Chart:
    """For each guarantee and severity one whole bar: the part that was kept, the part that was missed."""
    bars, rows = [], []
    for number, one in enumerate(report.kept):
        label = f"{one.guarantee} – {severity_name(one.severity)}"
        counts = {verdict: one.verdicts.get(verdict, 0) for verdict in Verdict}
        rows.append((label, *(str(count) for count in counts.values())))
        kept = counts[Verdict.KEPT]
        value = gettext("kept: %(kept)s of %(all)s", kept=kept, all=kept + counts[Verdict.MISSED])
        bars.append(Bar(label=label, value=value, top=ROW * number, pieces=_pieces(list(counts.values()))))
    title = gettext("Kept and missed")
    head = (title, *(str(VERDICTS[verdict]) for verdict in Verdict))
    says = _says([(bar.label, bar.value) for bar in bars])
    return Chart(id="kept", title=title, says=says, bars=tuple(bars), head=head, rows=tuple(rows))


def _pieces(counts: Sequence[int]) -> tuple[Piece, ...]:
    kept, missed, *others = counts
    whole, start, pieces = sum(counts), 0.0, []
    for tone, count in (("good", kept), ("bad", missed), ("rest", sum(others))):
        width = 100 * count / whole
        if count:
            pieces.append(Piece(tone=tone, start=round(start, 2), width=round(width, 2)))
        start += width
    return tuple(pieces)


def _says(rows: Sequence[tuple[str, str]]) -> str:
    return str(gettext("; ")).join(f"{label}{gettext(': ')}{count}" for label, count in rows)
