"""pymap, a server that sends its lines in pieces: the second opinion beside Dovecot and our own fake."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from imapclient import IMAPClient

from gateway.services.mailbox_health import mailbox_health
from gateway.spool.entry import Lane
from tests.support.doors import kept
from tests.support.dovecot import PASSWORD, USER
from tests.support.imap import OpenMailbox, polling
from tests.support.installation import mail
from tests.support.servers import free_port
from tests.support.waiting import wait_for


@contextmanager
def connected(port: int) -> Iterator[IMAPClient]:
    client = IMAPClient("127.0.0.1", port, ssl=False, timeout=10)
    try:
        client.login(USER, PASSWORD)
        yield client
    finally:
        client.shutdown()


def answers(port: int) -> bool:
    try:
        with connected(port) as client:
            return bool(client.select_folder("INBOX"))
    except (OSError, IMAPClient.Error):
        return False


@pytest.fixture
def pymap_port() -> Iterator[int]:
    beside = Path(sys.executable).with_name("pymap")
    program = str(beside) if beside.exists() else shutil.which("pymap")
    if program is None:
        pytest.skip("pymap is not installed (it is in the group `dev`)")
    port = free_port()
    place = ["--host", "127.0.0.1", "--port", str(port), "--no-tls"]
    account = ["dict", "--demo-data", "--demo-user", USER, "--demo-password", PASSWORD]
    process = subprocess.Popen([program, *place, *account], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: answers(port), "pymap to answer")
        yield port
    finally:
        process.kill()
        process.wait()


def test_mail_that_comes_while_we_wait_is_taken_and_moved(pymap_port: int, open_mailbox_runtime: OpenMailbox) -> None:
    runtime = open_mailbox_runtime(pymap_port, start="now", timeout=10)
    with polling(runtime):
        wait_for(lambda: mailbox_health(runtime)[0].age is not None, "the first look")
        for number in range(5):
            with connected(pymap_port) as client:
                client.append("INBOX", mail(number))
            # It is asked within this turn of the loop.
            wait_for(lambda: len(runtime.spool.waiting(Lane.MAIL)) == number + 1, "the mail")  # noqa: B023
    assert [entry.payload for _, entry in kept(runtime)] == [mail(number) for number in range(5)]
    with connected(pymap_port) as client:
        assert client.folder_status("Processed", ["MESSAGES"])[b"MESSAGES"] == 5
