"""What is done at the desk beside answering, in a real browser: acts on a request, calls, mail, duty, advisories.

Without a script, but where a script is what asks: how long a sound is, and whether axe finds something.
"""

import wave
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from gateway.db.callbacks import callback_requests
from gateway.db.calls import call_messages, calls
from gateway.db.receipts import find_receipts
from gateway.db.ticket_links import find_relations
from gateway.db.tickets import Ticket, find_ticket
from gateway.domain.ticket import Severity, Status
from gateway.files.store import content_of, settle_all, sound_name
from gateway.spool.entry import Lane
from tests.service.test_filing import file
from tests.support.agents import CHIEF, NINA, Desk
from tests.support.axe import violations
from tests.support.busy_desk import signed_in
from tests.support.installation import mail

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
DONE = "C’est fait."


def now(desk: Desk, ref: str) -> Ticket:
    with desk.site.runtime.database.reading() as connection:
        found = find_ticket(connection, ref=ref)
    assert found is not None, ref
    return found


def rows(desk: Desk, *columns: Any) -> list[tuple[Any, ...]]:
    with desk.site.runtime.database.reading() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(columns[0]))]


def download(page: Any, link: Any) -> bytes:
    with page.expect_download() as caught:
        link.click()
    return Path(caught.value.path()).read_bytes()


def press(page: Any, button: Any) -> None:
    """Press a button that leads to a page, and see there that it is done."""
    with page.expect_navigation():
        button.click()
    said = page.locator("[role=status], [role=alert]").first.inner_text()
    assert said in {DONE, "DEMO-5 est fusionnée dans cette demande."}


def test_a_request_is_found_sorted_and_put_together_with_others(
    chromium: Any, busy: Desk, url: str, tmp_path: Path
) -> None:
    raw = mail(7)
    ref = f"DEMO-{file(busy.site.runtime, raw).ticket_id}"
    page, complaints = signed_in(chromium, busy, url, CHIEF, width=360, script=False)

    def do(part: str, button: str, **fields: str) -> None:
        card = page.locator(f"#{part}")
        card.locator("summary").click()
        for name, value in fields.items():
            field = card.locator(f"[name={name}]")
            field.select_option(value) if field.evaluate("one => one.tagName") == "SELECT" else field.fill(value)
        press(page, card.get_by_role("button", name=button, exact=True))

    page.goto("/desk")
    page.locator("[name=level]").select_option("all")
    page.get_by_label("Gravité").select_option("blocking")
    page.get_by_role("button", name="Afficher").click()
    page.wait_for_url("**severity=blocking*")
    assert page.locator(".queue .what a").count() == 1
    page.get_by_label("Chercher dans tout").fill("essai connecter")
    page.get_by_role("button", name="Chercher").click()
    page.wait_for_url("**/desk/search?*")
    page.locator(f"a[href='/desk/tickets/{ref}']").click()

    page.get_by_text("Envoi et justifications").first.click()
    evidence = page.locator("details.evidence").first
    assert "marie@client.example" in evidence.inner_text(), "to whom the acknowledgement goes, and how that stands"
    assert "Classé" in evidence.inner_text()
    assert download(page, evidence.get_by_role("link")) == raw
    page.screenshot(path=tmp_path / "evidence-360.png", full_page=True)
    do("assign", "Confier", assignee=NINA)
    do("severe", "Fixer la gravité", severity="major", reason="Un service entier.")
    assert (now(busy, ref).severity, now(busy, ref).assignee_id) == (Severity.MAJOR, busy.site.person(NINA).id)

    def write(text: str, how: str, status: str = "") -> None:
        page.get_by_label("Votre texte").fill(text)
        page.locator(f"[name=as][value={how}]").check()
        page.get_by_label("Et ensuite").select_option(status)
        page.get_by_role("button", name="Envoyer").click()
        page.locator("article", has_text=text).wait_for()

    write("Videz le cache.", "workaround")
    do("sort", "Fixer la nature", kind="adaptive", component="browser", from_version="120", to_version="140")
    assert now(busy, ref).kind == "adaptive"
    write("Quel navigateur ?", "reply", "pending")
    assert now(busy, ref).status == Status.PENDING
    do("people", "Ajouter", add="luc@client.example")
    do("link", "Lier", other="DEMO-2")
    do("merge", "Fusionner", into="DEMO-1", reason="La même panne.")
    page.goto(f"/desk/tickets/{ref}")
    page.locator("dd a[href='/desk/tickets/DEMO-1']").wait_for()
    with busy.site.runtime.database.reading() as connection:
        around = find_relations(connection, now(busy, ref))
    assert (around.links, around.merged_into) == (("DEMO-2",), "DEMO-1")
    assert complaints == []


