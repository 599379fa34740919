"""The operator is told once when something breaks and once when it is well, and of nothing that comes and goes."""

import json
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from gateway.config.load import Settings, load_settings
from gateway.db.outbox import Delivery, list_deliveries
from gateway.domain.alarms import RULES, judge, what_is_wrong
from gateway.domain.ticket import Language
from gateway.errors import Misconfigured
from gateway.notify.compose import compose
from gateway.notify.deliver import deliver_due
from gateway.runtime import Runtime, open_runtime
from gateway.services.health import ask_everything
from gateway.services.refresh_hotline import refresh_hotline
from gateway.services.watch_alarms import watch_alarms
from gateway.spool.entry import Lane, file_name
from tests.support.clock import MovableClock
from tests.support.operator import Operator

OPERATOR = "ops@support.example"


@pytest.fixture
def watched(settings: Settings, clock: MovableClock) -> Iterator[Runtime]:
    told = settings.operator.model_copy(update={"address": OPERATOR})
    with open_runtime(settings.model_copy(update={"operator": told}), clock=clock) as runtime:
        refresh_hotline(runtime)
        yield runtime


def look(runtime: Runtime, clock: MovableClock, *, minutes: int) -> list[str]:
    """Look every half a minute, and send what is due; what was told."""
    told = []
    for _ in range(2 * minutes):
        clock.move(seconds=30)
        refresh_hotline(runtime)
        told += watch_alarms(runtime)
        deliver_due(runtime, deadline=monotonic() + 30)
    return told


def mails(runtime: Runtime) -> list[Delivery]:
    with runtime.database.reading() as connection:
        return list_deliveries(connection)


def put_aside(runtime: Runtime) -> str:
    spool_id = runtime.spool.accept(Lane.MAIL, {}, b"x")
    waiting = runtime.where.spool / Lane.MAIL / "new" / file_name(spool_id, 0)
    runtime.spool.quarantine.put(waiting, Lane.MAIL, "broken")
    return spool_id


def test_one_mail_when_it_breaks_and_one_when_it_is_well(watched: Runtime, clock: MovableClock) -> None:
    assert look(watched, clock, minutes=3) == []
    spool_id = put_aside(watched)
    assert look(watched, clock, minutes=2) == []
    assert look(watched, clock, minutes=30) == ["quarantine"]
    watched.spool.quarantine.remove(spool_id)
    assert look(watched, clock, minutes=5) == []
    assert look(watched, clock, minutes=30) == ["quarantine"]
    assert [(mail.notice, mail.recipient) for mail in mails(watched)] == [("alarm", OPERATOR), ("alarm_over", OPERATOR)]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_comes_and_goes_within_minutes_is_told_to_nobody(watched: Runtime, clock: MovableClock) -> None:
    for _ in range(5):
        spool_id = put_aside(watched)
        assert look(watched, clock, minutes=1) == []
        watched.spool.quarantine.remove(spool_id)
        assert look(watched, clock, minutes=1) == []
    put_aside(watched)
    assert look(watched, clock, minutes=4) == ["quarantine"]
    for quarantined in watched.spool.quarantine.list(Lane.MAIL):
        watched.spool.quarantine.remove(quarantined.id)
    assert look(watched, clock, minutes=3) == []
    put_aside(watched)  # it was not well for long enough: nothing new
    assert look(watched, clock, minutes=10) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_mail_names_the_page_to_read(watched: Runtime, clock: MovableClock) -> None:
    put_aside(watched)
    look(watched, clock, minutes=4)
    (mail,) = mails(watched)
    message = message_from_bytes(compose(mail, runtime=watched).content, policy=default)
    assert "[alerte] quarantine" in message["Subject"]
    body = message.get_body(("plain",))
    assert body is not None
    assert "à la page «\u00a0quarantine\u00a0»" in body.get_content()
    assert "éléments en quarantaine\u00a0: 1" in body.get_content().splitlines()
    assert Language(mail.lang) is Language.FR


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_an_address_nobody_is_told(runtime: Runtime, clock: MovableClock) -> None:
    put_aside(runtime)
    assert look(runtime, clock, minutes=10) == []
    assert mails(runtime) == []
    with pytest.raises(Misconfigured, match=r"operator\.address"):
        load_settings({"GATEWAY_CONFIG": "/dev/null", "GATEWAY_OPERATOR__ADDRESS": "nobody"})


