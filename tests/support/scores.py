"""Scores of the corpus tests: kept while they run, printed at the end of the run, also of one shared among processes.

A plugin (see `tests/conftest.py`): a conftest beside the corpus tests is not read by the process that prints.
"""

from typing import Any

import pytest

scores: dict[str, str] = {}


def record(name: str, line: str) -> None:
    """Remember what a corpus test measured; `line` is printed behind `name`, a later one replaces an earlier."""
    scores[name] = line


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["scores"] = dict(scores)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    scores.update(getattr(node, "workeroutput", {}).get("scores", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if scores:
        terminalreporter.section("corpus scores")
        for name, line in sorted(scores.items()):
            terminalreporter.write_line(f"{name}: {line}")
