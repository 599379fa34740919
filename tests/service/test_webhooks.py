"""Other programs are told what happens, signed and in order, and nothing that is not let out."""

import json
import re
from base64 import b64encode
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from gateway.admin import webhooks as commands
from gateway.admin.cli import cli
from gateway.config.load import Settings
from gateway.db.tickets import NewEntry, add_entry, find_ticket
from gateway.domain.ticket import Direction, EntryType, Severity, Status
from gateway.notify import hook_deliver
from gateway.runtime import Runtime
from gateway.services.run_clocks import run_clocks
from tests.support.hooks import NINA, OLD, ONCE, SECRET, act, rows, send, told
from tests.support.receiver import Receiver
from web.api_document import draw
from web.api_routes import ROUTES


@pytest.fixture
def settings(hook_settings: Settings) -> Settings:
    return hook_settings


def test_what_happens_is_told_in_order_and_as_the_document_says(hook_desk: Runtime, receivers: list[Receiver]) -> None:
    plain, whole = receivers
    act(hook_desk, severity=Severity.BLOCKING, assignee=NINA, reply="Nous regardons.", note="secret", reason="vu")
    hook_desk.clock.move(days=2)  # type: ignore[attr-defined]  # the clock of the tests
    run_clocks(hook_desk)
    act(hook_desk, status=Status.RESOLVED, reply="Réparé.")
    send(hook_desk)
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
def test_the_ten_lines_of_the_document_verify_it(hook_desk: Runtime, receivers: list[Receiver]) -> None:
    text = (Path(__file__).parents[2] / "deploy" / "WEBHOOKS.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    found: dict[str, Any] = {}
    exec(code, found)  # the document's own lines, to see that they are right
    found["time"] = type("Time", (), {"time": staticmethod(lambda: hook_desk.clock.now().timestamp())})
    send(hook_desk)
    headers, body = receivers[0].got[0]
    assert [found["is_ours"](headers, body, secret) for secret in (SECRET, OLD)] == [True, True]
    assert not found["is_ours"](headers, body + b" ", SECRET)
    assert not found["is_ours"](headers, body, f"whsec_{b64encode(b'x' * 32).decode()}")
    hook_desk.clock.move(minutes=6)  # type: ignore[attr-defined]  # the fixture knows its type
    assert not found["is_ours"](headers, body, SECRET)


@ONCE
def test_what_is_rolled_back_is_told_to_nobody(hook_desk: Runtime) -> None:
    before = len(rows(hook_desk, "plain"))
    with hook_desk.database.reading() as connection:
        ticket = find_ticket(connection, ref="DEMO-1")
    assert ticket is not None
    said: dict[str, Any] = {"type": EntryType.MESSAGE, "direction": Direction.IN, "author": "Marie", "text": "Bonjour"}
    with suppress(RuntimeError), hook_desk.database.transaction() as connection:
        add_entry(connection, ticket.id, NewEntry(at=hook_desk.clock.now(), visible=True, **said))
        raise RuntimeError
    assert len(rows(hook_desk, "plain")) == before


def drop(*_: object) -> Any:
    """Commands say warnings alone."""
    raise structlog.DropEvent


@ONCE
def test_an_operator_tries_a_receiver(
    hook_desk: Runtime, receivers: list[Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Opened:
        def __enter__(self) -> Runtime:
            return hook_desk

        def __exit__(self, *_: object) -> None:
            """It stays open."""

    monkeypatch.setattr(commands, "command_runtime", Opened)
    monkeypatch.setattr(hook_deliver, "log", structlog.wrap_logger(None, processors=[drop]))
    run = CliRunner().invoke
    assert run(cli, ["webhook", "test", "DEMO/plain"]).output == "DEMO/plain: sent\n"
    assert told(receivers[0])[-1]["type"] == "ping"
    listed = [json.loads(line) for line in run(cli, ["webhook", "list", "--json"]).output.splitlines()]
    assert [(row["name"], row["waiting"], row["failed"]) for row in listed] == [
        ("DEMO/open", 2, 0),
        ("DEMO/plain", 0, 0),
    ]
    assert json.loads(run(cli, ["webhook", "show", "1", "--json"]).output)["state"] == "sent"
    receivers[0].answers = [500]
    failed = run(cli, ["webhook", "test", "DEMO/plain"])
    assert (failed.exit_code, failed.output) == (75, "DEMO/plain: queued, it answered 500\n")
    assert run(cli, ["webhook", "test", "DEMO/none"]).exit_code != 0
