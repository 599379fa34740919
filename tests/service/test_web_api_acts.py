"""Whatever is done to a request on the pages is done over the API, by the same rules; the rest has its route too."""

import io
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from gateway.db.tickets import attachments, list_entries, tickets
from gateway.domain.ticket import Language, Level, Severity
from tests.support.agents import ANA, CHIEF, NINA, Desk
from tests.support.programs import Program, file_reports
from web.api_routes import ROUTES

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MARIE, PAUL = "marie@example.org", "paul@example.org"
KEY = {"Idempotency-Key": "0123456789"}
Programs = Callable[..., Program]

ACTS = {
    "reply": "reply",
    "send_report": "report",
    "ticket_outcome": "say_outcome",
    "ticket_people": "change_people",
    "desk_act": "change_ticket",
    "desk_merge": "merge_ticket",
    "desk_split": "split_ticket",
    "desk_link": "link_ticket",
    "desk_people": "change_people",
    "desk_call_link": "link_call",
    "desk_call_ticket": "ticket_from_call",
    "desk_call_discard": "discard_call",
    "desk_callback": "settle_callback",
    "desk_call_log": "log_call",
    "desk_held_release": "release_held",
    "desk_held_discard": "discard_held",
    "desk_aside_replay": "replay_entry",
    "desk_aside_discard": "discard_entry",
    "desk_duty_day": "set_duty",
    "desk_duty_swap": "swap_duty",
    "desk_advisory_open": "open_advisory",
    "desk_advisory_step": "step_advisory",
    # What is read
    "attachment": "download_file",
    "desk_file": "download_file",
    "desk_raw": "raw_mail",
    "desk_sound": "download_recording",
    "desk_held_raw": "held_raw",
    "desk_search": "search",
    "desk_report": "figures",
    "desk_report_csv": "figures",
    "desk_calls": "list_waiting_calls",
    "desk_mail": "list_held",
    "desk_duty": "show_duty",
    "desk_advisories": "list_advisories",
}
"""By the page that does it, the route that does it too."""
OF_PAGES = {
    "language": "a browser's, or the person's on the pages",
    "look_report": "the second step of the form",
    "save_report": "a draft of the form",
    **dict.fromkeys(("say_outcome", "do_leave"), "a link of a mail"),
    **dict.fromkeys(("logout", "use_link", "ask_for_link", "use_password"), "signs a browser in or out"),
}


_OF_PEOPLE = ("account", "desk_person", "desk_token", "desk_session", "desk_factors")
"""Pages about people, rights and ways in. No token changes those: whoever has one could make it last."""


def test_every_act_of_the_pages_has_its_route(desk: Desk) -> None:
    """A page that is added and takes forms has no line here, and then this fails."""
    posting = {
        rule.endpoint
        for rule in desk.site.app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and not rule.endpoint.startswith("api.")
    }
    routes = {route.name for route in ROUTES}
    assert set(ACTS.values()) <= routes
    unknown = {name for name in posting - set(ACTS) - set(OF_PAGES) if not name.startswith(_OF_PEOPLE)}
    assert not unknown


def etag(program: Program, ref: str) -> dict[str, str]:
    return {"If-Match": program.ask("GET", f"/tickets/{ref}").headers["ETag"]}


def multipart(body: str, *files: tuple[str, bytes]) -> dict[str, Any]:
    sent = [(io.BytesIO(content), name) for name, content in files]
    return {"data": {"request": body, "files": sent}, "content_type": "multipart/form-data"}


