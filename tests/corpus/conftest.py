"""Prints at the end of a run what the corpus tests measured, also where the work was shared among processes."""

from typing import Any

import pytest

from tests.support.scores import scores


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
