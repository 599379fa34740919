"""A mail ends in its named place, once, on the right ticket, and nobody gets where they do not belong."""

import threading
from typing import Any

import pytest

from gateway.config.load import Settings
from gateway.db.outbox import Delivery, list_deliveries
from gateway.db.people import get_or_create_person
from gateway.db.receipts import Receipt, Verdict, find_receipts
from gateway.db.tickets import Ticket, list_entries, list_tickets
from gateway.domain.ticket import Channel
from gateway.errors import NotFound
from gateway.mail.envelope import MailEnvelope
from gateway.mail.reply_address import make_bounce_address, make_reply_address
from gateway.runtime import Runtime
from gateway.spool.entry import Lane, SpoolEntry
from inbound import release
from inbound.arriving import Arrived, read_entry
from inbound.filing import file_mail
from inbound.release import release_mail
from tests.support.clock import MovableClock
from tests.support.installation import mail

SUPPORT = "support@demo.example"


def file(
    runtime: Runtime, raw: bytes, *to: str, mail_from: str = "marie@client.example", channel: Channel = Channel.SMTP
) -> Receipt:
    """Through the spool and one worker's hands, as a drain does it."""
    envelope = MailEnvelope(
        channel=channel,
        mail_from=mail_from,
        rcpt_tos=to or (SUPPORT,),
        peer="192.0.2.1",
        helo="client.example",
        tls=False,
        smtputf8=False,
        received_at=runtime.clock.now(),
    )
    spool_id = runtime.spool.accept(Lane.MAIL, envelope.to_json(), raw)
    with runtime.spool.worker(Lane.MAIL) as claims:
        entry = claims.claim(spool_id, 0)
        assert entry is not None
        file_mail(entry, runtime)
        file_mail(entry, runtime)  # twice is once
        claims.finish(entry)
    with runtime.database.reading() as connection:
        [receipt] = find_receipts(connection, spool_id)
    return receipt


def tickets(runtime: Runtime) -> list[Ticket]:
    with runtime.database.reading() as connection:
        return list_tickets(connection)


def outbox(runtime: Runtime) -> list[Delivery]:
    with runtime.database.reading() as connection:
        return list_deliveries(connection)


def timeline(runtime: Runtime, ticket: Ticket) -> list[Any]:
    with runtime.database.reading() as connection:
        return list_entries(connection, ticket.id)


def test_a_new_mail_is_a_ticket_with_one_acknowledgement(runtime: Runtime) -> None:
    assert file(runtime, mail(1)).verdict is Verdict.FILED
    [ticket] = tickets(runtime)
    assert (ticket.ref, ticket.subject, ticket.reporter, ticket.entries) == (
        "DEMO-1",
        "Écran bloqué n° 1",
        "marie@client.example",
        1,
    )
    [notice] = outbox(runtime)
    assert (notice.recipient, notice.in_reply_to, notice.lang) == (
        "marie@client.example",
        "mail-1@client.example",
        "fr",
    )


def test_an_answer_to_the_signed_address_joins(runtime: Runtime) -> None:
    file(runtime, mail(1))
    [ticket] = tickets(runtime)
    address = make_reply_address(
        SUPPORT, runtime.signer, ticket_id=ticket.id, person_id=ticket.reporter_id, today=runtime.clock.now().date()
    )
    file(runtime, mail(2), address)
    [ticket] = tickets(runtime)
    assert [entry.match for entry in timeline(runtime, ticket)] == [None, "signed reply address"]
    assert len(outbox(runtime)) == 1


def test_an_answer_to_our_message_id_joins_for_the_reporter_and_not_for_a_stranger(runtime: Runtime) -> None:
    file(runtime, mail(1))
    ours = f"<{outbox(runtime)[0].message_id}>"
    file(runtime, mail(2, In_Reply_To=ours))
    assert [ticket.entries for ticket in tickets(runtime)] == [2]
    receipt = file(runtime, mail(3, sender="stranger@elsewhere.example", References=ours))
    assert sorted(ticket.entries for ticket in tickets(runtime)) == [1, 2]
    assert ("our Message-ID", "not believed", "References: the sender is not on that ticket") in [
        (step["rule"], step["outcome"], step["evidence"]) for step in receipt.trace
    ]


@pytest.mark.parametrize("subject", ["Re: [DEMO-1] Écran", "DEMO-1"])
def test_a_number_in_the_subject_proves_nothing(runtime: Runtime, subject: str) -> None:
    file(runtime, mail(1))
    file(runtime, mail(2, sender="stranger@elsewhere.example", Subject=subject))
    assert [ticket.entries for ticket in tickets(runtime)] == [1, 1]


def test_an_altered_token_joins_nothing(runtime: Runtime) -> None:
    file(runtime, mail(1))
    file(runtime, mail(2), "support+r-a7-1-1-aaaaaaaaaaaaaaaaaaaa@demo.example")
    assert [ticket.entries for ticket in tickets(runtime)] == [1, 1]


def test_the_same_mail_by_two_doors_is_one_entry(runtime: Runtime) -> None:
    file(runtime, mail(1))
    again = file(runtime, mail(1).replace(b"\r\n", b"\n"), channel=Channel.PIPE)
    assert again.verdict is Verdict.DUPLICATE
    assert [ticket.entries for ticket in tickets(runtime)] == [1]
    assert len(outbox(runtime)) == 1


