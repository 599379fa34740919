"""Advisories at the desk: opened and stepped by N2 and supervisors, seen by whoever works for a project of theirs."""

import re
from typing import Any

import pytest

from gateway.db.people import add_membership, get_or_create_person
from gateway.domain.advisory import Stage
from gateway.domain.ticket import Role
from gateway.services.step_advisory import advisory_state, get_advisory
from tests.support.agents import ANA, CHIEF, DEV, NINA, Desk
from tests.support.web import Browser

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PAGE = "/desk/advisories"
FILLED = {"reference": "cve-2026-1", "title": "Faille d'OpenSSL", "touches": "OpenSSL 3.0", "danger": "security"}


def open_one(browser: Browser, **form: Any) -> Any:
    token = browser.field(PAGE, "csrf_token")
    values = {"csrf_token": token, **FILLED, "project": ["DEMO"], **form}
    return browser.client.post(PAGE, data=values, headers=browser.headers)


def stage(desk: Desk) -> Stage:
    with desk.site.runtime.database.reading() as connection:
        [state] = advisory_state(connection, get_advisory(connection, "CVE-2026-1"))
    return state.stage


def test_n2_opens_an_advisory_and_goes_through_its_steps(desk: Desk) -> None:
    ana = desk.browser(ANA)
    assert f'href="{PAGE}"' in ana.get("/desk").text
    here = open_one(ana).location
    page = ana.get(here).text
    assert "CVE-2026-1" in page
    assert "À vérifier" in page
    for form, expected in (
        ({"step": "present", "words": "La version 3.0 est là."}, Stage.PATCH),
        ({"step": "patched"}, Stage.DELIVERY),
        ({"step": "delivered"}, Stage.CLOSED),
    ):
        ref = ana.field(here, "ref")
        assert ana.post(f"{here}/step", page=here, ref=ref, **form).location == here
        assert stage(desk) is expected
    page = ana.get(here).text
    assert "La version 3.0 est là." in page
    assert 'name="step"' not in page, "it is over"
    assert "Terminé" in ana.get(PAGE).text


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"reference": " "}, "Il faut une référence"),
        ({"touches": ""}, "Indiquez ce que l’alerte touche"),
        ({"project": []}, "Choisissez les projets"),
        ({"title": "x" * 201}, "Pas plus de 200 caractères"),
        ({"title": "Une autre"}, "est déjà ouverte, sous le titre"),
    ],
)
def test_what_is_refused_is_a_sentence_and_comes_back(desk: Desk, form: dict[str, Any], sentence: str) -> None:
    chief = desk.browser(CHIEF)
    if "autre" in form.get("title", ""):
        open_one(chief)
    answer = open_one(chief, **form)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert 'value="OpenSSL 3.0"' in answer.text or "touches" in form
    if "project" not in form:
        assert re.search(r'value="DEMO" checked', answer.text)


def test_a_step_is_taken_once_in_its_order_and_the_finding_is_said(desk: Desk) -> None:
    ana = desk.browser(ANA)
    here = open_one(ana).location
    ref = ana.field(here, "ref")
    for form, sentence in (
        ({"step": "delivered", "words": "Livré."}, "Cette étape vient plus tard"),
        ({"step": "absent", "words": " "}, "Indiquez ce qui a été constaté"),
    ):
        answer = ana.post(f"{here}/step", page=here, ref=ref, **form)
        assert answer.status_code == 400
        assert sentence in answer.text
    ana.post(f"{here}/step", page=here, ref=ref, step="present", words="Elle est là.")
    again = ana.post(f"{here}/step", page=here, ref=ref, step="present", words="Elle est toujours là.")
    assert again.status_code == 400
    assert "ana@support.example a déjà franchi cette étape" in again.text
    assert "Elle est toujours là." in again.text, "what was typed comes back"


def test_n1_and_n3_read_and_take_no_step(desk: Desk) -> None:
    here = open_one(desk.browser(ANA)).location
    for who, leads in ((NINA, True), (DEV, False)):
        browser = desk.browser(who)
        assert "Ouvrir une alerte" not in browser.get(PAGE).text
        page = browser.get(here).text
        assert 'name="step"' not in page
        assert ("/desk/tickets/DEMO-2" in page) is leads, "to a ticket that they see"
        answer = browser.post(f"{here}/step", page="/desk/calls", ref="DEMO-2", step="present", words="x")
        assert answer.status_code == 404


def test_of_other_projects_nothing_is_said(desk: Desk) -> None:
    here = open_one(desk.browser(ANA)).location
    with desk.site.runtime.database.transaction() as connection:
        person = get_or_create_person(connection, email="n2@other.example", name="", now=desk.site.clock.now())
        add_membership(connection, person_id=person.id, project="OTHER", role=Role.N2)
    stranger = desk.browser("n2@other.example")
    assert stranger.get(here).status_code == 404
    assert stranger.get(f"{PAGE}/999").status_code == 404