def test_a_reporter_answers_with_files_that_agents_download(desk: Desk, program: Programs) -> None:
    marie, nina, path = program(MARIE), program(NINA), f"/tickets/{desk.ticket.ref}/replies"
    sent = multipart('{"text": "Voici."}', ("trace.txt", b"bang"), ("b.txt", b"boum"))
    taken = marie.says("POST", path, "/tickets/{ref}/replies", headers=KEY, **sent)
    assert taken["ticket"] is None
    file_reports(desk)
    again = multipart('{"text": "Voici."}', ("trace.txt", b"bang"), ("b.txt", b"boum"))
    assert marie.says("POST", path, "/tickets/{ref}/replies", headers=KEY, **again)["ticket"] == desk.ticket.ref
    other = multipart('{"text": "Voici."}', ("trace.txt", b"autre"))
    assert marie.ask("POST", path, headers=KEY, **other).status_code == 422
    assert marie.says("GET", f"/reports/{taken['number']}", "/reports/{number}")["ticket"] == desk.ticket.ref
    file_reports(desk)
    entry = nina.says("GET", f"/tickets/{desk.ticket.ref}", "/tickets/{ref}")["timeline"][-1]
    assert (entry["text"], [file["name"] for file in entry["attachments"]]) == ("Voici.", ["trace.txt", "b.txt"])
    file_path = f"/tickets/{desk.ticket.ref}/files/{entry['attachments'][1]['id']}"
    for who in (marie, nina):
        answer = who.ask("GET", file_path)
        assert (answer.data, answer.headers["Content-Disposition"]) == (b"boum", 'attachment; filename="b.txt"')
    assert program(PAUL).ask("GET", file_path).status_code == 404
    raw = f"/tickets/{desk.ticket.ref}/entries/{entry['id']}/raw"
    assert (nina.ask("GET", raw).status_code, marie.ask("GET", raw).status_code) == (200, 404)
    [decision] = nina.says("GET", f"/tickets/{desk.ticket.ref}/decisions", "/tickets/{ref}/decisions")["decisions"]
    assert decision["entry"] == entry["id"]
    assert marie.ask("GET", f"/tickets/{desk.ticket.ref}/decisions").status_code == 404


def test_a_report_carries_files_within_the_limits_of_the_form(desk: Desk, program: Programs) -> None:
    marie, body = program(MARIE), '{"kind": "assistance", "subject": "Aide", "text": "Comment ?"}'
    assert marie.ask("POST", "/reports", headers=KEY, **multipart(body, ("vide.txt", b""))).status_code == 422
    assert marie.ask("POST", "/reports", headers=KEY, **multipart("{}", ("a.txt", b"x"))).status_code == 400
    whole = {"data": {"request": body, "other": "x"}, "content_type": "multipart/form-data"}
    assert marie.ask("POST", "/reports", headers=KEY, **whole).status_code == 400
    big = multipart(body, ("a.bin", b"x" * 500_000))
    assert marie.ask("POST", "/reports", headers=KEY, **big).status_code == 202
    file_reports(desk)
    with desk.site.runtime.database.reading() as connection:
        assert connection.execute(select(attachments.c.size)).scalar_one() == 500_000


def test_a_file_of_a_note_is_not_for_reporters(desk: Desk, program: Programs) -> None:
    path = desk.site.entry_with_file(desk.ticket, name="a.txt", kind="text/plain", content=b"x", visible=False)
    file_path = f"/tickets/{desk.ticket.ref}/files/{path.rpartition('/')[2]}"
    assert program(CHIEF).ask("GET", file_path).status_code == 200
    assert program(MARIE).ask("GET", file_path).status_code == 404


def test_entries_are_counted_that_are_read(desk: Desk, program: Programs) -> None:
    desk.act(note="entre nous")
    for who, count in ((MARIE, 1), (NINA, 2)):
        mine = program(who)
        [row] = mine.says("GET", "/tickets")["tickets"]
        [found] = mine.says("GET", "/search?q=imprimante")["tickets"]
        shown = mine.says("GET", f"/tickets/{desk.ticket.ref}", "/tickets/{ref}")
        assert [row["entries"], found["entries"], shown["entries"]] == [count] * 3, who


