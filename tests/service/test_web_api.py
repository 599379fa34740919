"""Programs do over the API what people do on the pages, by the same rules, with a token."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate

from gateway.domain.ticket import Level, Severity
from gateway.services.api_tokens import make_token, revoke_token
from tests.support.agents import ANA, CHIEF, NINA, Desk
from tests.support.clock import MovableClock
from tests.support.programs import ALL, Program, file_reports
from web.api_routes import ROUTES

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MARIE, PAUL = "marie@example.org", "paul@example.org"
REPORT = {"kind": "corrective", "severity": "major", "subject": "Panne", "text": "Elle fume."}


def test_the_document_is_valid(program: Callable[..., Program]) -> None:
    nina = program(NINA)
    validate(nina.document)
    assert len(nina.ask("GET", "/openapi.json").data) < 85_000


def test_a_long_timeline_is_read_page_after_page(desk: Desk, program: Callable[..., Program]) -> None:
    for number in range(100):
        desk.site.entry(desk.ticket, f"Ligne {number}. " + "é" * 1000)
    nina, cursor, pages = program(NINA), "", list[list[str]]()
    while True:
        path = f"/tickets/{desk.ticket.ref}{cursor}"
        assert len(nina.ask("GET", path).data) < 250_000
        shown = nina.says("GET", path, "/tickets/{ref}")
        assert shown["entries"] == 101
        pages.insert(0, [entry["text"].partition(".")[0] for entry in shown["timeline"]])
        if shown["next"] is None:
            break
        cursor = f"?cursor={shown['next']}"
    assert len(pages) == 4
    assert [text for page in pages for text in page] == ["Elle fume", *(f"Ligne {number}" for number in range(100))]
    for wrong in ("x", "ZTk5OTk5OTk5OQ", "MS4x"):
        assert nina.ask("GET", f"/tickets/{desk.ticket.ref}?cursor={wrong}").status_code == 400


def test_every_answer_is_what_the_document_says(desk: Desk, program: Callable[..., Program]) -> None:
    nina = program(NINA)
    shown = nina.says("GET", f"/tickets/{desk.ticket.ref}", "/tickets/{ref}")
    assert [entry["text"] for entry in shown["timeline"]] == ["Elle fume."]
    assert [row["ref"] for row in nina.says("GET", "/tickets")["tickets"]] == [desk.ticket.ref]
    assert [row["ref"] for row in nina.says("GET", "/search?q=imprimante")["tickets"]] == [desk.ticket.ref]
    assert nina.says("GET", "/calls") == {"calls": [], "next": None}


def test_pages_follow_each_other_without_a_gap(desk: Desk, program: Callable[..., Program]) -> None:
    marie = desk.site.person()
    for number in range(4):
        desk.site.clock.move(seconds=number % 2)  # some moved in the same moment
        desk.site.ticket(marie, f"Panne {number}")
    nina = program(NINA)
    whole = [row["ref"] for row in nina.says("GET", "/tickets")["tickets"]]
    found, path = [], "/tickets?limit=2"
    while path:
        page = nina.says("GET", path)
        found += [row["ref"] for row in page["tickets"]]
        path = f"/tickets?limit=2&cursor={page['next']}" if page["next"] else ""
    assert found == whole
    assert len(found) == 5


@pytest.mark.parametrize(
    ("query", "count"),
    [
        *(("level=N1", 1), ("level=N2", 0), ("status=new", 1), ("severity=minor", 0), ("assignee=nobody", 1)),
        *(("assignee=me", 0), ("project=DEMO", 1), ("project=OTHER", 0), ("since=2001-01-01T00:00:00Z", 1)),
    ],
)
def test_tickets_are_filtered(program: Callable[..., Program], query: str, count: int) -> None:
    assert len(program(NINA).says("GET", f"/tickets?{query}")["tickets"]) == count


def test_an_act_is_done_on_the_version_that_was_read(desk: Desk, program: Callable[..., Program]) -> None:
    nina = program(NINA)
    etag = nina.ask("GET", f"/tickets/{desk.ticket.ref}").headers["ETag"]
    done = nina.change(desk.ticket.ref, etag, severity="major", reply="Nous regardons.", assign=NINA)
    assert done.status_code == 200
    assert (done.json["severity"], done.json["status"], done.json["assignee"]) == ("major", "open", NINA)
    assert nina.change(desk.ticket.ref, etag, severity="minor").status_code == 412
    assert desk.now().severity == Severity.MAJOR
    assert nina.change(desk.ticket.ref, done.headers["ETag"], severity="minor").status_code == 200


def test_the_same_words_sent_again_are_taken_once(desk: Desk, program: Callable[..., Program]) -> None:
    nina = program(NINA)
    etag = nina.ask("GET", f"/tickets/{desk.ticket.ref}").headers["ETag"]
    answers = [nina.change(desk.ticket.ref, etag, reply="Nous regardons.") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [entry["text"] for entry in answers[1].json["timeline"]].count("Nous regardons.") == 1


@pytest.mark.parametrize(("headers", "status"), [({}, 428), ({"If-Match": '"x"'}, 412), ({"If-Match": "*"}, 200)])
def test_an_act_names_the_version_it_is_for(
    desk: Desk, program: Callable[..., Program], headers: dict[str, str], status: int
) -> None:
    answer = program(NINA).ask("PATCH", f"/tickets/{desk.ticket.ref}", headers=headers, json={"note": "x"})
    assert answer.status_code == status


def test_a_token_can_do_no_more_than_its_person(desk: Desk, program: Callable[..., Program]) -> None:
    desk.act(note="entre nous")
    marie = program(MARIE)
    shown = marie.says("GET", f"/tickets/{desk.ticket.ref}", "/tickets/{ref}")
    assert [entry["text"] for entry in shown["timeline"]] == ["Elle fume."]
    assert "entre nous" not in json.dumps(shown)
    assert marie.change(desk.ticket.ref, "*", severity="blocking").status_code == 403
    assert marie.change(desk.ticket.ref, "*", note="x").status_code == 403


def test_notes_of_n2_are_not_for_n1(desk: Desk, program: Callable[..., Program]) -> None:
    desk.act(severity=Severity.BLOCKING)
    desk.act(level=Level.N2)
    desk.act(ANA, note="secret de N2")
    assert "secret de N2" not in json.dumps(program(NINA).ask("GET", f"/tickets/{desk.ticket.ref}").json)
    assert "secret de N2" in json.dumps(program(ANA).ask("GET", f"/tickets/{desk.ticket.ref}").json)


def test_what_is_not_theirs_is_as_what_does_not_exist(desk: Desk, program: Callable[..., Program]) -> None:
    for who in (PAUL, ANA):
        other = program(who)
        answers = [other.ask("GET", f"/tickets/{ref}") for ref in (desk.ticket.ref, "DEMO-99", "x")]
        answers += [other.change(ref, "*", note="x") for ref in (desk.ticket.ref, "DEMO-99", "x")]
        assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}
        assert other.says("GET", "/tickets")["tickets"] == []
        assert other.says("GET", "/search?q=imprimante")["tickets"] == []


def test_a_report_is_taken_once_for_each_key(desk: Desk, program: Callable[..., Program]) -> None:
    marie = program(MARIE)
    key = {"Idempotency-Key": "import-2026-11-24"}
    first, second = (marie.says("POST", "/reports", headers=key, json=REPORT) for _ in range(2))
    assert first == second == {"number": first["number"], "ticket": None}
    assert marie.ask("GET", f"/reports/{first['number']}").status_code == 404
    file_reports(desk)
    third = marie.says("POST", "/reports", headers=key, json=REPORT)
    assert third["ticket"] == "DEMO-2"
    assert marie.says("GET", f"/reports/{first['number']}", "/reports/{number}") == third
    assert len(marie.says("GET", "/tickets")["tickets"]) == 2
    assert marie.ask("POST", "/reports", headers=key, json={**REPORT, "text": "Autre"}).status_code == 422
    assert program(PAUL).ask("GET", f"/reports/{first['number']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "key", "status"),
    [
        (REPORT, "", 400),
        (REPORT, "short", 400),
        ({**REPORT, "severity": None}, "long-enough", 422),
        ({**REPORT, "subject": " "}, "long-enough", 422),
        ({**REPORT, "kind": "preventive"}, "long-enough", 422),
        ({**REPORT, "project": "NONE"}, "long-enough", 202),  # there is one project alone
        ({**REPORT, "author": CHIEF}, "long-enough", 400),
        ({}, "long-enough", 400),
    ],
)
def test_what_the_form_would_refuse_is_refused(
    program: Callable[..., Program], body: dict[str, Any], key: str, status: int
) -> None:
    answer = program(MARIE).ask("POST", "/reports", headers={"Idempotency-Key": key}, json=body)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"data": b"{", "content_type": "application/json"}, 400),
        ({"data": b"[" * 100_000, "content_type": "application/json"}, 400),
        ({"data": b"{}", "content_type": "text/plain"}, 415),
        ({"json": {"reply": "x" * 100_001}}, 400),
        ({"data": b" " * 500_000, "content_type": "application/json"}, 413),
    ],
)
def test_bodies_are_bounded(desk: Desk, program: Callable[..., Program], more: dict[str, Any], status: int) -> None:
    answer = program(NINA).ask("PATCH", f"/tickets/{desk.ticket.ref}", headers={"If-Match": "*"}, **more)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def test_errors_are_problem_documents(program: Callable[..., Program]) -> None:
    nina = program(NINA)
    for method, path, status in [
        ("GET", "/none", 404),
        ("DELETE", "/tickets", 405),
        ("GET", "/tickets?limit=0", 400),
        ("GET", "/tickets?cursor=é", 400),
        ("GET", "/tickets?whose=mine", 400),
        ("GET", "/tickets?since=0001-01-01T00:00:00%2B14:00", 400),
    ]:
        answer = nina.ask(method, path)
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), path
        assert answer.json["status"] == status


def test_only_a_token_lets_in_and_no_session(desk: Desk) -> None:
    browser = desk.browser(CHIEF)
    for headers in ({}, {"Authorization": "Bearer sgw_1_" + "x" * 43}, {"Authorization": "Basic eDp5"}):
        answer = browser.client.get("/api/v1/tickets", headers=headers)
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert "Set-Cookie" not in answer.headers


def test_a_token_that_has_ended_lets_nobody_in(desk: Desk, clock: MovableClock) -> None:
    made = [make_token(desk.site.runtime, email=NINA, scopes=ALL, days=1) for _ in range(2)]
    first, second = (Program(desk, one.token) for one in made)
    revoke_token(desk.site.runtime, made[0].id)
    assert [one.ask("GET", "/tickets").status_code for one in (first, second)] == [401, 200]
    clock.move(days=1)
    assert second.ask("GET", "/tickets").status_code == 401


def test_wrong_tokens_are_counted_and_right_ones_are_not(desk: Desk, program: Callable[..., Program]) -> None:
    right, wrong = program(NINA), Program(desk, "sgw_1_" + "x" * 43)
    assert {right.ask("GET", "/tickets").status_code for _ in range(30)} == {200}
    assert [wrong.ask("GET", "/tickets").status_code for _ in range(21)] == [401] * 20 + [429]


def test_nothing_that_the_document_allows_breaks_it(desk: Desk, program: Callable[..., Program]) -> None:
    """Schemathesis: requests drawn from the document, good and bad ones; no answer that the document does not name."""
    next(iter(desk.site.app.extensions["limiter"])).enabled = False
    nina = program(NINA)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", desk.site.app)
    operations = [found.ok() for found in schema.get_all_operations()]
    cases = st.one_of(operation.as_strategy() for operation in operations)

    @settings(
        max_examples=150,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, version=st.sampled_from(["*", '"1-1"', None]))
    def ask(case: Any, version: str | None) -> None:
        if "ref" in case.path_parameters and version is not None:
            case.path_parameters["ref"] = desk.ticket.ref
            case.headers["If-Match"] = version
        headers = {"Authorization": f"Bearer {nina._token}"}
        case.call_and_validate(headers=headers, excluded_checks=EXCLUDED)

    ask()
    assert len(operations) == len(ROUTES)


EXCLUDED = [
    check
    for name in ("positive_data_acceptance", "ignored_auth", "unsupported_method", "missing_required_header")
    if (check := getattr(schemathesis.checks, name, None)) is not None
]
"""What the contract's rules refuse is well-formed too; the others ask more than one request, and have tests here."""
