"""What is dialled for a webhook: no network of ours by a name that leads there, nobody without their certificate."""

import socket
import ssl
import threading
from contextlib import suppress

import pytest
import trustme

from gateway.notify import hook_dial
from tests.support.receiver import Receiver


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        ("93.184.216.34", True, True),
        ("2606:2800:220:1::1", True, True),
        *((one, False, True) for one in ("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1")),
        *(
            (one, False, True)
            for one in ("fd00::1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "240.0.0.1")
        ),
        *((one, False, False) for one in ("169.254.169.254", "fe80::1%eth0", "::ffff:169.254.169.254")),
        *((one, False, False) for one in ("0.0.0.0", "::", "224.0.0.1", "ff02::1", "64:ff9b::a9fe:a9fe")),
    ],
)
def test_which_addresses_are_dialled(address: str, *, public: bool, private: bool) -> None:
    assert hook_dial.may_dial(address, private=False) == public
    assert hook_dial.may_dial(address, private=True) == private


def test_a_name_that_leads_inside_is_not_dialled(receivers: list[Receiver]) -> None:
    handed = hook_dial.hand_over(receivers[0].url, b"{}", {}, timeout=1, private=False)
    assert (handed.status, handed.error) == (None, "its address is in a network that is not dialled")
    assert receivers[0].got == []


def test_a_certificate_that_is_not_its_own_is_not_spoken_to(monkeypatch: pytest.MonkeyPatch) -> None:
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("other.example").configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        raw, _ = listener.accept()
        with suppress(OSError), context.wrap_socket(raw, server_side=True) as safe:
            safe.recv(1)

    thread = threading.Thread(target=serve)
    thread.start()
    url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
    handed = hook_dial.hand_over(url, b"{}", {}, timeout=2, private=True)
    thread.join()
    listener.close()
    assert (handed.status, handed.error) == (None, "no connection: SSLCertVerificationError")
