"""A box of old mail becomes tickets, each mail once whichever way it comes."""

import mailbox
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.db.participants import find_participants
from gateway.db.tickets import list_attachments
from gateway.runtime import Runtime
from inbound.parse import read_file
from tests.support.importing import OURS, take, tickets, timeline
from tests.support.operator import Operator
from tests.support.planted import MARIE, accept, drain, write

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(params=["mbox", "maildir"])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """A question, our answer, its answer; a newsletter's failure report; a mail without a date. In no order."""
    files = {"plan.pdf": b"plan"}
    answers = {"In_Reply_To": "<m-1@c.example>", "to": MARIE}
    mails = [
        write(by=OURS, subject="Re: Panne", text="Redémarrez", ident="m-2@demo.example", **answers),
        write(by=MARIE, subject="Re: Panne", text="Merci", ident="m-3@c.example", References="<m-2@demo.example>"),
        write(by=MARIE, subject="Panne", text="Rien ne va", ident="m-1@c.example", files=files),
        write(by="mailer-daemon@x.example", subject="Failed", text="x", ident="m-4@x", Auto_Submitted="auto-replied"),
        b"From: a@b.example\r\nSubject: sans date\r\n\r\nx",
    ]
    dates = [b"Tue, 05 Mar 2024 11:00:00 +0100", b"Tue, 05 Mar 2024 12:00:00 +0100", b"Tue, 05 Mar 2024 10:00:00 +0100"]
    for number, day in enumerate(dates):
        mails[number] = mails[number].replace(b"Tue, 24 Nov 2026 10:00:00 +0100", day)
    path = tmp_path / "box"
    opened = mailbox.mbox(path) if request.param == "mbox" else mailbox.Maildir(path)
    for raw in mails:
        opened.add(raw)
    opened.close()
    return request.param, str(path)


def test_a_box_of_mails_becomes_tickets_with_their_files(
    operator: Operator, runtime: Runtime, box: tuple[str, str]
) -> None:
    code, _, faults = take(operator, *box)
    assert code == 1
    assert "its Date cannot be read" in faults
    ticket = tickets(runtime)[0]
    entries = timeline(runtime, ticket)
    assert [(entry.direction, entry.text) for entry in entries] == [
        ("in", "Rien ne va"),
        ("out", "Redémarrez"),
        ("in", "Merci"),
    ]
    assert ticket.created_at == datetime(2024, 3, 5, 9, tzinfo=UTC)
    with runtime.database.reading() as connection:
        (file,) = list_attachments(connection, ticket.id)[entries[0].id]
        assert find_participants(connection, ticket.id) == {MARIE}
    assert read_file(runtime.archive.read(entries[0].raw_sha256), file.position) == b"plan"
    again = take(operator, *box)
    assert again[1].startswith("0 tickets and 0 messages imported")


def test_a_mail_that_was_imported_and_comes_by_the_door_is_the_same_mail(
    operator: Operator, runtime: Runtime, tmp_path: Path
) -> None:
    raw = write(by=MARIE, subject="Panne", text="x", ident="m-1@c.example")
    opened = mailbox.mbox(tmp_path / "box")
    opened.add(raw)
    opened.close()
    take(operator, "mbox", str(tmp_path / "box"))
    accept(runtime, raw, mail_from=MARIE)
    drain(runtime)
    (ticket,) = tickets(runtime)
    assert len(timeline(runtime, ticket)) == 1
