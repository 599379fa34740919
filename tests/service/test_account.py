"""My account: sessions seen and ended, and what a change of password, app or codes asks for and does."""

import re
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from gateway.config.load import Settings
from gateway.services.password_sign_in import sign_in_with_password
from gateway.services.sessions import list_sessions, revoke_sessions
from tests.support.agents import ANA, CHIEF, NINA, Desk
from tests.support.sign_in import PASSWORD, by_mail, code_now, give_factors, secret_on, staff_settings
from tests.support.web import Browser, Site

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
OTHER = "encore quatre mots différents"


@pytest.fixture
def settings(tmp_path: Path, database_url: str, redis_url: str) -> Settings:
    return staff_settings(tmp_path, database_url, redis_url, GATEWAY_SIGN_IN__STAFF='["password", "link"]')


def by_password(site: Site, email: str, secret: bytes, *, password: str = PASSWORD) -> Browser:
    browser = site.browser()
    form = {"email": email, "password": password, "code": code_now(site, secret)}
    assert browser.post("/login/password", page="/login/password", **form).status_code == 303
    site.clock.move(seconds=90)  # to a code that was not used
    return browser


def change(browser: Browser, what: str, **form: str) -> TestResponse:
    return browser.post(f"/account/factors/{what}", page=f"/account/factors/{what}", **form)


def code_on(page: str) -> str:
    """The set-up code that a page shows."""
    found = re.search(r'<code class="secret">([0-9a-z-]{14})</code>', page)
    assert found is not None
    return found[1]


def token_of(browser: Browser) -> str:
    cookie = browser.client.get_cookie("session", domain="localhost")
    assert cookie is not None
    return str(cookie.value)


def test_a_reporter_sees_their_sessions_and_ends_them_and_nothing_about_passwords(site: Site) -> None:
    marie = site.person()
    site_user = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
    here, there = site.browser(), site.sign_in(marie)
    here.headers["User-Agent"] = site_user
    path = site.link(marie)
    here.post(path, page=path)
    page = here.get("/account").text
    assert "Firefox, Windows" in page
    assert page.count("ce navigateur") == 1
    assert "/account/app" not in page
    (other,) = [one.id for one in list_sessions(site.runtime, marie.id) if not one.device]
    assert here.post("/account/sessions", page="/account", id=str(other)).status_code == 303
    assert there.get("/tickets").status_code == 303
    assert here.get("/tickets").status_code == 200


def test_all_others_end_at_once_and_nobody_ends_a_strangers(site: Site) -> None:
    marie, paul = site.person(), site.person("paul@example.org")
    here, there, strange = site.sign_in(marie), site.sign_in(marie), site.sign_in(paul)
    (stranger,) = list_sessions(site.runtime, paul.id)
    here.post("/account/sessions", page="/account", id=str(stranger.id))
    assert strange.get("/tickets").status_code == 200
    here.post("/account/sessions", page="/account", act="others")
    assert (here.get("/tickets").status_code, there.get("/tickets").status_code) == (200, 303)
    for rubbish in ("", "x", "-1", "0", "9" * 30, "1.5"):
        assert here.post("/account/sessions", page="/account", id=rubbish).status_code == 400


def test_when_a_session_was_last_seen_is_right_to_ten_minutes(site: Site) -> None:
    marie = site.person()
    browser = site.sign_in(marie)
    began = site.clock.now()
    site.clock.move(minutes=9)
    browser.get("/tickets")
    assert list_sessions(site.runtime, marie.id)[0].last_seen_at == began
    site.clock.move(minutes=1)
    browser.get("/tickets")
    assert list_sessions(site.runtime, marie.id)[0].last_seen_at == site.clock.now()


def test_another_password_asks_for_both_ends_all_other_sessions_and_changes_the_token(desk: Desk) -> None:
    secret, _ = give_factors(desk.site, ANA)
    there, here = by_password(desk.site, ANA, secret), by_password(desk.site, ANA, secret)
    before, code = token_of(here), code_now(desk.site, secret)
    new = {"password": OTHER, "again": OTHER}
    assert change(here, "password", **new, current=PASSWORD, code="000000").status_code == 403
    assert change(here, "password", **new, current="faux", code=code).status_code == 403
    assert change(here, "password", password=OTHER, again="autre", current=PASSWORD, code=code).status_code == 400
    assert change(here, "password", password="court", again="court", current=PASSWORD, code=code).status_code == 400
    assert change(here, "password", **new, current=PASSWORD, code=code).status_code == 303
    assert token_of(here) != before
    assert (here.get("/desk").status_code, there.get("/desk").status_code) == (200, 303)
    stolen = desk.site.browser()
    stolen.client.set_cookie("session", before, domain="localhost")
    assert stolen.get("/tickets").status_code == 303
    desk.site.clock.move(seconds=90)
    by_password(desk.site, ANA, secret, password=OTHER)


