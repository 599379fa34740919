"""Calls at the desk: messages that are heard and put on tickets, calls back, and calls that are written down."""

from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import insert, select, update

from gateway.db.audit import AuditFilter, list_audit
from gateway.db.callbacks import callback_requests
from gateway.db.calls import CallKey, call_messages, calls
from gateway.db.tickets import list_entries
from gateway.domain.audit import AuditAction
from gateway.files.store import content_of, settle_all, sound_name
from gateway.services.log_call import log_event
from tests.support.agents import ANA, NINA, Desk
from tests.support.call_events import final, step
from tests.support.many_tickets import multiply
from tests.support.web import Browser

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CALL = CallKey(provider="twilio", provider_id="CA" + "0" * 32)
LEFT = {"name": "message.left", "recording": "RE1", "seconds": 20}
SOUND = b"RIFF" + bytes(range(200))
PAGE = "/desk/calls"
NONCE = "n" * 22


@pytest.fixture
def call(desk: Desk) -> int:
    """A message of DEMO's hotline that waits, with its sound here; its call's number."""
    runtime = desk.site.runtime
    for one in (step(0, {"name": "call.received", "project": "DEMO"}, LEFT, kind="voice"), final(60)):
        log_event(runtime, CALL, one)
    digest = sha256(SOUND).hexdigest()
    runtime.files.put(sound_name(digest), content_of(SOUND))
    settle_all(runtime.files)
    with runtime.database.transaction() as connection:
        values = {"state": "kept", "sha256": digest, "size": len(SOUND), "type": "audio/x-wav"}
        connection.execute(update(call_messages).values(**values))
        return int(connection.execute(select(calls.c.id)).scalar_one())


@pytest.fixture
def callback(desk: Desk) -> int:
    now = desk.site.clock.now()
    values = {"project": "DEMO", "ticket_id": desk.ticket.id, "number": "+33612345678", "state": "open", "attempts": 0}
    with desk.site.runtime.database.transaction() as connection:
        query = insert(callback_requests).values(**values, requested_at=now, due_at=now + timedelta(hours=1))
        return int(connection.execute(query.returning(callback_requests.c.id)).scalar_one())


def triage(desk: Desk) -> tuple[str, int | None]:
    with desk.site.runtime.database.reading() as connection:
        row = connection.execute(select(calls.c.triage, calls.c.ticket_id)).one()
    return row.triage, row.ticket_id


def post(browser: Browser, path: str, **form: str) -> int:
    return browser.post(path, page=PAGE, **form).status_code


def test_a_message_is_played_in_ranges_to_the_agents_of_its_project(desk: Desk, call: int) -> None:
    nina = desk.browser(NINA)
    assert "/desk/sounds/RE1" in nina.get(PAGE).text
    whole = nina.get("/desk/sounds/RE1")
    assert (whole.status_code, whole.data, whole.content_type) == (200, SOUND, "audio/x-wav")
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    part = nina.client.get("/desk/sounds/RE1", headers={"Range": "bytes=4-7"}, buffered=True)
    assert (part.status_code, part.data) == (206, SOUND[4:8])
    assert nina.get("/desk/sounds/RE2").status_code == 404
    marie = desk.site.sign_in(desk.site.person())
    assert marie.get("/desk/sounds/RE1").status_code == 404
    with desk.site.runtime.database.reading() as connection:
        heard = list_audit(connection, AuditFilter(action=AuditAction.SOUND_HEARD), None, limit=9)
    # Once for whoever hears it, not for each piece that their player asks for.
    assert [(row.actor, row.subject, row.project) for row in heard] == [(NINA, "RE1", "DEMO")]


@pytest.mark.parametrize("wanted", ["bytes=1-", "bytes=-12"])
def test_whoever_asks_for_pieces_alone_is_in_the_audit_log_too(desk: Desk, call: int, wanted: str) -> None:
    nina = desk.browser(NINA)

    def heard() -> int:
        nina.client.get("/desk/sounds/RE1", headers={"Range": wanted}, buffered=True)
        with desk.site.runtime.database.reading() as connection:
            return len(list_audit(connection, AuditFilter(action=AuditAction.SOUND_HEARD), None, limit=9))

    assert [heard(), heard()] == [1, 1]
    desk.site.clock.move(minutes=11)
    assert heard() == 2


def test_a_message_is_put_on_a_ticket_once(desk: Desk, call: int) -> None:
    nina = desk.browser(NINA)
    assert post(nina, f"{PAGE}/{call}/link", ref="DEMO-99") == 400
    assert triage(desk) == ("open", None)
    answer = nina.post(f"{PAGE}/{call}/link", page=PAGE, ref="demo-1")
    assert (answer.status_code, answer.location) == (303, desk.path)
    assert triage(desk) == ("linked", desk.ticket.id)
    assert post(nina, f"{PAGE}/{call}/link", ref="DEMO-1") == 404, "it waits no more"


def test_a_message_is_not_put_on_a_ticket_that_the_agent_does_not_see(desk: Desk, call: int) -> None:
    assert post(desk.browser(ANA), f"{PAGE}/{call}/link", ref="DEMO-1") == 400, "it was never before N2"
    assert triage(desk) == ("open", None)


