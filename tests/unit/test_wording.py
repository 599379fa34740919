"""What happened, in the reporter's words: every change has its sentence in both languages."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.domain.ticket import Kind, Language, Level, Severity, Status
from gateway.notify.wording import sentences

AT = datetime(2026, 7, 1, 8, 5, tzinfo=UTC).isoformat()
PARIS = ZoneInfo("Europe/Paris")
EVERYTHING = [
    *(("level", level.value) for level in Level),
    *(("severity", severity) for severity in ["", *(one.value for one in Severity)]),
    *(("kind", kind.value) for kind in Kind),
    *(("status", status.value) for status in (Status.OPEN, Status.PENDING, Status.RESOLVED, Status.CLOSED)),
    ("reopened", "open"),
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
        "Votre demande est suivie par le support de niveau 2 depuis le 1 juillet 2026 à 10:05."
    ]
    assert sentences([change], lang=Language.EN, zone=PARIS) == [
        "Your request has been with level 2 support since 1 July 2026 at 10:05."
    ]