def test_a_forgotten_password_takes_a_mailed_link_and_a_code(desk: Desk) -> None:
    secret, codes = give_factors(desk.site, ANA)
    browser = by_mail(desk.site, ANA)
    new = {"password": OTHER, "again": OTHER}
    assert change(browser, "password", **new, code="").status_code == 403
    assert change(browser, "password", **new, code=codes[0]).status_code == 303
    by_password(desk.site, ANA, secret, password=OTHER)


def test_a_second_app_takes_the_place_of_the_first(desk: Desk) -> None:
    browser = desk.browser(ANA)
    browser.post("/account/app", page="/account")
    first = secret_on(browser.get("/account/app").text)
    form = {"password": PASSWORD, "again": PASSWORD}
    wrong = browser.post("/account/app/set", page="/account/app", **form, new_code="000000")
    assert wrong.status_code == 400
    done = browser.post("/account/app/set", page="/account/app", **form, new_code=code_now(desk.site, first))
    assert done.text.count("<li><code>") == 10
    assert browser.get("/account/app").status_code == 303, "the secret is not shown again"
    desk.site.clock.move(minutes=2)
    browser.post("/account/app", page="/account")
    second = secret_on(browser.get("/account/app").text)
    again = {**form, "new_code": code_now(desk.site, second), "current": PASSWORD}
    assert browser.post("/account/app/set", page="/account/app", **again, code="").status_code == 403
    right = browser.post("/account/app/set", page="/account/app", **again, code=code_now(desk.site, first))
    assert right.status_code == 200
    desk.site.clock.move(minutes=2)
    form = {"email": ANA, "password": PASSWORD, "code": code_now(desk.site, first)}
    assert desk.site.browser().post("/login/password", page="/login/password", **form).status_code == 403
    by_password(desk.site, ANA, second)


def test_whoever_reads_their_mail_sets_nothing_up_in_their_name(desk: Desk) -> None:
    site, page = desk.site, f"/desk/people/{desk.site.person(ANA).id}"
    browser, chief = by_mail(site, ANA), desk.browser(CHIEF)
    assert "code d’activation" in browser.get("/account").text
    browser.post("/account/app", page="/account")
    app = secret_on(browser.get("/account/app").text)

    def try_it(code: str) -> int:
        form = {"password": PASSWORD, "again": PASSWORD, "new_code": code_now(site, app), "code": code}
        return browser.post("/account/app/set", page="/account/app", **form).status_code

    assert [try_it(""), try_it("0" * 12)] == [403, 403]
    assert (
        "Ce n’est pas le code qui vous a été remis"
        in browser.post(
            "/account/app/set",
            page="/account/app",
            password=PASSWORD,
            again=PASSWORD,
            new_code=code_now(site, app),
            code="x",
        ).text
    )
    first, second = (code_on(chief.post(f"{page}/factors/code", page=page).text) for _ in range(2))
    assert second not in chief.get(page).text, "it is shown once"
    assert try_it(first) == 403, "another one was made in its place"
    site.clock.move(days=3)
    browser = by_mail(site, ANA)
    browser.post("/account/app", page="/account")
    app = secret_on(browser.get("/account/app").text)
    assert try_it(second) == 403, "it is too late"
    third = code_on(chief.post(f"{page}/factors/code", page=page).text)
    assert try_it(third.upper().replace("-", " ")) == 200
    assert chief.post(f"{page}/factors/code", page=page).status_code == 409, "it is set up"
    assert chief.post(f"{page}/factors/reset", page=page).status_code == 303
    browser = by_mail(site, ANA)
    browser.post("/account/app", page="/account")
    app = secret_on(browser.get("/account/app").text)
    site.clock.move(minutes=20)
    assert try_it(third) == 403, "it was used"


