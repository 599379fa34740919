"""Every route of the application, asked by everybody, of their own things and of others': made from the URL map.

A route that is added has no line here, and then the first test fails.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.config.load import Settings, load_settings
from gateway.db.people import add_membership, get_or_create_person
from gateway.db.tickets import list_entries
from gateway.domain.ticket import Level, Role, Severity
from gateway.services.api_tokens import Scope, make_token
from tests.support.agents import ANA, CHIEF, DEV, NINA, Desk
from tests.support.web import Browser
from web.auth import PUBLIC

MARIE, PAUL = "marie@example.org", "paul@example.org"
STRANGERS = {"other-n1@client.example": Role.N1, "other-chief@support.example": Role.SUPERVISOR}
"""Agents of another project."""
EVERYBODY = frozenset({MARIE, PAUL, NINA, ANA, DEV, CHIEF, *STRANGERS})
NOBODY: frozenset[str] = frozenset()
STAFF = EVERYBODY - {MARIE, PAUL}

# Who gets past the door of a route where the ticket in its path is DEMO-1: Marie's, before N1, never before another
# level. For everybody else there is no such page. The others have no ticket in their path.
TICKET_ROUTES = {
    **dict.fromkeys(
        (*("ticket", "attachment", "preview", "formatted", "reply", "ticket_outcome", "ticket_people"),),
        frozenset({MARIE}),
    ),
    **dict.fromkeys(
        (
            *("desk_ticket", "desk_act", "desk_merge", "desk_split", "desk_link", "desk_people"),
            *("desk_file", "desk_raw", "desk_formatted"),
        ),
        frozenset({NINA, CHIEF}),
    ),
}
PLAIN_ROUTES = {
    **dict.fromkeys(("tickets", "report", "look_report", "save_report", "send_report", "logout"), EVERYBODY),
    **dict.fromkeys(("account", "account_sessions"), EVERYBODY),
    **dict.fromkeys(("desk", "desk_search", "desk_calls", "desk_call_log"), STAFF),
    **dict.fromkeys(("desk_duty", "desk_advisories"), STAFF),
    "desk_advisory_open": frozenset({ANA, CHIEF, "other-chief@support.example"}),
    **dict.fromkeys(("desk_duty_day", "desk_duty_swap"), frozenset({CHIEF})),
    "desk_mail": frozenset({ANA, CHIEF, "other-chief@support.example"}),
    **dict.fromkeys(
        (
            *("desk_report", "desk_report_csv", "desk_status", "desk_templates", "desk_audit", "desk_audit_csv"),
            *("desk_persons", "desk_template", "desk_template_layout"),
        ),
        frozenset({CHIEF, "other-chief@support.example"}),
    ),
    # An empty form gives somebody no role in no project: even supervisors get in only with a project of theirs, and to
    # people of theirs alone. The person in the paths is the first of DEMO.
    **dict.fromkeys(("desk_person_add", "desk_person_give", "desk_person_take"), NOBODY),
    **dict.fromkeys(
        (*("desk_person", "desk_person_change", "desk_token_make", "desk_token_end", "desk_session_end"),),
        frozenset({CHIEF}),
    ),
    # There is no call, call back, mail or advisory in this test, and no sign-in by password: nobody gets in. Their own
    # tests let people in.
    **dict.fromkeys(
        (
            *("desk_sound", "desk_call_link", "desk_call_ticket", "desk_call_discard", "desk_callback"),
            *("desk_advisory", "desk_advisory_step"),
            *("account_app", "account_begin_app", "account_set_up", "account_change", "account_do_change"),
            *("desk_factors_reset", "desk_factors_code"),
            *("desk_held_raw", "desk_held_release", "desk_held_discard", "desk_aside_replay", "desk_aside_discard"),
        ),
        NOBODY,
    ),
}
"""Routes without a ticket."""


# The API: the scope that opens a route, and who then gets in where its ticket is DEMO-1 or there is none.
READERS = frozenset({MARIE, NINA, CHIEF})
WORKERS = frozenset({ANA, CHIEF, "other-chief@support.example"})
API_ROUTES = {
    **dict.fromkeys(("api.list_tickets", "api.search"), (Scope.TICKETS_READ, EVERYBODY)),
    "api.show_ticket": (Scope.TICKETS_READ, READERS),
    "api.download_file": (Scope.TICKETS_READ, READERS),
    **dict.fromkeys(
        (*("api.change_ticket", "api.merge_ticket", "api.split_ticket", "api.link_ticket", "api.change_people"),),
        (Scope.TICKETS_WRITE, READERS),
    ),
    **dict.fromkeys(("api.raw_mail", "api.explain_ticket"), (Scope.EVIDENCE_READ, frozenset({NINA, CHIEF}))),
    "api.report": (Scope.REPORT, EVERYBODY),
    **dict.fromkeys(("api.reply", "api.say_outcome", "api.leave_ticket"), (Scope.REPORT, frozenset({MARIE}))),
    "api.show_report": (Scope.REPORT, NOBODY),
    **dict.fromkeys(("api.list_calls", "api.list_waiting_calls", "api.list_callbacks"), (Scope.CALLS_READ, EVERYBODY)),
    **dict.fromkeys(("api.show_call", "api.download_recording"), (Scope.CALLS_READ, NOBODY)),
    "api.log_call": (Scope.CALLS_WRITE, frozenset({NINA, CHIEF})),
    **dict.fromkeys(
        ("api.link_call", "api.ticket_from_call", "api.discard_call", "api.settle_callback"),
        (Scope.CALLS_WRITE, NOBODY),
    ),
    **dict.fromkeys(("api.list_held", "api.list_quarantine"), (Scope.MAIL_READ, EVERYBODY)),
    "api.held_raw": (Scope.MAIL_READ, NOBODY),
    **dict.fromkeys(
        ("api.release_held", "api.discard_held", "api.replay_entry", "api.discard_entry"), (Scope.MAIL_WRITE, NOBODY)
    ),
    "api.show_duty": (Scope.DUTY_READ, EVERYBODY),
    **dict.fromkeys(("api.set_duty", "api.swap_duty"), (Scope.DUTY_WRITE, frozenset({CHIEF}))),
    "api.list_advisories": (Scope.ADVISORIES_READ, EVERYBODY),
    "api.open_advisory": (Scope.ADVISORIES_WRITE, WORKERS),
    "api.step_advisory": (Scope.ADVISORIES_WRITE, NOBODY),
    "api.figures": (Scope.FIGURES_READ, frozenset({CHIEF})),
}
API_PUBLIC = frozenset({"api.document"})


@dataclass(kw_only=True)
class Door:
    """One method of one route, as an address to ask."""

    endpoint: str
    method: str
    path: str


def doors(desk: Desk, *, ref: str, file_id: int, entry_id: int) -> Iterator[Door]:
    values: dict[str, object] = {"ref": ref, "attachment_id": file_id, "file_id": file_id, "entry_id": entry_id}
    values |= {"project": "DEMO", "change": "password"}
    values |= {"name": "answer", "lang": "fr", "person_id": desk.site.person(NINA).id}
    for rule in desk.site.app.url_map.iter_rules():
        if rule.endpoint in PUBLIC or rule.endpoint.startswith("api."):
            continue
        given = {name: values.get(name, 1) for name in rule.arguments}
        path = desk.site.app.url_map.bind("localhost").build(rule.endpoint, given)
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            yield Door(endpoint=rule.endpoint, method=method, path=path)


@pytest.fixture
def world(desk: Desk) -> Callable[[], list[Door]]:
    """DEMO-1 with a file on an entry that its reporter sees; and agents of another project."""
    with desk.site.runtime.database.transaction() as connection:
        for email, role in STRANGERS.items():
            person = get_or_create_person(connection, email=email, name="", now=desk.site.clock.now())
            add_membership(connection, person_id=person.id, project="OTHER", role=role)
    desk.site.app.config["WTF_CSRF_ENABLED"] = False
    file = desk.site.entry_with_file(desk.ticket, name="a.png", kind="image/png", content=b"x")
    with desk.site.runtime.database.reading() as connection:
        entry_id = max(row.id for row in list_entries(connection, desk.ticket.id))
    file_id = int(file.rpartition("/")[2])
    # mypy cannot tell the default of a lambda.
    return lambda ref=desk.ticket.ref: list(doors(desk, ref=ref, file_id=file_id, entry_id=entry_id))  # type: ignore[misc]


@pytest.fixture
def settings(tmp_path: Path, database_url: str, redis_url: str) -> Settings:
    """Two projects, DEMO and OTHER."""
    projects = {key: {"name": key.title(), "addresses": [f"support@{key}.example"]} for key in ("demo", "other")}
    return load_settings(
        {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_DATA": str(tmp_path / "var"),
            "GATEWAY_DATABASE_URL": database_url,
            "GATEWAY_REDIS_URL": redis_url,
            "GATEWAY_SPOOL__MIN_FREE": "0",
            "GATEWAY_PROJECTS": json.dumps(projects),
        }
    )


def is_let_in(browser: Browser, door: Door) -> bool:
    """Whether the route knows such a thing for this person; what it then says of an empty form is another matter."""
    answer = browser.client.open(door.path, method=door.method, data={}, headers=browser.headers, buffered=True)
    assert answer.status_code != 500, door
    if door.endpoint == "ticket" and (answer.location or "").startswith("/desk/"):
        return False  # agents are sent to the desk, whether or not there is such a ticket: there it is decided
    return answer.status_code != 404


def test_every_route_has_its_line(desk: Desk) -> None:
    routes = {rule.endpoint for rule in desk.site.app.url_map.iter_rules()}
    assert routes == PUBLIC | set(TICKET_ROUTES) | set(PLAIN_ROUTES) | API_PUBLIC | set(API_ROUTES)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the rights' own tests ask both databases
@pytest.mark.parametrize("email", sorted(EVERYBODY))
def test_everybody_gets_in_where_they_may_and_nowhere_else(
    desk: Desk, world: Callable[[], list[Door]], email: str
) -> None:
    browser = desk.browser(email)
    for door in sorted(world(), key=lambda door: door.endpoint == "logout"):
        allowed = email in {**TICKET_ROUTES, **PLAIN_ROUTES}[door.endpoint]
        # The one file of the test is no picture and has no layout: those pages have nothing to show.
        if door.endpoint in {"preview", "formatted", "desk_formatted"}:
            allowed = False
        assert is_let_in(browser, door) == allowed, door


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_n2_and_n3_get_in_once_it_was_before_them(desk: Desk, world: Callable[[], list[Door]]) -> None:
    desk.act(severity=Severity.BLOCKING)
    desk.act(level=Level.N2)
    desk.site.clock.move(minutes=1)
    desk.act(ANA, level=Level.N1, reason="à vous")
    pages = [door for door in world() if door.endpoint == "desk_ticket"]
    assert [is_let_in(desk.browser(who), door) for door in pages for who in (ANA, DEV)] == [True, False]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_ticket_that_does_not_exist_is_nobodys(desk: Desk, world: Callable[..., list[Door]]) -> None:
    browser = desk.browser(CHIEF)
    for ref in ("DEMO-99", "OTHER-1", "demo-1", "'", "%00"):
        for door in world(ref):
            if door.endpoint in TICKET_ROUTES:
                assert not is_let_in(browser, door), door


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_ticket_that_is_not_theirs_reads_like_one_that_does_not_exist(desk: Desk) -> None:
    for who in (ANA, *STRANGERS, MARIE):
        browser = desk.browser(who)
        theirs, none = (browser.get(path) for path in (desk.path, "/desk/tickets/DEMO-99"))
        assert (theirs.status_code, theirs.text.split("<main")[1]) == (none.status_code, none.text.split("<main")[1])


def test_strangers_are_sent_to_sign_in_from_everywhere(desk: Desk, world: Callable[[], list[Door]]) -> None:
    for door in world():
        answer = desk.site.browser().client.open(door.path, method=door.method, data={})
        assert (answer.status_code, answer.location) == (303, "/login"), door


# What is well-formed, and where somebody gets in does as little as possible.
BODIES = {
    "api.merge_ticket": {"into": "DEMO-1"},
    "api.split_ticket": {"entries": [1]},
    "api.link_ticket": {"other": "DEMO-1"},
    "api.reply": {"text": ""},
    "api.say_outcome": {"answer": "works"},
    "api.log_call": {"ticket": "DEMO-1", "began_at": "2099-01-01T00:00:00Z", "seconds": 60},
    "api.link_call": {"ticket": "DEMO-1"},
    "api.settle_callback": {"state": "done"},
    **{name: {"reason": "x"} for name in ("api.discard_call", "api.discard_held", "api.discard_entry")},
    "api.swap_duty": {"day": "2026-11-24", "one": CHIEF, "other": CHIEF},
    "api.open_advisory": {"reference": "CVE-1", "title": "x", "touches": "x", "projects": ["DEMO"]},
    "api.step_advisory": {"step": "present"},
}


def ask_api(desk: Desk, endpoint: str, token: str) -> int:
    rules = {rule.endpoint: rule for rule in desk.site.app.url_map.iter_rules()}
    [method] = (rules[endpoint].methods or set()) - {"OPTIONS", "HEAD"}
    values = {"ref": desk.ticket.ref, "project": "DEMO", "day": "monday", "file": 1, "entry": 2, "recording": "RE1"}
    number = "0" * 32 if endpoint == "api.show_report" else 1
    given = {name: {**values, "number": number, "spool_id": "0" * 26}[name] for name in rules[endpoint].arguments}
    path = desk.site.app.url_map.bind("localhost").build(endpoint, given)
    query = "?project=DEMO&from=2026-11-01&to=2026-11-02" if endpoint == "api.figures" else ""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": endpoint}
    body = BODIES.get(endpoint, {})
    return desk.site.app.test_client().open(path + query, method=method, json=body, headers=headers).status_code


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("email", sorted(EVERYBODY))
def test_a_token_opens_what_its_scope_and_its_person_open(desk: Desk, email: str) -> None:
    next(iter(desk.site.app.extensions["limiter"])).enabled = False
    desk.site.person(email)
    for scope in Scope:
        only, others = (
            make_token(desk.site.runtime, email=email, scopes=scopes).token
            for scopes in ({scope}, frozenset(Scope) - {scope})
        )
        for endpoint, (needed, people) in API_ROUTES.items():
            if needed is scope:
                assert ask_api(desk, endpoint, others) == 403, (endpoint, scope)
                status = ask_api(desk, endpoint, only)
                assert (status != 404) == (email in people), (endpoint, status)
                assert status < 500, (endpoint, status)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_session_and_nobody_opens_the_api(desk: Desk) -> None:
    for endpoint in API_ROUTES:
        assert ask_api(desk, endpoint, "sgw_1_" + "x" * 43) == 401
