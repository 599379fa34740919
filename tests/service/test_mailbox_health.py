"""A mailbox that is not read is noticed whoever is to blame; the supervisors hear of it once, and of its end once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.config.load import load_settings
from gateway.db.engine import Database
from gateway.db.mailboxes import know_mailbox, note_failed_look, note_good_look
from gateway.db.outbox import Delivery, list_deliveries
from gateway.db.people import add_membership, get_or_create_person, update_person
from gateway.domain.ticket import Language, Role
from gateway.notify.compose import compose
from gateway.runtime import Runtime, open_runtime
from gateway.services.mailbox_health import mailbox_health, watch_mailboxes
from tests.support.clock import MovableClock
from tests.support.servers import free_port
from tests.support.web import read_attachment
from web.app import create_app


@pytest.fixture
def runtime(tmp_path: Path, database: Database, clock: MovableClock) -> Iterator[Runtime]:
    settings = load_settings(
        {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_DATA": str(tmp_path / "var"),
            "GATEWAY_DATABASE_URL": database.url.render_as_string(hide_password=False),
            "GATEWAY_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
            "GATEWAY_MAILBOXES__SHOP__HOST": "imap.example",
            "GATEWAY_MAILBOXES__SHOP__USERNAME": "support",
            "GATEWAY_MAILBOXES__SHOP__PASSWORD": "secret",
        }
    )
    with open_runtime(settings, clock=clock) as opened:
        with opened.database.transaction() as connection:
            for email, role in (("chef@demo.example", Role.SUPERVISOR), ("agent@demo.example", Role.N1)):
                person = get_or_create_person(connection, email=email, name="", now=clock.now())
                add_membership(connection, person_id=person.id, project="DEMO", role=role)
        yield opened


def good(runtime: Runtime) -> None:
    with runtime.database.transaction() as connection:
        know_mailbox(connection, "shop", now=runtime.clock.now())
        note_good_look(connection, "shop", now=runtime.clock.now())


def failed(runtime: Runtime, error: str = "the server took too long") -> None:
    with runtime.database.transaction() as connection:
        note_failed_look(connection, "shop", now=runtime.clock.now(), error=error)


def outbox(runtime: Runtime) -> list[Delivery]:
    with runtime.database.reading() as connection:
        return list_deliveries(connection)


def test_one_alert_to_the_supervisors_and_one_word_when_it_is_over(runtime: Runtime, clock: MovableClock) -> None:
    good(runtime)
    failed(runtime)
    clock.move(minutes=15)
    assert watch_mailboxes(runtime) == []
    clock.move(seconds=1)
    assert watch_mailboxes(runtime) == ["shop"]
    clock.move(hours=3)
    failed(runtime)
    assert watch_mailboxes(runtime) == []
    good(runtime)
    assert watch_mailboxes(runtime) == ["shop"]
    assert watch_mailboxes(runtime) == []
    assert [(mail.notice, mail.recipient) for mail in outbox(runtime)] == [
        ("mailbox_failing", "chef@demo.example"),
        ("mailbox_recovered", "chef@demo.example"),
    ]


def test_a_process_that_never_looks_is_noticed_too(runtime: Runtime, clock: MovableClock) -> None:
    assert watch_mailboxes(runtime) == []
    clock.move(minutes=16)
    assert watch_mailboxes(runtime) == ["shop"]
    assert "(gateway imapd) ne donne plus signe de vie" in compose(outbox(runtime)[0], runtime=runtime).content.decode()


@pytest.mark.parametrize("lang", Language)
def test_the_mails_say_which_mailbox_and_why(runtime: Runtime, clock: MovableClock, lang: Language) -> None:
    with runtime.database.transaction() as connection:
        person = get_or_create_person(connection, email="chef@demo.example", name="", now=clock.now())
        update_person(connection, person.id, name=None, lang=lang, phone=None)
    good(runtime)
    failed(runtime, "cannot open the folder 'INBOX': the server refuses")
    clock.move(minutes=20)
    watch_mailboxes(runtime)
    good(runtime)
    watch_mailboxes(runtime)
    failing, recovered = (compose(row, runtime=runtime).content.decode() for row in outbox(runtime))
    assert "cannot open the folder" in failing
    assert "20 minutes" in failing
    assert "shop" in recovered


def test_readiness_names_each_mailbox_with_the_age_of_its_last_good_look(runtime: Runtime, clock: MovableClock) -> None:
    [never] = mailbox_health(runtime)
    assert (never.age, never.is_late) == (None, False)
    good(runtime)
    clock.move(seconds=90)
    app = create_app(runtime, read_attachment)

    def mailboxes() -> Any:
        return app.test_client().get("/readyz").json["parts"]["mailboxes"]

    try:
        assert mailboxes() == {
            "state": "up",
            "mailboxes": {"shop": {"state": "up", "last_good_seconds": 90, "waiting": 0}},
        }
        failed(runtime)
        assert mailboxes()["mailboxes"]["shop"]["state"] == "failing"
        clock.move(minutes=15)
        assert mailboxes()["state"] == "down"
    finally:
        app.extensions["gateway"].background.close()
