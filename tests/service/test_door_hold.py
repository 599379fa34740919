"""What a door wants looked at is held; the same mail without its doubt is filed, once."""

import pytest

from gateway.db.receipts import Receipt, Verdict, find_receipts
from gateway.db.tickets import list_tickets
from gateway.domain.ticket import Channel
from gateway.mail.envelope import MailEnvelope
from gateway.runtime import Runtime
from gateway.spool.entry import Lane
from inbound.filing import file_mail
from inbound.release import release_mail
from tests.support.installation import mail

JUNK = "found in the junk folder"
NAMELESS = b"From: marie@client.example\r\nSubject: Aide\r\n\r\nAu secours\r\n"


def file(runtime: Runtime, raw: bytes, *, hold: str = "", arrival: str = "") -> Receipt:
    envelope = MailEnvelope(
        channel=Channel.IMAP,
        mail_from="marie@client.example",
        rcpt_tos=("support@demo.example",),
        peer="",
        helo="",
        tls=True,
        smtputf8=False,
        received_at=runtime.clock.now(),
        arrival=arrival,
        hold=hold,
    )
    spool_id = runtime.spool.accept(Lane.MAIL, envelope.to_json(), raw)
    with runtime.spool.worker(Lane.MAIL) as claims:
        entry = claims.claim(spool_id, 0)
        assert entry is not None
        file_mail(entry, runtime)
        claims.finish(entry)
    with runtime.database.reading() as connection:
        [receipt] = find_receipts(connection, spool_id)
    return receipt


def verdict_of(runtime: Runtime, receipt: Receipt) -> Verdict:
    with runtime.database.reading() as connection:
        return find_receipts(connection, receipt.spool_id)[0].verdict


def count_tickets(runtime: Runtime) -> int:
    with runtime.database.reading() as connection:
        return len(list_tickets(connection))


def test_a_mail_from_the_junk_folder_is_held_with_that_reason_and_held_once(runtime: Runtime) -> None:
    first, again = (file(runtime, mail(1), hold=JUNK) for _ in range(2))
    assert (first.verdict, first.reason) == (Verdict.HELD, JUNK)
    assert again.verdict is Verdict.DUPLICATE
    assert count_tickets(runtime) == 0


def test_a_mail_that_somebody_moves_out_of_the_junk_folder_is_filed_and_no_longer_held(runtime: Runtime) -> None:
    held = file(runtime, mail(1), hold=JUNK)
    assert file(runtime, mail(1)).verdict is Verdict.FILED
    assert verdict_of(runtime, held) is Verdict.DUPLICATE
    assert file(runtime, mail(1), hold=JUNK).verdict is Verdict.DUPLICATE
    assert count_tickets(runtime) == 1


def test_a_mail_that_was_released_is_not_filed_again_when_it_comes_to_the_inbox(runtime: Runtime) -> None:
    held = file(runtime, mail(1), hold=JUNK)
    release_mail(runtime, held.spool_id, sender="marie@client.example")
    assert file(runtime, mail(1)).verdict is Verdict.DUPLICATE
    assert count_tickets(runtime) == 1


@pytest.mark.parametrize(("arrivals", "tickets"), [(("a", "a"), 1), (("a", "b"), 2), (("", ""), 2)])
def test_mail_that_says_nothing_about_itself_is_known_by_the_name_of_its_arrival(
    runtime: Runtime, arrivals: tuple[str, ...], tickets: int
) -> None:
    for arrival in arrivals:
        file(runtime, NAMELESS, arrival=arrival)
    assert count_tickets(runtime) == tickets
