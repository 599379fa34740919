"""Each class of what is kept ends when its time is over, and not before; no setting passes the bounds."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from gateway.config.load import load_settings
from gateway.db.drafts import save_draft
from gateway.db.people import get_or_create_person
from gateway.db.receipts import receipts
from gateway.db.sign_in import sessions, sign_in_links
from gateway.db.tickets import attachments, entries, tickets
from gateway.errors import Misconfigured
from gateway.runtime import Runtime
from gateway.services.processing_record import processing_record
from gateway.services.retention import CLASSES, DRAFT_DAYS, apply_retention
from tests.support.clock import MovableClock
from tests.support.operator import Operator
from tests.support.planted import plant
from web import drafts as pages

PRIVACY = Path(__file__).parents[2] / "deploy" / "PRIVACY.md"


@pytest.fixture
def kept(runtime: Runtime) -> Runtime:
    """Something of every class, as old as the clock."""
    plant(runtime)
    lines = [
        {"timestamp": (runtime.clock.now() + timedelta(days=day)).isoformat(), "event": str(day)} for day in (0, 9)
    ]
    log = runtime.where.log / "web.log"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    stamp = runtime.clock.now().timestamp()
    for path in (*runtime.where.archive.rglob("*"), *runtime.where.sent.iterdir(), *runtime.where.log.iterdir()):
        os.utime(path, (stamp, stamp))
    return runtime


def due(runtime: Runtime) -> dict[str, int]:
    return {kept.name: found for kept in CLASSES if (found := kept.due(runtime))}


def close(runtime: Runtime) -> None:
    with runtime.database.transaction() as connection:
        connection.execute(update(tickets).values(closed_at=runtime.clock.now()))


def test_raw_mail_goes_some_time_after_its_ticket_was_closed_and_its_entry_stays(
    kept: Runtime, clock: MovableClock
) -> None:
    clock.move(days=400)
    assert due(kept).get("raw mail") is None  # their tickets are open, or a person must look first
    close(kept)
    clock.move(days=364)
    assert not {"raw mail", "attachments"} & set(due(kept))
    clock.move(days=2)
    assert due(kept)["attachments"] == 3
    assert apply_retention(kept)["attachments"] == 3
    assert not {"raw mail", "attachments"} & set(due(kept))
    with kept.database.reading() as connection:
        assert {row.raw_sha256 for row in connection.execute(select(entries))} == {None}
        assert len(connection.execute(select(attachments)).all()) == 4
        held, *filed = sorted(connection.execute(select(receipts)).all(), key=lambda row: row.verdict != "held")
    assert all(set(row.envelope) == {"channel", "received_at"} for row in filed)
    assert not any(step["evidence"] for row in filed for step in row.trace)
    assert kept.archive.read(held.sha256)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "days", "count"), [("sent files", 30, 3), ("sessions", 8, 4), ("logs", 30, 2), ("call payloads", 30, 1)]
)
def test_a_class_goes_when_its_time_is_over(
    kept: Runtime, clock: MovableClock, name: str, days: int, count: int
) -> None:
    clock.move(days=days)
    assert name not in due(kept)
    clock.move(days=1)
    assert due(kept)[name] == count
    apply_retention(kept)
    assert name not in due(kept)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_draft_goes_when_the_page_said_that_it_would(runtime: Runtime, clock: MovableClock) -> None:
    assert pages.DRAFT_DAYS == DRAFT_DAYS
    now = clock.now()
    with runtime.database.transaction() as connection:
        marie = get_or_create_person(connection, email="m@c.example", name="", now=now)
        end = now + timedelta(days=DRAFT_DAYS)
        save_draft(connection, person_id=marie.id, place="report", content={"a": "b"}, now=now, expires_at=end)
    clock.move(days=DRAFT_DAYS - 1)
    assert "drafts" not in due(runtime)
    clock.move(days=1)
    assert due(runtime)["drafts"] == 1
    assert apply_retention(runtime) == {"drafts": 1}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_only_old_lines_leave_a_log_and_whoever_writes_goes_on(kept: Runtime, clock: MovableClock) -> None:
    path = kept.where.log / "web.log"
    with path.open("ab") as writer:
        clock.move(days=31)
        apply_retention(kept)
        writer.write(b"more\n")
    first, second = path.read_text().splitlines()
    assert (json.loads(first)["event"], second) == ("9", "more")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_dry_run_says_what_would_go_and_lets_nothing_go(
    kept: Runtime, clock: MovableClock, operator: Operator
) -> None:
    with kept.database.transaction() as connection:  # the command has the machine's own clock
        connection.execute(update(sessions).values(expires_at=clock.now() - timedelta(days=999)))
        connection.execute(update(sign_in_links).values(expires_at=clock.now() - timedelta(days=999)))
    rows = {row["class"]: row for row in operator.rows("retention", "--dry-run")}
    assert rows["sessions"] == {
        "class": "sessions", "days": 7, "bounds": "1-90", "setting": "retention.session_days", "over": 2
    }  # fmt: skip
    assert due(kept)["sessions"] == 2
    operator.says("retention")
    assert "sessions" not in due(kept)


@pytest.mark.parametrize("kept", [one for one in CLASSES if one.setting], ids=lambda one: one.name)
def test_a_setting_outside_of_the_bounds_is_refused(kept: object) -> None:
    section, _, field = kept.setting.partition(".")  # type: ignore[attr-defined]  # the fixture knows its type
    variable = f"GATEWAY_{section}__{field}".upper()
    for days in (kept.shortest - 1, kept.longest + 1):  # type: ignore[attr-defined]  # the fixture knows its type
        with pytest.raises(Misconfigured, match=field):
            load_settings({"GATEWAY_CONFIG": "/dev/null", variable: str(days)})


def test_the_processing_record_says_what_the_code_does() -> None:
    """After a change: `gateway retention --record`, put between the marks in deploy/PRIVACY.md."""
    text = PRIVACY.read_text(encoding="utf-8")
    _, _, rest = text.partition("<!-- gateway retention --record -->\n")
    written, mark, _ = rest.partition("<!-- end -->")
    assert mark
    known = processing_record().splitlines()
    assert [line for line in known if line not in written.splitlines()] == []
