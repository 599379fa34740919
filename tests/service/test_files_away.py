"""A bucket that is away, slow or unkind: mail is taken, filed once when it can be, and never set aside for it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import update

from gateway.config.files import FilesSettings
from gateway.config.load import Settings
from gateway.db.calls import CallKey, call_messages
from gateway.db.people import add_membership
from gateway.db.receipts import find_receipts
from gateway.db.tickets import list_entries, list_tickets
from gateway.domain.ticket import Role
from gateway.files.store import content_of, settle_all, sound_name
from gateway.jobs.drain import drain_lane
from gateway.runtime import Runtime
from gateway.services.log_call import log_event
from gateway.spool.entry import Lane
from inbound.filing import file_mail
from tests.support.call_events import final, step
from tests.support.planted import BOB, accept, write
from tests.support.s3 import S3Peer, s3_peer
from tests.support.s3_faults import once, reset, slow_down
from tests.support.web import Site

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ROOT = Path(__file__).resolve().parents[2]
_DYING = """
import os, signal, sys, time
from gateway.config.load import load_settings
from gateway.jobs.drain import drain_lane
from gateway.runtime import open_runtime
from gateway.spool.archive import Archive
from gateway.spool.entry import Lane
from inbound.filing import file_mail
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
def handle(entry, runtime):
    if sys.argv[1] == "uploaded":
        runtime.archive.keep(entry)
        runtime.files.settle()
        die()
    return file_mail(entry, runtime)
if sys.argv[1] == "committed":
    Archive.settle = die
with open_runtime(load_settings()) as runtime:
    drain_lane(Lane.MAIL, handle, runtime, deadline=time.monotonic() + 30)
