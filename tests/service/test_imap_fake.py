"""A mailbox on a server's bad days: nothing is lost, nothing is taken for what it is not, and nothing hangs."""

from collections import Counter

import pytest

from inbound.imap_check import mailbox_faults
from tests.support.doors import kept
from tests.support.imap import OpenMailbox, contents, count, error_of, polling, wait_for_mails
from tests.support.imap_fake import MANY, Behaviour, fake_imap
from tests.support.installation import mail
from tests.support.waiting import wait_for


def test_mail_is_taken_oldest_first_by_peek_and_moved(open_mailbox_runtime: OpenMailbox) -> None:
    with fake_imap() as server:
        for number in range(45):
            server.deliver(mail(number))
        runtime = open_mailbox_runtime(server.port)
        with polling(runtime):
            wait_for_mails(runtime, server, 45)
        assert [entry.payload for _, entry in kept(runtime)] == [mail(number) for number in range(45)]
        assert server.content("Processed") == [mail(number) for number in range(45)]
        assert all("\\Seen" not in flags for flags in server.folders["Processed"].flags.values())


@pytest.mark.parametrize("piece", [1, 7])
def test_lines_and_literals_in_small_pieces_are_put_together(open_mailbox_runtime: OpenMailbox, piece: int) -> None:
    """A line of IDLE split over two segments too: `piece` cuts `* 1 EXISTS` as well."""
    with fake_imap(Behaviour(piece=piece)) as server:
        runtime = open_mailbox_runtime(server.port)
        with polling(runtime):
            wait_for(lambda: "IDLE" in server.commands, "IDLE")
            server.deliver(mail(1))
            wait_for_mails(runtime, server, 1)
        assert contents(runtime) == {mail(1)}
        assert error_of(runtime) is None


COMMANDS = ["CAPABILITY", "LOGIN", "LIST", "SELECT", "UID SEARCH", "FETCH SIZE", "FETCH BODY", "UID MOVE", "IDLE"]


@pytest.mark.parametrize("piece", [0, 3])
def test_a_connection_dropped_after_each_command_in_turn_loses_nothing(
    open_mailbox_runtime: OpenMailbox, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbound.imap_poller.pause_after", lambda _failures, *, chance: 0.01)
    how = Behaviour(drop=list(COMMANDS), piece=piece)
    with fake_imap(how) as server:
        for number in range(3):
            server.deliver(mail(number))
        runtime = open_mailbox_runtime(server.port)
        with polling(runtime):
            wait_for(lambda: "IDLE" not in how.drop or server.content() == [], "the first mails")
            for number in range(3, 5):
                server.deliver(mail(number))
            wait_for(lambda: how.drop == [], "every drop to have happened")
            wait_for_mails(runtime, server, 5)
        assert contents(runtime) == {mail(number) for number in range(5)}


@pytest.mark.parametrize("answer", ["NO", "BAD", "BYE"])
@pytest.mark.parametrize("command", ["LOGIN", "SELECT", "UID SEARCH", "FETCH SIZE"])
def test_a_refusal_is_one_sentence_and_mail_comes_when_it_ends(
    open_mailbox_runtime: OpenMailbox, monkeypatch: pytest.MonkeyPatch, command: str, answer: str
) -> None:
    monkeypatch.setattr("inbound.imap_poller.pause_after", lambda _failures, *, chance: 0.05)
    monkeypatch.setattr("inbound.imap_poller._AFTER_REFUSAL", 0.05)
    how = Behaviour(refuse={command: answer})
    with fake_imap(how) as server:
        server.deliver(mail(1))
        runtime = open_mailbox_runtime(server.port)
        with polling(runtime):
            error = wait_for(lambda: error_of(runtime), "the trouble to be noted")
            assert "\n" not in error
            assert "demo.example" not in error
            how.refuse.clear()
            wait_for_mails(runtime, server, 1)
            wait_for(lambda: error_of(runtime) is None, "the recovery to be noted")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("NO [AUTHENTICATIONFAILED] no", "refuses the sign-in"),
        ("NO [UNAVAILABLE] the directory is down", "cannot let anybody in just now"),
    ],
)
def test_a_wrong_password_is_told_from_a_server_that_cannot_tell(
    open_mailbox_runtime: OpenMailbox, answer: str, sentence: str
) -> None:
    with fake_imap(Behaviour(refuse={"LOGIN": answer})) as server:
        [fault] = mailbox_faults(open_mailbox_runtime(server.port))
        assert sentence in fault