def test_the_secret_of_an_app_is_shown_to_the_session_alone_that_began_to_set_it_up(desk: Desk) -> None:
    """Or whoever reads their mail would have its codes, and by those and a mailed link another password."""
    owner, reader_of_their_mail = desk.browser(ANA), by_mail(desk.site, ANA)
    owner.post("/account/app", page="/account")
    app = secret_on(owner.get("/account/app").text)
    assert reader_of_their_mail.get("/account/app").status_code == 303
    form = {"password": PASSWORD, "again": PASSWORD, "new_code": code_now(desk.site, app)}
    assert reader_of_their_mail.post("/account/app/set", page="/account", **form).location == "/account"
    assert owner.post("/account/app/set", page="/account/app", **form).status_code == 200


def test_a_set_up_code_is_made_for_agents_by_their_supervisors_alone(desk: Desk) -> None:
    chief, ana = desk.browser(CHIEF), desk.browser(ANA)
    nina, own, marie = (f"/desk/people/{desk.site.person(who).id}" for who in (NINA, CHIEF, "marie@example.org"))
    assert ana.post(f"{nina}/factors/code", page="/account").status_code == 404
    for page in (own, marie):
        assert chief.post(f"{page}/factors/code", page="/account").status_code == 404
    assert f"{nina}/factors/code" in chief.get(nina).text
    assert f"{own}/factors/code" not in chief.get(own).text
    assert "code d’activation" not in ana.get("/account").text, "who came by the operator's link needs none"


def test_new_codes_end_the_old_ones_and_taking_all_away_leaves_the_other_ways(desk: Desk) -> None:
    secret, codes = give_factors(desk.site, ANA)
    here = by_password(desk.site, ANA, secret)
    made = change(here, "codes", current=PASSWORD, code=codes[0])
    assert made.text.count("<li><code>") == 10
    assert change(here, "remove", current=PASSWORD, code=codes[1]).status_code == 403
    assert change(here, "remove", current=PASSWORD, code=code_now(desk.site, secret)).status_code == 303
    assert by_mail(desk.site, ANA).get("/desk").status_code == 200
    form = {"email": ANA, "password": PASSWORD, "code": code_now(desk.site, secret)}
    assert desk.site.browser().post("/login/password", page="/login/password", **form).status_code == 403


def test_a_supervisor_takes_it_back_for_people_of_theirs_and_not_for_themselves(desk: Desk) -> None:
    for email in (ANA, CHIEF):
        give_factors(desk.site, email)
    ana, chief = desk.browser(ANA), desk.browser(CHIEF)
    page, own = (f"/desk/people/{desk.site.person(email).id}" for email in (ANA, CHIEF))
    assert f"{own}/factors/reset" not in chief.get(own).text
    assert chief.post(f"{own}/factors/reset", page=own).status_code == 404
    assert ana.post(f"{own}/factors/reset", page="/account").status_code == 404
    assert f"{page}/factors/reset" in chief.get(page).text
    assert chief.post(f"{page}/factors/reset", page=page).status_code == 303
    assert ana.get("/tickets").status_code == 303, "their sessions have ended"
    assert f"{page}/factors/reset" not in chief.get(page).text
    assert by_mail(desk.site, ANA).post("/account/app", page="/account").status_code == 303


def test_guessing_at_a_change_is_limited_like_guessing_at_the_door(desk: Desk) -> None:
    give_factors(desk.site, ANA)
    browser = by_mail(desk.site, ANA)
    tried = [change(browser, "remove", code="000000").status_code for _ in range(6)]
    assert tried == [403] * 5 + [429]


def test_another_kind_of_change_and_somebody_without_a_role_find_no_page(desk: Desk) -> None:
    browser = desk.browser(NINA)
    assert browser.get("/account/factors/everything").status_code == 404
    assert browser.get("/account/factors/password").status_code == 404, "nothing is set up"
    marie = desk.site.sign_in(desk.site.person())
    assert marie.get("/account/app").status_code == 404
    assert revoke_sessions(desk.site.runtime, desk.site.person(NINA).id, by=None) == 1


def test_a_password_is_the_same_however_its_accents_are_composed(desk: Desk) -> None:
    secret, _ = give_factors(desk.site, ANA, password="très différent, vraiment")
    typed = {"password": "tre\u0300s diffe\u0301rent, vraiment", "code": code_now(desk.site, secret)}
    assert sign_in_with_password(desk.site.runtime, email=ANA, peer="192.0.2.1", device="", **typed) is not None
