"""The desk: the queue, a ticket's page and what is done there, as agents meet them."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.db.desk_rows import version_of
from gateway.db.tickets import list_entries
from gateway.domain.change import NotAllowed
from gateway.domain.reasons import Reason
from gateway.domain.ticket import Direction, EntryType, Kind, Level, Severity, Status
from gateway.errors import NotFound
from gateway.services.run_clocks import run_clocks
from tests.support.agents import ANA, CHIEF, DEV, NINA, Desk
from web.desk_refusals import refusal_sentences

MARIE = "marie@example.org"


def texts(desk: Desk) -> list[str]:
    with desk.site.runtime.database.reading() as connection:
        return [row.text for row in list_entries(connection, desk.ticket.id)]


def test_the_queue_shows_what_is_due_at_a_glance(desk: Desk) -> None:
    desk.act(severity=Severity.BLOCKING)
    run_clocks(desk.site.runtime)
    page = desk.browser(NINA).get("/desk").text
    assert f'href="{desk.path}"' in page
    assert "Imprimante en panne" in page
    assert "dans 12 h" in page.replace("\N{NO-BREAK SPACE}", " ")
    desk.site.clock.move(hours=14)
    page = desk.browser(NINA).get("/desk").text
    assert "en retard de 2 h" in page.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("", True),
        ("level=N1", True),
        ("level=N2", False),
        ("level=all&severity=blocking", True),
        ("severity=minor", False),
        ("kind=corrective", True),
        ("mine=1", False),
        ("unassigned=1", True),
        ("waiting=1", False),
        ("overdue=1", False),
        ("to_call=1", False),
        ("project=DEMO", True),
        ("project=OTHER", False),
        ("level=N9&severity='&kind=%00&page=x", True),
        ("page=2", False),
    ],
)
def test_the_queue_is_narrowed_by_its_form(desk: Desk, query: str, is_there: bool) -> None:
    desk.act(severity=Severity.BLOCKING)
    answer = desk.browser(NINA).get(f"/desk?{query}")
    assert answer.status_code == 200
    assert (desk.path in answer.text) == is_there


def test_the_search_finds_at_the_desk_what_the_agent_may_see(desk: Desk) -> None:
    desk.act(note="Sûrement le fusible")
    for who, found in ((NINA, True), (ANA, False), (CHIEF, True)):
        assert (desk.path in desk.browser(who).get("/desk/search?q=fusible").text) == found, who
    assert "Rien n’a été trouvé" in desk.browser(NINA).get("/desk/search?q=introuvable").text


def test_the_page_tells_the_conversation_with_notes_and_steps(desk: Desk) -> None:
    desk.act(note="C'est le cache.")
    desk.act(reply="Essayez encore.", status=Status.PENDING)
    page = desk.browser(NINA).get(desk.path).text
    for text in ("Elle fume.", "C&#39;est le cache.", "Essayez encore.", "marie@example.org"):
        assert text in page, text
    assert "en attente d’envoi" in page, "how the mail to the reporter stands"


def test_notes_of_n2_are_not_for_n1(desk: Desk) -> None:
    desk.act(severity=Severity.BLOCKING)
    desk.act(level=Level.N2, reason="trop difficile")
    desk.site.clock.move(minutes=1)
    desk.act(ANA, note="Le client ne doit pas savoir.")
    desk.act(ANA, level=Level.N3, reason="un pointeur nul")
    page = desk.browser(NINA).get(desk.path).text
    assert "trop difficile" in page
    assert "Le client ne doit pas savoir" not in page
    assert "un pointeur nul" not in page
    for who in (ANA, DEV, CHIEF):
        assert "Le client ne doit pas savoir" in desk.browser(who).get(desk.path).text, who


@pytest.mark.parametrize(
    ("by", "form", "expected"),
    [
        (NINA, {"text": "Bonjour", "as": "reply"}, {"status": Status.OPEN}),
        (NINA, {"text": "Bonjour", "as": "reply", "status": "pending"}, {"status": Status.PENDING}),
        (NINA, {"text": "Passez par là", "as": "workaround"}, {"status": Status.OPEN}),
        (NINA, {"text": "À voir", "as": "note"}, {"status": Status.NEW}),
        (NINA, {"take": "1"}, {"status": Status.OPEN}),
        (CHIEF, {"assignee": NINA}, {"status": Status.NEW}),
        (NINA, {"severity": "blocking"}, {"severity": Severity.BLOCKING, "kind": Kind.CORRECTIVE}),
        (NINA, {"level": "N2", "reason": "trop difficile"}, {"level": Level.N2}),
        (NINA, {"status": "resolved"}, {"status": Status.RESOLVED}),
        (NINA, {"kind": "adaptive", "component": "browser", "to_version": "130"}, {"kind": Kind.ADAPTIVE}),
        (NINA, {"kind": "regulatory", "effective_on": "2027-01-31"}, {"kind": Kind.REGULATORY}),
    ],
)
def test_an_agent_acts_from_the_page(desk: Desk, by: str, form: dict[str, str], expected: dict[str, Any]) -> None:
    answer = desk.send(desk.browser(by), form)
    assert (answer.status_code, answer.location) == (303, desk.path), answer.text[:3000]
    now = desk.now()
    assert {name: getattr(now, name) for name in expected} == expected
    if "text" in form:
        assert form["text"] in texts(desk)
    if {"take", "assignee"} & set(form):
        assert now.assignee_id is not None


def test_a_resolved_ticket_is_reopened(desk: Desk) -> None:
    desk.act(status=Status.RESOLVED)
    browser = desk.browser(NINA)
    assert desk.send(browser, {"status": "open"}).status_code == 303
    assert desk.now().status == Status.OPEN


@pytest.mark.parametrize(
    ("by", "form", "sentence"),
    [
        (NINA, {"level": "N3"}, "De N1 elle passe d’abord à N2"),
        (NINA, {"text": "Bonjour", "as": "reply", "level": "N3"}, "De N1 elle passe d’abord à N2"),
        (NINA, {"assignee": ANA}, "doit être un agent de N1"),
        (NINA, {"kind": "regulatory", "effective_on": "demain"}, "doit être une date comme 2027-01-31"),
        (NINA, {}, "Rien ne changerait"),
    ],
)
def test_a_refusal_is_a_sentence_and_brings_back_what_was_typed(
    desk: Desk, by: str, form: dict[str, str], sentence: str
) -> None:
    answer = desk.send(desk.browser(by), form)
    assert answer.status_code == 400
    assert sentence in answer.text
    if "text" in form:
        assert f"{form['text']}</textarea>" in answer.text
    assert len(texts(desk)) == 1


def test_two_agents_cannot_overwrite_each_other_and_nothing_typed_is_lost(desk: Desk) -> None:
    nina, chief = desk.browser(NINA), desk.browser(CHIEF)
    version = nina.field(desk.path, "version")
    assert desk.send(chief, {"text": "Nous avons trouvé.", "as": "reply", "status": "resolved"}).status_code == 303
    form = {"version": version, "text": "Avez-vous redémarré ?", "as": "reply", "status": "pending"}
    answer = nina.post(f"{desk.path}/act", page=desk.path, **form)
    assert answer.status_code == 409
    assert "Nous avons trouvé." in answer.text
    assert "chief@support.example a changé l’état" in answer.text
    assert "Avez-vous redémarré ?</textarea>" in answer.text
    assert (desk.now().status, "Avez-vous redémarré ?" in texts(desk)) == (Status.RESOLVED, False)
    with desk.site.runtime.database.reading() as connection:
        known = ".".join(map(str, version_of(connection, desk.ticket.id)))
    assert f'name="version" value="{known}"' in answer.text, "sent again, it is made from what was just read"
    assert nina.post(f"{desk.path}/act", page=desk.path, **{**form, "as": "note", "status": ""}).status_code == 303


def test_a_new_mail_stops_an_answer_that_does_not_know_it(desk: Desk) -> None:
    nina = desk.browser(NINA)
    version = nina.field(desk.path, "version")
    desk.site.entry(desk.ticket, "Cela remarche !", author=MARIE)
    form = {"version": version, "text": "Essayez encore", "as": "reply"}
    answer = nina.post(f"{desk.path}/act", page=desk.path, **form)
    assert answer.status_code == 409
    assert "Cela remarche !" in answer.text


def test_a_double_click_answers_once(desk: Desk) -> None:
    nina = desk.browser(NINA)
    form = {"version": nina.field(desk.path, "version"), "text": "Bonjour,\n\nEssayez encore.", "as": "reply"}
    answers = [nina.post(f"{desk.path}/act", page=desk.path, **form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert texts(desk).count("Bonjour,\n\nEssayez encore.") == 1


@pytest.mark.parametrize("more", [{"as": "reply"}, {"as": "note", "status": "pending"}, {"as": "note", "take": "1"}])
def test_the_same_words_with_something_else_to_do_are_another_act(desk: Desk, more: dict[str, str]) -> None:
    nina = desk.browser(NINA)
    version = nina.field(desk.path, "version")
    for form in ({"as": "note"}, more):
        answer = nina.post(f"{desk.path}/act", page=desk.path, version=version, text="C’est fait.", **form)
        assert answer.status_code == 303
    assert texts(desk).count("C’est fait.") == 2
    assert desk.now().status == {"status": "pending", "take": "open"}.get([*more][-1], "open")


def test_two_agents_on_one_ticket_see_each_other(desk: Desk) -> None:
    nina, chief = desk.browser(NINA), desk.browser(CHIEF)
    assert "regarde cette demande" not in nina.get(desk.path).text
    desk.site.clock.move(minutes=2)
    page = chief.get(desk.path).text
    assert "nina@client.example regarde cette demande depuis 2" in page
    assert "chief@support.example regarde cette demande" in nina.get(desk.path).text


def test_tickets_are_merged_split_and_linked_and_people_put_on_them(desk: Desk) -> None:
    marie = desk.site.person()
    other = desk.site.ticket(marie, "Encore l'imprimante")
    nina = desk.browser(NINA)
    assert desk.send(nina, {"other": other.ref}, name="link").status_code == 303
    assert f'href="/desk/tickets/{other.ref}"' in nina.get(desk.path).text
    assert desk.send(nina, {"add": "paul@example.org"}, name="people").status_code == 303
    assert "paul@example.org" in nina.get(desk.path).text
    assert desk.send(nina, {"remove": "paul@example.org"}, name="people").status_code == 303
    entry = desk.site.entry(desk.ticket, "Et l'écran est noir.", author=marie.email, author_id=marie.id)
    split = desk.send(nina, {"entry": str(entry), "subject": "Écran noir"}, name="split")
    assert split.status_code == 303
    assert "Écran noir" in nina.get(split.location).text
    merged = desk.send(nina, {"into": other.ref}, name="merge")
    assert merged.location == f"/desk/tickets/{other.ref}"
    assert desk.now().status == Status.MERGED
    for name, form in (
        ("merge", {"into": "DEMO-99"}),
        ("split", {}),
        ("link", {"other": "x"}),
        ("people", {"add": "x"}),
    ):
        assert desk.send(nina, form, name=name).status_code in {400, 404}, name


def test_the_mail_as_it_came_and_its_files_are_downloads(desk: Desk) -> None:
    path = desk.site.entry_with_file(desk.ticket, name="plan<b>.html", kind="text/html", content=b"<script>")
    nina = desk.browser(NINA)
    page = nina.get(desk.path).text
    file = f"{desk.path}/files/{path.rpartition('/')[2]}"
    assert file in page
    raw = next(part.split('"')[0] for part in page.split('href="') if part.split('"')[0].endswith("/raw"))
    for link, content in ((file, b"<script>"), (raw, b"Voir la pi")):
        answer = nina.get(link)
        assert content in answer.data
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_files_of_notes_that_an_agent_does_not_read_do_not_exist_for_them(desk: Desk) -> None:
    path = desk.site.entry_with_file(
        desk.ticket,
        name="trace.txt",
        kind="text/plain",
        content=b"x",
        type=EntryType.NOTE,
        direction=Direction.INTERNAL,
        visible=False,
        data={"level": "N2"},
    )
    file = f"{desk.path}/files/{path.rpartition('/')[2]}"
    assert [desk.browser(who).get(file).status_code for who in (NINA, CHIEF)] == [404, 200]


def test_a_refusal_is_said_in_the_words_of_the_desk(desk: Desk) -> None:
    with desk.site.app.test_request_context(headers={"Accept-Language": "fr"}):
        found = refusal_sentences(
            NotAllowed(Reason.REOPEN_FIRST(status="closed"), Reason.FIELD_ONE_OF(field="component", choices="browser"))
        )
        assert found == [
            "Elle est à l’état Close\u00a0: rouvrez-la d’abord.",
            "Adaptatif\u00a0: ce qui change doit être l’une de ces valeurs\u00a0: Navigateur web.",
        ]
        assert refusal_sentences(NotFound("a sentence for operators")) == [
            "Cela n’existe pas, ou ne vous est pas ouvert."
        ]


def test_the_desk_is_in_english_for_whoever_reads_english(desk: Desk) -> None:
    page = desk.browser(NINA, prefers="en").get(desk.path).text
    assert "Where it stands" in page
    assert "Où en est" not in page


def test_a_page_of_the_desk_stays_small(desk: Desk) -> None:
    for number in range(60):
        desk.site.ticket(desk.site.person(), f"Demande {number} " + "x" * 60)
    nina = desk.browser(NINA)
    assert len(nina.get("/desk").data) < 100_000
    assert len(nina.get(desk.path).data) < 100_000
    assert "page=2" in nina.get("/desk").text


def test_a_look_wakes_nothing_and_a_note_counts_for_no_clock(desk: Desk) -> None:
    desk.act(severity=Severity.BLOCKING)
    before = desk.now().updated_at
    desk.site.clock.move(hours=1)
    desk.browser(NINA).get(desk.path)
    assert desk.now().updated_at == before
    assert timedelta(0) <= desk.site.clock.now() - before
