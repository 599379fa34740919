"""The report form: what is to be put right, what it says before sending, and the ticket that it becomes."""

import io
from typing import Any

import pytest

from gateway.db.my_tickets import list_followed
from gateway.db.outbox import list_deliveries
from gateway.db.people import Person
from gateway.db.receipts import Verdict
from gateway.db.scope import Scope
from gateway.db.ticket_events import history_of
from gateway.db.tickets import Ticket, list_entries
from gateway.domain.events import EventType
from gateway.domain.ticket import Kind, Severity
from gateway.spool.entry import Lane
from tests.service.test_web_lane import file_all
from tests.support.desk import ANA, NINA, staff
from tests.support.web import Browser, Site

INCIDENT = {"kind": "corrective", "severity": "blocking", "subject": "Rien ne sort", "text": "Rien du tout."}


@pytest.fixture
def marie(site: Site) -> Person:
    return site.person()


@pytest.fixture
def browser(site: Site, marie: Person) -> Browser:
    return site.sign_in(marie)


def look(browser: Browser, **form: str) -> Any:
    return browser.post("/report", page="/report", **form)


def send(browser: Browser, **form: Any) -> Any:
    form.setdefault("nonce", "n" * 20)
    return browser.post("/report/send", page="/report", **form)


def reported(site: Site, person: Person) -> list[Ticket]:
    with site.runtime.database.reading() as connection:
        return list_followed(connection, Scope(reporter_id=person.id), limit=10)


def test_before_it_is_sent_the_form_says_what_will_become_of_it(site: Site, browser: Browser) -> None:
    page = look(browser, **INCIDENT).text
    assert "support de niveau 1" in page
    assert "Prise en charge garantie en 12\u00a0h." in page
    assert "Rétablissement garanti en 24\u00a0h." in page
    assert "ouvert jusqu’à 17\u00a0h\u00a030" in page
    minor = look(browser, **INCIDENT | {"severity": "minor"}).text
    assert "48\u00a0h" in minor
    assert "Rétablissement" not in minor
    assert "Hotline" not in minor
    assert site.runtime.spool.waiting(Lane.WEB) == []


@pytest.mark.parametrize(
    ("change", "saying"),
    [
        ({"kind": ""}, "de quoi il s’agit"),
        ({"kind": "preventive"}, "de quoi il s’agit"),
        ({"severity": ""}, "Indiquez la gravité"),
        ({"severity": "huge"}, "Indiquez la gravité"),
        ({"subject": " "}, "Donnez un titre"),
        ({"subject": "x" * 201}, "Ramenez le titre"),
        ({"text": " \r\n"}, "Décrivez"),
        ({"text": "é" * 60_000}, "trop long"),
        ({"kind": "adaptive", "component": "toaster"}, "choisissez dans la liste"),
        ({"kind": "regulatory", "effective_on": "demain"}, "donnez une date"),
    ],
)
def test_what_is_missing_or_wrong_is_said_and_nothing_is_sent(
    site: Site, browser: Browser, change: dict[str, str], saying: str
) -> None:
    form = INCIDENT | change
    for answer in (look(browser, **form), send(browser, **form)):
        assert answer.status_code == 400
        assert saying in answer.text
        assert 'aria-invalid="true"' in answer.text
    assert site.runtime.spool.waiting(Lane.WEB) == []


def test_a_report_is_a_ticket_with_its_severity_times_and_acknowledgement(
    site: Site, browser: Browser, marie: Person
) -> None:
    at = site.clock.now()
    assert send(browser, **INCIDENT, since="ce matin", expected="Une page").location == "/tickets"
    site.clock.move(minutes=3)
    [receipt] = file_all(site)
    [ticket] = reported(site, marie)
    assert (ticket.kind, ticket.severity, ticket.level) == (Kind.CORRECTIVE, Severity.BLOCKING, "N1")
    assert (ticket.subject, ticket.created_at) == ("Rien ne sort", at)
    assert receipt.verdict is Verdict.FILED
    assert "Rien" not in str(receipt.envelope), "nobody's words outlive the entry"
    with site.runtime.database.reading() as connection:
        mails = list_deliveries(connection)
        entry = list_entries(connection, ticket.id, visible_only=True)[0]
        history = history_of(connection, ticket)
    assert [(mail.notice, mail.recipient) for mail in mails if mail.notice == "acknowledgement"] == [
        ("acknowledgement", marie.email)
    ]
    assert [mail.context["report"] for mail in mails if mail.notice == "acknowledgement"] == [{"severity": "blocking"}]
    assert entry.text == "Rien du tout.\n\nDepuis quand\u00a0: ce matin\n\nCe qui était attendu\u00a0:\nUne page"
    assert {event.at for event in history} == {at}, "the clocks run from when it was sent"
    page = browser.get(f"/tickets/{ticket.ref}").text
    assert "Prise en charge garantie en 12\u00a0h" in page


