"""Rows of figures: medians, ratios, the table on the screen, the file beside it."""

import json
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line. `ours` and `other` are medians in `unit`; `ratio` says how many times better ours is.

    `score` is what the targets speak of: the ratio, or our figure itself where nothing is compared. `at_most` says
    that less is better. None: there is no such figure or target.
    """

    name: str
    unit: str
    ours: float
    other: float | None = None
    other_name: str = ""
    ratio: float | None = None
    must: float | None = None
    aim: float | None = None
    at_most: bool = False
    details: dict[str, float] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """What is held against the targets."""
        return self.ours if self.ratio is None else self.ratio

    @property
    def verdict(self) -> str:
        """`aim`, `must` or `below`; empty where there is no target."""
        if self.must is None or self.aim is None:
            return ""
        reached = [self.score <= bound if self.at_most else self.score >= bound for bound in (self.must, self.aim)]
        return "aim" if reached[1] else "must" if reached[0] else "BELOW"


def interleaved(runs: int, measures: Sequence[Callable[[int], float]]) -> list[float]:
    """The medians of the measures, taken in turn in every run: what disturbs one run disturbs them all."""
    taken = [[measure(run) for measure in measures] for run in range(runs)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]


HEADER = f"{'':54} {'ours':>9} {'other':>9} {'':9} {'ratio':>6} {'must':>5} {'aim':>5}"


def line(row: Row) -> str:
    """A row for the screen."""
    other = "" if row.other is None else f"{row.other:,.1f}"
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    bounds = ["" if bound is None else f"{bound:g}" for bound in (row.must, row.aim)]
    details = ", ".join(f"{name} {value:,.0f}" for name, value in row.details.items())
    columns = f"{row.name:54} {row.ours:>9,.1f} {other:>9} {row.unit:9} {ratio:>6} {bounds[0]:>5} {bounds[1]:>5}"
    return f"{columns}  {row.verdict:5} {details}".rstrip()


def save(rows: Sequence[Row], folder: Path) -> Path:
    """Write the rows with the day and the kind of machine; the file's path."""
    now = datetime.now(UTC)
    document = {
        "at": now.isoformat(timespec="seconds"),
        "machine": f"{psutil.cpu_count()} cores, {platform.system()}, CPython {platform.python_version()}",
        "load": psutil.getloadavg()[0],
        "rows": [{**asdict(row), "verdict": row.verdict} for row in rows],
    }
    folder.mkdir(exist_ok=True)
    path = folder / f"{now:%Y-%m-%d-%H%M}.json"
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return path
