"""What callbacks did not tell is found in the provider's lists, once, and marked so."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from gateway.db.calls import CallKey, call_events, call_messages, calls
from gateway.db.people import get_or_create_person, update_person
from gateway.runtime import Runtime
from gateway.services.log_call import log_event
from telephony.provider import Account, NotYet
from telephony.reconcile import reconcile
from tests.support.call_events import BEGAN, ELIGIBLE, final
from tests.support.listener import Answer, Asked, HttpListener, as_json

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SID, CALL, LEG, RECORDING = "AC" + "0" * 32, "CA" + "0" * 32, "CA" + "1" * 32, "RE" + "2" * 32
KEY = CallKey(provider="twilio", provider_id=CALL)
ROOT = f"/2010-04-01/Accounts/{SID}"
ENDED = {"end_time": "Tue, 24 Nov 2026 09:01:00 +0000", "start_time": "Tue, 24 Nov 2026 09:00:00 +0000"}
WHOLE = {"sid": CALL, "direction": "inbound", "status": "completed", "duration": "60", "from": "+33612345678", **ENDED}
CHILD = {
    "sid": LEG,
    "direction": "outbound-dial",
    "parent_call_sid": CALL,
    "status": "no-answer",
    "duration": "0",
    "to": "+33612345601",
    **ENDED,
}
SOUND = {"sid": RECORDING, "call_sid": CALL, "status": "completed", "duration": "9", "date_created": ENDED["end_time"]}


class Api(HttpListener):
    """Lists, one item a page."""

    def __init__(self) -> None:
        super().__init__()
        self.lists: dict[str, list[dict[str, Any]]] = {"Calls": [WHOLE, CHILD], "Recordings": [SOUND]}
        self.status = 200
        self.next_root = ROOT
        self.account = Account(base=self.url, sid=SID, secret="x")

    def reply(self, asked: Asked) -> Answer:
        parts = urlsplit(asked.target)
        name = parts.path.removeprefix(f"{ROOT}/").removesuffix(".json")
        page = int(parse_qs(parts.query).get("Page", ["0"])[0])
        items = self.lists[name]
        more = f"{self.next_root}/{name}.json?Page={page + 1}" if page + 1 < len(items) else None
        return as_json({name.lower(): items[page : page + 1], "next_page_uri": more}, status=self.status)


@pytest.fixture
def api() -> Iterator[Api]:
    with Api() as made:
        yield made


@pytest.fixture(autouse=True)
def agent(runtime: Runtime) -> None:
    """Person 1 has the number that the leg was rung at."""
    with runtime.database.transaction() as connection:
        ana = get_or_create_person(connection, email="ana@demo.example", name="Ana", now=BEGAN)
        update_person(connection, ana.id, name=None, lang=None, phone="+33612345601")


def look(runtime: Runtime, api: Api) -> int:
    return reconcile(runtime, api.account, since=BEGAN - timedelta(hours=1))


def the_call(runtime: Runtime) -> Any:
    with runtime.database.reading() as connection:
        return connection.execute(select(calls)).one()


def test_a_call_that_nothing_told_of_is_found_with_its_legs_and_messages(runtime: Runtime, api: Api) -> None:
    assert look(runtime, api) == 3
    row = the_call(runtime)
    assert (row.provider_id, row.source, row.status, row.total_seconds) == (CALL, "reconcile", "completed", 60)
    assert (row.started_at, row.ended_at) == (BEGAN, BEGAN + timedelta(seconds=60))
    assert (row.outcome, row.triage) == ("message", "open")
    assert [one["outcome"] for one in row.details["agents"]] == ["no-answer"]
    with runtime.database.reading() as connection:
        assert connection.execute(select(call_messages.c.recording_id)).scalars().all() == [RECORDING]


def test_a_second_look_changes_nothing(runtime: Runtime, api: Api) -> None:
    look(runtime, api)
    before = the_call(runtime)
    assert look(runtime, api) == 0
    assert the_call(runtime) == before


def test_a_call_whose_end_was_not_told_ends_and_is_still_known_by_its_webhook(runtime: Runtime, api: Api) -> None:
    api.lists = {"Calls": [WHOLE], "Recordings": []}
    for event in ELIGIBLE:
        log_event(runtime, KEY, event)
    assert look(runtime, api) == 1
    found = the_call(runtime)
    assert (found.source, found.status, found.outcome) == ("webhook", "completed", "missed")


def test_a_call_that_is_on_record_is_left_as_it_is(runtime: Runtime, api: Api) -> None:
    api.lists = {"Calls": [{**WHOLE, "duration": "99"}], "Recordings": []}
    for event in (*ELIGIBLE, final(60)):
        log_event(runtime, KEY, event)
    assert look(runtime, api) == 0
    assert the_call(runtime).total_seconds == 60


@pytest.mark.parametrize("status", ["queued", "ringing", "in-progress"])
def test_a_call_that_goes_on_is_left_alone(runtime: Runtime, api: Api, status: str) -> None:
    api.lists = {"Calls": [{**WHOLE, "status": status}], "Recordings": [{**SOUND, "status": "processing"}]}
    assert look(runtime, api) == 0


def test_a_provider_in_trouble_and_a_list_that_leads_elsewhere_fill_in_nothing(runtime: Runtime, api: Api) -> None:
    api.next_root = "/elsewhere"
    with pytest.raises(NotYet):
        look(runtime, api)
    api.status = 500
    with pytest.raises(NotYet):
        look(runtime, api)
    with runtime.database.reading() as connection:
        assert connection.execute(select(call_events)).all() == []
