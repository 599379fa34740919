"""The decision trace: which rules were asked, in order, on what evidence, and what each said.

It is kept with the receipt, printed by `gateway explain` and shown to agents. A rule that did not apply is part
of the answer to "why?", so misses are kept too. Rules, outcomes and evidence are kept by name: `trace_words` says them
in the language of whoever reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.domain.reasons import Why
from gateway.domain.saying import say_all

LONGEST = 200  # characters of evidence


class Said(str):
    """Evidence with values: the English text, which remembers its form (`closed more than {days} days ago`)."""

    form: str
    values: dict[str, str]

    def __new__(cls, form: str, /, **values: object) -> "Said":
        """The form with its values in their places."""
        plain = {name: str(value) for name, value in values.items()}
        text = super().__new__(cls, form.format_map(plain))
        text.form, text.values = form, plain
        return text


@dataclass(frozen=True, kw_only=True)
class Step:
    """One rule asked. `evidence` is what it looked at or found, short enough to print."""

    rule: str
    outcome: str
    evidence: str = ""
    whys: tuple[Why, ...] = ()


@dataclass(kw_only=True)
class Trace:
    """The steps of one decision, in order."""

    steps: list[Step] = field(default_factory=list)

    def note(self, rule: str, outcome: str, evidence: str = "", *, whys: Sequence[Why] = ()) -> None:
        """Add a step; evidence is cut at 200 characters. With `whys`, these reasons are the evidence."""
        text = say_all(whys) if whys else evidence
        kept = text if len(text) <= LONGEST else text[:LONGEST]
        self.steps.append(Step(rule=rule, outcome=outcome, evidence=kept, whys=tuple(whys)))

    def as_json(self) -> list[dict[str, Any]]:
        """Plain values for the database."""
        return [_plain(step) for step in self.steps]


def _plain(step: Step) -> dict[str, Any]:
    plain: dict[str, Any] = {"rule": step.rule, "outcome": step.outcome, "evidence": str(step.evidence)}
    if isinstance(step.evidence, Said):
        plain |= {"form": step.evidence.form, "values": step.evidence.values}
    if step.whys:
        plain["whys"] = [why.as_json() for why in step.whys]
    return plain
