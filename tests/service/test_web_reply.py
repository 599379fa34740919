"""The reply box: durable before it is acknowledged, one entry for one sending, and nothing typed is lost."""

import html
import re
import shutil
from collections import Counter
from typing import Any

import pytest

from gateway.db.tickets import Ticket
from gateway.jobs.doorbell import Doorbell
from gateway.services.web_form import Form, read_form
from gateway.spool.entry import Lane, SpoolEntry
from tests.support.web import Browser, Site
from web.reply import MAX_TEXT, clean_text


def waiting(site: Site) -> list[SpoolEntry]:
    with site.runtime.spool.worker(Lane.WEB) as claims:
        found = [claims.claim(spool_id, attempts) for spool_id, attempts in site.runtime.spool.waiting(Lane.WEB)]
    return [entry for entry in found if entry is not None]


@pytest.fixture
def ticket(site: Site) -> Ticket:
    return site.ticket(site.person())


@pytest.fixture
def browser(site: Site, ticket: Ticket) -> Browser:
    return site.sign_in(site.person())


def send(browser: Browser, ticket: Ticket, text: str, **form: str) -> Any:
    page = f"/tickets/{ticket.ref}"
    form.setdefault("nonce", browser.field(page, "nonce"))
    return browser.post(f"{page}/reply", page=page, text=text, **form)


def test_a_reply_is_in_the_spool_before_the_browser_is_told(site: Site, browser: Browser, ticket: Ticket) -> None:
    answer = send(browser, ticket, " Merci,\r\nc’est réglé.\r\n")
    assert (answer.status_code, answer.location) == (303, f"/tickets/{ticket.ref}")
    (entry,) = waiting(site)
    form = read_form(entry)
    assert re.fullmatch("[0-9a-f]{32}", form.number)
    assert (form.form, form.ticket_id, form.person_id) == (Form.REPLY, ticket.id, ticket.reporter_id)
    assert (form.text, form.at) == ("Merci,\nc’est réglé.", site.clock.now())
    assert entry.envelope["channel"] == "web"
    assert "bien arrivée" in browser.get(answer.location).text


def test_the_bell_is_rung(site: Site, browser: Browser, ticket: Ticket, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr(Doorbell, "ring_soon", lambda _self, lane: rung.append(lane))
    send(browser, ticket, "Bonjour")
    assert rung == ["web"]


def test_a_double_click_is_one_thing_and_a_changed_text_is_another(
    site: Site, browser: Browser, ticket: Ticket
) -> None:
    nonce = browser.field(f"/tickets/{ticket.ref}", "nonce")
    for text in ("Bonjour", "Bonjour", "Bonsoir"):
        assert send(browser, ticket, text, nonce=nonce).status_code == 303
    replies = [read_form(entry) for entry in waiting(site)]
    keys = Counter((reply.number, reply.text) for reply in replies)
    assert sorted(keys.values()) == [1, 2]
    assert len({key for key, _ in keys}) == 2
    assert browser.field(f"/tickets/{ticket.ref}", "nonce") != nonce


@pytest.mark.parametrize("nonce", ["", "short", "x" * 65, "é" * 20, "a b" * 8])
def test_a_form_without_its_own_number_is_refused(site: Site, browser: Browser, ticket: Ticket, nonce: str) -> None:
    assert send(browser, ticket, "Bonjour", nonce=nonce).status_code == 400
    assert waiting(site) == []


@pytest.mark.parametrize("text", ["", "  \r\n\t ", "\0\x07"])
def test_an_empty_reply_is_the_page_again_with_a_sentence(
    site: Site, browser: Browser, ticket: Ticket, text: str
) -> None:
    answer = send(browser, ticket, text)
    assert answer.status_code == 400
    assert "rien à envoyer" in answer.text
    assert "<textarea" in answer.text
    assert waiting(site) == []


def test_a_reply_that_is_too_long_stays_in_the_box(site: Site, browser: Browser, ticket: Ticket) -> None:
    text = "é" * (MAX_TEXT // 2)
    assert send(browser, ticket, text).status_code == 303
    answer = send(browser, ticket, text + "x")
    assert answer.status_code == 413
    assert "trop long" in answer.text
    assert text + "x" in answer.text
    assert len(waiting(site)) == 1


def test_while_the_spool_is_out_of_order_the_text_stays_in_a_box_that_sends_again(
    site: Site, browser: Browser, ticket: Ticket
) -> None:
    nonce = browser.field(f"/tickets/{ticket.ref}", "nonce")
    folder = site.runtime.where.spool / "web" / "new"
    shutil.rmtree(folder)
    answer = send(browser, ticket, "Ligne <1>\n & 2", nonce=nonce)
    assert answer.status_code == 503
    assert "<h1>Nous ne pouvons pas le faire pour l’instant</h1>" in answer.text
    folder.mkdir()
    box = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", answer.text, re.S)
    action = re.search(r'action="(/tickets/[^"]*)"', answer.text)
    kept = re.search(r'name="nonce" value="([^"]*)"', answer.text)
    assert box
    assert action
    assert kept
    assert kept[1] == nonce
    again = browser.post(action[1], page="/tickets", text=html.unescape(box[1]), nonce=kept[1])
    assert again.status_code == 303
    (entry,) = waiting(site)
    assert read_form(entry).text == "Ligne <1>\n & 2"


def test_a_page_made_elsewhere_cannot_fill_the_box(site: Site, browser: Browser, ticket: Ticket) -> None:
    site.app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # as when the trouble comes before the form is looked at
    shutil.rmtree(site.runtime.where.spool / "web" / "new")
    form = {"text": "from elsewhere", "nonce": "n" * 20}
    answer = browser.client.post(f"/tickets/{ticket.ref}/reply", data=form)
    assert answer.status_code == 503
    assert "from elsewhere" not in answer.text


def test_text_is_kept_without_what_no_screen_or_database_takes() -> None:
    assert clean_text("\r\n a\0b\x1b[31m\tc\rd\u200b\r\n\n") == "ab[31m\tc\nd\u200b"
