"""Other programs are told what happens, once, signed and in order, and nothing that is not let out."""

import json
import re
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import structlog
import trustme
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from sqlalchemy import update

from gateway.admin import webhooks as commands
from gateway.admin.cli import cli
from gateway.config.load import Settings, load_settings
from gateway.db.people import add_membership, get_or_create_person
from gateway.db.tickets import NewEntry, add_entry, find_ticket
from gateway.db.webhooks import HookState, begin_attempt, list_webhooks, try_again, webhook_deliveries
from gateway.domain.change import Change
from gateway.domain.ticket import Direction, EntryType, Role, Severity, Status
from gateway.jobs.timetable import ring_for_webhooks
from gateway.notify import hook_deliver, hook_dial
from gateway.notify.hook_deliver import send_webhooks
from gateway.runtime import Runtime
from gateway.services.change_ticket import change_ticket
from gateway.services.retention import apply_retention
from gateway.services.run_clocks import run_clocks
from tests.support.clock import MovableClock
from tests.support.outbox import file_and_acknowledge
from tests.support.receiver import Receiver
from web.api_document import draw
from web.api_routes import ROUTES

NINA = "nina@client.example"
SECRET, OLD = (f"whsec_{b64encode(byte * 32).decode()}" for byte in (b"n", b"o"))
ONCE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def receivers() -> Iterator[list[Receiver]]:
    with ExitStack() as stack:
        yield [stack.enter_context(Receiver().serving()) for _ in range(2)]


@pytest.fixture
def settings(tmp_path: Path, database_url: str, redis_url: str, receivers: list[Receiver]) -> Settings:
    """DEMO tells two programs: `plain` the least, `open` all there is."""
    usual = {"private": True, "timeout": 0.3}
    plain = {"url": receivers[0].url, "secret": SECRET, "previous_secret": OLD, **usual}
    whole = {"url": receivers[1].url, "secret": SECRET, "detail": "words", "internal": True, **usual}
    project = {"name": "Demo", "addresses": ["support@demo.example"], "webhooks": {"plain": plain, "open": whole}}
    return load_settings(
        {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_DATA": str(tmp_path / "var"),
            "GATEWAY_DATABASE_URL": database_url,
            "GATEWAY_REDIS_URL": redis_url,
            "GATEWAY_SPOOL__MIN_FREE": "0",
            "GATEWAY_MAIL__CHECK_AUTHENTICATION": "false",
            "GATEWAY_PROJECTS": json.dumps({"demo": project}),
        }
    )


@pytest.fixture
def desk(runtime: Runtime) -> Runtime:
    """DEMO-1 of Marie's has been told of; what happens from now on is looked at."""
    with runtime.database.transaction() as connection:
        person = get_or_create_person(connection, email=NINA, name="", now=runtime.clock.now())
        add_membership(connection, person_id=person.id, project="DEMO", role=Role.N1)
    file_and_acknowledge(runtime)
    return runtime


def act(runtime: Runtime, **change: Any) -> None:
    change_ticket(runtime, ref="DEMO-1", change=Change(**change), by=NINA)


def send(runtime: Runtime) -> int:
    return send_webhooks(runtime, deadline=time.monotonic() + 5, chance=Random(1))


def told(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(body) for _, body in receiver.got]


def rows(runtime: Runtime, name: str) -> list[Any]:
    with runtime.database.reading() as connection:
        found = list_webhooks(connection, limit=100)
    return [row for row in reversed(found) if row.endpoint == f"DEMO/{name}"]


def test_what_happens_is_told_in_order_and_as_the_document_says(desk: Runtime, receivers: list[Receiver]) -> None:
    plain, whole = receivers
    act(desk, severity=Severity.BLOCKING, assignee=NINA, reply="Nous regardons.", note="secret", reason="vu")
    desk.clock.move(days=2)  # type: ignore[attr-defined]  # the clock of the tests
    run_clocks(desk)
    act(desk, status=Status.RESOLVED, reply="Réparé.")
    send(desk)
    names = [one["type"] for one in told(plain)]
    assert names[:2] == ["ticket.created", "entry.added"]
    assert {"ticket.severity_changed", "ticket.status_changed", "clock.warned", "clock.breached"} <= set(names)
    assert "ticket.assignee_changed" not in names
    [changed] = [one["data"]["change"] for one in told(plain) if one["type"] == "ticket.severity_changed"]
    assert changed == {"to": "blocking"}
    for receiver in receivers:
        sequence = [one["data"]["sequence"] for one in told(receiver)]
        assert sequence == sorted(sequence)
    everything = b"".join(body for _, body in plain.got)
    for hidden in (b"secret", b"Nous regardons", b"vu", b"marie", b"@", b"false"):
        assert hidden not in everything, hidden
    every = b"".join(body for _, body in whole.got).decode()
    for shown in ("secret", "Nous regardons.", '"reason":"vu"', f'"assignee":"{NINA}"'):
        assert shown in every, shown
    document = draw(ROUTES)
    for receiver in receivers:
        for one in told(receiver):
            schema = document["webhooks"][one["type"]]["post"]["requestBody"]["content"]["application/json"]["schema"]
            Draft202012Validator({**schema, "components": document["components"]}).validate(one)


