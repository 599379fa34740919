"""Signing in by a mailed link: who gets one, what it does, and what it tells nobody."""

import re
import threading

import pytest
from sqlalchemy import select

from gateway.db.outbox import Delivery, list_deliveries
from gateway.db.sign_in import revoke_sessions_of, sessions, sign_in_links
from gateway.domain.ticket import Language
from gateway.errors import NotFound
from gateway.mail.tokens import Purpose
from gateway.services.sign_in import LINKS_PER_HOUR, consume_link, make_link, request_link, sign_in_url
from tests.support.waiting import wait_for
from tests.support.web import Browser, Site


def mails(site: Site) -> list[Delivery]:
    with site.runtime.database.reading() as connection:
        return list_deliveries(connection)


def ask(browser: Browser, address: str) -> str:
    answer = browser.post("/login", page="/login", email=address)
    assert answer.status_code == 200
    return re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text)  # which says the second it was made in


def settle(site: Site) -> None:
    """Wait until the form's work behind the answer is done."""
    done = threading.Event()
    site.app.extensions["gateway"].background.run(done.set)
    assert done.wait(20)


def test_a_known_person_finds_a_link_in_the_outbox(site: Site) -> None:
    person = site.person(lang=Language.EN)
    ask(site.browser(), " Marie@Example.org ")
    settle(site)
    (mail,) = mails(site)
    assert (mail.notice, mail.recipient, mail.lang, mail.ticket_id) == ("sign_in_link", person.email, "en", None)
    assert set(mail.context) == {"link_id"}, "nothing in the row signs anybody in"
    assert mail.message_id.endswith("@demo.example")


def test_the_mail_is_in_the_language_of_the_page_for_a_person_who_chose_none(site: Site) -> None:
    site.person()
    ask(site.browser(prefers="en-GB"), "marie@example.org")
    settle(site)
    assert [mail.lang for mail in mails(site)] == ["en"]


@pytest.mark.parametrize("address", ["nobody@example.org", "", "no address", "a\0b@example.org", "x" * 5000])
def test_anybody_else_reads_the_same_and_nothing_is_written(site: Site, address: str) -> None:
    site.person()
    browser = site.browser()
    known, unknown = ask(browser, "marie@example.org"), ask(browser, address)
    settle(site)
    assert known == unknown
    assert len(mails(site)) == 1


def test_the_answer_does_not_wait_for_what_depends_on_the_address(site: Site) -> None:
    site.person()
    hold = threading.Event()
    site.app.extensions["gateway"].background.run(lambda: hold.wait(30))
    ask(site.browser(), "marie@example.org")
    assert mails(site) == []
    hold.set()
    wait_for(lambda: mails(site), "the mail")


def test_one_mailbox_is_not_flooded(site: Site) -> None:
    site.person()

    def ask_once() -> bool:
        return request_link(site.runtime, email="marie@example.org", fallback_language="fr")

    asked = [ask_once() for _ in range(LINKS_PER_HOUR + 2)]
    assert asked == [True] * LINKS_PER_HOUR + [False, False]
    site.clock.move(minutes=61)
    assert ask_once()


def test_one_network_address_is_slowed_down(site: Site) -> None:
    browser = site.browser()
    token = browser.field("/login", "csrf_token")
    codes = [
        browser.client.post("/login", data={"csrf_token": token, "email": "a@example.org"}).status_code
        for _ in range(12)
    ]
    assert codes == [200] * 10 + [429] * 2


def test_the_mail_is_from_the_project_of_the_newest_request(site: Site) -> None:
    site.ticket(site.person())
    assert request_link(site.runtime, email="marie@example.org", fallback_language="fr")
    assert [mail.project for mail in mails(site)] == ["DEMO"]


def test_a_link_signs_in_once_and_leads_to_what_was_wanted(site: Site) -> None:
    person = site.person()
    ticket = site.ticket(person)
    browser = site.browser()
    refused = browser.get(f"/tickets/{ticket.ref}")
    assert (refused.status_code, refused.location) == (303, "/login")
    path = site.link(person)
    signed_in = browser.post(path, page=path)
    assert (signed_in.status_code, signed_in.location) == (303, f"/tickets/{ticket.ref}")
    assert ticket.subject in browser.get(signed_in.location).text
    other = site.browser()
    assert other.post(path, page=path).status_code == 403
    assert other.get("/tickets").status_code == 303


def test_looking_at_a_link_changes_nothing_and_sets_no_session(site: Site) -> None:
    person = site.person()
    path = site.link(person)
    scanner = site.browser()
    for _ in range(3):
        looked = scanner.get(path)
        assert looked.status_code == 200
        assert not any(cookie.startswith("session=") for cookie in looked.headers.getlist("Set-Cookie"))
    assert scanner.client.head(path).status_code == 200
    with site.runtime.database.reading() as connection:
        assert connection.execute(select(sign_in_links.c.used_at)).scalars().all() == [None]
        assert connection.execute(select(sessions)).all() == []
    browser = site.browser()
    assert browser.post(path, page=path).status_code == 303


