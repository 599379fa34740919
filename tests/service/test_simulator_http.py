"""The simulated provider over real sockets: the road behind the public address, and a server that is slow or gone."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from telephony.simulator.sending import HttpTransport, Signing, signed_request
from tests.support.servers import free_port
from tests.support.simulated import BASE, Desk, gather, played, response


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def desk() -> Iterator[tuple[Desk, str]]:
    desk = Desk({"/voice": response(gather()), "/next": response()})
    with make_server("127.0.0.1", free_port(), desk, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield desk, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


REQUEST = signed_request(f"{BASE}/voice", {"CallSid": "CA"}, signing=Signing(secret="token"), token="t")


def test_a_call_goes_by_the_road_behind_the_public_address(desk: tuple[Desk, str]) -> None:
    heard, local = desk
    played(heard, transport=HttpTransport(roads={BASE: local}), script={"presses": ("1#",)})
    assert heard.paths() == ["/voice", "/next", "/status"]
    assert heard.headers[0]["HTTP_HOST"] == "support.example.org"


def test_nothing_is_sent_to_an_address_without_a_road() -> None:
    reply = HttpTransport(roads={"https://elsewhere.example": "http://127.0.0.1:1"})(REQUEST)
    assert (reply.status, reply.error) == (0, "no road leads to this address")


def test_nobody_listening_is_told_as_no_connection() -> None:
    reply = HttpTransport(roads={BASE: f"http://127.0.0.1:{free_port()}"})(REQUEST)
    assert reply.error == "no connection: ConnectionRefusedError"


@pytest.mark.parametrize("begins", [b"", b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 100\r\n\r\n<R"])
def test_an_answer_that_does_not_come_in_time_is_none(begins: bytes) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        transport = HttpTransport(roads={BASE: f"http://127.0.0.1:{silent.getsockname()[1]}"}, limit=0.2)
        done = threading.Event()

        def accept() -> None:
            peer, _ = silent.accept()
            with peer:
                peer.sendall(begins)
                done.wait(10)

        thread = threading.Thread(target=accept)
        thread.start()
        reply = transport(REQUEST)
        done.set()
        thread.join()
    assert (reply.status, reply.error) == (0, "no answer within 0.2 seconds")
    assert HttpTransport(roads={}).limit == 15
