"""A ticket with a very long conversation: small pages, every entry within reach, everything on demand."""

import re

import pytest
from sqlalchemy import insert, select

from gateway.db.tickets import entries
from gateway.domain.ticket import Direction, EntryType
from tests.support.agents import NINA, Desk


@pytest.fixture
def long_desk(desk: Desk) -> Desk:
    """DEMO-1 with 120 entries more, an internal note among them."""
    for number in range(120):
        desk.site.entry(desk.ticket, f"Ligne {number}.")
    desk.site.entry(
        desk.ticket,
        "Entre nous.",
        type=EntryType.NOTE,
        direction=Direction.INTERNAL,
        visible=False,
        data={"level": "N1"},
    )
    return desk


def texts(page: str) -> list[str]:
    return re.findall(r'<div class="text" dir="auto">([^<]*)</div>', page)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the cut is ours, the queries are plain
def test_the_newest_is_shown_and_every_entry_is_reached_by_its_anchor(long_desk: Desk) -> None:
    for who, path in (("marie@example.org", f"/tickets/{long_desk.ticket.ref}"), (NINA, long_desk.path)):
        browser = long_desk.browser(who)
        page = browser.get(path).text
        shown = texts(page)
        assert "Ligne 119." in shown
        assert "Ligne 5." not in shown
        assert ("Entre nous." in shown) == (who == NINA)
        assert len(page) < 100_000
        link = re.search(r'<a href="([^"]*)"[^>]*><span class="aside">[^<]*</span>1(.*?)</a>', page)
        assert link is not None
        anchors = re.findall(r'<i id="e(\d+)"></i>', link[2])
        part = browser.get(link[1].partition("#")[0]).text
        assert "Ligne 5." in texts(part)
        assert [anchor for anchor in anchors if "<article" in part and f'id="e{anchor}"' in part] == anchors
        assert [id for id in re.findall(r'id="(e\d+)"', part) if part.count(f'id="{id}"') > 1] == []
        whole = browser.get(f"{path}?whole=1").text
        assert len(texts(whole)) == 121 + (who == NINA)
        assert 'class="parts"' not in whole


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_very_long_text_is_cut_with_a_way_to_all_of_it(desk: Desk) -> None:
    desk.site.entry(desk.ticket, "mot " * 50_000, removed_text="cité " * 50_000)
    browser = desk.browser("marie@example.org")
    path = f"/tickets/{desk.ticket.ref}"
    page = browser.get(path).text
    assert len(page) < 100_000
    assert f'href="{path}?whole=1#e' in page
    assert len(browser.get(f"{path}?whole=1").text) > 400_000


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_of_very_many_parts_a_few_links_lead_to_each_in_a_few_steps(desk: Desk) -> None:
    with desk.site.runtime.database.transaction() as connection:
        plain = {"ticket_id": desk.ticket.id, "type": "message", "direction": "in", "author": "Marie", "visible": True}
        plain |= {"channel": "web", "removed_text": "", "reference_ids": [], "data": {}, "at": desk.site.clock.now()}
        rows = [{**plain, "text": f"Ligne {number}."} for number in range(2_000)]
        connection.execute(insert(entries), rows)
        wanted = connection.execute(select(entries.c.id).where(entries.c.text == "Ligne 700.")).scalar_one()
    browser = desk.browser("marie@example.org")
    path, steps = f"/tickets/{desk.ticket.ref}", 0
    page = browser.get(path).text
    while "Ligne 700." not in texts(page):
        links = re.findall(r'<a href="([^"]*)"[^>]*><span class="aside">[^<]*</span>[\d–]+(.*?)</a>', page)
        assert 5 <= len(links) <= 13
        (path,) = [link for link, anchors in links if f'id="e{wanted}"' in anchors]
        page = browser.get(path.partition("#")[0]).text
        steps += 1
        assert steps < 6, "each link leads much nearer"
