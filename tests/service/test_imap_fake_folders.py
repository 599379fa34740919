"""Which mail of a mailbox is ours to take, whose it is, and how its server tells that there is more."""

import socket
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

from gateway.db.mailboxes import find_folder
from tests.support.doors import kept
from tests.support.imap import OpenMailbox, contents, count, error_of, polling, wait_for_mails
from tests.support.imap_fake import Behaviour, Folder, fake_imap
from tests.support.installation import mail
from tests.support.waiting import wait_for


def test_what_was_there_before_is_left_and_what_comes_from_now_on_is_taken(open_mailbox_runtime: OpenMailbox) -> None:
    with fake_imap() as server:
        server.deliver(mail(1))
        runtime = open_mailbox_runtime(server.port, start="now")
        with polling(runtime):
            wait_for(lambda: "IDLE" in server.commands, "the first look")
            server.deliver(mail(2))
            wait_for(lambda: count(runtime) == 1, "the new mail")
        server.deliver(mail(3))  # while nobody looked
        with polling(runtime):
            wait_for(lambda: count(runtime) == 2, "what came meanwhile")
        assert contents(runtime) == {mail(2), mail(3)}
        assert server.content() == [mail(1)]


def test_under_another_uidvalidity_the_folder_is_read_again(open_mailbox_runtime: OpenMailbox) -> None:
    with fake_imap() as server:
        for number in (1, 2):
            server.deliver(mail(number))
        runtime = open_mailbox_runtime(server.port, after="leave")
        with polling(runtime):
            wait_for(lambda: count(runtime) == 2 and "IDLE" in server.commands, "the first two")
            with server.changed:
                anew = server.folders["INBOX"] = Folder(uidvalidity=2)
                for number in (3, 4, 5):
                    anew.add(mail(number))
                server.changed.notify_all()
            wait_for(lambda: count(runtime) == 5, "those under the new validity")
        with runtime.database.reading() as connection:
            row = find_folder(connection, mailbox="box", folder="INBOX")
        assert row is not None
        assert (row.uidvalidity, row.last_uid) == (2, 3)


def test_in_a_folder_made_anew_what_was_there_before_we_began_is_left(open_mailbox_runtime: OpenMailbox) -> None:
    """With `start = "now"`: old mail keeps its date when a folder is copied; mail moved in by hand is no old mail."""
    long_ago = datetime.now(UTC) - timedelta(days=3)
    with fake_imap() as server:
        server.deliver(mail(1))
        runtime = open_mailbox_runtime(server.port, start="now", after="leave")
        with polling(runtime):
            wait_for(lambda: "IDLE" in server.commands, "the first look")
        anew = server.folders["INBOX"] = Folder(uidvalidity=2)
        anew.add(mail(1), at=long_ago)
        anew.add(mail(2))
        with polling(runtime):
            wait_for(lambda: count(runtime) == 1, "the new mail")
            wait_for(lambda: Counter(server.commands)["IDLE"] == 2, "the end of the look")
            with server.changed:
                anew.add(mail(3), at=long_ago)
                server.changed.notify_all()
            wait_for(lambda: count(runtime) == 2, "the mail moved in by hand")
        assert contents(runtime) == {mail(2), mail(3)}


def test_news_that_came_with_another_answer_is_not_slept_over(open_mailbox_runtime: OpenMailbox) -> None:
    """A server says EXISTS once. When it says so in answer to MOVE, an IDLE that begins later hears nothing."""
    with fake_imap() as server:

        def deliver_meanwhile(name: str) -> None:
            if name == "UID MOVE" and server.folders["INBOX"].next_uid == 2:
                server.deliver(mail(2))
                session_news.set()

        session_news = threading.Event()
        server.behaviour.on_command = deliver_meanwhile
        server.deliver(mail(1))
        runtime = open_mailbox_runtime(server.port, idle_seconds=600, timeout=5)
        with polling(runtime):
            wait_for_mails(runtime, server, 2, seconds=5)
        assert session_news.is_set()


def test_mail_in_the_junk_folder_is_held(open_mailbox_runtime: OpenMailbox) -> None:
    with fake_imap() as server:
        server.deliver(mail(1), folder="Junk")
        server.deliver(mail(2))
        runtime = open_mailbox_runtime(server.port, junk_folder="Junk")
        with polling(runtime):
            wait_for(lambda: count(runtime) == 2, "both")
        assert {entry.payload: envelope.hold for envelope, entry in kept(runtime)} == {
            mail(1): "found in the junk folder",
            mail(2): "",
        }


def test_the_mailboxs_project_is_the_recipient_and_without_one_the_header_decides(
    open_mailbox_runtime: OpenMailbox,
) -> None:
    for project, recipients in (("demo", ("support@demo.example",)), (None, ())):
        with fake_imap() as server:
            server.deliver(b"Return-Path: <marie@client.example>\r\n" + mail(1))
            runtime = open_mailbox_runtime(server.port, project=project)
            with polling(runtime):
                wait_for_mails(runtime, server, 1)
            [(envelope, _)] = kept(runtime)
            assert (envelope.channel, envelope.mail_from, envelope.rcpt_tos) == (
                "imap",
                "marie@client.example",
                recipients,
            )
            assert envelope.arrival == "imap:box:INBOX:1:1"


def test_without_idle_the_clock_is_asked(open_mailbox_runtime: OpenMailbox) -> None:
    with fake_imap(Behaviour(capabilities=("MOVE",))) as server:
        runtime = open_mailbox_runtime(server.port, poll_seconds=0.05)
        with polling(runtime):
            wait_for(lambda: "UID SEARCH" in server.commands, "the first look")
            server.deliver(mail(1))
            wait_for_mails(runtime, server, 1)


def test_an_idle_that_is_refused_or_breaks_again_and_again_gives_way_to_the_clock(
    open_mailbox_runtime: OpenMailbox,
) -> None:
    with fake_imap(Behaviour(refuse={"IDLE": "BYE"})) as server:
        runtime = open_mailbox_runtime(server.port, poll_seconds=0.05)
        with polling(runtime):
            wait_for(lambda: Counter(server.commands)["UID SEARCH"] > 6, "polling")
            server.deliver(mail(1))
            wait_for_mails(runtime, server, 1)
        assert Counter(server.commands)["IDLE"] == 3


def test_idle_is_begun_anew_before_its_time_is_over(open_mailbox_runtime: OpenMailbox) -> None:
    with fake_imap() as server:
        runtime = open_mailbox_runtime(server.port, idle_seconds=0.1)
        with polling(runtime):
            wait_for(lambda: Counter(server.commands)["IDLE"] >= 3, "three IDLEs")
        assert Counter(server.commands)["LOGIN"] == 1


def test_a_server_that_says_nothing_is_given_up_in_time(open_mailbox_runtime: OpenMailbox) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        runtime = open_mailbox_runtime(listener.getsockname()[1], timeout=0.2)
        began = time.monotonic()
        with polling(runtime):
            error = wait_for(lambda: error_of(runtime), "the trouble to be noted")
        assert "took too long" in error
        assert time.monotonic() - began < 3


def test_the_database_may_be_away_and_mail_is_taken_all_the_same(open_mailbox_runtime: OpenMailbox) -> None:
    with fake_imap() as server:
        runtime = open_mailbox_runtime(server.port)
        with polling(runtime):
            wait_for(lambda: "IDLE" in server.commands, "the first look")
            with runtime.database.transaction() as connection:
                connection.exec_driver_sql("ALTER TABLE mailbox_folders RENAME TO away")
            server.deliver(mail(1))
            wait_for_mails(runtime, server, 1)
