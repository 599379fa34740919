"""Scores of the corpus tests: kept while they run, printed at the end of the run (`tests/corpus/conftest.py`)."""

scores: dict[str, str] = {}


def record(name: str, line: str) -> None:
    """Remember what a corpus test measured; `line` is printed behind `name`, a later one replaces an earlier."""
    scores[name] = line
