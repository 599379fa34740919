"""What a person discards from quarantine goes on record once, in the projects that it was for."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from gateway.config.load import Settings, load_settings
from gateway.db.receipts import Receipt, Verdict, find_receipts
from gateway.domain.ticket import Channel, Kind
from gateway.errors import NotFound
from gateway.ids import SpoolId
from gateway.mail.envelope import MailEnvelope
from gateway.runtime import Runtime
from gateway.services.settle_item import discard_quarantined
from gateway.services.web_form import Form, ReportAnswers, WebForm, envelope_of, payload_of
from gateway.spool.entry import Lane
from inbound.filing import file_mail
from tests.support.installation import mail
from tests.support.web import Site

PROJECTS = {
    "demo": {"name": "Démonstration", "addresses": ["support@demo.example"]},
    "shop": {"name": "Shop", "addresses": ["help@shop.example", "aide@évry.example"]},
    "city": {"name": "City", "addresses": ["city@shop.example"]},
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Three projects."""
    projects = load_settings({"GATEWAY_CONFIG": "/dev/null", "GATEWAY_PROJECTS": json.dumps(PROJECTS)}).projects
    return settings.model_copy(update={"projects": projects})


def envelope(runtime: Runtime, *recipients: str) -> dict[str, Any]:
    return MailEnvelope(
        channel=Channel.SMTP,
        mail_from="marie@client.example",
        rcpt_tos=recipients,
        peer="192.0.2.1",
        helo="client.example",
        tls=False,
        smtputf8=False,
        received_at=runtime.clock.now(),
    ).to_json()


def quarantined(runtime: Runtime, lane: Lane, envelope: Mapping[str, Any], payload: bytes) -> SpoolId:
    spool_id = runtime.spool.accept(lane, dict(envelope), payload)
    with runtime.spool.worker(lane) as claims:
        claims.claim(spool_id, 0)
        claims.quarantine(spool_id, 1, "cannot be understood")
    return spool_id


def receipts(runtime: Runtime, spool_id: str) -> list[Receipt]:
    with runtime.database.reading() as connection:
        return find_receipts(connection, spool_id)


@pytest.mark.parametrize(
    ("recipients", "projects"),
    [
        (["help@shop.example"], ["SHOP"]),
        (["Aide+r-1@Évry.example."], ["SHOP"]),
        (["city@shop.example", "support@demo.example"], ["DEMO", "CITY"]),
        (["somebody@else.example"], ["DEMO"]),
        ([], ["DEMO"]),
    ],
)
def test_a_mail_is_discarded_in_the_projects_of_its_recipients(
    runtime: Runtime, recipients: list[str], projects: list[str]
) -> None:
    spool_id = quarantined(runtime, Lane.MAIL, {"rcpt_tos": recipients}, b"poison")
    assert discard_quarantined(runtime, spool_id, reason="an advertisement") == []
    found = receipts(runtime, spool_id)
    assert [receipt.project for receipt in found] == projects
    assert {(receipt.verdict, receipt.reason) for receipt in found} == {(Verdict.DISCARDED, "an advertisement")}
    assert runtime.archive.read(found[0].sha256) == b"poison"
    assert runtime.spool.quarantine.list(Lane.MAIL) == []
    with pytest.raises(NotFound):
        discard_quarantined(runtime, spool_id, reason="once more")


def test_a_reply_from_the_page_is_discarded_in_the_project_of_its_ticket(site: Site) -> None:
    ticket = site.ticket(site.person(), project="SHOP")
    payload = json.dumps({"ticket_id": ticket.id, "text": "?"}).encode()
    spool_id = quarantined(site.runtime, Lane.WEB, {}, payload)
    discard_quarantined(site.runtime, spool_id, reason="nothing is in it")
    assert [receipt.project for receipt in receipts(site.runtime, spool_id)] == ["SHOP"]


@pytest.mark.parametrize("kind", Form)
def test_a_form_is_discarded_in_the_project_that_it_was_sent_for(site: Site, kind: Form) -> None:
    marie = site.person()
    ticket = site.ticket(marie, project="SHOP")
    form = WebForm(form=kind, person_id=marie.id, number="1", at=site.clock.now(), text="?", ticket_id=ticket.id)
    if kind is Form.REPORT:
        form = replace(form, ticket_id=None, report=ReportAnswers(project="SHOP", kind=Kind.ASSISTANCE))
    spool_id = quarantined(site.runtime, Lane.WEB, envelope_of(form), payload_of(form, []))
    discard_quarantined(site.runtime, spool_id, reason="nothing is in it")
    assert [receipt.project for receipt in receipts(site.runtime, spool_id)] == ["SHOP"]


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"ticket_id": "x"}', b'{"ticket_id": 99}'])
def test_a_reply_that_names_no_ticket_is_discarded_in_the_first_project(runtime: Runtime, payload: bytes) -> None:
    spool_id = quarantined(runtime, Lane.WEB, {}, payload)
    discard_quarantined(runtime, spool_id, reason="nothing is in it")
    assert [receipt.project for receipt in receipts(runtime, spool_id)] == ["DEMO"]


def test_what_was_filed_before_its_worker_died_stays_filed(runtime: Runtime) -> None:
    spool_id = quarantined(runtime, Lane.MAIL, envelope(runtime, "help@shop.example"), mail())
    file_mail(runtime.spool.quarantine.find(spool_id), runtime)
    [earlier] = discard_quarantined(runtime, spool_id, reason="looks like a copy")
    assert (earlier.verdict, earlier.project) == (Verdict.FILED, "SHOP")
    assert receipts(runtime, spool_id) == [earlier]
    assert runtime.spool.quarantine.list(Lane.MAIL) == []


def test_a_mail_that_has_a_spool_id_for_its_message_id_is_no_receipt_of_that_entry(runtime: Runtime) -> None:
    spool_id = quarantined(runtime, Lane.MAIL, {}, b"poison")
    raw = mail(Message_ID=f"<{spool_id}>")
    other = quarantined(runtime, Lane.MAIL, envelope(runtime, "help@shop.example"), raw)
    file_mail(runtime.spool.quarantine.find(other), runtime)
    assert [receipt.spool_id for receipt in receipts(runtime, spool_id)] == [other]
    assert discard_quarantined(runtime, spool_id, reason="an advertisement") == []
    assert [receipt.spool_id for receipt in receipts(runtime, spool_id)] == [other, spool_id]


def test_a_discard_that_was_interrupted_is_finished_by_the_next(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool_id = quarantined(runtime, Lane.MAIL, {}, b"poison")

    def die(_spool_id: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(runtime.spool.quarantine, "remove", die)
        with pytest.raises(KeyboardInterrupt):
            discard_quarantined(runtime, spool_id, reason="an advertisement")
    [earlier] = discard_quarantined(runtime, spool_id, reason="again")
    assert earlier.reason == "an advertisement"
    assert runtime.spool.quarantine.list(Lane.MAIL) == []
