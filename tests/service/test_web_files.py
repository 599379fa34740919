"""Files that come with an answer: filed once with it, kept and refused as a mail's, shown and handed over."""

import io
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gateway.config.mail_checks import AttachmentSettings
from gateway.db.receipts import Verdict
from gateway.db.tickets import Ticket, list_entries
from gateway.runtime import Runtime
from gateway.services.file_web_form import file_web_form
from gateway.spool.entry import Lane, UnfitEntry
from inbound.attachment_policy import refuse
from inbound.form_files import read_form_files
from tests.service.test_web_lane import file_all, timeline
from tests.support.clamd import EICAR, scanning
from tests.support.reporter_pages import PNG
from tests.support.web import Browser, Site, read_attachment
from web.app import create_app


@pytest.fixture
def ticket(site: Site) -> Ticket:
    return site.ticket(site.person())


@pytest.fixture
def browser(site: Site, ticket: Ticket) -> Browser:
    return site.sign_in(site.person())


def answer(browser: Browser, ticket: Ticket, *files: tuple[bytes, str], text: str = "Voici.", **form: str) -> Any:
    page = f"/tickets/{ticket.ref}"
    fields: dict[str, Any] = {"csrf_token": browser.field(page, "csrf_token"), "text": text}
    fields |= {"nonce": browser.field(page, "nonce"), **form}
    fields["files"] = [(io.BytesIO(content), name) for content, name in files]
    return browser.client.post(f"{page}/reply", data=fields, headers=browser.headers)


def test_files_are_on_the_timeline_and_can_be_had_again(site: Site, browser: Browser, ticket: Ticket) -> None:
    files = [(PNG, "écran.png"), (b"a;b\r\n1;2\r\n", "tableau 1.csv")]
    assert answer(browser, ticket, *files).status_code == 303
    file_all(site)
    page = browser.get(f"/tickets/{ticket.ref}").text
    for number, (content, name) in enumerate(files, 1):
        assert name in page
        assert browser.get(f"/tickets/{ticket.ref}/attachments/{number}").data == content
    assert page.count("/preview") == 1


def test_a_file_alone_is_an_answer(site: Site, browser: Browser, ticket: Ticket) -> None:
    assert answer(browser, ticket, (PNG, "écran.png"), text="").status_code == 303
    file_all(site)
    assert len(timeline(site, ticket)) == 1


def test_the_same_sending_is_filed_once_and_another_file_is_another(
    site: Site, browser: Browser, ticket: Ticket
) -> None:
    nonce = browser.field(f"/tickets/{ticket.ref}", "nonce")
    for content in (b"1", b"1", b"2"):
        answer(browser, ticket, (content, "a.txt"), nonce=nonce)
        site.clock.move(seconds=1)
    assert [receipt.verdict for receipt in file_all(site)] == [Verdict.FILED, Verdict.DUPLICATE, Verdict.FILED]
    assert len(timeline(site, ticket)) == 2


def test_what_is_refused_in_a_mail_is_not_kept_from_a_page(site: Site, browser: Browser, ticket: Ticket) -> None:
    """Also where the page let it through."""
    answer(browser, ticket, (b"MZ", "facture.pdf.exe"), (PNG, "écran.png"))
    file_all(site)
    page = browser.get(f"/tickets/{ticket.ref}").text
    assert re.search("facture.pdf.exe.{2} n’a pas été gardé", page)
    assert page.count("/attachments/") == 2, "the link and the image of the other one"


def strict(browser: Browser, runtime: Runtime) -> Browser:
    """The same person at pages that know the rules on files."""
    app = create_app(runtime, read_attachment, refuse_files=refuse)
    app.extensions["gateway"].background.close()
    cookie = browser.client.get_cookie("session", domain="localhost")
    assert cookie is not None
    found = Browser(client=app.test_client(), headers=browser.headers)
    found.client.set_cookie("session", cookie.value, domain="localhost")
    return found


def test_a_page_that_knows_the_rules_says_so_before_anything_is_sent(
    site: Site, browser: Browser, ticket: Ticket
) -> None:
    files = [(b"MZ", "facture.exe"), (PNG, "écran.png")]
    found = answer(strict(browser, site.runtime), ticket, *files, text="Mon texte reste")
    assert found.status_code == 400
    assert "«\u00a0facture.exe\u00a0» ne peut pas être envoyé" in found.text
    assert "Mon texte reste" in found.text
    assert site.runtime.spool.waiting(Lane.WEB) == []


