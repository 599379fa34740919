"""What a contract promises, what it may not say, and that it comes back from the database as it was."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.contract import (
    DEFAULT_GUARANTEES,
    USUAL_CONTRACT,
    Contract,
    Counting,
    Guarantees,
    contract_from_json,
)
from gateway.domain.ticket import Kind, Severity

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("kind", list(Kind))
def test_only_corrective_work_has_guaranteed_times_unless_the_contract_says_otherwise(kind: Kind) -> None:
    usual = USUAL_CONTRACT.guarantees_for(kind, Severity.MAJOR)
    assert (usual is not None) == (kind is Kind.CORRECTIVE)
    generous = Contract(kinds=frozenset(Kind))
    assert generous.guarantees_for(kind, Severity.MAJOR) == dict(DEFAULT_GUARANTEES)[Severity.MAJOR]
    assert generous.guarantees_for(kind, None) is None


def test_every_fault_of_a_contract_is_told_at_once() -> None:
    guarantees = (
        (Severity.BLOCKING, Guarantees(gti=11 * HOUR, gtr=49 * HOUR)),
        (Severity.MAJOR, Guarantees(gti=24 * HOUR, gtr=23 * HOUR)),
        (Severity.MAJOR, Guarantees(gti=-HOUR)),
    )
    with pytest.raises(ValueError) as refusal:
        Contract(guarantees=guarantees, kinds=frozenset())
    for words in (
        "GTI of 11 h",
        "GTR of 49 h",
        "23 h) ends before",
        "-1 h is no time",
        "minor has no GTI",
        "major is there twice",
        "no kind",
    ):
        assert words in str(refusal.value)


def test_a_time_at_either_end_of_12_to_48_hours_is_usual() -> None:
    ends = Guarantees(gti=12 * HOUR, gtr=48 * HOUR)
    Contract(guarantees=tuple((severity, ends) for severity in Severity))


@given(
    st.fixed_dictionaries(
        {
            severity: st.builds(
                lambda gti, more, counting: Guarantees(
                    gti=gti, gtr=None if more is None else gti + more, counting=counting
                ),
                st.integers(1, 10**6).map(lambda seconds: timedelta(seconds=seconds)),
                st.none() | st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds)),
                st.sampled_from(Counting),
            )
            for severity in Severity
        }
    ),
    st.frozensets(st.sampled_from(Kind), min_size=1),
)
def test_the_terms_survive_the_database(guarantees: dict[Severity, Guarantees], kinds: frozenset[Kind]) -> None:
    contract = Contract(guarantees=tuple(guarantees.items()), kinds=kinds, unusual_times=True)
    assert contract_from_json(json.loads(json.dumps(contract.as_json()))) == contract
