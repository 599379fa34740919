"""What happened, in the reporter's words: every change has its sentence in both languages."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.domain.calendar import OFFICE_WEEK, Calendar, DayHours, parse_hours
from gateway.domain.contract import DEFAULT_GUARANTEES, Contract, Counting, Guarantees
from gateway.domain.ticket import Kind, Language, Level, Severity, Status
from gateway.notify.wording import promises, say_week, sentences

AT = datetime(2026, 7, 1, 8, 5, tzinfo=UTC).isoformat()
PARIS = ZoneInfo("Europe/Paris")
EVERYTHING = [
    *(("level", level.value) for level in Level),
    *(("severity", severity) for severity in ["", *(one.value for one in Severity)]),
    *(("kind", kind.value) for kind in Kind),
    *(("status", status.value) for status in (Status.OPEN, Status.PENDING, Status.RESOLVED, Status.CLOSED)),
    ("reopened", "open"),
    ("reminder", ""),
    ("closed.pending", "closed"),
    ("closed.resolved", "closed"),
    ("workaround", ""),
    ("GTI", ""),
    ("GTR", ""),
]


@pytest.mark.parametrize(("what", "value"), EVERYTHING)
def test_every_change_has_a_sentence_of_its_own_in_both_languages(what: str, value: str) -> None:
    french, english = (
        sentences([{"what": what, "value": value, "at": AT}], lang=lang, zone=PARIS)[0] for lang in Language
    )
    assert french != english
    for sentence in (french, english):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert "{" not in sentence


def test_a_moment_is_said_in_the_person_s_language_and_by_the_clock_of_paris() -> None:
    change = {"what": "level", "value": "N2", "at": AT}
    assert sentences([change], lang=Language.FR, zone=PARIS) == [
        "Votre demande est suivie par le support de niveau 2 depuis le 1er juillet 2026 à 10:05."
    ]
    assert sentences([change], lang=Language.EN, zone=PARIS) == [
        "Your request has been with level 2 support since 1 July 2026 at 10:05."
    ]


@pytest.mark.parametrize(
    ("week", "french", "english"),
    [
        (OFFICE_WEEK, "du lundi au vendredi de 9:00 à 17:30", "Monday to Friday from 9:00 to 17:30"),
        (
            (*[parse_hours("9:00-12:30, 13:30-17:00")] * 2, (), parse_hours("9:00-12:00"), (), (), ()),
            "du lundi au mardi de 9:00 à 12:30, de 13:30 à 17:00 ; le jeudi de 9:00 à 12:00",
            "Monday to Tuesday from 9:00 to 12:30, from 13:30 to 17:00; on Thursday from 9:00 to 12:00",
        ),
    ],
)
def test_a_week_is_said_as_people_say_it(week: tuple[DayHours, ...], french: str, english: str) -> None:
    calendar = Calendar(week=week)
    assert [say_week(calendar, lang=lang) for lang in Language] == [french, english]


def test_what_is_promised_is_said_a_line_for_each_severity() -> None:
    working = Guarantees(gti=timedelta(hours=48), counting=Counting.WORKING)
    contract = Contract(guarantees=(*DEFAULT_GUARANTEES[:2], (Severity.MINOR, working)))
    assert promises(contract, lang=Language.FR) == [
        "gravité bloquante : prise en charge sous 12 h, rétablissement sous 24 h",
        "gravité majeure : prise en charge sous 24 h, rétablissement sous 48 h",
        "gravité mineure : prise en charge sous 48 h ouvrées",
    ]
    assert promises(contract, lang=Language.EN)[2] == "minor: taken in hand within 48 h of working time"
