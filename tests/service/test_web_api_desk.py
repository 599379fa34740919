"""What is done at the desk beside requests is done over the API: calls, mail that waits, duty, advisories, figures."""

from collections.abc import Callable

import pytest

from gateway.db.people import update_person
from tests.service.test_web_desk_calls import call, callback
from tests.service.test_web_desk_mail import aside, held, verdict
from tests.support.agents import ANA, CHIEF, NINA, Desk
from tests.support.programs import Program

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
__all__ = ["aside", "call", "callback", "held"]
MARIE = "marie@example.org"
KEY = {"Idempotency-Key": "0123456789"}
Programs = Callable[..., Program]


def test_a_call_is_written_down_once_for_each_key(desk: Desk, program: Programs) -> None:
    nina = program(NINA)
    began = desk.site.clock.now().isoformat()
    body = {"ticket": desk.ticket.ref, "began_at": began, "seconds": 1, "number": "+33612345678", "note": "Rappelé."}
    for _ in range(2):
        assert nina.says("POST", "/calls", headers=KEY, json=body) == {"ticket": desk.ticket.ref}
    [row] = nina.says("GET", "/calls")["calls"]
    assert nina.says("GET", f"/calls/{row['id']}", "/calls/{number}") == row
    assert nina.ask("GET", f"/calls/{row['id'] + 1}").status_code == 404
    assert nina.ask("POST", "/calls", json=body).status_code == 400
    assert program(MARIE).ask("POST", "/calls", headers=KEY, json=body).status_code == 404


def test_calls_that_wait_are_decided_on(desk: Desk, program: Programs, call: int, callback: int) -> None:
    nina, marie = program(NINA), program(MARIE)
    [waiting] = nina.says("GET", "/calls/waiting")["calls"]
    assert nina.ask("GET", f"/recordings/{waiting['sounds'][0]['recording_id']}").data.startswith(b"RIFF")
    assert marie.ask("GET", f"/recordings/{waiting['sounds'][0]['recording_id']}").status_code == 404
    assert marie.says("GET", "/calls/waiting") == {"calls": []}
    made = nina.ask("POST", f"/calls/{call}/ticket", headers=KEY, json={"reporter": MARIE, "subject": "Message"})
    again = nina.ask("POST", f"/calls/{call}/ticket", headers=KEY, json={"reporter": MARIE, "subject": "Message"})
    assert made.json == again.json == {"ticket": "DEMO-2"}
    assert nina.ask("POST", f"/calls/{call}/discard", json={"reason": "x"}).status_code == 404
    assert {row["ref"] for row in nina.says("GET", "/callbacks")["callbacks"]} == {"DEMO-1", "DEMO-2"}
    assert marie.ask("POST", f"/callbacks/{callback}", json={"state": "done"}).status_code == 404
    assert nina.ask("POST", f"/callbacks/{callback}", json={"state": "done"}).json == {"ticket": desk.ticket.ref}
    assert [row["ref"] for row in nina.says("GET", "/callbacks")["callbacks"]] == ["DEMO-2"]


def test_mail_that_waits_is_decided_on_by_who_may(desk: Desk, program: Programs, held: str, aside: str) -> None:
    ana, nina, chief = program(ANA), program(NINA), program(CHIEF)
    assert [row["id"] for row in ana.says("GET", "/mail/held")["held"]] == [held]
    assert ana.ask("GET", f"/mail/held/{held}/raw").data.endswith(b"Bonjour")
    assert nina.says("GET", "/mail/held") == {"held": []}
    assert nina.ask("POST", f"/mail/held/{held}/discard", json={"reason": "x"}).status_code == 404
    assert ana.ask("POST", f"/mail/held/{held}/release", json={"sender": "none"}).status_code == 422
    assert ana.ask("POST", f"/mail/held/{held}/discard", json={"reason": "Publicité"}).status_code == 200
    assert verdict(desk, held) == ("discarded", "Publicité")
    assert ana.says("GET", "/mail/quarantine") == {"entries": []}
    assert [row["id"] for row in chief.says("GET", "/mail/quarantine")["entries"]] == [aside]
    assert ana.ask("POST", f"/mail/quarantine/{aside}/replay").status_code == 404
    assert chief.ask("POST", f"/mail/quarantine/{aside}/discard", json={"reason": ""}).status_code == 422
    assert chief.ask("POST", f"/mail/quarantine/{aside}/replay").status_code == 200
    assert chief.says("GET", "/mail/quarantine") == {"entries": []}


def test_duty_is_read_by_agents_and_set_by_supervisors(desk: Desk, program: Programs) -> None:
    ana, chief = program(ANA), program(CHIEF)
    ana_id = desk.site.person(ANA).id
    with desk.site.runtime.database.transaction() as connection:
        update_person(connection, ana_id, name=None, lang=None, phone="+33612345678")
    body = {"hours": "9:00-12:00", "agents": [ANA]}
    assert ana.ask("PUT", "/duty/DEMO/monday", json=body).status_code == 404
    assert chief.ask("PUT", "/duty/DEMO/monday", json={**body, "agents": [MARIE]}).status_code == 422
    assert chief.ask("PUT", "/duty/DEMO/monday", json=body).status_code == 200
    assert ana.says("GET", "/duty")["turns"] == [
        {"project": "DEMO", "day": "monday", "hours": "9:00-12:00", "position": 1, "agent": ANA}
    ]
    swap = {"day": "2026-11-24", "one": ANA, "other": CHIEF}
    assert chief.ask("POST", "/duty/DEMO/swap", json=swap).status_code == 422


def test_advisories_are_opened_and_stepped(desk: Desk, program: Programs) -> None:
    ana, nina = program(ANA), program(NINA)
    body = {"reference": "CVE-2026-1", "title": "Faille", "touches": "openssl", "projects": ["DEMO"]}
    assert nina.ask("POST", "/advisories", json=body).status_code == 404
    ref = ana.says("POST", "/advisories", json=body)["ticket"]
    assert ana.says("POST", "/advisories", json=body)["ticket"] == ref
    assert ana.ask("POST", f"/advisories/steps/{ref}", json={"step": "present", "words": "Oui."}).status_code == 200
    [row] = nina.says("GET", "/advisories")["advisories"]
    assert (row["projects"][0]["stage"], program(MARIE).says("GET", "/advisories")) == ("patch", {"advisories": []})
    assert nina.ask("POST", f"/advisories/steps/{ref}", json={"step": "patched"}).status_code == 404


def test_figures_are_for_supervisors(program: Programs) -> None:
    path = "/figures?project=DEMO&from=2026-11-01&to=2026-11-30"
    assert program(CHIEF).says("GET", path)["rows"][0]["section"] == "report"
    assert program(CHIEF).ask("GET", path.replace("30", "00")).status_code == 400
    assert program(CHIEF).ask("GET", "/figures?project=DEMO&from=2026-11-30&to=2026-11-01").status_code == 422
    assert program(ANA).ask("GET", path).status_code == 404
