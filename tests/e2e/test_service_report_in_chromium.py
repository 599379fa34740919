"""The service report in a real browser: for everybody's eyes and ears, on a telephone, and on paper.

Screenshots stay in the test's own folder, for people to look at.
"""

from pathlib import Path
from typing import Any

import pytest

from gateway.domain.ticket import Severity, Status
from tests.support.agents import CHIEF, Desk
from tests.support.axe import violations
from tests.support.chromium import open_page

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
def page_path(desk: Desk) -> str:
    """The report of a period with an incident that was answered, restored too late and taken up again."""
    began = desk.site.clock.now().date()
    desk.act(severity=Severity.BLOCKING)
    desk.act(reply="Nous regardons.")
    desk.site.clock.move(hours=30)
    desk.act(status=Status.RESOLVED)
    desk.act(status=Status.OPEN)
    return f"/desk/report?from={began}&to={desk.site.clock.now().date()}"


@pytest.mark.parametrize(("lang", "width", "scheme"), [("fr-FR", 320, "light"), ("en-GB", 1280, "dark")])
def test_nobody_is_kept_from_reading_it(
    chromium: Any, desk: Desk, url: str, page_path: str, tmp_path: Path, lang: str, width: int, scheme: str
) -> None:
    page, complaints = open_page(chromium, url, width=width, lang=lang, scheme=scheme)
    page.goto(desk.site.link(desk.site.person(CHIEF)))
    page.click("main button")
    page.wait_for_url(f"{url}/**")
    page.goto(page_path)
    for summary in page.locator("main summary").all():
        summary.click()
    page.screenshot(path=tmp_path / f"report-{width}.png", full_page=True)
    assert (violations(page), complaints) == ([], [])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    charts = page.get_by_role("img")
    assert charts.count() == 4
    # No label of a bar runs into its value.
    ends = "[one.previousElementSibling.getBoundingClientRect().right, one.getBoundingClientRect().left]"
    found = page.eval_on_selector_all(".chart .value", f"all => all.map(one => {ends})")
    assert all(label_ends < value_begins for label_ends, value_begins in found)


def test_on_paper_there_is_the_report_and_nothing_to_press(
    chromium: Any, desk: Desk, url: str, page_path: str, tmp_path: Path
) -> None:
    page, _ = open_page(chromium, url, width=794, lang="fr-FR")
    page.goto(desk.site.link(desk.site.person(CHIEF)))
    page.click("main button")
    page.wait_for_url(f"{url}/**")
    page.goto(page_path)
    page.emulate_media(media="print")
    page.screenshot(path=tmp_path / "report-print.png", full_page=True)
    for name in (".deskbar", ".filters", "header.site", "footer.site", ".buttons"):
        assert not page.locator(name).first.is_visible(), name
    assert all(table.is_visible() for table in page.locator(".chart table").all())
