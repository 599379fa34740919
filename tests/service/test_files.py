"""The store of files, on this machine and in a bucket: the same promises; and which of them the settings name."""

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from gateway.config.load import Settings, load_settings
from gateway.errors import Misconfigured, NotFound
from gateway.files.local import LocalStore
from gateway.files.opening import open_files
from gateway.files.reading import read_each
from gateway.files.s3 import S3Files
from gateway.files.store import (
    FileName,
    FileStore,
    Kind,
    content_of,
    mail_name,
    name_of,
    settle_all,
    sound_name,
)
from tests.support.buckets import far, keep, sums
from tests.support.s3 import (
    S3Peer,
    s3_peer,
)

A, B = sha256(b"a").hexdigest(), sha256(b"b").hexdigest()


@pytest.fixture
def peer() -> Iterator[S3Peer]:
    with s3_peer() as opened:
        yield opened


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
