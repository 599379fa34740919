"""That a receiver takes no webhooks is told to the operator, once, and that it takes them again."""

import pytest

from gateway.config.load import Settings, load_settings
from gateway.db.outbox import list_deliveries
from gateway.runtime import Runtime
from gateway.services.refresh_hotline import refresh_hotline
from gateway.services.watch_alarms import watch_alarms
from tests.support.clock import MovableClock
from tests.support.hooks import ONCE, rows, send
from tests.support.operator import Operator
from tests.support.receiver import Receiver


@pytest.fixture
def settings(hook_environment: dict[str, str]) -> Settings:
    return load_settings(hook_environment | {"GATEWAY_OPERATOR__ADDRESS": "ops@support.example"})


def look(runtime: Runtime, clock: MovableClock, *, minutes: int) -> list[str]:
    """Look every minute, and send what is due; what the operator was told."""
    said: list[str] = []
    for _ in range(minutes):
        clock.move(minutes=1)
        send(runtime)
        refresh_hotline(runtime)
        said += [name for name in watch_alarms(runtime) if name == "webhook_stuck"]
    return said


@ONCE
def test_one_mail_when_nothing_gets_through_and_one_when_it_does(
    hook_desk: Runtime,
    hook_environment: dict[str, str],
    receivers: list[Receiver],
    clock: MovableClock,
    operator: Operator,
) -> None:
    plain = receivers[0]
    plain.answers = [500]
    assert look(hook_desk, clock, minutes=15) == []
    assert look(hook_desk, clock, minutes=4) == ["webhook_stuck"]
    said = operator.run("status", GATEWAY_PROJECTS=hook_environment["GATEWAY_PROJECTS"]).stdout
    assert "! webhook_stuck: nothing gets through to: DEMO/plain, since" in said
    assert "DEMO/open 0 waiting; DEMO/plain 2 waiting, the oldest 19 min" in said
    plain.answers = [204]
    assert look(hook_desk, clock, minutes=20) == ["webhook_stuck"]
    assert {row.state for row in rows(hook_desk, "plain")} == {"sent"}
    with hook_desk.database.reading() as connection:
        told = [row for row in list_deliveries(connection) if row.context.get("alarm") == "webhook_stuck"]
    assert [(row.notice, row.recipient) for row in told] == [
        ("alarm", "ops@support.example"),
        ("alarm_over", "ops@support.example"),
    ]
