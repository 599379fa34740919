"""A supervisor's afternoon in a real browser, without a script: a new agent, a token, a mail, the log, how all is.

Screenshots stay in the test's own folder, for people to look at.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.agents import ANA, CHIEF, Desk
from tests.support.axe import violations
from tests.support.chromium import open_page

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
WIDTH = 320


def look(page: Any, folder: Path, name: str) -> None:
    """Nobody is kept from reading it: with every part unfolded, on a narrow telephone, in a dark room."""
    page.eval_on_selector_all("main details", "all => all.forEach(one => one.open = true)")
    page.screenshot(path=folder / f"{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH, name


def test_a_supervisor_looks_after_people_mails_and_the_gateway(
    chromium: Any, desk: Desk, url: str, tmp_path: Path
) -> None:
    page, complaints = open_page(chromium, url, width=WIDTH, lang="fr-FR", scheme="dark")
    page.goto(desk.site.link(desk.site.person(CHIEF)))
    page.click("main button")
    page.wait_for_url(f"{url}/**")
    page.goto("/desk")
    page.get_by_role("navigation", name="Menu du bureau").get_by_role("link", name="Supervision").click()
    page.wait_for_url("**/desk/status")
    look(page, tmp_path, "status")
    faults = violations(page)
    page.get_by_role("link", name="Suspendre").click()
    page.wait_for_url("**/desk/status?still=1")

    page.get_by_role("link", name="Personnes").click()
    page.wait_for_url("**/desk/people")
    look(page, tmp_path, "people")
    faults += violations(page)
    page.get_by_label("Adresse électronique").fill("luc@support.example")
    page.get_by_label("Rôle", exact=True).last.select_option("n1")
    page.get_by_role("button", name="Ajouter").click()
    page.wait_for_url("**/desk/people/*")
    page.get_by_label("Nom", exact=False).first.fill("Luc Lefèvre")
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("heading", name="Luc Lefèvre").wait_for()
    look(page, tmp_path, "person")
    page.get_by_label("Lire les demandes").check()
    page.get_by_role("button", name="Créer").click()
    token = page.locator("code.secret")
    token.wait_for()
    assert re.fullmatch(r"sgw_\d+_[\w-]{43}", token.inner_text())
    look(page, tmp_path, "token")
    faults += violations(page)

    page.get_by_role("link", name="Messages envoyés").click()
    page.wait_for_url("**/desk/templates")
    faults += violations(page)
    page.locator("a[href^='/desk/templates/answer']").click()
    page.wait_for_url("**/desk/templates/answer*")
    frame = page.frame_locator("iframe").first
    frame.get_by_text("Depuis quand l’écran reste-t-il noir").wait_for()
    look(page, tmp_path, "mail")
    faults += violations(page)

    page.get_by_role("link", name="Journal d’audit").click()
    page.wait_for_url("**/desk/audit")
    said = page.locator(".audit").inner_text()
    told = ["Jeton créé", "Personne modifiée", "Rôle donné", "Personne ajoutée"]
    assert [line for line in said.splitlines() if line.startswith(tuple(told))][0:4] == [
        f"{what} luc@support.example" for what in told
    ]
    look(page, tmp_path, "audit")
    faults += violations(page)
    assert (faults, complaints) == ([], [])


def test_it_works_without_a_script_and_weighs_little(chromium: Any, desk: Desk, url: str) -> None:
    page, complaints = open_page(chromium, url, width=1280, lang="en-GB", script=False)
    page.goto(desk.site.link(desk.site.person(CHIEF)))
    page.click("main button")
    page.wait_for_url(f"{url}/**")
    for path in ("/desk/status", "/desk/people", "/desk/templates", "/desk/audit"):
        answer = page.goto(path)
        assert (answer.status, len(answer.body()) < 100_000, complaints) == (200, True, []), path


def test_what_somebody_may_do_and_where_they_are_signed_in_is_taken_back(chromium: Any, desk: Desk, url: str) -> None:
    page, complaints = open_page(chromium, url, width=360, lang="fr-FR", script=False)
    page.goto(desk.site.link(desk.site.person(CHIEF)))
    page.click("main button")
    page.wait_for_url(f"{url}/**")
    ana = desk.site.person(ANA)
    theirs = desk.browser(ANA)
    page.goto(f"/desk/people/{ana.id}")
    page.get_by_text("Donner un rôle").click()
    page.locator("form[action$='/give'] [name=role]").select_option("n3")
    page.get_by_role("button", name="Confier", exact=True).click()
    page.get_by_role("button", name="N3").click()
    page.get_by_role("status").wait_for()
    assert page.get_by_role("button", name="N3").count() == 0
    page.get_by_text("Créer un jeton").click()
    page.get_by_label("Lire les demandes").check()
    page.get_by_role("button", name="Créer", exact=True).click()
    page.locator("code.secret").wait_for()
    page.get_by_role("button", name="Révoquer le jeton").click()
    page.get_by_text("Néant.").wait_for()
    assert theirs.get("/desk").status_code == 200
    page.get_by_role("button", name="Fermer la session ouverte").click()
    page.get_by_text("Nulle part.").wait_for()
    assert theirs.get("/desk").status_code == 303
    page.goto("/desk/report")
    with page.expect_download() as caught:
        page.get_by_role("link", name="Tableau pour tableur").click()
    assert "DEMO" in Path(caught.value.path()).read_text(encoding="utf-8-sig")
    assert complaints == []
