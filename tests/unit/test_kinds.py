"""What each kind of work is asked for."""

import pytest

from gateway.domain.kinds import FIELDS, detail_faults
from gateway.domain.ticket import Kind
from tests.support.reasons import said


@pytest.mark.parametrize(
    ("kind", "details", "faults"),
    [
        (Kind.CORRECTIVE, {}, []),
        (Kind.ADAPTIVE, {"component": "database", "from_version": "14", "to_version": "17"}, []),
        (Kind.ADAPTIVE, {"component": "third-party API"}, []),
        (
            Kind.ADAPTIVE,
            {"component": "printer"},
            ["component must be one of operating system, database, browser, third-party API"],
        ),
        (Kind.ADAPTIVE, {"to_version": " "}, ["to_version is empty"]),
        (Kind.REGULATORY, {"source": "Ministry circular", "effective_on": "2027-09-01"}, []),
        (Kind.REGULATORY, {"effective_on": "September"}, ["effective_on must be a date like 2027-01-31"]),
        (
            Kind.EVOLUTIVE,
            {"source": "x", "component": "y"},
            ["evolutive work has no source", "evolutive work has no component"],
        ),
    ],
)
def test_a_kind_of_work_has_its_own_details(kind: Kind, details: dict[str, str], faults: list[str]) -> None:
    assert [said(fault) for fault in detail_faults(kind, details)] == faults


def test_every_kind_of_work_says_what_it_asks_for() -> None:
    assert set(FIELDS) == set(Kind)
