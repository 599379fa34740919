"""/metrics says in numbers what /readyz finds, and leaves out what is down."""

from prometheus_client.parser import text_string_to_metric_families

from gateway.services.sign_in import request_link
from gateway.spool.entry import Lane
from tests.support.web import Site
from web.metrics import exposition


def read(text: str) -> dict[tuple[str, str], float]:
    """The samples, by name and label value."""
    return {
        (sample.name, next(iter(sample.labels.values()))): sample.value
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
    assert found == {("gateway_part_up", "database"): 0, ("gateway_part_up", "spool"): 0}
