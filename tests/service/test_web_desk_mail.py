"""Held and quarantined mail at the desk: who decides on it, and what becomes of it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from gateway.db.machines import SetAside, keep_set_aside, list_orders
from gateway.db.receipts import Receipt, Verdict, add_receipt, find_receipts, receipts
from gateway.domain.ticket import Channel
from gateway.mail.envelope import MailEnvelope
from gateway.runtime import Runtime
from gateway.spool.entry import Lane
from inbound.release import release_mail
from tests.support.agents import ANA, CHIEF, DEV, NINA, Desk
from tests.support.many_tickets import multiply
from tests.support.web import Site, read_attachment
from web.app import create_app

RAW = b"From: marie@example.org\r\nSubject: Panne\r\n\r\nBonjour"
AT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@pytest.fixture
def held(desk: Desk) -> str:
    """The spool id of a mail that is held in DEMO."""
    runtime = desk.site.runtime
    spool_id = runtime.spool.accept(Lane.MAIL, {"mail_from": "marie@example.org"}, RAW)
    with runtime.spool.worker(Lane.MAIL) as claims:
        entry = claims.claim(*runtime.spool.waiting(Lane.MAIL)[0])
        assert entry is not None
        runtime.archive.keep(entry)
        claims.finish(entry)
    receipt = Receipt(
        spool_id=spool_id,
        lane="mail",
        project="DEMO",
        fingerprint="f",
        message_id=None,
        sha256=entry.sha256,
        verdict=Verdict.HELD,
        reason="two senders",
        ticket_id=None,
        entry_id=None,
        trace=[{"rule": "one sender", "outcome": "held", "evidence": "2 in From"}],
        envelope={"mail_from": "marie@example.org"},
        accepted_at=AT,
        filed_at=AT,
    )
    with runtime.database.transaction() as connection:
        add_receipt(connection, receipt)
    return str(spool_id)


@pytest.fixture
def aside(desk: Desk) -> str:
    """The spool id of a mail to DEMO that could not be filed."""
    spool = desk.site.runtime.spool
    spool_id = spool.accept(Lane.MAIL, {"rcpt_tos": ["support@demo.example"]}, RAW)
    with spool.worker(Lane.MAIL) as claims:
        entry = claims.claim(*spool.waiting(Lane.MAIL)[0])
        assert entry is not None
        claims.quarantine(entry.id, entry.attempts, "it failed three times")
    return str(spool_id)


def verdict(desk: Desk, spool_id: str) -> tuple[str, str]:
    with desk.site.runtime.database.reading() as connection:
        [receipt] = find_receipts(connection, spool_id)
    return receipt.verdict, receipt.reason


def test_n2_and_supervisors_see_what_is_held_with_the_evidence(desk: Desk, held: str) -> None:
    for who, code in ((NINA, 404), (ANA, 200), (DEV, 404), (CHIEF, 200)):
        answer = desk.browser(who).get("/desk/mail")
        assert answer.status_code == code, who
        assert ("two senders" in answer.text, "2 in From" in answer.text) == (code == 200, code == 200), who
        raw = desk.browser(who).get(f"/desk/mail/held/{held}/raw")
        assert (raw.status_code, raw.data == RAW) == (code, code == 200), who
        if code == 200:
            assert raw.headers["Content-Disposition"].startswith("attachment")


def test_held_mail_of_another_project_does_not_exist(desk: Desk, held: str) -> None:
    with desk.site.runtime.database.transaction() as connection:
        connection.execute(update(receipts).values(project="OTHER"))
    chief = desk.browser(CHIEF)
    assert "two senders" not in chief.get("/desk/mail").text
    for path in (f"held/{held}/release", f"held/{held}/discard"):
        assert chief.post(f"/desk/mail/{path}", page="/desk/mail", reason="x").status_code == 404
    assert verdict(desk, held)[0] == Verdict.HELD


def test_held_mail_is_released_under_the_sender_that_is_chosen(desk: Desk, held: str) -> None:
    asked: list[tuple[str, str | None]] = []

    def release(_runtime: Runtime, spool_id: str, /, *, sender: str | None, project: str, by: int) -> str:
        assert (project, by) == ("DEMO", site.person(ANA).id)
        asked.append((spool_id, sender))
        return desk.ticket.ref

    site = desk.site
    app = create_app(site.runtime, read_attachment, release_mail=release)
    there = Site(runtime=site.runtime, clock=site.clock, app=app)
    ana = there.sign_in(there.person(ANA))
    path = f"/desk/mail/held/{held}/release"
    assert ana.post(path, page="/desk/mail", sender="Marie@example.org").location == desk.path
    assert ana.post(path, page="/desk/mail").location == desk.path
    bad = ana.post(path, page="/desk/mail", sender="x")
    assert (bad.status_code, "« x » n’est pas une adresse" in bad.text) == (400, True)
    assert asked == [(held, "marie@example.org"), (held, None)]
    nina = there.sign_in(there.person(NINA))
    assert nina.post(path, page="/desk").status_code == 404
    app.extensions["gateway"].background.close()


def test_a_mail_that_another_project_holds_too_is_released_in_ones_own_alone(desk: Desk, held: str) -> None:
    runtime = desk.site.runtime
    known = MailEnvelope(
        channel=Channel.SMTP,
        mail_from="marie@example.org",
        rcpt_tos=("support@demo.example",),
        peer="192.0.2.1",
        helo="example.org",
        tls=False,
        smtputf8=False,
        received_at=AT,
    )
    with runtime.database.transaction() as connection:
        connection.execute(update(receipts).values(project="OTHER", envelope=known.to_json()))
        [theirs] = find_receipts(connection, held)
        add_receipt(connection, replace(theirs, project="DEMO"))
    app = create_app(runtime, read_attachment, release_mail=release_mail)
    there = Site(runtime=runtime, clock=desk.site.clock, app=app)
    path = f"/desk/mail/held/{held}/release"
    assert there.sign_in(there.person(ANA)).post(path, page="/desk/mail").location == "/desk/tickets/DEMO-2"
    with runtime.database.reading() as connection:
        verdicts = {receipt.project: receipt.verdict for receipt in find_receipts(connection, held)}
    assert verdicts == {"OTHER": Verdict.HELD, "DEMO": Verdict.FILED}
    app.extensions["gateway"].background.close()


def test_held_mail_is_discarded_once_and_with_a_reason(desk: Desk, held: str) -> None:
    ana = desk.browser(ANA)
    path = f"/desk/mail/held/{held}/discard"
    assert ana.post(path, page="/desk/mail", reason=" ").status_code == 400
    assert verdict(desk, held)[0] == Verdict.HELD
    assert ana.post(path, page="/desk/mail", reason="publicité").status_code == 303
    assert verdict(desk, held) == (Verdict.DISCARDED, "publicité")
    assert ana.post(path, page="/desk/mail", reason="encore").status_code == 404


def test_supervisors_replay_and_discard_what_is_in_quarantine(desk: Desk, aside: str) -> None:
    chief, ana = desk.browser(CHIEF), desk.browser(ANA)
    spool = desk.site.runtime.spool
    assert "it failed three times" in chief.get("/desk/mail").text
    assert "it failed three times" not in ana.get("/desk/mail").text
    for act in ("replay", "discard"):
        assert ana.post(f"/desk/mail/aside/{aside}/{act}", page="/desk/mail", reason="x").status_code == 404
    assert chief.post(f"/desk/mail/aside/{aside}/discard", page="/desk/mail", reason="").status_code == 400
    assert chief.post(f"/desk/mail/aside/{aside}/replay", page="/desk/mail").status_code == 303
    assert [ident for ident, _ in spool.waiting(Lane.MAIL)] == [aside]
    with spool.worker(Lane.MAIL) as claims:
        entry = claims.claim(*spool.waiting(Lane.MAIL)[0])
        assert entry is not None
        claims.quarantine(entry.id, entry.attempts, "again")
    assert chief.post(f"/desk/mail/aside/{aside}/discard", page="/desk/mail", reason="illisible").status_code == 303
    assert verdict(desk, aside) == (Verdict.DISCARDED, "illisible")
    assert spool.quarantine.list(Lane.MAIL) == []


def test_the_menu_leads_to_it_whoever_decides_there(desk: Desk) -> None:
    found = {who: 'href="/desk/mail"' in desk.browser(who).get("/desk").text for who in (NINA, ANA, DEV, CHIEF)}
    assert found == {NINA: False, ANA: True, DEV: False, CHIEF: True}


def test_what_another_machine_has_aside_is_seen_by_its_supervisors_and_filed_again_there(desk: Desk) -> None:
    runtime = desk.site.runtime
    row = SetAside(
        spool_id="1k11dy124802e1y6wp68h",
        machine="mx2",
        lane="mail",
        reason="it failed elsewhere",
        attempts=3,
        size=1000,
        projects=("DEMO",),
    )
    foreign = replace(row, spool_id="1k11dy124802e1y6wp68j", projects=("OTHER",))
    with runtime.database.transaction() as connection:
        keep_set_aside(connection, "mx2", [row, foreign])
    chief = desk.browser(CHIEF)
    page = chief.get("/desk/mail").text
    assert ("sur la machine mx2" in page, row.spool_id in page, foreign.spool_id in page) == (True, True, False)
    assert row.spool_id not in desk.browser(ANA).get("/desk/mail").text
    path = f"/desk/mail/aside/{row.spool_id}"
    assert desk.browser(ANA).post(f"{path}/replay", page="/desk/mail").status_code == 404
    assert chief.post(f"{path}/discard", page="/desk/mail", reason=" ").status_code == 400
    assert chief.post(f"{path}/replay", page="/desk/mail").status_code == 303
    assert "La machine mx2 s’en charge dans un instant." in chief.get("/desk/mail").text
    assert chief.post(f"{path}/discard", page="/desk/mail", reason="spam").status_code == 409
    assert chief.post(f"/desk/mail/aside/{foreign.spool_id}/replay", page="/desk/mail").status_code == 404
    with runtime.database.reading() as connection:
        [order] = list_orders(connection, "mx2")
    assert (order.spool_id, order.act) == (row.spool_id, "replay")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_five_thousand_of_each_are_shown_page_by_page(desk: Desk, held: str) -> None:
    plain = SetAside(spool_id="", machine="mx2", lane="mail", reason="no", attempts=3, size=9, projects=("DEMO",))
    with desk.site.runtime.database.transaction() as connection:
        multiply(connection, receipts, 4_999, spool_id=lambda one: f"h{one:020}", fingerprint=str)
        keep_set_aside(connection, "mx2", [replace(plain, spool_id=f"a{one:020}") for one in range(5_000)])
    chief = desk.browser(CHIEF)
    first, last = chief.get("/desk/mail"), chief.get("/desk/mail?page=250&aside=3")
    for page in (first, last):
        assert len(page.data) < 100_000
        assert page.text.count("/release") == page.text.count("/replay") == 20
    assert held in first.text
    assert f"h{4_998:020}" in last.text
    assert ("aside=3&amp;page=251" in last.text, "page=250&amp;aside=4" in last.text) == (False, True)
    assert verdict(desk, held)[0] == Verdict.HELD
    assert chief.post(f"/desk/mail/aside/a{4_999:020}/replay", page="/desk/mail").status_code == 303