def test_too_much_in_all_is_said_with_the_text_kept(site: Site, browser: Browser, ticket: Ticket) -> None:
    smtp = site.runtime.settings.smtp.model_copy(update={"max_size": 200_000})
    half = b"x" * 100_000
    small = strict(browser, _with(site.runtime, smtp=smtp))
    found = answer(small, ticket, (half, "a.bin"), (half, "b.bin"), text="Mon texte reste")
    assert found.status_code == 400
    assert "144 ko" in found.text
    assert "Mon texte reste" in found.text
    assert site.runtime.spool.waiting(Lane.WEB) == []


def test_an_infected_file_is_put_aside_and_nobody_gets_it(
    site: Site, browser: Browser, ticket: Ticket, tmp_path: Path
) -> None:
    answer(browser, ticket, (EICAR, "virus.txt"))
    [(spool_id, attempts)] = site.runtime.spool.waiting(Lane.WEB)
    with scanning(None) as (_, antivirus), site.runtime.spool.worker(Lane.WEB) as claims:
        entry = claims.claim(spool_id, attempts)
        assert entry is not None
        watched = _with(site.runtime, antivirus=antivirus)
        with pytest.raises(UnfitEntry):
            partial(file_web_form, read_files=read_form_files)(entry, watched)
    assert timeline(site, ticket) == []


def _with(runtime: Runtime, **settings: Any) -> Runtime:
    return replace(runtime, settings=runtime.settings.model_copy(update=settings))


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("a.png", PNG, 200),
        ("a.png", b"<svg onload=alert(1)>", 404),
        ("a.png", PNG[:16] + (60_000).to_bytes(4, "big") * 2 + PNG[24:], 404),
        ("a.svg", b"<svg/>", 404),
        ("a.html", b"<script>alert(1)</script>", 404),
    ],
    ids=["image", "not what it claims", "a bomb", "drawing", "page"],
)
def test_only_a_bearable_image_is_shown_and_nothing_in_it_can_act(
    site: Site, browser: Browser, ticket: Ticket, name: str, content: bytes, status: int
) -> None:
    answer(browser, ticket, (content, name))
    file_all(site)
    found = browser.get(f"/tickets/{ticket.ref}/attachments/1/preview")
    assert found.status_code == status
    if status == 200:
        assert found.headers["Content-Type"] == "image/png"
        assert found.headers["X-Content-Type-Options"] == "nosniff"
        assert found.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_somebody_elses_image_is_not_shown(site: Site, browser: Browser, ticket: Ticket) -> None:
    answer(browser, ticket, (PNG, "a.png"))
    file_all(site)
    other = site.sign_in(site.person("paul@example.org"))
    assert other.get(f"/tickets/{ticket.ref}/attachments/1/preview").status_code == 404


def test_the_policy_of_the_installation_counts(site: Site, browser: Browser, ticket: Ticket) -> None:
    answer(browser, ticket, (PNG, "a.png"), (PNG + b"x", "b.png"))
    strict = _with(site.runtime, attachments=AttachmentSettings(max_count=1))
    [(spool_id, attempts)] = site.runtime.spool.waiting(Lane.WEB)
    with site.runtime.spool.worker(Lane.WEB) as claims:
        entry = claims.claim(spool_id, attempts)
        assert entry is not None
        file_web_form(entry, strict, read_files=read_form_files)
        claims.finish(entry)
    with site.runtime.database.reading() as connection:
        [row] = list_entries(connection, ticket.id)
    assert row.data["refused_files"] == [{"name": "b.png", "reason": "count"}]


@pytest.mark.parametrize("cookie", ["", "made-up"])
def test_the_files_of_somebody_unknown_are_not_read(site: Site, ticket: Ticket, cookie: str) -> None:
    stranger = site.browser()
    if cookie:
        stranger.client.set_cookie("session", cookie)
    part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n%b\r\n--x--\r\n' % (
        b"?" * 1_000_000
    )
    body = io.BytesIO(part)
    sent = {"CONTENT_LENGTH": str(len(part)), "CONTENT_TYPE": "multipart/form-data; boundary=x", "wsgi.input": body}
    answer = stranger.client.post(f"/tickets/{ticket.ref}/reply", environ_overrides=sent)
    assert answer.location == "/login"
    assert body.tell() == 0
