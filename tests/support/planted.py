"""A person planted in every store: whatever is theirs carries the word MARQUE, their address or their number.

Marie writes, calls, is in copy, is quoted, named, suppressed, signed in and on duty. Bob and Nina are there with her;
what is theirs must outlive her.
"""

from base64 import encodebytes
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from time import monotonic
from typing import Any

from sqlalchemy import insert, update

from gateway.db.api_tokens import add_token, remember_report
from gateway.db.calls import CallKey, call_messages
from gateway.db.clock_calls import Call, add_calls
from gateway.db.daily_counts import count_once
from gateway.db.drafts import save_draft
from gateway.db.hotline import replace_shifts
from gateway.db.mailboxes import know_mailbox, note_failed_look
from gateway.db.people import add_membership, find_person, get_or_create_person, update_person
from gateway.db.presence import note_look
from gateway.db.schema import metadata
from gateway.db.sign_in import add_link, add_session
from gateway.db.sign_in_factors import set_factors, set_recovery_codes
from gateway.db.sign_in_tries import lock_tries
from gateway.db.suppressions import count_bounce
from gateway.db.ticket_events import record_event
from gateway.domain.audit import AuditAction
from gateway.domain.change import Change
from gateway.domain.duty import Shift
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.ticket import Channel, Role, Severity
from gateway.domain.tries import key_of_address
from gateway.files.store import content_of, settle_all, sound_name
from gateway.jobs.drain import drain_lane
from gateway.mail.bounce import Action, Outcome
from gateway.mail.envelope import MailEnvelope
from gateway.notify.deliver import deliver_due
from gateway.runtime import Runtime
from gateway.services.audit import record_audit
from gateway.services.change_ticket import change_ticket
from gateway.services.log_call import log_event
from gateway.services.refresh_hotline import refresh_hotline
from gateway.spool.entry import Lane, file_name
from inbound.filing import file_mail
from tests.support.call_events import BEGAN, event, step

MARIE, BOB, NINA = "marie@client.example", "bob@client.example", "nina@support.example"
NAME, PHONE = "Marie Marque-Nom", "+33612345678"
SOUND, RECORDING = "ab" * 32, "RE" + "1" * 32
MARKERS = (b"marque", MARIE.encode(), b"612345678", b"marie marque-nom")
"""What is left of Marie anywhere has one of these in it, in small letters."""


def write(
    *,
    by: str,
    subject: str,
    text: str,
    ident: str,
    name: str = "",
    files: dict[str, bytes] | None = None,
    **fields: str,
) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = f"{name} <{by}>" if name else by
    message["To"] = fields.pop("to", "support@demo.example")
    message["Subject"], message["Message-ID"] = subject, f"<{ident}>"
    message["Date"] = "Tue, 24 Nov 2026 10:00:00 +0100"
    for field, value in fields.items():
        message[field.replace("_", "-")] = value
    message.set_content(text, cte="quoted-printable")
    for file, content in (files or {}).items():
        message.add_attachment(content, maintype="application", subtype="pdf", filename=file)
    return message.as_bytes()


def accept(runtime: Runtime, raw: bytes, *, mail_from: str, hold: str = "") -> str:
    """Put a mail into the spool; its id."""
    envelope = MailEnvelope(
        channel=Channel.SMTP,
        mail_from=mail_from,
        rcpt_tos=("support@demo.example",),
        peer="192.0.2.1",
        helo="client.example",
        tls=False,
        smtputf8=False,
        received_at=runtime.clock.now(),
        hold=hold,
    )
    return runtime.spool.accept(Lane.MAIL, envelope.to_json(), raw)


def drain(runtime: Runtime) -> None:
    drain_lane(Lane.MAIL, file_mail, runtime, deadline=monotonic() + 30)


def plant(runtime: Runtime) -> None:
    """Marie in every store."""
    write_mails(runtime)
    act(runtime)
    _call(runtime)
    with runtime.database.transaction() as connection:
        _rows(connection, runtime)
    refresh_hotline(runtime)
    leave_in_log(runtime)
    put_into_quarantine(runtime)


def leave_in_log(runtime: Runtime) -> None:
    """Marie in a line of a log, where nobody should be."""
    runtime.where.log.mkdir(parents=True, exist_ok=True)
    (runtime.where.log / "worker-0.log").write_text(f'{{"event":"x","error":"no such user {MARIE}"}}\n')


def write_mails(runtime: Runtime) -> None:
    """DEMO-1 of Marie's, answered by Bob, who is in copy; DEMO-2 of Bob's; and one of hers that is held."""
    words = "Le MARQUE-TEXTE de mon message, au {}".format("06 12 34 56 78")
    first = write(
        by=MARIE,
        name=NAME,
        subject="MARQUE-SUJET",
        text=words,
        ident="MARQUE-ID@client.example",
        files={"MARQUE-FICHIER.pdf": b"MARQUE-CONTENU"},
        Cc=BOB,
    )
    answer = write(
        by=BOB,
        subject="Re: MARQUE-SUJET",
        text=f"Moi aussi.\n\nLe 24/11/2026, {NAME} a écrit :\n> {words}\n",
        ident="bob-1@client.example",
        files={"bob.pdf": b"bob"},
        In_Reply_To="<MARQUE-ID@client.example>",
    )
    own = write(
        by=BOB,
        subject="Imprimante",
        text=f"Demandez à {NAME} ({MARIE}, {PHONE}).",
        ident="bob-2@client.example",
        files={"annuaire.pdf": f"{NAME}: {MARIE}".encode(), "bob.pdf": b"bob"},
        Cc=f"{NAME} <{MARIE}>",
    )
    for raw, sender in ((first, MARIE), (answer, BOB), (own, BOB)):
        accept(runtime, raw, mail_from=sender)
        drain(runtime)
    held = write(by=MARIE, name=NAME, subject="MARQUE-RETENU", text="MARQUE", ident="MARQUE-2@client.example")
    accept(runtime, held, mail_from="", hold="it was in the folder of unwanted mail")
    drain(runtime)