def test_a_double_click_is_one_ticket_and_one_acknowledgement(site: Site, browser: Browser, marie: Person) -> None:
    for _ in range(2):
        send(browser, **INCIDENT)
        site.clock.move(seconds=1)
    assert [receipt.verdict for receipt in file_all(site)] == [Verdict.FILED, Verdict.DUPLICATE]
    assert len(reported(site, marie)) == 1
    with site.runtime.database.reading() as connection:
        assert len([mail for mail in list_deliveries(connection) if mail.notice == "acknowledgement"]) == 1


@pytest.mark.parametrize(("email", "level"), [("marie@example.org", "N1"), (NINA, "N2"), (ANA, "N2")])
@pytest.mark.parametrize("kind", ["corrective", "assistance", "evolutive"])
def test_a_report_enters_at_the_level_that_its_reporter_may_reach(
    site: Site, email: str, level: str, kind: str
) -> None:
    """Before N3 nothing comes by a form."""
    staff(site.runtime)
    person = site.person(email)
    browser = site.sign_in(person)
    assert f"support de niveau {level[1]}" in look(browser, **INCIDENT | {"kind": kind}).text
    send(browser, **INCIDENT | {"kind": kind})
    file_all(site)
    [ticket] = reported(site, person)
    assert (ticket.level, ticket.kind) == (level, kind)
    assert ticket.severity == (Severity.BLOCKING if kind == "corrective" else None)


def test_what_a_kind_of_work_asks_for_is_in_the_history(site: Site, browser: Browser, marie: Person) -> None:
    form = {"kind": "adaptive", "subject": "Firefox", "text": "Nouveau navigateur."}
    details = {"component": "browser", "from_version": "128", "to_version": "140", "source": "not asked for here"}
    send(browser, **form, **details)
    file_all(site)
    [ticket] = reported(site, marie)
    with site.runtime.database.reading() as connection:
        kinds = [event for event in history_of(connection, ticket) if event.type is EventType.KIND]
    assert dict(kinds[-1].details) == {"component": "browser", "from_version": "128", "to_version": "140"}


def test_the_draft_is_there_until_the_report_is_sent(site: Site, browser: Browser) -> None:
    look(browser, **INCIDENT)
    assert "Rien du tout." in browser.get("/report").text
    assert "Rien du tout." not in site.sign_in(site.person("paul@example.org")).get("/report").text
    send(browser, **INCIDENT)
    assert "Rien du tout." not in browser.get("/report").text


def test_a_draft_can_be_kept_unfinished_and_forgotten(site: Site, browser: Browser) -> None:
    browser.post("/report/draft", page="/report", text="À moitié")
    assert "À moitié" in browser.get("/report").text
    browser.post("/report/draft", page="/report", forget="1")
    assert "À moitié" not in browser.get("/report").text


def test_files_that_cannot_be_sent_are_named_and_the_rest_stays(site: Site, browser: Browser) -> None:
    files = [(io.BytesIO(b""), "vide.txt"), (io.BytesIO(b"x"), "image.png")]
    form = {**INCIDENT, "nonce": "n" * 20, "files": files, "csrf_token": browser.field("/report", "csrf_token")}
    answer = browser.client.post("/report/send", data=form, headers=browser.headers)
    assert answer.status_code == 400
    assert "«\u00a0vide.txt\u00a0» est vide" in answer.text
    assert "Rien du tout." in answer.text
    assert site.runtime.spool.waiting(Lane.WEB) == []
