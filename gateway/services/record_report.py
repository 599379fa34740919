"""A report by the platform's form becomes a ticket: at the level its reporter may reach, with what they say it is.

The severity that a reporter names counts from the first moment, as the contract's guaranteed times do; agents may set
another. Its acknowledgement is a mail's: within the same caps, and the beginning of the thread.
"""

from sqlalchemy import Connection

from gateway.db.ticket_events import begin_history, record_event
from gateway.db.ticket_status import set_severity
from gateway.db.tickets import Ticket, add_entry, create_ticket, find_ticket
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.levels import Identity
from gateway.domain.ticket import Channel, Language, Severity
from gateway.mail.language import detect_language
from gateway.notify.policy import Report, acknowledge
from gateway.runtime import Runtime
from gateway.services.answer_caps import cap_reached, count_answer
from gateway.services.enter_ticket import enter_ticket
from gateway.services.web_form import BadForm, ReportAnswers, Written, entry_of


def record_report(connection: Connection, runtime: Runtime, written: Written) -> tuple[int, int]:
    """Create the ticket with its first entry and its acknowledgement. Returns the ids of both. Raises BadForm."""
    form, person, project = written.form, written.person, written.project
    answers = form.report
    if answers is None:
        raise BadForm("a report without its answers")
    lang = person.lang or detect_language(f"{form.subject}\n{form.text}") or project.language
    ticket = create_ticket(
        connection, project=project.key, subject=form.subject, lang=lang, reporter_id=person.id, now=form.at
    )
    silence = cap_reached(connection, runtime, written.trace, recipient=person.email)
    entry = entry_of(written, acknowledgement=silence or "sent")
    entry_id = add_entry(connection, ticket.id, entry, written.files.kept)
    ticket = _enter(connection, written, ticket, answers)
    if not silence:
        severity = _severity(written, answers)
        _acknowledge(connection, runtime, written, ticket, entry_id=entry_id, lang=lang, severity=severity)
    written.trace.note("acknowledgement", "none" if silence else "sent", silence)
    return ticket.id, entry_id


def _enter(connection: Connection, written: Written, ticket: Ticket, answers: ReportAnswers) -> Ticket:
    """Before its level, as its kind of work, with its severity and the details of its kind in its history."""
    severity = _severity(written, answers)
    if severity is not None:
        set_severity(connection, ticket.id, severity)
    entered = enter_ticket(
        connection, written.project, ticket, channel=Channel.WEB, identity=Identity.PROVEN, kind=answers.kind
    )
    entered = find_ticket(connection, ticket_id=entered.id) or entered
    written.trace.note("level", entered.level)
    if severity is not None or answers.details:
        begin_history(connection, entered)
    if answers.details:
        told = TicketEvent(
            type=EventType.KIND,
            at=written.form.at,
            by=By.REPORTER,
            author=written.person.email,
            value=answers.kind,
            details=answers.details,
        )
        record_event(connection, entered.id, told)
    return entered


def _severity(written: Written, answers: ReportAnswers) -> Severity | None:
    return answers.severity if written.project.contract.carries_severity(answers.kind) else None


def _acknowledge(
    connection: Connection,
    runtime: Runtime,
    written: Written,
    ticket: Ticket,
    *,
    entry_id: int,
    lang: Language,
    severity: Severity | None,
) -> None:
    acknowledge(
        connection,
        runtime=runtime,
        ticket=ticket,
        person=written.person,
        recipient=written.person.email,
        entry_id=entry_id,
        in_reply_to=None,
        reference_ids=(),
        lang=lang,
        now=runtime.clock.now(),
        echo_subject=True,
        reported=Report(severity=severity),
    )
    count_answer(connection, runtime, recipient=written.person.email)
