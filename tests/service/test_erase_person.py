"""A person who is erased is nowhere any more, in whatever store they were; the others keep what is theirs."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.config.files import FilesSettings
from gateway.config.load import Settings
from gateway.db.engine import Database
from gateway.db.erasures import list_erasures
from gateway.db.schema import metadata
from gateway.db.tickets import list_entries, list_tickets
from gateway.errors import Conflict, NotFound, Refused
from gateway.files.store import sound_name
from gateway.runtime import Runtime, open_runtime
from gateway.services.erase_person import Erasure, erase_person
from gateway.services.personal_data import INVENTORY
from gateway.spool.entry import Lane
from inbound.parse import parse_message, read_file
from tests.support.clock import MovableClock
from tests.support.leftovers import left_in_files, left_in_tables
from tests.support.planted import (
    BOB,
    MARIE,
    RECORDING,
    SOUND,
    accept,
    drain,
    plant,
    write,
)
from tests.support.s3 import S3Peer, s3_peer


def erase(runtime: Runtime, email: str = MARIE) -> tuple[Erasure, list[str]]:
    """Erase, and the recordings that the provider was asked to forget."""
    forgotten: list[str] = []
    return erase_person(runtime, email, forget_recording=forgotten.append), forgotten


on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def planted(runtime: Runtime) -> Runtime:
    plant(runtime)
    return runtime


def test_nothing_of_a_person_is_left_in_any_store(planted: Runtime, tmp_path: Path) -> None:
    holders = {name for name, care in INVENTORY.items() if care.theirs and name in metadata.tables}
    before = {line.partition(":")[0] for line in left_in_tables(planted)}
    assert before >= {"people", "entries", "tickets", "deliveries", "receipts", "calls", "call_events", "suppressions"}
    assert len(left_in_files(planted.where.data)) > 10
    proof, forgotten = erase(planted)
    assert left_in_tables(planted) == []
    assert left_in_files(tmp_path) == []  # the database's own files are in there too, on SQLite
    assert forgotten == [RECORDING]
    assert planted.files.find(sound_name(SOUND)) is None
    assert {f"table {name}" for name in holders} - set(proof.counts) == set(), "a store was not planted, or not erased"
    assert {"raw mails", "quarantine", "sent files", "recordings here", "logs, overwritten"} <= set(proof.counts)
    assert proof.is_compact


@on_one_database
def test_nothing_of_a_person_is_left_in_a_bucket(
    settings: Settings, clock: MovableClock, database: Database, tmp_path: Path
) -> None:
    with s3_peer() as peer:
        far = settings.model_copy(update={"files": FilesSettings.model_validate(peer.settings())})
        with open_runtime(far, clock=clock) as runtime:
            plant(runtime)
            assert len(left_in_files(_taken_out(peer, tmp_path / "before"))) > 5
            shutil.rmtree(tmp_path / "before")
            proof, _ = erase(runtime)
        assert (proof.counts["recordings here"], proof.counts["raw mails"] > 0) == (1, True)
        assert peer.objects, "what others wrote stays"
        _taken_out(peer, tmp_path / "after")
    assert left_in_files(tmp_path) == []


def _taken_out(peer: S3Peer, folder: Path) -> Path:
    """The objects of a bucket as files, with their keys."""
    for key, held in peer.objects.items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(held.body)
    return folder


@on_one_database
def test_the_proof_is_kept_and_says_nothing_of_the_person(planted: Runtime) -> None:
    proof, _ = erase(planted)
    with planted.database.reading() as connection:
        (kept,) = list_erasures(connection)
    assert (kept.id, kept.pseudonym, kept.counts) == (proof.number, proof.pseudonym, dict(proof.counts))
    assert kept.at == planted.clock.now()


def test_what_is_counted_stays_countable_and_what_others_wrote_stays(planted: Runtime) -> None:
    proof, _ = erase(planted)
    with planted.database.reading() as connection:
        first, second = sorted(list_tickets(connection), key=lambda ticket: ticket.id)
        entries = list_entries(connection, first.id)
        calls = connection.execute(select(metadata.tables["calls"])).all()
        attachments = connection.execute(select(metadata.tables["attachments"])).all()
        theirs = list_entries(connection, second.id)[0]
    assert (first.reporter, first.subject) == (f"{proof.pseudonym}@erased.invalid", proof.pseudonym)
    assert (second.reporter, second.subject) == (BOB, "Imprimante")
    assert [entry.text for entry in entries if entry.author == BOB] == ["Moi aussi."]
    assert any(entry.text.startswith(f"Bonjour {proof.pseudonym}, nous vous") for entry in entries)
    assert [call.caller for call in calls] == [proof.pseudonym]
    assert [row.name for row in attachments] == ["annuaire.pdf", "bob.pdf"]
    raw = planted.archive.read(theirs.raw_sha256)
    assert read_file(raw, attachments[1].position) == b"bob"
    assert parse_message(raw).senders[0].address == BOB


@on_one_database
def test_mail_that_waits_stops_an_erasure_before_anything_is_done(planted: Runtime) -> None:
    accept(planted, write(by=BOB, subject="x", text=MARIE, ident="b@c.example"), mail_from=BOB)
    before = left_in_tables(planted), left_in_files(planted.where.archive)
    with pytest.raises(Conflict, match="1 entries in the spool"):
        erase(planted)
    assert (left_in_tables(planted), left_in_files(planted.where.archive)) == before
    drain(planted)
    erase(planted)
    assert left_in_tables(planted) == []


@on_one_database
def test_a_provider_that_cannot_be_asked_stops_it_too(planted: Runtime) -> None:
    with pytest.raises(Refused, match="1 recordings"):
        erase_person(planted, MARIE, forget_recording=None)

    def down(_recording_id: str) -> None:
        raise Conflict("down")

    with pytest.raises(Conflict, match="down"):
        erase_person(planted, MARIE, forget_recording=down)
    assert planted.files.find(sound_name(SOUND))


@on_one_database
def test_an_erasure_that_was_cut_off_is_finished_by_the_next(
    planted: Runtime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def cut_off(*_: Any, **__: Any) -> None:
        raise OSError("no power")

    with monkeypatch.context() as patch:
        patch.setattr("gateway.services.erase_person.erase_rows", cut_off)
        with pytest.raises(OSError, match="no power"):
            erase(planted)
    erase(planted)
    assert left_in_tables(planted) + left_in_files(tmp_path) == []


@on_one_database
def test_an_unknown_address_is_said_to_be_unknown_and_an_erased_one_too(planted: Runtime) -> None:
    with pytest.raises(NotFound):
        erase(planted, "nobody@client.example")
    erase(planted)
    with pytest.raises(NotFound):
        erase(planted)


@on_one_database
def test_somebody_erased_may_come_back_as_somebody_new(planted: Runtime) -> None:
    erase(planted)
    accept(planted, write(by=MARIE, subject="Nouveau", text="Bonjour", ident="n@c.example"), mail_from=MARIE)
    drain(planted)
    with planted.database.reading() as connection:
        assert [ticket.subject for ticket in list_tickets(connection) if ticket.reporter == MARIE] == ["Nouveau"]


def test_every_table_and_column_is_in_the_inventory() -> None:
    """Whoever adds a table, or a column to one that holds people, must say what becomes of it."""
    assert set(metadata.tables) - set(INVENTORY) == set()
    for name, care in INVENTORY.items():
        if name in metadata.tables and care.theirs is not None and not care.is_deleted:
            unknown = {column.name for column in metadata.tables[name].columns} - set(care.instead) - care.kept
            assert unknown == set(), f"{name}: say in the inventory what becomes of these columns"
            assert set(care.instead) & care.kept == set(), name


def test_every_lane_of_the_spool_is_looked_at() -> None:
    assert {lane.value for lane in Lane} == {"mail", "call", "web"}, "personal_files must know how to read a new lane"
