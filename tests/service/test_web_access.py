"""Who may do what: every route of the app, asked by a stranger, by somebody else, and by other sites."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from flask import Flask
from werkzeug.routing import Rule

from gateway.config.load import load_settings
from gateway.db.engine import Database
from gateway.runtime import Runtime, open_runtime
from tests.service.test_web_permissions import PLAIN_ROUTES, TICKET_ROUTES
from tests.support.clock import MovableClock
from tests.support.web import Site, read_attachment
from web.app import create_app
from web.auth import PUBLIC

CLOSED = set(TICKET_ROUTES) | set(PLAIN_ROUTES)


def paths(site: Site, endpoint: str, **values: object) -> Iterator[tuple[str, str]]:
    """Each method and path of an endpoint."""
    for rule in site.app.url_map.iter_rules(endpoint):
        given = {name: values.get(name, "codes" if name == "change" else 1) for name in rule.arguments}
        path = site.app.url_map.bind("localhost").build(endpoint, given)
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            yield method, path


def without_csrf(site: Site) -> Site:
    """The same app for a request whose form is in order: what is asked here is what the gate says."""
    site.app.config["WTF_CSRF_ENABLED"] = False
    return site


def main_part(page: str) -> str:
    return page.split("<main")[1].split("</main>", maxsplit=1)[0]


def for_browsers(site: Site) -> list[Rule]:
    """All routes but those for programs, which take no session and no cookie (`test_web_permissions` asks them)."""
    return [rule for rule in site.app.url_map.iter_rules() if not rule.endpoint.startswith("api.")]


def test_every_route_is_public_or_closed_on_purpose(site: Site) -> None:
    assert {rule.endpoint for rule in for_browsers(site)} == PUBLIC | CLOSED


def test_a_stranger_is_sent_to_the_sign_in_form_from_every_closed_route(site: Site) -> None:
    without_csrf(site)
    ticket = site.ticket(site.person())
    asked = 0
    for endpoint in CLOSED:
        for method, path in paths(site, endpoint, ref=ticket.ref, attachment_id=1):
            answer = site.browser().client.open(path, method=method, data={"text": "x", "nonce": "n" * 20})
            assert (answer.status_code, answer.location) == (303, "/login"), (method, path)
            asked += 1
    assert asked >= len(CLOSED)


def test_somebody_elses_things_and_things_that_do_not_exist_are_the_same_404(site: Site) -> None:
    without_csrf(site)
    theirs = site.ticket(site.person("paul@example.org"))
    file = site.entry_with_file(theirs, name="plan.pdf", kind="application/pdf", content=b"secret")
    mine = site.sign_in(site.person())
    pages = set()
    form = {"text": "x", "nonce": "n" * 20}
    for endpoint in ("ticket", "attachment", "preview", "reply", "ticket_outcome", "ticket_people"):
        for ref in (theirs.ref, "DEMO-999", "demo-1", "DEMO-1%00", "' OR 1=1 --"):
            for method, path in paths(site, endpoint, ref=ref, attachment_id=file.rpartition("/")[2]):
                answer = mine.client.open(path, method=method, data=form, headers=mine.headers)
                assert answer.status_code == 404, (method, path)
                pages.add(main_part(answer.text))
    pages.add(main_part(mine.get("/no/such/page").text))
    assert len(pages) == 1
    assert main_part(site.browser().get("/no/such/page").text) in pages
    assert site.runtime.spool.waiting("web") == []  # type: ignore[arg-type]  # a StrEnum's value


def test_an_attachment_is_reached_through_its_own_request_only(site: Site) -> None:
    person = site.person()
    first, second = site.ticket(person), site.ticket(person)
    file = site.entry_with_file(first, name="plan.pdf", kind="application/pdf", content=b"x")
    browser = site.sign_in(person)
    assert browser.get(file).status_code == 200
    assert browser.get(file.replace(first.ref, second.ref)).status_code == 404


def test_every_post_without_the_forms_token_is_refused(site: Site) -> None:
    person = site.person()
    ticket = site.ticket(person)
    browser = site.sign_in(person)
    posts = [
        path
        for rule in for_browsers(site)
        for method, path in paths(site, rule.endpoint, ref=ticket.ref)
        if method == "POST" and rule.endpoint != "do_leave"  # its token is the proof: RFC 8058 brings no cookie
    ]
    assert len(posts) >= 16
    for path in posts:
        for token in (None, "", "x", "'"):
            form = {"text": "x", "nonce": "n" * 20, "lang": "en", "email": "marie@example.org"}
            answer = browser.client.post(path, data=form if token is None else {**form, "csrf_token": token})
            assert answer.status_code == 400, path
    assert browser.get("/tickets").status_code == 200, "nobody was signed out"
    foreign = site.browser().field("/login", "csrf_token")
    assert browser.client.post("/logout", data={"csrf_token": foreign}).status_code == 400


def test_every_answer_carries_the_protecting_headers(site: Site) -> None:
    person = site.person()
    ticket = site.ticket(person)
    browser = site.sign_in(person)
    for path in ("/login", "/tickets", f"/tickets/{ticket.ref}", "/none", "/healthz", "/static/style.css", "/sent"):
        headers = browser.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, path
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert ("no-store" in headers["Cache-Control"]) == (path != "/static/style.css")
        assert "Strict-Transport-Security" not in headers
    assert browser.client.post("/login").headers["X-Frame-Options"] == "DENY", "errors too"


def test_no_page_has_anything_inline_or_from_elsewhere(site: Site) -> None:
    person = site.person()
    ticket = site.ticket(person)
    site.entry(ticket)
    browser = site.sign_in(person)
    for page in (site.browser().get("/login").text, browser.get(f"/tickets/{ticket.ref}").text):
        ours = re.compile(r'<script src="/static/[a-z]+\.js\?v=[0-9a-f]{8}" defer></script>')
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|https?://", ours.sub("", page))


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "evil.example:8000", "", "a b", "127.0.0.2"]
)
def test_a_host_that_is_not_ours_gets_no_page(site: Site, host: str) -> None:
    answer = site.app.test_client().get("/login", headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.text
    assert len(answer.text) < 50


def test_links_never_come_from_the_host_header(site: Site) -> None:
    answer = site.app.test_client().get("/", headers={"Host": "localhost:1", "X-Forwarded-Host": "evil.example"})
    assert answer.location == "/login"


def test_a_form_that_is_too_big_is_refused_with_a_page(site: Site) -> None:
    person = site.person()
    ticket = site.ticket(person)
    browser = site.sign_in(person)
    answer = browser.client.post(f"/tickets/{ticket.ref}/reply", data={"text": "x" * 500_000})
    assert answer.status_code == 413
    assert "trop volumineux" in answer.text


def test_a_method_that_a_page_does_not_know_is_refused(site: Site) -> None:
    browser = site.sign_in(site.person())
    answer = browser.client.delete("/tickets")
    assert answer.status_code in {400, 405}
    assert "<h1>" in answer.text


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nX: y", "", "x"])
def test_the_language_switch_leads_nowhere_else(site: Site, path: str) -> None:
    browser = site.browser()
    assert browser.post("/language", page="/login", lang="en", next=path).location == "/"
    assert browser.post("/language", page="/login", lang="en", next="/tickets/DEMO-1").location == "/tickets/DEMO-1"


def test_an_unforeseen_error_shows_a_number_and_nothing_else(site: Site) -> None:
    person = site.person()
    ticket = site.ticket(person)
    file = site.entry_with_file(ticket, name="a", kind="text/plain", content=b"x")
    browser = site.sign_in(person)

    def fail(_raw: bytes, _position: int) -> bytes:
        raise RuntimeError("the inside of marie@example.org")

    broken = create_app(site.runtime, fail)
    client = broken.test_client()
    cookie = browser.client.get_cookie("session", domain="localhost")
    assert cookie is not None
    client.set_cookie("session", cookie.value, domain="localhost")
    answer = client.get(file)
    assert answer.status_code == 500
    assert re.search(r"<code>[0-9a-z]{8}</code>", answer.text)
    assert "inside" not in answer.text


@pytest.fixture
def away(site: Site, clock: MovableClock) -> Iterator[Flask]:
    """The same site with its database gone."""
    settings = load_settings(
        {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_DATA": str(site.runtime.where.data),
            "GATEWAY_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none",
            "GATEWAY_REDIS_URL": "redis://127.0.0.1:1/0",
            "GATEWAY_SPOOL__MIN_FREE": "0",
        }
    )
    with open_runtime(settings, clock=clock) as runtime:
        yield create_app(runtime, read_attachment)


def test_without_database_and_redis_there_is_a_page_that_says_so(away: Flask) -> None:
    client = away.test_client()
    assert client.get("/login").status_code == 200, "needs neither"
    client.set_cookie("session", "x", domain="localhost")
    answer = client.get("/tickets", headers={"Accept-Language": "fr"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "rien n’est perdu" in answer.text
    assert "postgresql" not in answer.text


@pytest.fixture
def https_app(tmp_path: object, clock: MovableClock, database: Database, redis_url: str) -> Iterator[Flask]:
    settings = load_settings(
        {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_DATA": f"{tmp_path}/var",
            "GATEWAY_DATABASE_URL": database.url.render_as_string(hide_password=False),
            "GATEWAY_REDIS_URL": redis_url,
            "GATEWAY_HTTP__PUBLIC_URL": "https://support.example.org",
            "GATEWAY_SPOOL__MIN_FREE": "0",
        }
    )
    with open_runtime(settings, clock=clock) as runtime:
        yield create_app(runtime, read_attachment)


def test_over_https_cookies_are_secure_and_browsers_are_told_to_stay(
    https_app: Flask, runtime: Runtime, clock: MovableClock
) -> None:
    site = Site(runtime=https_app.extensions["gateway"].runtime, clock=clock, app=https_app)
    path = site.link(site.person())
    client = https_app.test_client()
    base = "https://support.example.org"
    page = client.get(path, base_url=base)
    found = re.search(r'name="csrf_token" value="([^"]*)"', page.text)
    assert found is not None
    answer = client.post(path, base_url=base, data={"csrf_token": found[1]}, headers={"Referer": ""})
    assert answer.status_code == 303
    cookies = page.headers.getlist("Set-Cookie") + answer.headers.getlist("Set-Cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {"__Host-form", "__Host-session"}
    assert all("Secure" in cookie and "Domain" not in cookie for cookie in cookies)
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert client.get("/login", base_url="https://evil.example").status_code == 400
    assert quote(path) == path, "a link needs no quoting anywhere"
