"""The decision trace: which rules were asked, in order, on what evidence, and what each said.

It is kept with the receipt, printed by `gateway explain` and shown to agents. A rule that did not apply is part
of the answer to "why?", so misses are kept too.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Step:
    """One rule asked. `evidence` is what it looked at or found, short enough to print."""

    rule: str
    outcome: str
    evidence: str = ""


@dataclass(kw_only=True)
class Trace:
    """The steps of one decision, in order."""

    steps: list[Step] = field(default_factory=list)

    def note(self, rule: str, outcome: str, evidence: str = "") -> None:
        """Add a step; evidence is cut at 200 characters."""
        self.steps.append(Step(rule=rule, outcome=outcome, evidence=evidence[:200]))

    def as_json(self) -> list[dict[str, Any]]:
        """Plain values for the database."""
        return [{"rule": step.rule, "outcome": step.outcome, "evidence": step.evidence} for step in self.steps]
