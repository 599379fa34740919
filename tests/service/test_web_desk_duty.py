"""The roster at the desk: read by whoever works for the project, changed by its supervisors, in the project's days."""

import re
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.db.hotline import list_shifts
from gateway.db.people import find_person, update_person
from gateway.domain.duty import on_duty
from tests.support.agents import ANA, CHIEF, DEV, NINA, Desk
from tests.support.web import Browser

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PAGE = "/desk/duty"


@pytest.fixture
def staffed(desk: Desk) -> Desk:
    """Ana and the developer have numbers, Nina has none."""
    with desk.site.runtime.database.transaction() as connection:
        for email, number in ((ANA, "+33612345678"), (DEV, "+33612345679")):
            person = find_person(connection, email=email)
            assert person is not None
            update_person(connection, person.id, name=None, lang=None, phone=number)
    return desk


def change(browser: Browser, name: str, **form: Any) -> Any:
    token = browser.field(PAGE, "csrf_token")
    return browser.client.post(f"{PAGE}/DEMO/{name}", data={"csrf_token": token, **form}, headers=browser.headers)


def today(desk: Desk) -> date:
    return desk.site.clock.now().astimezone(ZoneInfo("Europe/Paris")).date()


def on_duty_at_noon(desk: Desk, day: date) -> list[str]:
    with desk.site.runtime.database.reading() as connection:
        ids = {person.id: person.email for email in (ANA, DEV) if (person := find_person(connection, email=email))}
        shifts = list_shifts(connection, "DEMO")
    return [ids[ident] for ident in on_duty(shifts, datetime.combine(day, time(12)))]


def day_of(page: str, heading: str) -> str:
    """The lines of a day, in plain text."""
    found = re.search(rf'<p class="day">{heading}.*?</li>', page, re.S | re.I)
    assert found is not None, heading
    return re.sub(r"<[^>]*>|\s+", " ", found[0])


def test_the_menu_leads_there_and_nobody_is_on_a_roster_at_first(staffed: Desk) -> None:
    page = staffed.browser(NINA).get("/desk").text
    assert 'href="/desk/duty"' in page
    assert "Il n’y a pas de tableau" in staffed.browser(NINA).get(PAGE).text


def test_a_supervisor_sets_the_week_and_an_exception_and_agents_read_it(staffed: Desk) -> None:
    chief, day = staffed.browser(CHIEF), today(staffed)
    weekday = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")[day.weekday()]
    assert change(chief, "day", weekday=weekday, hours="9:00-17:30", agent=[ANA, DEV, ""]).status_code == 303
    assert on_duty_at_noon(staffed, day) == [ANA, DEV]
    assert change(chief, "day", weekday="", day=day.isoformat(), hours="9:00-12:30", agent=[DEV]).status_code == 303
    page = staffed.browser(NINA).get(PAGE).text
    shown = day_of(page, "[^<]*<span class=.tag.>aujourd’hui")
    assert "9 h à 12 h 30" in shown.replace("\xa0", " ")
    assert DEV in shown
    assert f"à la place de {ANA}" in shown
    assert "Changer un jour" not in page, "agents read"
    assert change(chief, "day", day=day.isoformat(), hours="9:00-12:30").status_code == 303
    assert on_duty_at_noon(staffed, day) == [ANA, DEV], "a day that is cleared follows the week"


def test_turns_are_swapped_for_a_day(staffed: Desk) -> None:
    chief, day = staffed.browser(CHIEF), today(staffed).isoformat()
    change(chief, "day", day=day, hours="9:00-17:30", agent=[ANA])
    assert change(chief, "swap", swap_day=day, one=DEV, other=ANA).status_code == 400, "it is not his turn"
    assert change(chief, "swap", swap_day=day, one=ANA, other=DEV).status_code == 303
    assert on_duty_at_noon(staffed, today(staffed)) == [DEV]


@pytest.mark.parametrize(
    ("name", "form", "sentence"),
    [
        ("day", {"weekday": "monday", "hours": "9-17", "agent": [ANA]}, "Les heures s’écrivent comme"),
        ("day", {"weekday": "monday", "hours": "", "agent": [ANA]}, "Les heures s’écrivent comme"),
        ("day", {"weekday": "monday", "hours": "17:00-9:00", "agent": [ANA]}, "finissent après avoir commencé"),
        ("day", {"weekday": "monday", "hours": "9:00-12:00, 11:00-13:00", "agent": [ANA]}, "ne se chevauchent pas"),
        ("day", {"weekday": "", "day": "demain", "hours": "9:00-12:00", "agent": [ANA]}, "Choisissez un jour"),
        ("day", {"weekday": "monday", "hours": "9:00-12:00", "agent": [NINA]}, "ont un numéro"),
        ("day", {"weekday": "monday", "hours": "9:00-12:00", "agent": ["marie@example.org"]}, "ont un numéro"),
        ("swap", {"swap_day": "monday", "one": ANA, "other": DEV}, "Choisissez un jour"),
        ("swap", {"swap_day": "2026-12-24", "one": ANA, "other": DEV}, "que l’on a ce jour-là"),
    ],
)
def test_what_is_refused_is_a_sentence_and_comes_back(
    staffed: Desk, name: str, form: dict[str, Any], sentence: str
) -> None:
    answer = change(staffed.browser(CHIEF), name, part=name, **form)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert '<details class="card" open>' in answer.text
    if "hours" in form:
        assert f'value="{form["hours"]}"' in answer.text
    with staffed.site.runtime.database.reading() as connection:
        assert list_shifts(connection, "DEMO") == []


def test_the_first_of_a_month_is_written_as_french_does(staffed: Desk) -> None:
    change(staffed.browser(CHIEF), "day", day="2027-01-01", hours="9:00-12:00", agent=[ANA])
    assert "Vendredi 1er janvier 2027" in staffed.browser(NINA).get(PAGE).text
    assert "Friday 1 January 2027" in staffed.browser(NINA, prefers="en").get(PAGE).text