LANES = {"mail": {"waiting": 1, "quarantined": 0, "oldest_seconds": 10}}
MACHINE = {"state": "up", "quarantined": 0, "oldest_seconds": None, "same_keys": True}
GOOD: dict[str, dict[str, Any]] = {
    "database": {"state": "up"},
    "redis": {"state": "up"},
    "spool": {"state": "up", "lanes": LANES},
    "work": {"state": "up", "oldest_due_seconds": None, "clocks_late_seconds": None},
    "mailboxes": {"state": "up", "mailboxes": {"shop": {"state": "failing"}}},
    "hotline": {"state": "up", "snapshot_seconds": 3},
    "machines": {"state": "up", "here": "mx1", "machines": {"mx1": MACHINE, "mx2": MACHINE}},
    "files": {"state": "up"},
    "templates": {"state": "up", "broken": 0},
    "webhooks": {"state": "up", "receivers": {"DEMO/crm": {"state": "up", "waiting": 1, "oldest_seconds": 900}}},
}


def machines(**changes: dict[str, Any]) -> dict[str, Any]:
    """The finding of two machines, asked on mx1; what differs from a good one by name."""
    found = {name: MACHINE | changes.get(name, {}) for name in ("mx1", "mx2")}
    return {"state": "up", "here": "mx1", "machines": found}


def receiver(**changes: Any) -> dict[str, Any]:
    """The finding of one receiver of webhooks that does not take them."""
    return {"state": "up", "receivers": {"DEMO/crm": {"state": "up", "waiting": 1, "oldest_seconds": 1} | changes}}


@pytest.mark.parametrize(
    ("part", "finding", "alarms"),
    [
        ("database", {"state": "down"}, {"database_down"}),
        ("redis", {"state": "down"}, {"redis_down"}),
        ("spool", {"state": "down"}, {"spool_down"}),
        ("files", {"state": "down"}, {"files_down"}),
        ("spool", {"state": "up", "lanes": {"call": LANES["mail"] | {"oldest_seconds": 301}}}, {"spool_stuck"}),
        ("spool", {"state": "up", "lanes": {"web": LANES["mail"] | {"quarantined": 1}}}, {"quarantine"}),
        ("work", GOOD["work"] | {"oldest_due_seconds": 301}, {"outbox_stuck"}),
        ("work", GOOD["work"] | {"clocks_late_seconds": 301}, {"clocks_late"}),
        ("work", {"state": "down"}, set()),
        ("mailboxes", {"state": "down", "mailboxes": {"shop": {"state": "late"}}}, {"mailbox_late"}),
        ("machines", machines(mx1={"state": "silent"}), {"machine_silent"}),
        ("machines", machines(mx2={"oldest_seconds": 301}), {"machine_spool"}),
        ("machines", machines(mx2={"quarantined": 1}), {"machine_spool"}),
        ("machines", machines(mx1={"quarantined": 1, "oldest_seconds": 301}), set()),
        ("machines", machines(mx2={"same_keys": False}), {"machine_keys"}),
        ("hotline", {"state": "up", "snapshot_seconds": None}, {"hotline_stale"}),
        ("hotline", {"state": "up", "snapshot_seconds": 301}, {"hotline_stale"}),
        ("templates", {"state": "up", "broken": 1}, {"templates_broken"}),
        ("webhooks", receiver(oldest_seconds=901), {"webhook_stuck"}),
        ("webhooks", receiver(state="gone"), {"webhook_stuck"}),
    ],
)
def test_each_alarm_has_its_rule(part: str, finding: dict[str, Any], alarms: set[str]) -> None:
    assert what_is_wrong(GOOD) == {}
    assert set(judge(GOOD)) == set(RULES)
    parts = GOOD | {part: finding}
    found = {lang: what_is_wrong(parts, lang) for lang in Language}
    assert set(found[Language.EN]) == set(found[Language.FR]) == alarms
    assert all(found[Language.EN][name] != found[Language.FR][name] for name in alarms)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_status_says_what_is_wrong_on_one_screen(operator: Operator, runtime: Runtime) -> None:
    put_aside(runtime)
    done = operator.run("status")
    assert done.exit_code == 1
    assert "! quarantine: entries in quarantine: 1" in done.stdout
    assert "spool      up    mail 0 waiting, 1 in quarantine" in done.stdout
    assert len(done.stdout.splitlines()) < 24
    told = json.loads(operator.run("status", "--json").stdout)
    assert told["alarms"]["quarantine"] == "entries in quarantine: 1"
    assert set(told["parts"]) == set(ask_everything(runtime))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_status_of_an_installation_without_a_database_is_that(operator: Operator, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'none' / 'gateway.db'}"
    done = operator.run("status", GATEWAY_DATABASE_URL=url)
    assert done.exit_code == 1
    assert "! database_down: it does not answer" in done.stdout
