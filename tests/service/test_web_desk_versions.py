"""Merging, splitting, linking and people at the desk: not to a ticket that one has not seen as it is."""

import re

import pytest

from gateway.db.participants import find_participants
from gateway.db.tickets import list_entries
from gateway.domain.ticket import Level, Status
from gateway.services.change_people import change_people
from tests.support.agents import ANA, CHIEF, NINA, Desk

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FORMS = {
    "merge": {"into": "DEMO-2", "reason": "C’est la même panne."},
    "split": {"subject": "Une autre panne"},
    "link": {"other": "DEMO-2"},
    "people": {"add": "paul@example.org"},
}


def form_of(desk: Desk, name: str) -> dict[str, str]:
    """The form as an agent fills it in, on a ticket with two messages and with another ticket beside it."""
    desk.site.ticket(desk.site.person(), "La même panne")
    desk.site.entry(desk.ticket, "Et le scanner aussi.")
    with desk.site.runtime.database.reading() as connection:
        newest = max(row.id for row in list_entries(connection, desk.ticket.id))
    return {**FORMS[name], "part": name, **({"entry": str(newest)} if name == "split" else {})}


@pytest.mark.parametrize("name", FORMS)
def test_an_act_from_a_page_that_is_no_longer_true_is_not_done_and_comes_back_whole(desk: Desk, name: str) -> None:
    form, nina = form_of(desk, name), desk.browser(NINA)
    version = nina.field(desk.path, "version")
    desk.act(CHIEF, reply="Elle est remplacée demain.")
    answer = nina.post(f"{desk.path}/{name}", page=desk.path, **form, version=version)
    assert answer.status_code == 409
    assert "Elle est remplacée demain." in answer.text.split('id="news"')[1].split("</ul>")[0]
    section = re.search(rf'<details class="card" id="{name}" open>(.*?)</details>', answer.text, re.S)
    assert section is not None, "the form is open"
    for value in (FORMS[name]).values():
        assert f'value="{value}"' in section[1]
    if name == "split":
        assert f'value="{form["entry"]}" checked' in section[1]
    assert desk.now().status != Status.MERGED
    with desk.site.runtime.database.reading() as connection:
        assert "paul@example.org" not in find_participants(connection, desk.ticket.id)


@pytest.mark.parametrize("name", FORMS)
def test_sent_again_from_the_page_that_came_back_it_is_done(desk: Desk, name: str) -> None:
    form, nina = form_of(desk, name), desk.browser(NINA)
    version = nina.field(desk.path, "version")
    desk.act(CHIEF, reply="Elle est remplacée demain.")
    answer = nina.post(f"{desk.path}/{name}", page=desk.path, **form, version=version)
    fresh = re.search(r'name="version" value="([^"]*)"', answer.text)
    assert fresh is not None
    assert nina.post(f"{desk.path}/{name}", page=desk.path, **form, version=fresh[1]).status_code == 303


def test_what_the_timeline_alone_tells_is_news_too(desk: Desk) -> None:
    form, nina = form_of(desk, "link"), desk.browser(NINA)
    version = nina.field(desk.path, "version")
    change_people(desk.site.runtime, ref=desk.ticket.ref, by=CHIEF, add=["paul@example.org"])
    answer = nina.post(f"{desk.path}/link", page=desk.path, **form, version=version)
    assert answer.status_code == 409
    assert "paul@example.org" in answer.text.split('id="news"')[1].split("</ul>")[0]


def test_ones_own_act_since_is_no_news(desk: Desk) -> None:
    form, nina = form_of(desk, "link"), desk.browser(NINA)
    version = nina.field(desk.path, "version")
    desk.act(NINA, reply="Nous regardons.")
    assert nina.post(f"{desk.path}/link", page=desk.path, **form, version=version).status_code == 303


@pytest.mark.parametrize("name", FORMS)
def test_a_form_without_a_version_is_none_of_ours(desk: Desk, name: str) -> None:
    form, nina = form_of(desk, name), desk.browser(NINA)
    assert nina.post(f"{desk.path}/{name}", page=desk.path, **form).status_code == 400


@pytest.mark.parametrize("name", ["act", *FORMS])
def test_what_is_new_says_nothing_of_notes_that_the_agent_does_not_read(desk: Desk, name: str) -> None:
    nina = desk.browser(NINA)
    form = {"as": "reply", "text": "Bonjour"} if name == "act" else form_of(desk, name)
    desk.act(NINA, level=Level.N2)
    desk.site.clock.move(minutes=1)
    desk.act(ANA, note="Le mot de passe est faible.")
    answer = nina.post(f"{desk.path}/{name}", page=desk.path, **form, version="0.0")
    assert answer.status_code == 409
    assert "Le mot de passe est faible." not in answer.text
    assert "Une nouvelle note s’adresse à d’autres niveaux." in answer.text.split('id="news"')[1].split("</ul>")[0]
