"""Starting and stopping: the predecessor's port, idle peers, mails under way, and the role as a real process."""

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gateway.errors import Misconfigured
from tests.support.doors import OpenDoor, accepted_id, kept
from tests.support.servers import free_port
from tests.support.smtp import Peer
from tests.support.waiting import wait_for

MAIL = b"Subject: panne\r\n\r\nBonjour\r\n"
ROLE = """
from gateway.config.load import load_settings
from gateway.runtime import open_runtime
from inbound.smtpd import run_smtpd
with open_runtime(load_settings()) as runtime:
    run_smtpd(runtime)
"""


def test_on_stop_idle_peers_hear_421_and_a_mail_under_way_is_finished(open_door: OpenDoor) -> None:
    door = open_door()
    with Peer(door.ports.smtp) as idle, Peer(door.ports.smtp) as writing:
        writing.begin_mail()
        writing.send(MAIL)
        door.begin_stop()
        assert idle.reply().startswith("421 4.3.2")
        assert idle.reply() == ""
        with pytest.raises(ConnectionRefusedError):
            Peer(door.ports.smtp)
        writing.send(b".\r\n")
        accepted_id(writing.reply())
        assert writing.reply().startswith("421 4.3.2")
        assert writing.reply() == ""
    door.stop()
    assert len(kept(door.runtime)) == 1


def test_on_stop_a_mail_that_does_not_come_to_its_end_is_cut_off(
    open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbound.smtpd._DRAIN_PATIENCE", 0.1)
    door = open_door()
    with Peer(door.ports.smtp) as writing:
        writing.begin_mail()
        door.stop()
        assert writing.reply() == ""
    assert not kept(door.runtime)


def test_an_address_in_use_is_waited_for(open_door: OpenDoor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as predecessor:
        port = predecessor.getsockname()[1]
        leaving = threading.Timer(0.3, predecessor.close)
        leaving.start()
        door = open_door(GATEWAY_SMTP__PORT=str(port))
        with Peer(port) as peer:
            assert peer.greeting.startswith("220")
        assert door.ports.smtp == port
        leaving.join()


def test_an_address_that_stays_in_use_is_a_misconfiguration(
    open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbound.smtpd._BIND_PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Misconfigured, match=os.strerror(errno.EADDRINUSE).lower()) as refused:
            open_door(GATEWAY_SMTP__PORT=str(port))
    assert refused.value.faults[0].startswith(f"smtp: cannot listen on 127.0.0.1 port {port}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_role_ends_in_order_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    environment |= {
        "GATEWAY_CONFIG": "/dev/null",
        "GATEWAY_DATA": str(tmp_path / "var"),
        "GATEWAY_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "GATEWAY_SMTP__PORT": str(port),
        "GATEWAY_SPOOL__MIN_FREE": "0",
    }
    process = subprocess.Popen([sys.executable, "-W", "error", "-c", ROLE], env=environment, stderr=subprocess.PIPE)
    try:
        with wait_for(lambda: try_to_connect(port), "the role to listen") as peer:
            peer.begin_mail()
            peer.send(MAIL + b".\r\n")
            spool_id = accepted_id(peer.reply())
            process.send_signal(number)
            assert peer.reply().startswith("421 4.3.2")
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        _, log = process.communicate()
    assert b"Traceback" not in log
    assert (tmp_path / "var" / "spool" / "mail" / "new" / f"{spool_id}.0").exists()


def try_to_connect(port: int) -> Peer | None:
    try:
        return Peer(port)
    except ConnectionRefusedError:
        return None
