"""Staff sign in by their organisation's provider, over real HTTP: who gets in, and what is not believed."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from gateway.config.load import Settings
from gateway.db.people import people
from gateway.domain.tries import FREE_OF_PEER
from gateway.services.sign_in_tries import count_try
from tests.support.agents import ANA, Desk
from tests.support.oidc_provider import OidcProvider, to_provider
from tests.support.operator import Operator
from tests.support.sign_in import by_mail, staff_settings
from tests.support.web import Browser

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def settings(tmp_path: Path, database_url: str, redis_url: str, provider: OidcProvider) -> Settings:
    return staff_settings(tmp_path, database_url, redis_url, **provider.settings())


def sign_in(browser: Browser) -> TestResponse:
    return browser.get(to_provider(browser.get("/login/oidc").location))


def is_in(browser: Browser) -> bool:
    return browser.get("/account").status_code == 200


def test_a_token_that_is_not_believed_lets_nobody_in_and_is_said_plainly(desk: Desk, provider: OidcProvider) -> None:
    provider.claims = {"iss": "https://login.evil.example"}
    browser = desk.site.browser()
    answer = sign_in(browser)
    assert (answer.status_code, is_in(browser)) == (403, False)
    assert "ne vous a pas laissé entrer" in answer.text


def test_who_works_here_gets_to_the_desk_and_to_what_was_wanted(desk: Desk) -> None:
    browser = by_mail(desk.site, ANA)
    refused = browser.get("/desk/duty")
    assert refused.status_code == 403
    assert "Compte de la mairie" in refused.text
    answer = sign_in(browser)
    assert (answer.status_code, answer.location) == (303, "/desk/duty")
    assert browser.get("/desk/duty").status_code == 200
    assert desk.site.browser().get("/login").text.count("/login/oidc") == 1


def test_the_question_has_all_that_protects_it_and_never_twice_the_same(desk: Desk) -> None:
    browser = desk.site.browser()
    first, second = (parse_qs(urlsplit(browser.get("/login/oidc").location).query) for _ in range(2))
    assert first["code_challenge_method"] == ["S256"]
    assert (first["response_type"], first["scope"]) == (["code"], ["openid email"])
    assert first["redirect_uri"] == ["http://127.0.0.1:8000/login/oidc/back"]
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]
        assert len(first[name][0]) >= 32


@pytest.mark.parametrize("email", ["marie@example.org", "nobody@support.example"])
def test_somebody_who_does_not_work_here_is_told_so_and_nobody_is_made(
    desk: Desk, provider: OidcProvider, email: str
) -> None:
    provider.email = email
    with desk.site.runtime.database.reading() as connection:
        before = connection.execute(select(func.count()).select_from(people)).scalar_one()
    browser = desk.site.browser()
    answer = sign_in(browser)
    assert (answer.status_code, is_in(browser)) == (403, False)
    assert "vous ne travaillez pour aucun projet ici" in answer.text
    with desk.site.runtime.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(people)).scalar_one() == before


def test_an_answer_is_good_once_and_in_the_browser_that_asked(desk: Desk) -> None:
    browser, other = desk.site.browser(), desk.site.browser()
    back = to_provider(browser.get("/login/oidc").location)
    other.get("/login/oidc")
    assert other.get(back).status_code == 403, "another browser's answer: nobody is signed in as somebody else"
    assert browser.get(back).status_code == 303
    assert browser.get(back).status_code == 403
    browser.get("/login/oidc")
    forged = back.replace("state=", "state=x")
    for path in (forged, "/login/oidc/back", "/login/oidc/back?state=&code=x", "/login/oidc/back?error=access_denied"):
        browser.get("/login/oidc")
        answer = browser.get(path)
        assert answer.status_code == 403
        assert "commencée ailleurs" in answer.text


def test_a_code_that_was_used_before_is_refused_by_the_provider_and_said_plainly(desk: Desk) -> None:
    browser = desk.site.browser()
    first = to_provider(browser.get("/login/oidc").location)
    used = parse_qs(urlsplit(first).query)["code"][0]
    assert browser.get(first).status_code == 303
    again = desk.site.browser()
    state = parse_qs(urlsplit(again.get("/login/oidc").location).query)["state"][0]
    answer = again.get(f"/login/oidc/back?code={used}&state={state}")
    assert (answer.status_code, is_in(again)) == (403, False)


def test_another_issuers_answer_and_a_refusal_are_not_taken_to_the_provider(desk: Desk) -> None:
    browser = desk.site.browser()
    back = to_provider(browser.get("/login/oidc").location)
    mixed = back.partition("&iss=")[0] + "&iss=https://login.evil.example"
    assert browser.get(mixed).status_code == 403
    state = parse_qs(urlsplit(browser.get("/login/oidc").location).query)["state"][0]
    assert browser.get(f"/login/oidc/back?error=access_denied&state={state}").status_code == 403
    assert "commencée ailleurs" in browser.get(f"/login/oidc/back?code=x&state={state}").text, "it was answered"


def test_an_answer_that_comes_too_late_is_refused(desk: Desk) -> None:
    browser = desk.site.browser()
    back = to_provider(browser.get("/login/oidc").location)
    desk.site.clock.move(minutes=11)
    assert browser.get(back).status_code == 403


def test_a_provider_that_is_away_is_said_before_and_after(desk: Desk, provider: OidcProvider) -> None:
    browser = desk.site.browser()
    back = to_provider(browser.get("/login/oidc").location)
    provider.is_away = True
    answer = browser.get(back)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "ne répond pas" in answer.text
    desk.site.app.extensions["gateway_oidc"]._kept.clear()
    assert browser.get("/login/oidc").status_code == 503


def test_failed_tries_are_counted_and_the_wait_is_said(desk: Desk, provider: OidcProvider) -> None:
    provider.email = "nobody@support.example"
    for _ in range(FREE_OF_PEER - 1):
        count_try(desk.site.runtime, address=None, peer="127.0.0.1")
    assert sign_in(desk.site.browser()).status_code == 403
    answer = sign_in(desk.site.browser())
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "61")
    assert "Trop d’essais ont échoué" in answer.text


def test_the_operator_hears_what_is_in_the_way(operator: Operator, settings: Settings, provider: OidcProvider) -> None:
    operator.says("migrate")
    assert operator.run("check", **provider.settings()).exit_code == 0
    provider.discovery = {"issuer": "https://login.evil.example"}
    code, why = operator.refused("check", **provider.settings())
    assert code == 78
    assert why == f"sign_in.oidc: {provider.issuer}: the provider says that it is another issuer"
