"""What a bucket can do to us, besides what any store of files does (test_files)."""

import os
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import monotonic

import pytest
import trustme

from gateway.config.load import load_settings
from gateway.errors import Misconfigured
from gateway.files import s3, s3_client
from gateway.files.opening import open_files
from gateway.files.s3 import S3Files
from gateway.files.store import (
    Content,
    Kind,
    StoreTrouble,
    content_of,
    mail_name,
    settle_all,
    sound_name,
)
from gateway.files.trying import store_faults
from tests.support.buckets import bucket, far, keep
from tests.support.s3 import (
    BUCKET,
    SECRET_KEY,
    S3Peer,
    s3_peer,
)
from tests.support.s3_faults import half_then_reset, hang, kept_then_reset, once, reset, slow_down

A, B = sha256(b"a").hexdigest(), sha256(b"b").hexdigest()


@pytest.fixture
def peer() -> Iterator[S3Peer]:
    with s3_peer() as opened:
        yield opened


def test_the_keys_are_below_the_prefix_and_the_store_is_asked_to_encrypt(peer: S3Peer) -> None:
    store = S3Files(bucket(peer.url, encryption="AES256"), limit=5, width=2)
    keep(store, sound_name(A), b"x")
    assert {key: held.headers for key, held in peer.objects.items()} == {
        f"gateway/messages/{A[:2]}/{A}.wav": {"x-amz-server-side-encryption": "AES256"}
    }