def test_a_message_becomes_a_ticket(desk: Desk, call: int) -> None:
    nina = desk.browser(NINA)
    form = {"subject": "Plus de réseau", "reporter": "luc@mairie.example"}
    answer = nina.post(f"{PAGE}/{call}/ticket", page=PAGE, **form)
    assert answer.location == "/desk/tickets/DEMO-2"
    assert "Plus de réseau" in nina.get(answer.location).text


def test_a_message_is_discarded_with_a_reason(desk: Desk, call: int) -> None:
    nina = desk.browser(NINA)
    refused = nina.post(f"{PAGE}/{call}/discard", page=PAGE, reason=" ")
    assert (refused.status_code, "avec un motif" in refused.text) == (400, True)
    assert post(nina, f"{PAGE}/{call}/discard", reason="faux numéro") == 303
    assert triage(desk)[0] == "discarded"


def test_a_call_of_another_project_does_not_exist(desk: Desk, call: int, callback: int) -> None:
    with desk.site.runtime.database.transaction() as connection:
        connection.execute(update(calls).values(project="OTHER"))
        connection.execute(update(callback_requests).values(project="OTHER"))
    nina = desk.browser(NINA)
    assert "+33612345678" not in nina.get(PAGE).text
    for path in (f"{PAGE}/{call}/link", f"{PAGE}/{call}/ticket", f"{PAGE}/{call}/discard", "/desk/sounds/RE1"):
        answer = nina.get(path) if "sounds" in path else nina.post(path, page=PAGE, ref="DEMO-1", reason="x")
        assert answer.status_code == 404, path
    assert post(nina, f"/desk/callbacks/{callback}", state="done") == 404
    assert triage(desk) == ("open", None)


def test_a_call_back_is_claimed_tried_and_done(desk: Desk, callback: int) -> None:
    nina = desk.browser(NINA)
    assert "+33612345678" in nina.get(PAGE).text
    assert desk.path in nina.get("/desk?to_call=1").text
    for state in ("claimed", "attempted"):
        assert post(nina, f"/desk/callbacks/{callback}", state=state) == 303
    assert "nina@client.example" in nina.get(PAGE).text
    assert post(nina, f"/desk/callbacks/{callback}", state="open") == 404, "no word of ours"
    assert post(nina, f"/desk/callbacks/{callback}", state="done") == 303
    assert "+33612345678" not in nina.get(PAGE).text


def test_a_call_is_written_down_by_hand(desk: Desk) -> None:
    nina = desk.browser(NINA)
    form = {"ref": "demo-1", "minutes": "12", "number": "+33612345678", "note": "Elle rappelle demain.", "nonce": NONCE}
    answer = nina.post(f"{PAGE}/log", page=PAGE, **form)
    assert (answer.status_code, answer.location) == (303, desk.path)
    with desk.site.runtime.database.reading() as connection:
        assert "call" in {row.type for row in list_entries(connection, desk.ticket.id)}
    for wrong in ({"minutes": "0"}, {"minutes": "x"}, {"ref": "DEMO-99"}):
        refused = nina.post(f"{PAGE}/log", page=PAGE, **(form | wrong))
        assert refused.status_code == 400
        assert "Elle rappelle demain.</textarea>" in refused.text, "nothing typed is lost"


def test_a_call_that_is_sent_twice_is_written_down_once(desk: Desk) -> None:
    nina = desk.browser(NINA)
    form = {"ref": "demo-1", "minutes": "12", "number": "+33612345678", "note": "Elle rappelle demain.", "nonce": NONCE}

    def written() -> int:
        with desk.site.runtime.database.reading() as connection:
            lines = [row for row in list_entries(connection, desk.ticket.id) if row.type == "call"]
            assert len(lines) == len(connection.execute(select(calls.c.id)).all())
            return len(lines)

    for _ in range(2):
        assert post(nina, f"{PAGE}/log", **form) == 303
        desk.site.clock.move(seconds=1)
    assert written() == 1
    assert post(nina, f"{PAGE}/log", **(form | {"note": "Elle a rappelé."})) == 303
    assert post(nina, f"{PAGE}/log", **(form | {"nonce": "m" * 22})) == 303
    assert written() == 3, "other words, or another form, are another call"
    assert post(nina, f"{PAGE}/log", **(form | {"nonce": "short"})) == 400
    first, second = (nina.get(PAGE).text.split('name="nonce" value="')[1].split('"')[0] for _ in range(2))
    assert first != second


def test_five_thousand_of_each_are_shown_page_by_page(desk: Desk, call: int, callback: int) -> None:
    with desk.site.runtime.database.transaction() as connection:
        multiply(connection, calls, 5_000, provider_id=lambda one: f"CB{one:032}")
        multiply(connection, callback_requests, 5_000)
    nina = desk.browser(NINA)
    first, other = nina.get(PAGE), nina.get(f"{PAGE}?page=2&callbacks=251")
    for page in (first, other):
        assert len(page.data) < 100_000
    assert (first.text.count("<audio"), other.text.count("<audio")) == (1, 0), "the oldest of the waiting calls first"
    assert (first.text.count("/link"), other.text.count("/link")) == (20, 20)
    assert (first.text.count('value="claimed"'), other.text.count('value="claimed"')) == (20, 1)
    assert "callbacks=251&amp;page=3" in other.text
    assert "page=2&amp;callbacks=250" in other.text
    assert "callbacks=252" not in other.text
    last = 5_001
    assert post(nina, f"/desk/callbacks/{last}", state="claimed") == 303, "also what is on another page"
