"""The operator's commands for what came in: ingest, wait-idle, explain, quarantine, held."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.db.outbox import begin_attempts
from gateway.ids import SpoolId
from gateway.jobs.drain import drain_lane
from gateway.runtime import Runtime
from gateway.spool.entry import Lane
from inbound.filing import file_mail
from tests.support.clock import MovableClock
from tests.support.doors import kept
from tests.support.installation import mail
from tests.support.operator import Operator
from tests.support.outbox import file_and_acknowledge
from tests.support.servers import free_port

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SUPPORT = "support@demo.example"
TWO_SENDERS = mail(From="Marie <marie@client.example>, Paul <paul@client.example>")


@pytest.fixture
def clock() -> MovableClock:
    """Now: the commands go by the clock on the wall."""
    return MovableClock(datetime.now(UTC))


def file_all(runtime: Runtime) -> None:
    drain_lane(Lane.MAIL, file_mail, runtime, deadline=time.monotonic() + 30)


def quarantined(runtime: Runtime, clock: MovableClock, raw: bytes = b"poison") -> SpoolId:
    clock.move(seconds=1)  # entries of one moment have no order
    spool_id = runtime.spool.accept(Lane.MAIL, {"rcpt_tos": [SUPPORT]}, raw)
    with runtime.spool.worker(Lane.MAIL) as claims:
        claims.claim(spool_id, 0)
        claims.quarantine(spool_id, 1, "cannot be understood")
    return spool_id


def test_ingest_spools_each_file_or_standard_input_and_prints_the_ids(
    operator: Operator, runtime: Runtime, tmp_path: Path
) -> None:
    (tmp_path / "1.eml").write_bytes(mail(1))
    (tmp_path / "2.eml").write_bytes(b"Return-Path: <paul@client.example>\n" + mail(2))
    printed = operator.says("ingest", "--to", "Support@DEMO.example.", str(tmp_path / "1.eml"), str(tmp_path / "2.eml"))
    printed += operator.says("ingest", "--from", "<>", stdin=mail(3))
    found = kept(runtime)
    assert [entry.id for _, entry in found] == printed.split()
    assert [(envelope.channel, envelope.mail_from) for envelope, _ in found] == [
        ("pipe", "unknown"),
        ("pipe", "paul@client.example"),
        ("pipe", ""),
    ]
    assert [envelope.rcpt_tos for envelope, _ in found] == [(SUPPORT,), (SUPPORT,), ()]
    assert found[2][1].payload == mail(3)
    assert runtime.doorbell.busy() == 1


def test_ingest_says_by_its_exit_code_whether_another_try_is_worth_it(
    operator: Operator, runtime: Runtime, tmp_path: Path
) -> None:
    assert operator.refused("ingest", stdin=b" \r\n") == (65, "-: there is no message in it")
    assert operator.refused("ingest", "--to", "support", stdin=mail()) == (65, "'support' is not a mail address")
    assert operator.refused("ingest", str(tmp_path / "absent"))[0] == 65
    too_large = operator.refused("ingest", stdin=b"x" * 65_537, GATEWAY_SMTP__MAX_SIZE="65536")
    assert too_large == (65, "-: larger than the 65536 bytes allowed")
    no_room = operator.refused("ingest", stdin=mail(), GATEWAY_SPOOL__MIN_FREE=str(2**60))
    assert no_room == (75, "not enough room on the disk")
    (tmp_path / "file").touch()
    code, sentence = operator.refused("ingest", stdin=mail(), GATEWAY_DATA=str(tmp_path / "file" / "var"))
    assert (code, sentence.startswith("the data folder cannot be used: ")) == (69, True)
    assert operator.refused("ingest", stdin=mail(), GATEWAY_TYPO="1") == (78, "GATEWAY_TYPO: there is no such setting")
    assert kept(runtime) == []


def test_ingest_needs_neither_redis_nor_the_database(operator: Operator, runtime: Runtime) -> None:
    away = {
        "GATEWAY_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none",
        "GATEWAY_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
    }
    assert operator.run("ingest", stdin=mail(), **away).exit_code == 0
    assert len(kept(runtime)) == 1


def test_wait_idle_returns_once_nothing_is_left(operator: Operator, runtime: Runtime, clock: MovableClock) -> None:
    assert operator.says("wait-idle", "--timeout", "0") == ""
    quarantined(runtime, clock)
    assert operator.says("wait-idle", "--timeout", "0") == "", "what waits for a person is left to nobody else"


def test_wait_idle_names_what_is_left(operator: Operator, runtime: Runtime, clock: MovableClock) -> None:
    def left(**variables: str) -> str:
        code, sentence = operator.refused("wait-idle", "--timeout", "0", **variables)
        assert code == 1
        return sentence

    runtime.spool.accept(Lane.MAIL, {}, b"one")
    runtime.spool.accept(Lane.MAIL, {}, b"two")
    runtime.spool.accept(Lane.WEB, {}, b"three")
    assert left() == "still busy: 2 in the lane mail, 1 in the lane web"
    with runtime.spool.worker(Lane.WEB) as claims:
        [(spool_id, attempts)] = runtime.spool.waiting(Lane.WEB)
        entry = claims.claim(spool_id, attempts)
        assert left() == "still busy: 2 in the lane mail, 1 in the lane web", "claimed is not done"
        assert entry is not None
        claims.finish(entry)
    with runtime.spool.worker(Lane.MAIL) as claims:
        for spool_id, attempts in runtime.spool.waiting(Lane.MAIL):
            entry = claims.claim(spool_id, attempts)
            assert entry is not None
            claims.finish(entry)
    runtime.doorbell.ring("mail")
    file_and_acknowledge(runtime)
    file_and_acknowledge(runtime, "paul@example.org")
    with runtime.database.transaction() as connection:
        begin_attempts(connection, now=clock.now(), lease=timedelta(hours=1), limit=1)
    assert left() == "still busy: 1 jobs, 1 mails due, 1 mails being sent"
    away = left(GATEWAY_REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert away == "still busy: Redis does not answer, 1 mails due, 1 mails being sent"


def test_explain_tells_the_decisions_by_spool_id_and_by_message_id(operator: Operator, runtime: Runtime) -> None:
    [spool_id] = operator.says("ingest", "--to", SUPPORT, stdin=mail(4)).split()
    code, sentence = operator.refused("explain", spool_id)
    assert (code, sentence) == (66, f"{spool_id} is accepted and waits to be filed")
    file_all(runtime)
    told = operator.says("explain", spool_id)
    assert told.startswith(f"{spool_id}  DEMO  filed: new ticket\n")
    assert "  origin: human" in told
    assert operator.says("explain", "<mail-4@client.example>") == told
    [row] = operator.rows("explain", spool_id)
    assert (row["id"], row["project"], row["verdict"], row["message_id"]) == (
        spool_id,
        "DEMO",
        "filed",
        "mail-4@client.example",
    )
    assert {"rule", "outcome", "evidence"} <= set(row["trace"][0])
    assert datetime.fromisoformat(row["accepted_at"]).utcoffset() == timedelta()


def test_explain_says_where_else_to_look(operator: Operator, runtime: Runtime, clock: MovableClock) -> None:
    spool_id = quarantined(runtime, clock)
    code, sentence = operator.refused("explain", spool_id)
    assert (code, sentence) == (66, f"{spool_id} is in quarantine: see `gateway quarantine show {spool_id}`")
    assert operator.refused("explain", "x@y") == (66, "nothing is known of x@y")


def test_what_is_in_quarantine_is_listed_shown_replayed_and_discarded(
    operator: Operator, runtime: Runtime, clock: MovableClock
) -> None:
    assert operator.says("quarantine", "list") == "nothing\n"
    first, second = quarantined(runtime, clock), quarantined(runtime, clock, b"other")
    rows = operator.rows("quarantine", "list")
    assert [row["id"] for row in rows] == [first, second]
    assert {key: rows[0][key] for key in ("lane", "attempts", "reason")} == {
        "lane": "mail",
        "attempts": 1,
        "reason": "cannot be understood",
    }
    assert [line.split()[0] for line in operator.says("quarantine", "list").splitlines()] == ["id", first, second]
    shown = operator.run("quarantine", "show", first)
    assert (shown.stdout_bytes, "rcpt_tos" in shown.stderr) == (b"poison", True)
    operator.says("quarantine", "replay", first)
    assert [spool_id for spool_id, _ in runtime.spool.waiting(Lane.MAIL)] == [first]
    assert runtime.doorbell.busy() == 1
    operator.says("quarantine", "discard", second, "--reason", "an advertisement")
    assert operator.rows("quarantine", "list") == []
    assert "discarded: an advertisement" in operator.says("explain", second)
    for arguments in (("show", second), ("replay", second), ("discard", second, "--reason", "x"), ("show", "../..")):
        assert operator.refused("quarantine", *arguments) == (66, "there is no such entry in quarantine")


def test_what_is_held_is_listed_and_released_or_discarded_once(operator: Operator, runtime: Runtime) -> None:
    printed = operator.says("ingest", "--to", SUPPORT, stdin=TWO_SENDERS)
    printed += operator.says("ingest", "--to", SUPPORT, stdin=TWO_SENDERS.replace(b"mail-1@", b"mail-2@"))
    first, second = printed.split()
    file_all(runtime)
    rows = operator.rows("held", "list")
    assert [(row["id"], row["verdict"]) for row in rows] == [(first, "held"), (second, "held")]
    assert set(rows[0]) == {"id", "project", "verdict", "reason", "message_id", "accepted_at", "sha256"}
    assert operator.refused("held", "release", first, "--from", "nobody") == (65, "'nobody' is not a mail address")
    too_long = f"{'m' * 20}@{'.'.join(['é' * 40] * 5)}.example"  # as the DNS has it
    assert operator.refused("held", "release", first, "--from", too_long)[0] == 65
    assert operator.says("held", "release", first, "--from", "Marie@Client.example") == "DEMO-1\n"
    [ticket] = operator.rows("ticket", "list")
    assert ticket["reporter"] == "marie@client.example"
    operator.says("held", "discard", second, "--reason", "an advertisement")
    assert operator.rows("held", "list") == []
    for spool_id in (first, second):
        assert operator.refused("held", "release", spool_id, "--from", SUPPORT)[0] == 66
        assert operator.refused("held", "discard", spool_id, "--reason", "x") == (66, f"no held mail {spool_id}")
