"""A desk on a working day, and a browser of somebody who works at it, for tests in Chromium."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from gateway.db.callbacks import callback_requests
from gateway.db.calls import CallKey, call_messages
from gateway.db.people import find_person, update_person
from gateway.domain.advisory import Danger, Step
from gateway.domain.calendar import DAY_NAMES
from gateway.domain.ticket import Severity, Status
from gateway.services.duty_roster import set_duty
from gateway.services.log_call import log_event
from gateway.services.open_advisory import open_advisory
from gateway.services.run_clocks import run_clocks
from gateway.services.step_advisory import step_advisory
from tests.support.agents import ANA, CHIEF, Desk
from tests.support.call_events import final, step
from tests.support.chromium import open_page


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """A desk with a ticket in each state, and DEMO-1 with all that a page can show."""
    marie = desk.site.person()
    for subject, severity in (
        ("Accès au module de paie", Severity.MINOR),
        ("Plus rien ne s’affiche depuis la mise à jour de ce matin " + "x" * 60, Severity.BLOCKING),
    ):
        made = desk.site.ticket(marie, subject)
        desk.act(ref=made.ref, severity=severity)
        desk.site.clock.move(hours=5)
    desk.act(note="Voir avec l’exploitant : le fusible du 3e étage a sauté.")
    desk.act(reply="Bonjour,\n\nPouvez-vous redémarrer le serveur d’impression ?", status=Status.PENDING)
    desk.site.clock.move(hours=4)
    run_clocks(desk.site.runtime)
    _plan(desk)
    return desk


def _plan(desk: Desk) -> None:
    """An advisory, and a roster with an exception; a voice message that waits, and somebody to call back."""
    runtime, now = desk.site.runtime, desk.site.clock.now()
    with runtime.database.transaction() as connection:
        for email, phone in ((ANA, "+33612345678"), (CHIEF, "+33612345679")):
            person = find_person(connection, email=email)
            assert person is not None
            update_person(connection, person.id, name=None, lang=None, phone=phone)
    for weekday in DAY_NAMES[:5]:
        set_duty(runtime, "DEMO", day=weekday, hours="9:00-12:30, 13:30-17:30", agents=[ANA, CHIEF])
    set_duty(runtime, "DEMO", day=now.date().isoformat(), hours="9:00-17:30", agents=[CHIEF])
    set_duty(runtime, "DEMO", day=f"{now.year + 1}-01-02", hours="9:00-17:30", agents=[CHIEF])
    text = "Faille de la bibliothèque de chiffrement"
    advisory = open_advisory(
        runtime,
        reference="CVE-2026-1234",
        title=text,
        touches="OpenSSL 3.0.1",
        danger=Danger.SECURITY,
        projects=["DEMO"],
        by=ANA,
    )
    step_advisory(runtime, ref=advisory.tickets["DEMO"], step=Step.PRESENT, words="La version 3.0.1 est là.", by=ANA)
    for number in (1, 2):
        left = {"name": "message.left", "recording": f"RE{number}", "seconds": 20 * number}
        call = CallKey(provider="twilio", provider_id=f"CA{number:032}")
        for one in (step(0, {"name": "call.received", "project": "DEMO"}, left, kind="voice"), final(60)):
            log_event(runtime, call, one)
    with runtime.database.transaction() as connection:
        values = {"state": "kept", "sha256": "0" * 64, "size": 9, "type": "audio/x-wav"}
        connection.execute(update(call_messages).where(call_messages.c.seconds == 20).values(**values))
        back = {"project": "DEMO", "ticket_id": desk.ticket.id, "number": "+33612345678", "state": "open"}
        for hours in (-1, 1):
            query = insert(callback_requests).values(**back, attempts=0, requested_at=now)
            connection.execute(query.values(due_at=now + timedelta(hours=hours)))


def signed_in(
    chromium: Any, desk: Desk, url: str, email: str, *, lang: str = "fr-FR", width: int = 1280, **options: Any
) -> tuple[Any, list[str]]:
    """A page of their own, past the sign-in, and its complaints; `options` are those of `open_page`."""
    page, complaints = open_page(chromium, url, width=width, lang=lang, **options)
    page.goto(desk.site.link(desk.site.person(email)))
    page.locator("main button").click()
    page.wait_for_url(lambda found: "/login" not in found)
    return page, complaints
