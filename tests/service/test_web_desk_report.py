"""The service report at the desk: who sees it, what it shows, and a table that is safe to open."""

import csv
import re
from datetime import timedelta
from io import StringIO

import pytest

from gateway.db.people import add_membership, get_or_create_person
from gateway.db.receipts import Receipt, Verdict, add_receipt
from gateway.domain.call import Outcome as CallOutcome
from gateway.domain.events import By
from gateway.domain.judged_clocks import Verdict as MissVerdict
from gateway.domain.service_report import Silenced
from gateway.domain.ticket import Kind, Role, Severity
from tests.support.agents import ANA, CHIEF, DEV, NINA, Desk

MARIE = "marie@example.org"
FORMULA = "=cmd|'/c calc'!A1"


@pytest.fixture
def busy(desk: Desk) -> str:
    """DEMO with an incident that was answered and never restored, and a mail that somebody discarded; its query."""
    desk.act(severity=Severity.BLOCKING)
    desk.site.clock.move(hours=1)
    desk.act(reply="Bonjour")
    now = desk.site.clock.now()
    receipt = Receipt(
        spool_id="s1",
        lane="mail",
        project="DEMO",
        fingerprint="f",
        message_id=None,
        sha256="0" * 64,
        verdict=Verdict.DISCARDED,
        reason=FORMULA,
        ticket_id=None,
        entry_id=None,
        trace=[],
        envelope={},
        accepted_at=now,
        filed_at=now,
    )
    with desk.site.runtime.database.transaction() as connection:
        add_receipt(connection, receipt)
    desk.site.clock.move(hours=30)
    return f"from={now.date() - timedelta(days=1)}&to={now.date() + timedelta(days=2)}"


def test_only_supervisors_of_the_project_get_the_report(desk: Desk, busy: str) -> None:
    with desk.site.runtime.database.transaction() as connection:
        person = get_or_create_person(connection, email="other@support.example", name="", now=desk.site.clock.now())
        add_membership(connection, person_id=person.id, project="OTHER", role=Role.SUPERVISOR)
    for who, code in ((MARIE, 404), (NINA, 404), (ANA, 404), (DEV, 404), ("other@support.example", 404), (CHIEF, 200)):
        browser = desk.browser(who)
        for path in ("/desk/report", "/desk/report.csv"):
            assert browser.get(f"{path}?project=DEMO&{busy}").status_code == code, (who, path)
        if who != MARIE:
            assert ('href="/desk/report"' in browser.get("/desk").text) == (code == 200)


def test_no_other_project_is_told_of(desk: Desk, busy: str) -> None:
    chief = desk.browser(CHIEF)
    for path in ("/desk/report", "/desk/report.csv"):
        for project in ("OTHER", "demo", ""):
            assert chief.get(f"{path}?project={project}&{busy}").status_code == 404


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_page_shows_figures_charts_and_why_a_time_was_missed(desk: Desk, busy: str, lang: str) -> None:
    page = desk.browser(CHIEF, prefers=lang).get(f"/desk/report?{busy}").text
    told = {
        "fr": ("GTI – Bloquante", "tenus\u00a0: 1 sur 1", "Le service n’est pas encore rétabli.", "retard"),
        "en": ("GTI – Blocking", "kept: 1 of 1", "The service is not restored yet.", "late by 7\u00a0h"),
    }[lang]
    for words in (*told, desk.ticket.ref):
        assert words in page
    charts = re.findall(r'<svg role="img" aria-labelledby="([\w-]+) ([\w-]+)".*?</details>', page, re.DOTALL)
    assert len(charts) == 3
    for title, says in charts:
        assert f'<title id="{title}">' in page
        assert f'<desc id="{says}">' in page
    assert page.count("<table>") == len(charts) + 2
    assert "style=" not in page


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("asked", ["from=2026-11-31", "from=2026-11-02&to=2026-11-01", "to=x", "to=9999-12-31"])
def test_days_that_are_none_bring_the_form_back(desk: Desk, asked: str) -> None:
    chief = desk.browser(CHIEF)
    answer = chief.get(f"/desk/report?{asked}")
    assert answer.status_code == 400
    assert 'aria-invalid="true"' in answer.text
    assert chief.get(f"/desk/report.csv?{asked}").status_code == 400


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_days_it_is_the_last_whole_month(desk: Desk) -> None:
    page = desk.browser(CHIEF, prefers="en").get("/desk/report").text
    assert "From October 1, 2026 to October 31, 2026" in page


def test_the_table_is_a_download_without_formulas(desk: Desk, busy: str) -> None:
    answer = desk.browser(CHIEF).get(f"/desk/report.csv?{busy}")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="DEMO-2026-')
    rows = list(csv.DictReader(StringIO(answer.data.decode("utf-8-sig"))))
    [miss] = [row for row in rows if row["Rubrique"] == "Délai garanti manqué"]
    assert (miss["Élément"], miss["Valeur"], miss["Unité"]) == (desk.ticket.ref, str(7 * 60), "minutes")
    assert "Gravité : Bloquante" in miss["Explication"].replace("\N{NO-BREAK SPACE}", " ")
    [discarded] = [row for row in rows if row["Élément"] == "Courriel écarté par une personne"]
    assert discarded["Détail"] == f"'{FORMULA}"
    codes = {*map(str, Silenced), *map(str, CallOutcome), *map(str, Kind), *map(str, MissVerdict), *map(str, By)}
    words = {row[name] for row in rows for name in ("Rubrique", "Élément", "Détail", "Unité")}
    assert words & codes == set()
    english = desk.browser(CHIEF, prefers="en").get(f"/desk/report.csv?{busy}").data.decode("utf-8-sig")
    assert english.startswith("Section,Item,Detail,Value,Unit,Explanation")
