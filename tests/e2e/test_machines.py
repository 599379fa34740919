"""Two machines on one database and one Redis: mail at either door, work by either, one of them taken away."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.installation import Installation, mail
from tests.support.servers import PostgresServer, ValkeyServer
from tests.support.waiting import wait_for

pytestmark = pytest.mark.postgres


@pytest.fixture
def machines(
    tmp_path: Path, postgres_server: PostgresServer, valkey_server: ValkeyServer
) -> Iterator[list[Installation]]:
    """Each with a folder of its own: nothing is shared but the servers and the keys."""
    valkey_server.client().flushall()
    shared = {
        "GATEWAY_DATABASE_URL": postgres_server.new_database(),
        "GATEWAY_REDIS_URL": valkey_server.url,
        "GATEWAY_SIGNING__KEY": "the key of all machines of this test",
        "GATEWAY_WORKER__PROCESSES": "1",
    }
    with ExitStack() as stack:
        yield [
            stack.enter_context(Installation(tmp_path / name, GATEWAY_MACHINE=name, **shared))
            for name in ("mx1", "mx2")
        ]


def leader(machine: Installation) -> str:
    """Who does what is done once, as this machine's operator sees it."""
    return "".join(row["name"] for row in machine.rows("machine", "list") if "timetable" in row["leases"].split())


def test_mail_at_either_machine_is_filed_and_acknowledged_once_and_one_can_go(machines: list[Installation]) -> None:
    one, two = machines
    for number in range(8):
        machines[number % 2].send(mail(number, sender=f"m{number}@client.example"), sender=f"m{number}@client.example")
    one.wait_idle()
    tickets = two.rows("ticket", "list")
    assert Counter(ticket["subject"] for ticket in tickets) == Counter(f"Écran bloqué n° {n}" for n in range(8))
    answered = Counter(message["In-Reply-To"] for machine in machines for message in machine.sent())
    assert answered == Counter(f"<mail-{n}@client.example>" for n in range(8))
    assert [(row["name"], row["state"]) for row in one.rows("machine", "list")] == [("mx1", "up"), ("mx2", "up")]

    first = leader(two)
    assert first in {"mx1", "mx2"}
    [going] = [machine for machine in machines if machine.environment["GATEWAY_MACHINE"] == first]
    [staying] = [machine for machine in machines if machine is not going]
    assert going.stop() == 0
    wait_for(lambda: leader(staying) not in {"", first}, "another machine to do what is done once")
    staying.send(mail(9, sender="m9@client.example"), sender="m9@client.example")
    staying.wait_idle()
    assert len(staying.rows("ticket", "list")) == 9