"""


@pytest.fixture
def peer() -> Iterator[S3Peer]:
    with s3_peer() as opened:
        yield opened


@pytest.fixture
def settings(settings: Settings, peer: S3Peer) -> Settings:
    return settings.model_copy(update={"files": FilesSettings.model_validate(peer.settings(timeout=1))})


def take(runtime: Runtime, *idents: str) -> None:
    for ident in idents:
        mail = write(
            by=BOB, subject=f"Panne {ident}", text="Bonjour", ident=f"{ident}@c.example", files={"a.txt": b"A"}
        )
        accept(runtime, mail, mail_from=BOB)


def work(runtime: Runtime) -> int:
    return drain_lane(Lane.MAIL, file_mail, runtime, deadline=monotonic() + 30).handled


def waiting(runtime: Runtime) -> list[int]:
    """The tries of what waits; nothing is ever in quarantine here."""
    assert runtime.spool.depth(Lane.MAIL).quarantined == 0
    return [attempts for _, attempts in runtime.spool.waiting(Lane.MAIL)]


def subjects(runtime: Runtime) -> list[str]:
    with runtime.database.reading() as connection:
        return sorted(ticket.subject for ticket in list_tickets(connection))


def test_a_batch_is_in_the_bucket_when_its_entries_leave_the_spool(runtime: Runtime, peer: S3Peer) -> None:
    take(runtime, "one", "two", "three")
    assert work(runtime) == 3
    assert waiting(runtime) == []
    assert len(peer.objects) == 3
    assert not runtime.where.archive.exists()
    with runtime.database.reading() as connection:
        for ticket in list_tickets(connection):
            (entry,) = list_entries(connection, ticket.id)
            assert b"Subject: Panne" in runtime.archive.read(entry.raw_sha256)


def test_while_the_bucket_is_away_doors_stay_open_and_nothing_is_touched(runtime: Runtime, peer: S3Peer) -> None:
    peer.fault = reset
    for number in range(5):
        take(runtime, f"mail {number}")
        assert work(runtime) == 0
    assert waiting(runtime) == [0] * 5
    assert subjects(runtime) == []
    peer.fault = None
    assert work(runtime) == 5
    assert len(subjects(runtime)) == len(peer.objects) == 5


def test_what_is_on_record_and_not_in_the_bucket_waits_and_is_told_once(runtime: Runtime, peer: S3Peer) -> None:
    """More often than an entry has tries: the store's trouble is never the entry's."""
    take(runtime, "one", "two")
    peer.fault = lambda handler: handler.command == "PUT" and slow_down(handler)
    for _ in range(runtime.settings.worker.max_attempts + 1):
        assert work(runtime) == 0
        assert waiting(runtime) == [0, 0]
    peer.fault = None
    assert work(runtime) == 2
    assert subjects(runtime) == ["Panne one", "Panne two"]
    with runtime.database.reading() as connection:
        assert [len(list_entries(connection, ticket.id)) for ticket in list_tickets(connection)] == [1, 1]
        assert len(find_receipts(connection, "one@c.example")) == 1


def test_one_mail_that_the_bucket_does_not_take_delays_no_other(runtime: Runtime, peer: S3Peer) -> None:
    take(runtime, "one", "two", "three")
    [first, *_] = [spool_id for spool_id, _ in runtime.spool.waiting(Lane.MAIL)]
    with runtime.spool.worker(Lane.MAIL) as claims:
        entry = claims.claim(first, 0)
        assert entry is not None
        claims.put_back(entry, uncounted=True)
    peer.fault = lambda handler: handler.key.endswith(entry.sha256) and handler.command == "PUT" and slow_down(handler)
    assert work(runtime) == 2
    assert waiting(runtime) == [0]
    peer.fault = None
    assert work(runtime) == 1


@pytest.mark.crash
@pytest.mark.parametrize("when", ["uploaded", "committed"])
def test_a_worker_that_is_killed_between_the_upload_and_the_end_loses_and_doubles_nothing(
    runtime: Runtime, peer: S3Peer, when: str
) -> None:
    take(runtime, "one")
    environment = {
        "GATEWAY_CONFIG": "/dev/null",
        "GATEWAY_DATA": str(runtime.where.data),
        "GATEWAY_DATABASE_URL": str(runtime.database.url),
        "GATEWAY_REDIS_URL": "redis://127.0.0.1:1/0",
        "GATEWAY_MAIL__CHECK_AUTHENTICATION": "false",
        **peer.environment(),
    }
    done = subprocess.run([sys.executable, "-c", _DYING, when], cwd=ROOT, env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(subjects(runtime)) == (when == "committed")
    assert work(runtime) == 1
    assert subjects(runtime) == ["Panne one"]
    assert len(peer.objects) == 1


def test_a_page_asks_to_come_back_for_the_file_alone(site: Site, peer: S3Peer) -> None:
    person = site.person()
    ticket = site.ticket(person)
    path = site.entry_with_file(ticket, name="a.txt", kind="text/plain", content=b"content")
    settle_all(site.runtime.files)
    browser = site.sign_in(person)
    assert browser.get(path).data == b"content"
    held = dict(peer.objects)
    peer.objects.clear()
    assert browser.get(path).status_code == 503, "it may be on its way"
    site.clock.move(minutes=11)
    assert browser.get(path).status_code == 404, "it is gone"
    (key,) = held
    peer.objects |= held
    held[key].body = held[key].body.replace(b"Voir", b"Voix")
    assert browser.get(path).status_code == 503, "it is not what was kept"
    held[key].body = held[key].body.replace(b"Voix", b"Voir")
    peer.fault = reset
    answer = browser.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "Réessayez dans une minute" in answer.text
    assert browser.get(f"/tickets/{ticket.ref}").status_code == 200


def test_a_sound_is_played_in_ranges_out_of_the_bucket(site: Site, peer: S3Peer) -> None:
    runtime, sound = site.runtime, b"RIFF" + bytes(range(256)) * 8000
    digest = sha256(sound).hexdigest()
    left = {"name": "message.left", "recording": "RE1", "seconds": 20}
    for one in (step(0, {"name": "call.received", "project": "DEMO"}, left, kind="voice"), final(60)):
        log_event(runtime, CallKey(provider="twilio", provider_id="CA1"), one)
    runtime.files.put(sound_name(digest), content_of(sound))
    settle_all(runtime.files)
    nina = site.person("nina@client.example")
    with runtime.database.transaction() as connection:
        add_membership(connection, person_id=nina.id, project="DEMO", role=Role.N2)
        values = {"state": "kept", "sha256": digest, "size": len(sound), "type": "audio/x-wav"}
        connection.execute(update(call_messages).values(**values))
    client = site.sign_in(nina)
    whole = client.get("/desk/sounds/RE1")
    assert (whole.status_code, whole.content_length, sha256(whole.data).hexdigest()) == (200, len(sound), digest)
    for wanted, status, body in (
        ("bytes=1500000-1500003", 206, sound[1_500_000:1_500_004]),
        ("bytes=-3", 206, sound[-3:]),
        ("bytes=99999999-", 416, None),
    ):
        part = client.client.get("/desk/sounds/RE1", headers={"Range": wanted}, buffered=True)
        assert part.status_code == status
        assert body in {None, part.data}
    peer.fault = once(reset, method="GET")
    assert sha256(client.get("/desk/sounds/RE1").data).hexdigest() == digest, "a piece that was cut off is asked again"
    peer.fault = reset
    assert client.get("/desk/sounds/RE1").status_code == 503
