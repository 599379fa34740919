"""A runtime with one mailbox, and a poller on it in a thread."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

import pytest

from gateway.clock import Clock, SystemClock
from gateway.config.load import load_settings
from gateway.db.mailboxes import list_mailboxes
from gateway.db.migrate import migrate
from gateway.runtime import Runtime, open_runtime
from gateway.spool.entry import Lane
from inbound.filing import file_mail
from inbound.imap_poller import Poller
from inbound.imap_sign_in import make_sign_in
from inbound.imap_stop import Stop
from tests.support.doors import kept
from tests.support.dovecot import PASSWORD, USER, Dovecot
from tests.support.imap_fake import FakeImap
from tests.support.servers import free_port
from tests.support.waiting import wait_for

OpenMailbox = Callable[..., Runtime]


def mailbox_settings(port: int, **values: object) -> dict[str, str]:
    """Variables for the mailbox `box` on this machine; `values` are settings of it."""
    given = {
        "host": "127.0.0.1",
        "port": port,
        "security": "plain",
        "username": USER,
        "password": PASSWORD,
        "start": "all",
        "timeout": 5,
        "poll_seconds": 1,
        **values,
    }
    return {f"GATEWAY_MAILBOXES__BOX__{name.upper()}": str(value) for name, value in given.items() if value is not None}


@pytest.fixture
def open_mailbox_runtime(tmp_path: Path) -> Iterator[OpenMailbox]:
    """Opens a migrated runtime with a mailbox at a port. Redis is away: nothing here needs it."""
    with ExitStack() as stack:
        number = 0

        def opened(
            port: int, *, clock: Clock | None = None, environment: dict[str, str] | None = None, **values: object
        ) -> Runtime:
            nonlocal number
            number += 1
            settings = load_settings(
                {
                    "GATEWAY_CONFIG": "/dev/null",
                    "GATEWAY_DATA": str(tmp_path / f"var-{number}"),
                    "GATEWAY_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
                    "GATEWAY_SPOOL__MIN_FREE": "0",
                    **mailbox_settings(port, **values),
                    **(environment or {}),
                }
            )
            runtime = stack.enter_context(open_runtime(settings, clock=clock or SystemClock()))
            migrate(runtime.database)
            return runtime

        yield opened


@contextmanager
def polling(runtime: Runtime) -> Iterator[Poller]:
    """The poller of the mailbox `box`, at work for the length of the block."""
    stop = Stop()
    settings = runtime.settings.mailboxes["box"]
    poller = Poller(
        runtime,
        name="box",
        settings=settings,
        sign_in=make_sign_in(runtime, name="box", settings=settings),
        stop=stop,
        chance=Random(1),
    )
    thread = threading.Thread(target=poller.run, daemon=True)
    thread.start()
    try:
        yield poller
    finally:
        stop.ask()
        thread.join(20)
        assert not thread.is_alive(), "the poller did not stop"
        stop.close()


def file_all(runtime: Runtime) -> None:
    """File all that waits, as a worker does."""
    with runtime.spool.worker(Lane.MAIL) as claims:
        for spool_id, attempts in runtime.spool.waiting(Lane.MAIL):
            entry = claims.claim(spool_id, attempts)
            assert entry is not None
            file_mail(entry, runtime)
            claims.finish(entry)


@pytest.fixture(scope="session")
def dovecot_server() -> Iterator[Dovecot]:
    """A Dovecot of our own for the whole session; skips, with the reason, where none can be had."""
    with Dovecot() as server:
        yield server


@pytest.fixture
def dovecot(dovecot_server: Dovecot) -> Dovecot:
    """A Dovecot whose mailbox is empty."""
    with dovecot_server.client() as client:
        for _, _, name in client.list_folders():
            if name != "INBOX":
                client.delete_folder(name)
        client.select_folder("INBOX")
        client.delete_messages(client.search())
        client.expunge()
    return dovecot_server


def contents(runtime: Runtime) -> set[bytes]:
    return {entry.payload for _, entry in kept(runtime)}


def count(runtime: Runtime) -> int:
    return len(runtime.spool.waiting(Lane.MAIL))


def wait_for_mails(runtime: Runtime, server: FakeImap, number: int, *, seconds: float = 20) -> None:
    """Until so many are in the spool and the inbox is empty."""
    wait_for(lambda: count(runtime) >= number and not server.content(), f"{number} mails", seconds=seconds)


def error_of(runtime: Runtime) -> str | None:
    with runtime.database.reading() as connection:
        rows = list_mailboxes(connection)
    return rows[0].error if rows else None