def test_tickets_are_arranged(desk: Desk, program: Programs) -> None:
    nina, ref = program(NINA), desk.ticket.ref
    marie = desk.site.person()
    second = desk.site.ticket(marie, "La même")
    desk.site.entry(second, "Elle fume encore.", author=marie.email, author_id=marie.id)
    link = nina.ask("POST", f"/tickets/{ref}/links", headers=etag(nina, ref), json={"other": second.ref})
    assert (link.status_code, link.json) == (200, {"ticket": ref})
    people = nina.ask("PATCH", f"/tickets/{ref}/people", headers=etag(nina, ref), json={"add": [PAUL]})
    assert people.json == {"people": [MARIE, PAUL]}
    stale = {"If-Match": '"1-1"'}
    assert nina.ask("POST", f"/tickets/{second.ref}/merge", headers=stale, json={"into": ref}).status_code == 412
    assert nina.ask("POST", f"/tickets/{second.ref}/merge", json={"into": ref}).status_code == 428
    for _ in range(2):  # sent again for want of an answer
        sent = KEY | {"If-Match": "*"}
        merged = nina.ask("POST", f"/tickets/{second.ref}/merge", headers=sent, json={"into": ref})
        assert (merged.status_code, merged.json) == (200, {"ticket": ref}), merged.text
    refused = nina.ask("POST", f"/tickets/{second.ref}/merge", headers={"If-Match": "*"}, json={"into": ref})
    assert refused.status_code == 403
    not_into = {"reason": "NOT_MERGED_INTO", "values": {"ref": second.ref, "into": ref}}
    assert refused.json["reasons"] == [not_into, {"reason": "MERGED_ALREADY", "values": {}}]
    for who in (MARIE, PAUL):
        answer = program(who).ask("POST", f"/tickets/{ref}/links", headers={"If-Match": "*"}, json={"other": "DEMO-2"})
        assert answer.status_code == {MARIE: 403, PAUL: 404}[who]
        assert [one["reason"] for one in answer.json["reasons"]] == {MARIE: ["LINKED_BY_AGENTS"], PAUL: ["NOT_THERE"]}[
            who
        ]


def test_a_split_sent_twice_at_once_makes_one_ticket(desk: Desk, program: Programs) -> None:
    desk.site.entry(desk.ticket, "Autre chose", author="marie@example.org", author_id=desk.site.person().id)
    with desk.site.runtime.database.reading() as connection:
        entry_id = list_entries(connection, desk.ticket.id)[-1].id
    nina, answers = program(NINA), []
    sent, path = KEY | etag(nina, desk.ticket.ref), f"/tickets/{desk.ticket.ref}/split"

    def ask() -> None:
        answers.append(
            nina.ask("POST", f"/tickets/{desk.ticket.ref}/split", headers=sent, json={"entries": [entry_id]})
        )

    both = [threading.Thread(target=ask) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert {answer.status_code for answer in answers} <= {200, 409}
    ask()
    assert answers[-1].json == {"ticket": "DEMO-2"}
    with desk.site.runtime.database.reading() as connection:
        assert len(connection.execute(select(tickets.c.id)).all()) == 2
    other = nina.ask("POST", path, headers=sent, json={"entries": [entry_id + 1]})
    assert other.status_code == 422


def test_a_key_of_who_was_refused_is_free_again(desk: Desk, program: Programs) -> None:
    nina, path = program(NINA), f"/tickets/{desk.ticket.ref}/merge"
    sent = KEY | {"If-Match": "*"}
    assert nina.ask("POST", path, headers=sent, json={"into": "DEMO-99"}).status_code == 404
    second = desk.site.ticket(desk.site.person(), "La même")
    assert nina.ask("POST", path, headers=sent, json={"into": second.ref}).status_code == 200


def test_a_reporter_says_whether_it_works_and_who_follows_leaves(desk: Desk, program: Programs) -> None:
    marie, path = program(MARIE), f"/tickets/{desk.ticket.ref}/outcome"
    assert marie.ask("POST", path, json={"answer": "works"}).status_code == 409
    desk.act(status="resolved", reply="Réparé.")
    assert program(NINA).ask("POST", path, json={"answer": "works"}).status_code == 404
    assert marie.ask("POST", path, json={"answer": "works"}).status_code == 202
    file_reports(desk)
    assert desk.now().status == "closed"
    assert marie.ask("POST", f"/tickets/{desk.ticket.ref}/leave").status_code == 422


def test_errors_are_said_in_the_language_of_the_person(desk: Desk, program: Programs) -> None:
    marie = program(MARIE)
    path, sent = f"/tickets/{desk.ticket.ref}", {"If-Match": "*"}
    told = {}
    for lang in Language:
        desk.site.person(lang=lang)
        told[lang] = marie.ask("PATCH", path, headers=sent, json={"severity": "blocking"}).json["detail"]
    assert told[Language.FR] != told[Language.EN]


def test_what_agents_of_a_level_do_not_see_is_not_there(desk: Desk, program: Programs) -> None:
    desk.act(severity=Severity.BLOCKING)
    assert program(ANA).ask("GET", f"/tickets/{desk.ticket.ref}/decisions").status_code == 404
    desk.act(level=Level.N2)
    assert program(ANA).ask("GET", f"/tickets/{desk.ticket.ref}/decisions").status_code == 200