def test_the_same_message_id_with_other_content_is_another_mail(runtime: Runtime) -> None:
    file(runtime, mail(1))
    file(runtime, mail(2, Message_ID="<mail-1@client.example>", sender="paul@client.example"))
    assert len(tickets(runtime)) == 2


@pytest.mark.parametrize(
    "headers",
    [{"Auto-Submitted": "auto-generated"}, {"Precedence": "bulk"}, {"List-Id": "<l.example>"}, {"X-Cron-Env": "x"}],
    ids=str,
)
def test_automatic_mail_is_filed_and_not_answered(runtime: Runtime, headers: dict[str, str]) -> None:
    assert file(runtime, mail(1, **headers)).verdict is Verdict.FILED
    assert outbox(runtime) == []


def test_an_out_of_office_on_a_ticket_is_not_shown_to_the_reporter(runtime: Runtime) -> None:
    file(runtime, mail(1))
    ours = f"<{outbox(runtime)[0].message_id}>"
    file(runtime, mail(2, In_Reply_To=ours, **{"Auto-Submitted": "auto-replied"}))
    [ticket] = tickets(runtime)
    assert [entry.visible for entry in timeline(runtime, ticket)] == [True, False]


def test_an_automatic_answer_to_no_ticket_and_our_own_mail_are_ignored_with_a_reason(runtime: Runtime) -> None:
    for number, headers in enumerate(({"Auto-Submitted": "auto-replied"}, {"X-Gateway-Loop": "localhost"})):
        receipt = file(runtime, mail(number, **headers))
        assert receipt.verdict is Verdict.IGNORED
        assert receipt.reason
    assert tickets(runtime) == []


def test_a_failure_report_to_our_return_path_is_on_the_ticket_for_agents_only(runtime: Runtime) -> None:
    file(runtime, mail(1))
    path = make_bounce_address(
        SUPPORT, runtime.signer, delivery_id=outbox(runtime)[0].id, today=runtime.clock.now().date()
    )
    report = mail(2, sender="mailer-daemon@mx.example", Subject="Undelivered Mail Returned to Sender")
    assert file(runtime, report, path, mail_from="").verdict is Verdict.IGNORED
    [ticket] = tickets(runtime)
    assert [(entry.type, entry.visible) for entry in timeline(runtime, ticket)] == [
        ("message", True),
        ("system", False),
    ]


def test_one_address_is_acknowledged_so_often_a_day_and_no_more(runtime: Runtime, clock: MovableClock) -> None:
    cap = runtime.settings.mail.acknowledgements_per_day
    for number in range(cap + 2):
        clock.move(minutes=1)
        file(runtime, mail(number))
    assert len(tickets(runtime)) == cap + 2
    assert len(outbox(runtime)) == cap


@pytest.mark.parametrize("sender", [b"", b"From: a@x.example, b@x.example\r\n"])
def test_a_mail_without_one_sender_is_held_until_a_person_says_whose_it_is(runtime: Runtime, sender: bytes) -> None:
    receipt = file(runtime, sender + b"Subject: qui ?\r\nMessage-ID: <x@y>\r\n\r\nAu secours\r\n")
    assert receipt.verdict is Verdict.HELD
    assert release_mail(runtime, receipt.spool_id, sender="marie@client.example") == "DEMO-1"
    assert outbox(runtime) == []


def test_nobody_waits_while_a_held_mail_is_read_again(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading asks DNS and the virus scanner; SQLite has one writer at a time."""
    receipt = file(runtime, b"Subject: qui ?\r\nMessage-ID: <x@y>\r\n\r\nAu secours\r\n")

    def read(entry: SpoolEntry, settings: Settings) -> Arrived:
        with runtime.database.transaction() as other:
            get_or_create_person(other, email="paul@client.example", name="", now=runtime.clock.now())
        return read_entry(entry, settings)

    monkeypatch.setattr(release, "read_entry", read)
    assert release_mail(runtime, receipt.spool_id, sender="marie@client.example") == "DEMO-1"


def test_raw_mail_is_kept_under_its_sum(runtime: Runtime) -> None:
    receipt = file(runtime, mail(1))
    assert runtime.archive.read(receipt.sha256) == mail(1)


def test_two_workers_with_one_mail_make_one_ticket(runtime: Runtime) -> None:
    errors: list[BaseException] = []

    def work() -> None:
        try:
            file(runtime, mail(1))
        except Exception as error:  # noqa: BLE001  # IntegrityError: the next try finds the receipt
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tickets(runtime)) == 1
    assert len(outbox(runtime)) == 1
    assert {type(error).__name__ for error in errors} <= {"IntegrityError"}


def test_a_message_id_of_two_held_mails_releases_neither(runtime: Runtime) -> None:
    """It would be a guess which of them is meant; the spool id says so."""
    first = file(runtime, b"Subject: un\r\nMessage-ID: <x@y>\r\n\r\nUn\r\n")
    second = file(runtime, b"Subject: deux\r\nMessage-ID: <x@y>\r\n\r\nDeux\r\n")
    assert (first.verdict, second.verdict) == (Verdict.HELD, Verdict.HELD)
    with pytest.raises(NotFound):
        release_mail(runtime, "x@y", sender="marie@client.example")
    release_mail(runtime, second.spool_id, sender="marie@client.example")
    assert [ticket.subject for ticket in tickets(runtime)] == ["deux"]
