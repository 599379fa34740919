"""A plot of the rows that have a target: one bar each, as a share of what must be reached, in a plain SVG."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from bench.report import Row

_WIDTH, _BAR, _GAP, _LABEL = 460, 16, 12, 400
_MOST = 6.0  # times the target; longer bars are cut off there
_COLOURS = {"aim": "#2e7d32", "must": "#558b2f", "BELOW": "#c62828"}


def save_plot(rows: Sequence[Row], path: Path) -> None:
    """Write the plot; rows without a target are left out."""
    shown = [row for row in rows if row.must]
    height = len(shown) * (_BAR + _GAP) + 50
    bars = "\n".join(_bar(row, 30 + place * (_BAR + _GAP)) for place, row in enumerate(shown))
    target = _LABEL + _x(1.0)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LABEL + _WIDTH + 90}" height="{height}" '
        f'font-family="sans-serif" font-size="12">\n'
        f'<rect width="100%" height="100%" fill="white"/>\n{bars}\n'
        f'<line x1="{target}" x2="{target}" y1="22" y2="{height - 20}" stroke="black" stroke-dasharray="3 3"/>\n'
        f'<text x="{target}" y="16" text-anchor="middle">must be reached</text>\n</svg>\n',
        encoding="utf-8",
    )


def _bar(row: Row, top: int) -> str:
    assert row.must is not None
    times = row.must / row.score if row.at_most else row.score / row.must
    label, middle = escape(row.name), top + _BAR - 4
    return (
        f'<text x="{_LABEL - 8}" y="{middle}" text-anchor="end">{label}</text>'
        f'<rect x="{_LABEL}" y="{top}" width="{_x(times)}" height="{_BAR}" fill="{_COLOURS[row.verdict]}"/>'
        f'<text x="{_LABEL + _x(times) + 6}" y="{middle}">x {times:.2f}</text>'
    )


def _x(times: float) -> float:
    return round(min(times, _MOST) / _MOST * _WIDTH, 1)