def test_messages_are_heard_and_calls_are_settled(chromium: Any, busy: Desk, url: str) -> None:
    runtime, sound = busy.site.runtime, BytesIO()
    with wave.open(sound, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * 8000))  # one second
    content = sound.getvalue()
    digest = sha256(content).hexdigest()
    runtime.files.put(sound_name(digest), content_of(content))
    settle_all(runtime.files)
    with runtime.database.transaction() as connection:
        values = {"state": "kept", "sha256": digest, "size": len(content), "type": "audio/x-wav"}
        connection.execute(update(call_messages).values(**values))
    page, complaints = signed_in(chromium, busy, url, CHIEF)
    page.goto("/desk/calls")
    heard = "one => new Promise(done => { one.onloadedmetadata = () => done(one.duration); one.load(); })"
    assert page.locator("audio").first.evaluate(heard) == 1
    first = page.locator("article.card").first
    first.get_by_text("Le rattacher à une demande").click()
    first.get_by_label("Référence").fill("DEMO-1")
    first.get_by_role("button", name="Lier").click()
    page.wait_for_url("**/desk/tickets/DEMO-1")
    page.goto("/desk/calls")
    second = page.locator("article.card").first
    second.get_by_text("L’écarter").click()
    second.get_by_label("Motif").fill("Un silence.")
    second.get_by_role("button", name="Écarter", exact=True).click()
    page.get_by_text("Aucun message n’attend.").wait_for()
    assert sorted(triage for _, triage in rows(busy, calls.c.id, calls.c.triage)) == ["discarded", "linked"]
    for act in ("Je rappelle", "Sans réponse", "Rappelé"):
        press(page, page.get_by_role("button", name=act).first)
    states = [state for _, state in rows(busy, callback_requests.c.id, callback_requests.c.state)]
    assert (states.count("done"), states.count("open")) == (1, 2), "one was made of the message"
    page.get_by_label("Référence de la demande").fill("DEMO-2")
    page.get_by_label("Durée en minutes").fill("5")
    page.get_by_label("Ce qui a été dit").fill("Elle a retrouvé son badge.")
    page.get_by_role("button", name="Consigner").click()
    page.wait_for_url("**/desk/tickets/DEMO-2")
    page.locator("article", has_text="Elle a retrouvé son badge.").wait_for()
    assert complaints == []


def test_mail_is_released_discarded_and_filed_again(chromium: Any, busy: Desk, url: str, tmp_path: Path) -> None:
    runtime = busy.site.runtime
    raws = [mail(number, From="marie@client.example, paul@client.example") for number in (7, 8)]
    held = [file(runtime, raw).spool_id for raw in raws]
    for _ in range(2):
        spool_id = runtime.spool.accept(Lane.MAIL, {"rcpt_tos": ["support@demo.example"]}, mail(9))
        with runtime.spool.worker(Lane.MAIL) as claims:
            entry = claims.claim(spool_id, 0)
            assert entry is not None
            claims.quarantine(entry.id, entry.attempts, "it failed three times")
    page, complaints = signed_in(chromium, busy, url, CHIEF, width=360)
    page.goto("/desk/mail")
    first = page.locator("article.card").first
    first.get_by_text("Ce qui a été essayé et constaté").click()
    assert first.locator(".evidence").inner_text().count("\n") > 2
    assert download(page, first.get_by_role("link", name="Le courriel tel qu’il est arrivé")) == raws[0]
    page.screenshot(path=tmp_path / "mail-360.png", full_page=True)
    assert violations(page) == []
    first.get_by_text("En faire une demande").click()
    first.get_by_label("De qui il est").fill("paul@client.example")
    first.get_by_role("button", name="Créer la demande").click()
    page.wait_for_url("**/desk/tickets/DEMO-*")
    assert now(busy, page.url.rpartition("/")[2]).reporter == "paul@client.example"
    page.eval_on_selector_all("main details", "all => all.forEach(one => one.open = true)")
    assert violations(page) == [], "with the evidence of a mail unfolded"
    page.goto("/desk/mail")
    for _ in range(2):  # what is held, and one in quarantine
        card = page.locator("article.card").first
        card.get_by_text("L’écarter").click()
        card.get_by_label("Motif").fill("Une publicité.")
        press(page, card.get_by_role("button", name="Écarter", exact=True))
    page.get_by_text("Rien n’est retenu.").wait_for()
    with runtime.database.reading() as connection:
        assert [find_receipts(connection, one)[0].verdict for one in held] == ["filed", "discarded"]
    press(page, page.get_by_role("button", name="Classer à nouveau"))
    page.get_by_text("Rien n’est en quarantaine.").wait_for()
    assert len(runtime.spool.waiting(Lane.MAIL)) == 1, "it goes its way once more"
    assert complaints == []


def test_turns_are_changed_and_an_advisory_goes_its_way(chromium: Any, busy: Desk, url: str) -> None:
    page, complaints = signed_in(chromium, busy, url, CHIEF, script=False)
    page.goto("/desk/duty")
    page.get_by_text("Changer un jour").click()
    page.get_by_label("Chaque semaine").select_option("saturday")
    page.locator("#hours-DEMO").fill("9:00-12:00")
    page.get_by_label("N° 1").select_option(CHIEF)
    press(page, page.get_by_role("button", name="Fixer ce jour"))
    page.get_by_text("La semaine habituelle", exact=True).click()
    assert "9\u00a0h à 12\u00a0h" in page.locator("details .roster li", has_text="samedi").inner_text()

    page.goto("/desk/advisories")
    page.get_by_text("Ouvrir une alerte").click()
    page.locator("#reference").fill("CVE-2026-9999")
    page.locator("#title").fill("Débordement")
    page.locator("#touches").fill("zlib 1.2")
    page.get_by_role("button", name="Ouvrir l’alerte").click()
    page.wait_for_url("**/desk/advisories/2")
    page.get_by_label("l’application est concernée").check()
    page.locator("textarea[name=words]").fill("La version 1.2 est là.")
    page.get_by_role("button", name="Enregistrer").click()
    for step in ("Le correctif est installé", "Le correctif est livré"):
        page.get_by_role("button", name=step).click()
        page.locator(".news", has_text=step).wait_for()
    assert page.locator(".state.resolved").count() == 1
    assert complaints == []
