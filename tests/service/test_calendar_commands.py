"""The operator looks at a calendar, closes and opens it in an emergency, and ends that, from the shell."""

import pytest

from gateway.runtime import Runtime
from tests.support.desk import CHIEF, NINA, staff
from tests.support.operator import Operator

BY = ("--as", CHIEF)


@pytest.fixture
def people(runtime: Runtime) -> Runtime:
    """Somebody at each level."""
    staff(runtime)
    return runtime


def test_an_emergency_is_on_record_with_its_author_and_can_be_ended(people: Runtime, operator: Operator) -> None:
    said = operator.says(
        *("calendar", "close", "demo", "--from", "2099-12-24T14:00", "--until", "2099-12-24T18:00"),
        *("--reason", "inondation", *BY),
    )
    assert said == "DEMO: closed until 2099-12-24 18:00 (#1)\n"
    [row] = operator.rows("calendar", "show", "DEMO")
    [one] = row["emergencies"]
    assert (one["word"], one["since"], one["until"], one["by"], one["why"]) == (
        "closed",
        "2099-12-24T14:00+01:00",
        "2099-12-24T18:00+01:00",
        CHIEF,
        "inondation",
    )
    assert (row["week"]["monday"], row["week"]["sunday"]) == ("9:00-17:30", "")
    assert operator.says("calendar", "end", "DEMO", "1", *BY) == "DEMO: #1 has ended\n"
    assert ", ended " in operator.says("calendar", "show", "demo")


def test_what_holds_now_is_said_with_the_reason(people: Runtime, operator: Operator) -> None:
    operator.says("calendar", "open", "DEMO", "--until", "2099-01-01", "--reason", "crise", *BY)
    [row] = operator.rows("calendar", "show", "DEMO")
    assert (row["open"], row["why"]) == (True, f"emergency by {CHIEF}: crise")


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("show", "NONE"), 66, "there is no project NONE"),
        (("close", "DEMO", "--until", "tomorrow", "--reason", "x", *BY), 65, "'tomorrow' is no time like"),
        (("close", "DEMO", "--until", "2001-01-01", "--reason", "x", *BY), 65, "it would be over already"),
        (("close", "DEMO", "--until", "2099-01-01", "--reason", "x", "--as", NINA), 65, "only a supervisor opens or"),
        (("end", "DEMO", "7", *BY), 66, "there is no emergency 7 of DEMO that could be ended"),
    ],
)
def test_a_refusal_is_an_exit_code_and_one_clear_sentence(
    people: Runtime, operator: Operator, words: tuple[str, ...], code: int, sentence: str
) -> None:
    done, said = operator.refused("calendar", *words)
    assert (done, said[: len(sentence)]) == (code, sentence)
