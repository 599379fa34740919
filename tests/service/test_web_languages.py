"""Every page in French and in English: nothing but what people wrote reads the same in both."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import lxml.html
import pytest

from gateway.db.people import add_membership, get_or_create_person
from gateway.domain.ticket import Role
from tests.support.agents import CHIEF
from tests.support.planted import MARIE, plant
from tests.support.web import Browser, Site

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WORDS = re.compile(r"[^\W\d_]{2,}")
WRITTEN = re.compile(
    r"MARQUE|Marie|Moi aussi|Demandez à|Imprimante|@|Application de démonstration|DEMO|127\.0\.0\.1|RUNBOOK",
    re.IGNORECASE,
)
"""What people of the planted data wrote or are called, and the name of a file."""


@pytest.fixture
def site_of_all(site: Site) -> Site:
    plant(site.runtime)
    with site.runtime.database.transaction() as connection:
        chief = get_or_create_person(connection, email=CHIEF, name="", now=site.clock.now())
        for role in (Role.SUPERVISOR, Role.N2):
            add_membership(connection, person_id=chief.id, project="DEMO", role=role)
    return site


def texts(html: str) -> Iterator[str]:
    """What is read of a page, by eye or by ear, without what is marked as another language."""
    page = lxml.html.fromstring(html)
    for node in page.xpath("//script|//style"):
        node.drop_tree()
    own = page.get("lang")
    for node in page.xpath(f"//*[@lang and not(@lang='{own}')]"):
        node.drop_tree()
    for node in page.iter():
        for text in (node.text, node.tail, *(node.get(name) for name in ("title", "alt", "aria-label", "placeholder"))):
            if text and text.strip():
                yield " ".join(text.split())


def crawl(browser: Browser, start: list[str]) -> dict[str, str]:
    """The pages that links lead to, by path."""
    found: dict[str, str] = {}
    waiting = list(start)
    while waiting:
        path = waiting.pop()
        if path in found or len(found) > 120:
            continue
        answer = browser.get(path)
        is_page = answer.content_type.startswith("text/html") and answer.status_code not in range(300, 400)
        found[path] = answer.text if is_page else ""
        if not found[path]:
            continue
        for link in lxml.html.fromstring(found[path]).xpath("//a[not(@download)]/@href"):
            parts = urlsplit(urljoin(f"http://x{path}", link))
            is_page = "lang=" not in parts.query and not parts.path.startswith(("/language", "/logout", "/sent"))
            if is_page and parts.netloc == "x":
                waiting.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    return found


@pytest.mark.parametrize("email", [MARIE, CHIEF])
def test_no_page_shows_a_sentence_of_the_other_language(site_of_all: Site, email: str) -> None:
    person = site_of_all.person(email)
    start = ["/tickets", "/report", "/tickets?q=xyzzy", "/desk", "/no-such-page"]
    french, english = (crawl(site_of_all.sign_in(person, prefers=lang), start) for lang in ("fr", "en"))
    assert len(french) > 5
    assert set(french) == set(english)
    same = {
        (text, path)
        for path in french
        if french[path]
        for text in set(texts(french[path])) & set(texts(english[path]))
        if len(WORDS.findall(text)) > 2 and " " in text and not WRITTEN.search(text)
    }
    shown: dict[str, str] = dict(same)
    assert shown == {}