@ONCE
def test_the_ten_lines_of_the_document_verify_it(desk: Runtime, receivers: list[Receiver]) -> None:
    text = (Path(__file__).parents[2] / "deploy" / "WEBHOOKS.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    found: dict[str, Any] = {}
    exec(code, found)  # the document's own lines, to see that they are right
    found["time"] = type("Time", (), {"time": staticmethod(lambda: desk.clock.now().timestamp())})
    send(desk)
    headers, body = receivers[0].got[0]
    assert [found["is_ours"](headers, body, secret) for secret in (SECRET, OLD)] == [True, True]
    assert not found["is_ours"](headers, body + b" ", SECRET)
    assert not found["is_ours"](headers, body, f"whsec_{b64encode(b'x' * 32).decode()}")
    desk.clock.move(minutes=6)  # type: ignore[attr-defined]  # the fixture knows its type
    assert not found["is_ours"](headers, body, SECRET)


def test_a_failure_is_sent_again_with_the_same_id_and_nothing_overtakes_it(
    desk: Runtime, receivers: list[Receiver], clock: MovableClock
) -> None:
    plain, whole = receivers
    plain.answers = [500, 204]
    send(desk)
    assert (len(plain.got), len(whole.got)) == (1, 2)
    assert not ring_for_webhooks(desk)
    clock.move(minutes=2)
    assert ring_for_webhooks(desk)
    send(desk)
    ids = [headers["webhook-id"] for headers, _ in plain.got]
    assert (len(ids), ids[0] == ids[1]) == (3, True)
    assert {row.state for row in rows(desk, "plain")} == {HookState.SENT}
    assert [row.attempts for row in rows(desk, "plain")] == [2, 1]


@ONCE
@pytest.mark.parametrize("answer", ["hang", "drip", 302, 429, 503])
def test_a_receiver_in_trouble_holds_up_no_other(desk: Runtime, receivers: list[Receiver], answer: int | str) -> None:
    plain, whole = receivers
    plain.answers = [answer]
    began = time.monotonic()
    send(desk)
    assert time.monotonic() - began < 3
    assert (len(plain.got), len(whole.got), plain.paths) == (1, 2, ["/hook"])
    first, second = rows(desk, "plain")
    assert (first.state, second.state, second.attempts) == (HookState.QUEUED, HookState.QUEUED, 0)
    assert first.last_error


@ONCE
def test_a_4xx_holds_up_its_own_ticket_alone(desk: Runtime, receivers: list[Receiver]) -> None:
    with desk.database.transaction() as connection:
        connection.execute(update(webhook_deliveries).where(webhook_deliveries.c.id == 3).values(ticket_id=None))
    receivers[0].answers = [422, 204]
    send(desk)
    states = [row.state for row in rows(desk, "plain")]
    assert states == [HookState.QUEUED, HookState.SENT]


@ONCE
def test_after_410_nothing_is_sent_until_an_operator_says_so(desk: Runtime, receivers: list[Receiver]) -> None:
    plain = receivers[0]
    plain.answers = [410, 204]
    send(desk)
    desk.clock.move(days=1)  # type: ignore[attr-defined]  # the fixture knows its type
    send(desk)
    assert [row.state for row in rows(desk, "plain")] == [HookState.FAILED, HookState.QUEUED]
    with desk.database.transaction() as connection:
        assert try_again(connection, now=desk.clock.now(), name="DEMO/plain") == 2
    send(desk)
    assert {row.state for row in rows(desk, "plain")} == {HookState.SENT}


@ONCE
def test_what_was_tried_for_days_is_given_up_and_forgotten(
    desk: Runtime, receivers: list[Receiver], clock: MovableClock
) -> None:
    receivers[0].answers = [500]
    for _ in range(16):
        send(desk)
        clock.move(hours=10)
    assert [row.state for row in rows(desk, "plain")] == [HookState.FAILED] * 2
    assert 5 < len(receivers[0].got) < 16
    clock.move(days=8)
    apply_retention(desk)
    assert rows(desk, "plain") == []


def test_a_crash_between_attempt_and_record_sends_the_same_id_again(
    desk: Runtime, receivers: list[Receiver], clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The process ends here."""

    def die(*_: Any, **__: Any) -> bool:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(hook_deliver, "end_attempt", die)
        patch.setattr(hook_deliver, "release", lambda *_: None)  # a killed process lets nothing go
        with pytest.raises(Killed):
            send(desk)
    assert send(desk) == 0, "somebody sends still, for all we know"
    clock.move(minutes=3)
    send(desk)
    ids = [headers["webhook-id"] for headers, _ in receivers[0].got]
    assert (len(ids), ids[0] == ids[1]) == (3, True)


def test_two_workers_send_once(desk: Runtime, receivers: list[Receiver]) -> None:
    both = [threading.Thread(target=send, args=[desk]) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    send(desk)
    assert [len(receiver.got) for receiver in receivers] == [2, 2]
    with desk.database.transaction() as connection:
        connection.execute(update(webhook_deliveries).values(state=HookState.QUEUED, next_attempt_at=desk.clock.now()))
    taken = []
    for _ in range(2):  # two that know nothing of each other
        with desk.database.transaction() as connection:
            taken.append(begin_attempt(connection, "DEMO/plain", now=desk.clock.now(), lease=timedelta(minutes=1)))
    assert [row is not None for row in taken] == [True, False], (
        "the second waits for the first: it is the same ticket's"
    )


@ONCE
def test_what_is_rolled_back_is_told_to_nobody(desk: Runtime) -> None:
    before = len(rows(desk, "plain"))
    with desk.database.reading() as connection:
        ticket = find_ticket(connection, ref="DEMO-1")
    assert ticket is not None
    said: dict[str, Any] = {"type": EntryType.MESSAGE, "direction": Direction.IN, "author": "Marie", "text": "Bonjour"}
    with suppress(RuntimeError), desk.database.transaction() as connection:
        add_entry(connection, ticket.id, NewEntry(at=desk.clock.now(), visible=True, **said))
        raise RuntimeError
    assert len(rows(desk, "plain")) == before


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        ("93.184.216.34", True, True),
        ("2606:2800:220:1::1", True, True),
        *((one, False, True) for one in ("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1")),
        *(
            (one, False, True)
            for one in ("fd00::1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "240.0.0.1")
        ),
        *((one, False, False) for one in ("169.254.169.254", "fe80::1%eth0", "::ffff:169.254.169.254")),
        *((one, False, False) for one in ("0.0.0.0", "::", "224.0.0.1", "ff02::1", "64:ff9b::a9fe:a9fe")),
    ],
)
def test_which_addresses_are_dialled(address: str, *, public: bool, private: bool) -> None:
    assert hook_dial.may_dial(address, private=False) == public
    assert hook_dial.may_dial(address, private=True) == private


def test_a_name_that_leads_inside_is_not_dialled(receivers: list[Receiver]) -> None:
    handed = hook_dial.hand_over(receivers[0].url, b"{}", {}, timeout=1, private=False)
    assert (handed.status, handed.error) == (None, "its address is in a network that is not dialled")
    assert receivers[0].got == []


def test_a_certificate_that_is_not_its_own_is_not_spoken_to(monkeypatch: pytest.MonkeyPatch) -> None:
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("other.example").configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        raw, _ = listener.accept()
        with suppress(OSError), context.wrap_socket(raw, server_side=True) as safe:
            safe.recv(1)

    thread = threading.Thread(target=serve)
    thread.start()
    url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
    handed = hook_dial.hand_over(url, b"{}", {}, timeout=2, private=True)
    thread.join()
    listener.close()
    assert (handed.status, handed.error) == (None, "no connection: SSLCertVerificationError")


def drop(*_: object) -> Any:
    """Commands say warnings alone."""
    raise structlog.DropEvent


@ONCE
def test_an_operator_tries_a_receiver(
    desk: Runtime, receivers: list[Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Opened:
        def __enter__(self) -> Runtime:
            return desk

        def __exit__(self, *_: object) -> None:
            """It stays open."""

    monkeypatch.setattr(commands, "command_runtime", Opened)
    monkeypatch.setattr(hook_deliver, "log", structlog.wrap_logger(None, processors=[drop]))
    run = CliRunner().invoke
    assert run(cli, ["webhook", "test", "DEMO/plain"]).output == "DEMO/plain: sent\n"
    assert told(receivers[0])[-1]["type"] == "ping"
    listed = [json.loads(line) for line in run(cli, ["webhook", "list", "--json"]).output.splitlines()]
    assert [(row["name"], row["waiting"], row["failed"]) for row in listed] == [
        ("DEMO/open", 0, 0),
        ("DEMO/plain", 0, 0),
    ]
    assert json.loads(run(cli, ["webhook", "show", "1", "--json"]).output)["state"] == "sent"
    receivers[0].answers = [500]
    failed = run(cli, ["webhook", "test", "DEMO/plain"])
    assert (failed.exit_code, failed.output) == (75, "DEMO/plain: queued, it answered 500\n")
    assert run(cli, ["webhook", "test", "DEMO/none"]).exit_code != 0