def act(runtime: Runtime) -> None:
    """Nina answers DEMO-1, which is blocking, and all that waits is sent."""
    with runtime.database.transaction() as connection:
        nina = get_or_create_person(connection, email=NINA, name="Nina", now=BEGAN)
        add_membership(connection, person_id=nina.id, project="DEMO", role=Role.N1)
    change = Change(severity=Severity.BLOCKING, reply=f"Bonjour {NAME}, nous vous appelons au {PHONE}.")
    change_ticket(runtime, ref="DEMO-1", change=change, by=NINA)
    deliver_due(runtime, deadline=monotonic() + 30)


def _call(runtime: Runtime) -> None:
    key = CallKey(provider="twilio", provider_id="CA" + "0" * 32)
    left = {"name": "message.left", "recording": RECORDING, "seconds": 20}
    for one in (
        step(0, {"name": "call.received", "open": True, "project": "DEMO"}, kind="voice", params={"From": PHONE}),
        step(4, {"name": "ticket.matched", "ticket": "DEMO-1"}),
        step(6, left, status="completed"),
        step(4, {"name": "text.wanted"}),
        event("recording", 5, recording={"id": RECORDING, "status": "completed", "seconds": 20}, note="MARQUE-NOTE"),
    ):
        log_event(runtime, key, one)
    with runtime.database.transaction() as connection:
        connection.execute(update(call_messages).values(state="stored", sha256=SOUND, error="MARQUE"))
    runtime.files.put(sound_name(SOUND), content_of(b"RIFF MARQUE"))
    settle_all(runtime.files)


def _rows(connection: Any, runtime: Runtime) -> None:
    now = runtime.clock.now()
    marie = find_person(connection, email=MARIE)
    assert marie is not None
    update_person(connection, marie.id, name=NAME, lang=None, phone=PHONE)
    add_membership(connection, person_id=marie.id, project="DEMO", role=Role.N2)
    note_look(connection, 1, person_id=marie.id, now=now)
    add_link(connection, person_id=marie.id, now=now, expires_at=now + timedelta(days=1))
    add_session(connection, person_id=marie.id, token_sha256="0" * 64, now=now, expires_at=now + timedelta(days=1))
    set_factors(connection, marie.id, now=now, password_hash="a hash", secret_sealed="a sealed secret")
    set_recovery_codes(connection, marie.id, ["1" * 64, "2" * 64])
    lock_tries(connection, key_of_address(marie.email), now=now)
    replace_shifts(
        connection,
        "DEMO",
        [Shift(person_id=marie.id, position=1, start=0, end=60, weekday=0, day=None)],
        weekday=0,
        day=None,
    )
    add_calls(connection, [Call(person_id=marie.id, ticket_id=1, guarantee="gti", percent=50, passed_at=now)])
    count_bounce(connection, MARIE, Outcome(action=Action.FAILED, status="5.1.1", diagnostic=MARIE), now=now)
    count_once(connection, [f"address:{MARIE}"], day=now.date())
    add_token(
        connection, person_id=marie.id, token_sha256="0" * 64, scopes=["report"], now=now, expires_at=now + timedelta(1)
    )
    sums = {"key_sha256": "0" * 64, "content_sha256": "0" * 64}
    remember_report(connection, person_id=marie.id, now=now + timedelta(days=1), **sums)
    note = {"reason": f"{NAME} ({PHONE})"}
    changed = AuditAction.PERSON_CHANGED
    record_audit(connection, at=now, actor_id=None, person_id=marie.id, action=changed, subject=MARIE, detail=note)
    draft = {"text": f"MARQUE {NAME}"}
    save_draft(
        connection, person_id=marie.id, place="report", content=draft, now=now, expires_at=now + timedelta(days=1)
    )
    know_mailbox(connection, "shop", now=now)
    note_failed_look(connection, "shop", now=now, error=f"no login for {MARIE}")
    record_event(
        connection,
        2,
        TicketEvent(type=EventType.STATUS, at=now, by=By.REPORTER, author=MARIE, value="open", reason=NAME),
    )
    for table in metadata.sorted_tables:  # what agents are told of, wherever that is kept
        if {"person_id", "entry_id", "happening"} <= set(table.columns.keys()):
            row = {"person_id": marie.id, "ticket_id": 2, "entry_id": 1, "happening": "new", "at": now}
            connection.execute(insert(table).values(**row))


def put_into_quarantine(runtime: Runtime) -> None:
    """A mail of hers and one of Bob's that names her, both set aside."""
    hers = write(by=MARIE, subject="MARQUE-QUARANTAINE", text="MARQUE", ident="MARQUE-3@client.example")
    his = write(by=BOB, subject="x", text=f"voir {MARIE}", ident="bob-3@client.example")
    for raw, sender in ((hers, MARIE), (his, BOB)):
        spool_id = accept(runtime, raw + encodebytes(b"x" * 60), mail_from=sender)
        folder = runtime.where.spool / Lane.MAIL
        waiting = folder / "new" / file_name(spool_id, 0)  # type: ignore[arg-type]  # narrower than its stub says
        runtime.spool.quarantine.put(waiting, Lane.MAIL, f"broken for {MARIE}")