@pytest.mark.parametrize("answer", ["NO", "BAD"])
def test_where_moving_is_refused_mail_is_taken_once_and_the_next_ones_too(
    open_mailbox_runtime: OpenMailbox, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr("inbound.imap_poller.pause_after", lambda _failures, *, chance: 0.05)
    how = Behaviour(refuse={"UID MOVE": answer})
    with fake_imap(how) as server:
        server.deliver(mail(1))
        runtime = open_mailbox_runtime(server.port)
        with polling(runtime):
            wait_for(lambda: error_of(runtime), "the trouble to be noted")
            server.deliver(mail(2))
            wait_for(lambda: count(runtime) == 2, "the second mail")
            how.refuse.clear()
            wait_for_mails(runtime, server, 2)
        assert count(runtime) == 2
        assert server.content("Processed") == [mail(1), mail(2)]


@pytest.mark.parametrize(
    ("capabilities", "left", "moved", "flags"),
    [
        (MANY, [], [mail(1)], set()),
        (("UIDPLUS",), [], [mail(1)], set()),
        ((), [mail(1)], [], set()),
    ],
    ids=["MOVE", "COPY and UIDPLUS", "neither: left in place"],
)
def test_a_mail_leaves_by_what_the_server_can_do_and_touches_no_other(
    open_mailbox_runtime: OpenMailbox,
    capabilities: tuple[str, ...],
    left: list[bytes],
    moved: list[bytes],
    flags: set[str],
) -> None:
    with fake_imap(Behaviour(capabilities=capabilities)) as server:
        deleted = server.deliver(mail(0))
        server.folders["INBOX"].flags[deleted].add("\\Deleted")  # by somebody else: not ours to expunge
        runtime = open_mailbox_runtime(server.port, start="now", poll_seconds=0.05)
        with polling(runtime):
            wait_for(lambda: "UID SEARCH" in server.commands, "the first look")
            uid = server.deliver(mail(1))
            wait_for(lambda: count(runtime) == 1, "the mail")
            wait_for(lambda: server.content() == [mail(0), *left], "the inbox")
            looks = Counter(server.commands)["UID SEARCH"]
            wait_for(lambda: Counter(server.commands)["UID SEARCH"] > looks + 1 or "IDLE" in server.commands, "a look")
        assert server.content("Processed") == moved
        assert count(runtime) == 1
        if left:
            assert server.flags(uid) == flags


@pytest.mark.parametrize(("after", "flags"), [("flag", {"\\Seen"}), ("leave", set())])
def test_mail_left_in_place_is_taken_once_also_by_the_next_process(
    open_mailbox_runtime: OpenMailbox, after: str, flags: set[str]
) -> None:
    with fake_imap() as server:
        uid = server.deliver(mail(1))
        runtime = open_mailbox_runtime(server.port, after=after)
        for number in (1, 2):
            with polling(runtime):
                # It is asked within this turn of the loop.
                wait_for(lambda: Counter(server.commands)["IDLE"] == number, "the end of a look")  # noqa: B023
        assert count(runtime) == 1
        assert server.flags(uid) == flags


def test_a_slow_literal_arrives_and_delays_no_other_mailbox(open_mailbox_runtime: OpenMailbox) -> None:
    big = mail(1) + b"x" * 20_000
    with fake_imap(Behaviour(piece=1000, pause=0.05)) as slow, fake_imap() as quick:
        slow.deliver(big)
        first = open_mailbox_runtime(slow.port)
        second = open_mailbox_runtime(quick.port)
        with polling(first), polling(second):
            wait_for(lambda: "FETCH BODY" in slow.commands, "the slow mail to begin")
            quick.deliver(mail(2))
            wait_for_mails(second, quick, 1)
            assert count(first) == 0
            wait_for_mails(first, slow, 1)
        assert contents(first) == {big}


def test_a_literal_that_never_ends_is_cut_off(
    open_mailbox_runtime: OpenMailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte comes in time, so only the limit for the whole mail ends it; the mail behind it is taken."""
    monkeypatch.setattr("inbound.imap_poller.pause_after", lambda _failures, *, chance: 0.01)
    how = Behaviour(piece=500, pause=0.05)
    with fake_imap(how) as server:
        server.deliver(mail(1) + b"x" * 50_000)
        server.deliver(b"Subject: kurz\r\n\r\n.\r\n")
        runtime = open_mailbox_runtime(server.port, mail_timeout=0.2)
        with polling(runtime):
            wait_for(lambda: count(runtime) == 2, "the short mail, and the word about the long one")
        assert {envelope.hold[:20] for envelope, _ in kept(runtime)} == {"", "could not be fetched"}
        assert len(server.content()) == 1


def test_a_mail_that_says_it_is_too_large_is_held_and_stays_unread(open_mailbox_runtime: OpenMailbox) -> None:
    with fake_imap(Behaviour(stated_size=40 * 1024 * 1024)) as server:
        uid = server.deliver(mail(1))
        runtime = open_mailbox_runtime(server.port)
        with polling(runtime):
            wait_for(lambda: Counter(server.commands)["IDLE"] == 1, "the end of the look")
        [(envelope, entry)] = kept(runtime)
        assert envelope.hold.startswith("too large: 40.0 MiB")
        assert b"Message-ID: <mail-1@client.example>" in entry.payload
        assert b"stays in the mailbox box" in entry.payload
        assert server.content() == [mail(1)]
        assert server.flags(uid) == set()
        assert Counter(server.commands)["FETCH BODY"] == 1  # the header


@pytest.mark.parametrize("announced", [60 * 1024 * 1024, 10**12])
def test_a_literal_larger_than_was_said_is_not_read(
    open_mailbox_runtime: OpenMailbox, monkeypatch: pytest.MonkeyPatch, announced: int
) -> None:
    """It is given up when it is announced: waiting for it would take 30 seconds each time."""
    monkeypatch.setattr("inbound.imap_poller.pause_after", lambda _failures, *, chance: 0.01)
    how = Behaviour(announced=announced)
    with fake_imap(how) as server:
        server.deliver(mail(1))
        runtime = open_mailbox_runtime(server.port, timeout=30)
        with polling(runtime):
            wait_for(lambda: count(runtime) == 1, "the word about it", seconds=20)
        [(envelope, _)] = kept(runtime)
        assert envelope.hold.startswith("could not be fetched")
        assert server.content() == [mail(1)]


def test_a_literal_smaller_than_the_mail_breaks_the_connection_and_takes_nothing(
    open_mailbox_runtime: OpenMailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What follows it is no answer any more; a mail cut short would be worse than none."""
    monkeypatch.setattr("inbound.imap_poller.pause_after", lambda _failures, *, chance: 0.01)
    how = Behaviour(announced=100)
    with fake_imap(how) as server:
        server.deliver(mail(1))
        runtime = open_mailbox_runtime(server.port)
        with polling(runtime):
            wait_for(lambda: Counter(server.commands)["FETCH BODY"] >= 2, "a second try")
            how.announced = None
            wait_for_mails(runtime, server, 1)
        assert contents(runtime) == {mail(1)}


def test_a_mail_that_is_never_handed_over_is_held_at_last_and_keeps_no_other_back(
    open_mailbox_runtime: OpenMailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbound.imap_poller._RETRY_MAIL", 0.01)
    with fake_imap(Behaviour(withheld=frozenset({1}))) as server:
        for number in (1, 2):
            server.deliver(mail(number))
        runtime = open_mailbox_runtime(server.port)
        with polling(runtime):
            wait_for(lambda: count(runtime) == 2, "both")
            wait_for(lambda: "IDLE" in server.commands, "the end of it")
        first, second = kept(runtime)
        assert first[1].payload == mail(2)
        assert second[0].hold.startswith("could not be fetched")
        assert server.content() == [mail(1)]