def test_a_long_listing_is_read_page_by_page_and_goes_on_where_it_was_cut_off(
    peer: S3Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer.page = 3
    monkeypatch.setattr(s3_client, "_PAGE", 4)
    store = far(peer.url)
    names = {mail_name(sha256(b"%d" % number).hexdigest()) for number in range(10)}
    for name in names:
        store.put(name, content_of(b"x"))
    settle_all(store)
    peer.objects["gateway/archive/README"] = next(iter(peer.objects.values()))
    listing = store.listed(Kind.MAIL)
    first = next(listing)
    peer.fault = once(reset, times=2)
    found = [first, *listing]
    assert {stored.name for stored in found} == names
    assert len(found) == 10


def test_what_is_there_and_young_is_not_sent_over_and_what_is_old_becomes_young(peer: S3Peer) -> None:
    store = far(peer.url)
    keep(store, mail_name(A), b"x")
    keep(store, mail_name(A), b"x")
    assert peer.asked("PUT") == 2
    peer.age(days=3)
    keep(store, mail_name(A), b"x")
    found = store.find(mail_name(A))
    assert found is not None
    assert datetime.now(UTC) - found.at < timedelta(minutes=1)


@pytest.mark.parametrize("fault", [reset, slow_down, kept_then_reset])
@pytest.mark.parametrize("times", [1, 2])
def test_a_store_that_stumbles_is_asked_again(peer: S3Peer, fault: Callable[..., bool], times: int) -> None:
    store = far(peer.url)
    peer.fault = once(fault, method="PUT", times=times)
    keep(store, mail_name(A), b"x")
    assert store.read(mail_name(A)) == b"x"
    assert peer.asked("PUT") == times + 1


@pytest.mark.parametrize("fault", [reset, slow_down, half_then_reset])
def test_a_read_that_is_cut_off_is_begun_again(peer: S3Peer, fault: Callable[..., bool]) -> None:
    store = far(peer.url)
    body = os.urandom(300_000)
    keep(store, mail_name(A), body)
    peer.fault = once(fault, method="GET")
    assert store.read(mail_name(A)) == body


def test_what_a_store_does_not_take_is_named_and_the_rest_is_kept(peer: S3Peer) -> None:
    store = far(peer.url, limit=1)
    peer.fault = lambda handler: handler.key.endswith(A) and handler.command == "PUT" and slow_down(handler)
    for name in (mail_name(A), mail_name(B)):
        store.put(name, content_of(b"x"))
    assert store.settle() == {mail_name(A)}
    assert store.settle() == frozenset(), "said once"
    assert store.find(mail_name(B))
    peer.fault = None
    keep(store, mail_name(A), b"x")


def test_a_store_that_hangs_is_given_up_in_bounded_time_and_holds_up_one_read_only(peer: S3Peer) -> None:
    store = far(peer.url, limit=1)
    keep(store, mail_name(A), b"x")
    peer.fault = hang
    began = monotonic()
    store.put(mail_name(B), content_of(b"x"))
    assert store.settle() == {mail_name(B)}
    with pytest.raises(StoreTrouble):
        store.read(mail_name(A))
    assert monotonic() - began < 2 * 1.5 + 1
    asked, began = peer.asked("GET"), monotonic()
    for _ in range(20):
        with pytest.raises(StoreTrouble):
            store.read(mail_name(A))
    assert (peer.asked("GET"), monotonic() - began < 0.5) == (asked, True)


def test_a_store_that_is_back_is_read_again(peer: S3Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    store = far(peer.url, limit=1)
    keep(store, mail_name(A), b"x")
    monkeypatch.setattr(s3, "_SHUT", 0.0)
    peer.fault = reset
    with pytest.raises(StoreTrouble):
        store.read(mail_name(A))
    peer.fault = None
    assert store.read(mail_name(A)) == b"x"


def test_no_more_than_some_bytes_wait_for_their_upload(peer: S3Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "_ROOM", 250)
    store = far(peer.url, limit=2, width=4)
    most, under_way, lock = 0, 0, threading.Lock()

    def chunks() -> tuple[bytes, ...]:
        nonlocal most, under_way
        with lock:
            under_way += 1
            most = max(most, under_way)
        return (b"x" * 100,)

    def gone(handler: object) -> bool:
        nonlocal under_way
        with lock:
            under_way -= 1
        return False

    peer.fault = gone
    for number in range(12):
        store.put(mail_name(sha256(b"%d" % number).hexdigest()), s3_content(chunks))
    settle_all(store)
    assert most <= 2
    store.put(mail_name(A), content_of(b"x" * 1000))  # one that is larger than all of the room still goes
    settle_all(store)


def s3_content(chunks: Callable[[], tuple[bytes, ...]]) -> Content:
    return Content(size=100, chunks=chunks)


@pytest.mark.parametrize(
    ("key", "name"), [("wrong" * 8, BUCKET), (SECRET_KEY, "no-such-bucket")], ids=["wrong key", "no bucket"]
)
def test_a_store_that_refuses_us_is_in_trouble_and_says_nothing_of_the_file(peer: S3Peer, key: str, name: str) -> None:
    store = S3Files(bucket(peer.url, key=key, name=name), limit=2, width=2)
    began = monotonic()
    for ask in (
        store.require_up,
        lambda: store.read(mail_name(A)),
        lambda: list(store.listed(Kind.MAIL)),
    ):
        with pytest.raises(StoreTrouble) as told:
            ask()
        assert str(told.value) == "the store of files does not answer"
        s3_shut_open(store)
    store.put(mail_name(A), content_of(b"x"))
    assert store.settle() == {mail_name(A)}
    assert monotonic() - began < 1, "a refusal is not asked again"


def s3_shut_open(store: S3Files) -> None:
    """Let the next read ask, too."""
    store._shut_until = 0.0


def test_a_bucket_that_was_opened_before_a_fork_says_so_and_does_not_hang(peer: S3Peer) -> None:
    far(peer.url).require_up()
    child = os.fork()
    if not child:
        with suppress(RuntimeError):
            far(peer.url).require_up()
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.mark.parametrize(
    ("name", "believed", "said"),
    [
        ("127.0.0.1", True, None),
        ("127.0.0.1", False, "signed by nobody whom we believe: see files.ca_file"),
        ("s3.example.org", True, "not for the name in files.endpoint"),
    ],
    ids=["ours", "of another authority", "for another name"],
)
def test_over_tls_only_a_store_is_believed_that_can_prove_its_name(
    authority: trustme.CA, tmp_path: Path, name: str, believed: bool, said: str | None
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    (authority if believed else trustme.CA()).cert_pem.write_to_path(tmp_path / "ca.pem")
    with s3_peer(tls=context) as peer:
        given = peer.environment(ca_file=str(tmp_path / "ca.pem"))
        settings = load_settings({"GATEWAY_CONFIG": "/dev/null", "GATEWAY_DATA": str(tmp_path), **given})
        began = monotonic()
        faults = store_faults(open_files(settings))
    assert [fault for fault in faults if said is None or said not in fault] == []
    assert (bool(faults), bool(peer.seen)) == (said is not None, said is None), "whom we do not believe is shown no key"
    assert monotonic() - began < 2, "a certificate does not become better by asking again"


def test_a_file_of_authorities_must_be_one_and_goes_with_tls(peer: S3Peer, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    base = {"GATEWAY_CONFIG": "/dev/null", "GATEWAY_DATA": str(tmp_path)}
    with pytest.raises(Misconfigured, match="begins with https"):
        load_settings({**base, **peer.environment(ca_file=str(tmp_path / "ca.pem"))})
    for name in ("ca.pem", "none.pem"):
        given = peer.environment(ca_file=str(tmp_path / name), endpoint="https://s3.example.org")
        with pytest.raises(Misconfigured, match=rf"files\.ca_file: .*{name}: no certificates"):
            open_files(load_settings({**base, **given}))
