"""/metrics says in numbers what /readyz finds, and leaves out what is down."""

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from gateway.services.sign_in import request_link
from gateway.spool.entry import Lane
from tests.support.planted import BOB, accept, drain, write, write_mails
from tests.support.web import Site
from web.latency import timed, waited
from web.metrics import exposition


def read(text: str) -> dict[tuple[str, str], float]:
    """The samples, by name and label value."""
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_waits_is_a_number_for_each_lane(site: Site) -> None:
    site.runtime.spool.accept(Lane.MAIL, {}, b"x")
    site.person()
    assert request_link(site.runtime, email="marie@example.org", fallback_language="fr")
    site.clock.move(seconds=90)
    answer = site.browser().get("/metrics")
    assert answer.content_type.startswith("text/plain")
    found = read(answer.text)
    assert found["gateway_spool_waiting", "mail"] == 1
    assert found["gateway_spool_oldest_seconds", "mail"] == 90
    assert found["gateway_spool_waiting", "call"] == 0
    assert found["gateway_outbox_oldest_seconds", "mail"] == 90
    assert {value for (name, _), value in found.items() if name == "gateway_part_up"} == {1}
    assert "marie" not in answer.text


def test_a_mailbox_is_named_with_the_age_of_its_last_good_look() -> None:
    boxes = {
        "support": {"state": "up", "last_good_seconds": 12, "waiting": 3},
        "new": {"state": "failing", "last_good_seconds": None, "waiting": 0},
    }
    found = read(exposition({"mailboxes": {"state": "up", "mailboxes": boxes}}).decode())
    assert found["gateway_mailbox_up", "support"] == 1
    assert found["gateway_mailbox_up", "new"] == 0
    assert found["gateway_mailbox_last_good_seconds", "support"] == 12
    assert ("gateway_mailbox_last_good_seconds", "new") not in found
    assert found["gateway_mailbox_waiting", "support"] == 3


def test_what_is_down_is_said_and_has_no_numbers() -> None:
    found = read(exposition({"database": {"state": "down"}, "spool": {"state": "down"}}).decode())
    assert found == {
        ("gateway_part_up", "database"): 0,
        ("gateway_part_up", "spool"): 0,
        ("gateway_alarm", "database_down"): 1,
        ("gateway_alarm", "spool_down"): 1,
    }


def test_mail_is_counted_by_door_verdict_origin_and_match_from_the_first_scrape_on(site: Site) -> None:
    browser, runtime = site.browser(), site.runtime
    write_mails(runtime)
    assert not any(name.endswith("_total") for name, _ in read(browser.get("/metrics").text))
    for ident, fields in (("c-1@c.example", {}), ("c-2@c.example", {"Auto_Submitted": "auto-replied"})):
        accept(runtime, write(by=BOB, subject="x", text="y", ident=ident, **fields), mail_from=BOB)
    drain(runtime)
    for _ in range(2):  # a scrape counts nothing twice
        found = read(browser.get("/metrics").text)
        assert found["gateway_mail_received_total", "smtp"] == 2
        assert found["gateway_mail_verdicts_total", "filed"] == 1
        assert found["gateway_mail_verdicts_total", "ignored"] == 1
        assert sum(value for (name, _), value in found.items() if name == "gateway_mail_origins_total") == 2
    assert found["gateway_mail_held", ""] == 1
    assert found["gateway_alarm", "spool_stuck"] == 0


def test_answers_are_measured_webhooks_apart_from_pages() -> None:
    def app(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"x"]

    before = read(waited().decode()).get(("gateway_answer_seconds_count", "webhook"), 0)
    # No server is there to hand over a whole environment, and a writer.
    assert list(timed(app, kind="webhook")({}, lambda *_: None)) == [b"x"]  # type: ignore[arg-type, return-value]
    assert read(waited().decode())["gateway_answer_seconds_count", "webhook"] == before + 1
