"""The store of files, on this machine and in a bucket: the same promises; and what a bucket can do to us besides."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import monotonic

import pytest

from gateway.config.load import Settings, load_settings
from gateway.errors import Misconfigured, NotFound
from gateway.files import s3, s3_client
from gateway.files.local import LocalStore
from gateway.files.opening import open_files
from gateway.files.reading import read_each
from gateway.files.s3 import S3Files
from gateway.files.s3_client import Bucket
from gateway.files.store import (
    Content,
    FileName,
    FileStore,
    Kind,
    StoreTrouble,
    content_of,
    mail_name,
    name_of,
    settle_all,
    sound_name,
)
from tests.support.s3 import (
    ACCESS_KEY,
    BUCKET,
    REGION,
    SECRET_KEY,
    S3Peer,
    half_then_reset,
    hang,
    kept_then_reset,
    once,
    reset,
    s3_peer,
    slow_down,
)

A, B = sha256(b"a").hexdigest(), sha256(b"b").hexdigest()


@pytest.fixture
def peer() -> Iterator[S3Peer]:
    with s3_peer() as opened:
        yield opened


def bucket(url: str, *, key: str = SECRET_KEY, name: str = BUCKET, encryption: str | None = None) -> Bucket:
    return Bucket(
        name=name,
        prefix="gateway",
        endpoint=url,
        region=REGION,
        access_key=ACCESS_KEY,
        secret_key=key,
        encryption=encryption,
    )


def far(url: str, *, limit: float = 5, width: int = 4) -> S3Files:
    return S3Files(bucket(url), limit=limit, width=width)


@pytest.fixture(params=["local", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FileStore]:
    """Either store, empty. `TEST_S3_PEER` names another peer than ours, with a bucket `kept`."""
    if request.param == "local":
        (tmp_path / "drafts").mkdir()
        yield LocalStore(tmp_path / "kept", drafts=tmp_path / "drafts")
        return
    with s3_peer() as peer:
        opened = far(os.environ.get("TEST_S3_PEER", peer.url))
        for kind in Kind:
            for stored in list(opened.listed(kind)):
                opened.forget(stored.name)
        yield opened
        opened.close()


def keep(store: FileStore, name: FileName, body: bytes) -> None:
    store.put(name, content_of(body))
    settle_all(store)


def sums(store: FileStore, kind: Kind = Kind.MAIL) -> list[str]:
    return sorted(stored.name.sha256 for stored in store.listed(kind))


def test_what_is_put_is_there_whole_and_under_its_name_alone(store: FileStore) -> None:
    keep(store, mail_name(A), b"a mail")
    assert store.read(mail_name(A)) == b"a mail"
    found = store.find(mail_name(A))
    assert found is not None
    assert (found.name, found.size) == (mail_name(A), 6)
    assert abs(datetime.now(UTC) - found.at) < timedelta(seconds=5)
    for other in (mail_name(B), sound_name(A)):
        assert store.find(other) is None
        with pytest.raises(NotFound):
            store.read(other)
        with pytest.raises(NotFound):
            store.open(other)


def test_putting_twice_is_putting_once(store: FileStore) -> None:
    for _ in range(2):
        store.put(mail_name(A), content_of(b"x", b"y"))
        store.put(mail_name(A), content_of(b"x", b"y"))
        settle_all(store)
    assert store.read(mail_name(A)) == b"xy"
    assert sums(store) == [A]


def test_listing_names_everything_of_a_kind(store: FileStore) -> None:
    names = [mail_name(sha256(b"%d" % number).hexdigest()) for number in range(30)]
    for name in names:
        store.put(name, content_of(b"%d" % len(name.sha256)))
    keep(store, sound_name(B), b"sound")
    assert sums(store) == sorted(name.sha256 for name in names)
    assert sums(store, Kind.SOUND) == [B]
    assert dict(read_each(store, [*names, mail_name(A)])) == dict.fromkeys(names, b"64")


def test_what_is_forgotten_is_gone_and_forgetting_it_again_says_so(store: FileStore) -> None:
    keep(store, sound_name(A), b"sound")
    assert store.forget(sound_name(A))
    assert not store.forget(sound_name(A))
    assert store.find(sound_name(A)) is None


def test_only_what_was_put_before_a_moment_is_forgotten(store: FileStore) -> None:
    keep(store, mail_name(A), b"x")
    assert not store.forget(mail_name(A), before=datetime.now(UTC) - timedelta(minutes=1))
    assert store.forget(mail_name(A), before=datetime.now(UTC) + timedelta(minutes=1))


def test_an_open_file_can_be_read_from_anywhere(store: FileStore) -> None:
    body = bytes(range(256)) * 40_000  # more than a reader holds
    keep(store, sound_name(A), body)
    with store.open(sound_name(A)) as file:
        assert file.read(3) == body[:3]
        file.seek(5_000_001)
        assert file.read(1_500_000) == body[5_000_001:6_500_001]
        file.seek(-4, os.SEEK_END)
        assert file.read() == body[-4:]
        assert file.read() == b""
        file.seek(0)
        assert sha256(file.read()).digest() == sha256(body).digest()


def test_each_thread_settles_what_it_has_put(store: FileStore) -> None:
    lost: list[frozenset[FileName]] = []
    keep(store, mail_name(A), b"x")

    def work(name: FileName) -> None:
        store.put(name, content_of(name.key.encode()))
        lost.append(store.settle())

    threads = [threading.Thread(target=work, args=(mail_name(sha256(b"t%d" % n).hexdigest()),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert lost == [frozenset()] * 8
    assert len(sums(store)) == 9


def test_a_store_that_is_there_says_so(store: FileStore) -> None:
    store.require_up()
    assert store.settle() == frozenset()


@pytest.mark.parametrize("sha", ["", "A" * 64, "g" * 64, "0" * 63, "../" + "0" * 61])
def test_a_name_is_a_sum_and_nothing_else(sha: str) -> None:
    with pytest.raises(NotFound):
        mail_name(sha)


@pytest.mark.parametrize("key", ["archive/ab/x", f"archive/00/{A}", f"other/{A[:2]}/{A}", f"messages/{A[:2]}/{A}", ""])
def test_what_is_not_ours_has_no_name(key: str) -> None:
    assert name_of(key) is None
    assert name_of(mail_name(A).key) == mail_name(A)
    assert name_of(sound_name(A).key) == sound_name(A)


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


def test_the_settings_say_which_store_it_is(peer: S3Peer, tmp_path: Path) -> None:
    def loaded(**more: str) -> Settings:
        return load_settings({"GATEWAY_CONFIG": "/dev/null", "GATEWAY_DATA": str(tmp_path), **more})

    assert isinstance(open_files(loaded()), LocalStore)
    store = open_files(loaded(**peer.environment(encryption="AES256")))
    assert isinstance(store, S3Files)
    keep(store, mail_name(A), b"x")
    assert list(peer.objects) == [f"gateway/archive/{A[:2]}/{A}"]
    keyless = {name: value for name, value in peer.environment().items() if "KEY" not in name}
    for wrong, said in (
        (keyless, "GATEWAY_FILES__SECRET_KEY"),
        (peer.environment(store="s3://b"), "look like s3://bucket"),
        (peer.environment(store="s3://bucket/../x"), "look like s3://bucket"),
        (peer.environment(endpoint="s3.example.org"), "look like https://"),
        (peer.environment(kms_key="k"), "aws:kms"),
    ):
        with pytest.raises(Misconfigured, match=said):
            loaded(**wrong)


def test_a_key_in_the_file_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "g.toml").write_text('[files]\nsecret_key = "x"\n')
    with pytest.raises(Misconfigured, match="a secret does not belong"):
        load_settings({"GATEWAY_CONFIG": str(tmp_path / "g.toml")})


def test_a_bucket_that_was_opened_before_a_fork_says_so_and_does_not_hang(peer: S3Peer) -> None:
    far(peer.url).require_up()
    child = os.fork()
    if not child:
        with suppress(RuntimeError):
            far(peer.url).require_up()
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