def test_an_expired_an_altered_and_a_used_link_are_refused_alike(site: Site) -> None:
    person = site.person()
    used, expired = site.link(person), site.link(person)
    site.browser().post(used, page=used)
    altered = expired[:-1] + ("0" if expired[-1] != "0" else "1")
    other_purpose = "/login/" + site.runtime.signer.sign(Purpose.REPLY, 1, today=site.clock.now().date())
    site.clock.move(minutes=site.runtime.settings.session.link_minutes)
    pages = set()
    for path in (used, expired, altered, other_purpose, "/login/x", "/login/" + "s-" * 500):
        browser = site.browser()
        answer = browser.post(path, page="/login")
        assert answer.status_code == 403
        assert "session" not in {cookie.partition("=")[0] for cookie in answer.headers.getlist("Set-Cookie")}
        pages.add(answer.text.split("<main")[1].split("</main>")[0])
    assert len(pages) == 1


def test_of_two_browsers_at_once_one_wins(site: Site) -> None:
    token = site.link(site.person()).rpartition("/")[2]
    start = threading.Barrier(4)
    results = []

    def race() -> None:
        start.wait()
        results.append(consume_link(site.runtime, token, peer="192.0.2.1"))

    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(result is not None for result in results) == 1


def test_a_planted_session_is_worth_nothing_after_sign_in(site: Site) -> None:
    person = site.person()
    browser = site.browser()
    browser.client.set_cookie("session", "planted", domain="localhost")
    path = site.link(person)
    assert browser.post(path, page=path).status_code == 303
    cookie = browser.client.get_cookie("session", domain="localhost")
    assert cookie is not None
    assert cookie.value != "planted"
    assert len(cookie.value) >= 43, "256 bits"
    planted = site.browser()
    planted.client.set_cookie("session", "planted", domain="localhost")
    assert planted.get("/tickets").status_code == 303


def test_signing_in_again_ends_the_session_before(site: Site) -> None:
    person = site.person()
    browser = site.sign_in(person)
    first = browser.client.get_cookie("session", domain="localhost")
    assert first is not None
    path = site.link(person)
    browser.post(path, page=path)
    old = site.browser()
    old.client.set_cookie("session", first.value, domain="localhost")
    assert old.get("/tickets").status_code == 303
    assert browser.get("/tickets").status_code == 200


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    path = site.link(site.person())
    answer = site.browser().post(path, page=path)
    (cookie,) = [value for value in answer.headers.getlist("Set-Cookie") if value.startswith("session=")]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    token = cookie.partition("=")[2].partition(";")[0]
    with site.runtime.database.reading() as connection:
        (kept,) = connection.execute(select(sessions)).all()
    assert token not in str(kept)


def test_signing_out_ends_the_session_in_the_database(site: Site) -> None:
    browser = site.sign_in(site.person())
    cookie = browser.client.get_cookie("session", domain="localhost")
    assert cookie is not None
    assert browser.post("/logout", page="/tickets").location == "/login"
    stolen = site.browser()
    stolen.client.set_cookie("session", cookie.value, domain="localhost")
    assert stolen.get("/tickets").status_code == 303


def test_a_session_ends_when_it_is_revoked_and_when_its_time_is_over(site: Site) -> None:
    person = site.person()
    browser, other = site.sign_in(person), site.sign_in(person)
    with site.runtime.database.transaction() as connection:
        revoke_sessions_of(connection, person.id, now=site.clock.now())
    assert browser.get("/tickets").status_code == other.get("/tickets").status_code == 303
    third = site.sign_in(person)
    site.clock.move(days=site.runtime.settings.session.session_days)
    assert third.get("/tickets").status_code == 303


def test_an_operator_makes_a_link_for_a_person_who_is_known(site: Site) -> None:
    site.person()
    assert make_link(site.runtime, email="MARIE@example.org").startswith("http://127.0.0.1:8000/login/s-")
    with pytest.raises(NotFound):
        make_link(site.runtime, email="nobody@example.org")


def test_a_link_is_bound_to_the_row_that_it_names(site: Site) -> None:
    runtime, today = site.runtime, site.clock.now().date()
    unknown = sign_in_url(runtime.settings, runtime.signer, 999_999, today).rpartition("/")[2]
    assert consume_link(runtime, unknown, peer="192.0.2.1") is None


def test_the_start_leads_where_the_visitor_belongs(site: Site) -> None:
    assert site.browser().get("/").location == "/login"
    browser = site.sign_in(site.person())
    assert browser.get("/").location == browser.get("/login").location == "/tickets"
