"""Each kind of work with its own fields and words, by the shell, on the timeline and in the mail; and severities only
where the contract gives times.
"""

from dataclasses import replace

import pytest

from gateway.domain.change import NotAllowed
from gateway.domain.ticket import Kind, Severity
from gateway.notify.notices import Notice
from gateway.runtime import Runtime
from tests.support.desk import NINA, act, body, clocks, outbox, read_mail, staff, ticket_of, timeline
from tests.support.operator import Operator
from tests.support.outbox import file_and_acknowledge

MARIE = "marie@example.org"
BY = ("--as", NINA)


@pytest.fixture
def desk(runtime: Runtime) -> Runtime:
    """DEMO-1 of Marie's, and somebody at each level."""
    staff(runtime)
    file_and_acknowledge(runtime, MARIE)
    return runtime


def read(runtime: Runtime) -> str:
    """The last mail about progress, its lines joined."""
    return " ".join(body(read_mail(runtime, outbox(runtime, notice=Notice.PROGRESS)[-1])).split())


@pytest.mark.parametrize(
    ("kind", "fields", "french", "english"),
    [
        (
            "adaptive",
            {"component": "browser", "from_version": "118", "to_version": "128"},
            "comme une adaptation de l’application (navigateur, de la version 118, vers la version 128).",
            "as an adaptation of the application (browser, from version 118, to version 128).",
        ),
        (
            "regulatory",
            {"source": "circulaire 2026-12", "effective_on": "2027-09-01"},
            "mise en conformité réglementaire (source : circulaire 2026-12, applicable le 1er septembre 2027).",
            "as a regulatory requirement (source: circulaire 2026-12, in force from 1 September 2027).",
        ),
        (
            "evolutive",
            {},
            "comme une évolution de l’application.",
            "as a new function or a change of the application.",
        ),
        ("corrective", {}, "comme un incident à corriger.", "as an incident to correct."),
    ],
)
def test_a_kind_is_set_with_its_fields_and_told_in_its_own_words(
    desk: Runtime, operator: Operator, kind: str, fields: dict[str, str], french: str, english: str
) -> None:
    options = [word for name, value in fields.items() for word in ("--field", f"{name}={value}")]
    [row] = operator.rows("ticket", "set", "DEMO-1", "--kind", kind, *options, "--reason", "vu au téléphone", *BY)
    assert (row["kind"], row["fields"], row["severity"]) == (kind, fields, None)
    assert french.replace("\N{NO-BREAK SPACE}", " ") in read(desk)
    assert french in timeline(desk, visible_only=True)[-1][2]
    assert any("vu au téléphone" in text and kind in text for _, _, text in timeline(desk))
    assert "téléphone" not in read(desk)
    operator.says("person", "set", MARIE, "--lang", "en")
    act(desk, NINA, kind=Kind.ASSISTANCE)
    act(desk, NINA, kind=Kind(kind), details=tuple(fields.items()))
    assert english in read(desk)


def test_what_is_known_later_is_added_and_another_kind_begins_anew(desk: Runtime, operator: Operator) -> None:
    operator.says("ticket", "set", "DEMO-1", "--kind", "adaptive", "--field", "component=database", *BY)
    operator.says("ticket", "set", "DEMO-1", "--field", "to_version=17", *BY)
    [row] = operator.rows("ticket", "show", "DEMO-1")
    assert row["fields"] == {"component": "database", "to_version": "17"}
    assert "to_version: 17" in operator.says("ticket", "show", "DEMO-1").splitlines()
    operator.says("ticket", "set", "DEMO-1", "--kind", "evolutive", *BY)
    [row] = operator.rows("ticket", "show", "DEMO-1")
    assert row["fields"] == {}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--kind", "adaptive", "--field", "component=printer"), "component must be one of operating system, database"),
        (("--kind", "evolutive", "--field", "source=x"), "evolutive work has no source"),
        (("--kind", "regulatory", "--field", "effective_on=soon"), "effective_on must be a date like 2027-01-31"),
        (("--kind", "adaptive", "--severity", "major"), "adaptive work carries no severity under this contract"),
        (("--kind", "preventive"), "preventive work follows its own procedure: it begins with an advisory"),
        (("--field", "component"), "'component' is not in the form NAME=VALUE"),
    ],
)
def test_what_a_kind_does_not_ask_for_is_refused(
    desk: Runtime, operator: Operator, options: tuple[str, ...], sentence: str
) -> None:
    code, said = operator.refused("ticket", "set", "DEMO-1", *options, *BY)
    assert (code, said[: len(sentence)]) == (65, sentence)
    assert ticket_of(desk).kind == Kind.ASSISTANCE


def test_only_corrective_work_has_a_severity_and_times_unless_the_contract_says_otherwise(
    desk: Runtime, operator: Operator
) -> None:
    act(desk, NINA, severity=Severity.MAJOR)
    assert clocks(desk).fields()["gti_state"] == "running"
    act(desk, NINA, kind=Kind.EVOLUTIVE)
    assert (ticket_of(desk).severity, clocks(desk).fields()["gti_state"]) == (None, "none")
    with pytest.raises(NotAllowed, match="carries no severity"):
        act(desk, NINA, severity=Severity.MAJOR)
    kinds = {"GATEWAY_CONTRACTS__DEFAULT__KINDS": '["corrective", "evolutive"]'}
    generous = replace(operator, environment={**operator.environment, **kinds})
    [row] = generous.rows("ticket", "set", "DEMO-1", "--severity", "major", *BY)
    assert (row["kind"], row["severity"], row["gti_state"]) == ("evolutive", "major", "running")
