"""A form of a web page from the spool to its ticket, once however often it was sent.

The files go through what mail's files go through: the caller hands in how (`read_files`), for taking mail apart is not
done here. The raw form is archived as a raw mail is, and its files are later read out of it.
"""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from gateway.config.load import Settings
from gateway.db.people import Person, find_person_by_id
from gateway.db.receipts import Receipt, Verdict, add_receipt, find_receipt, find_receipt_by_fingerprint
from gateway.db.tickets import find_ticket
from gateway.domain.project import Project
from gateway.domain.trace import Said, Trace
from gateway.jobs.doorbell import OUTBOX
from gateway.runtime import Runtime
from gateway.services.outcome import is_outcome, record_outcome
from gateway.services.record_report import record_report
from gateway.services.record_web_reply import record_web_reply
from gateway.services.ticket_clocks import find_project
from gateway.services.web_form import BadForm, FormFiles, WebForm, Written, fingerprint_of, read_form
from gateway.spool.entry import SpoolEntry

ReadFiles = Callable[[bytes, Settings], FormFiles]
"""The files of a raw form, after the virus scanner and the rules on files. Raises UnfitEntry for an infected one."""


def file_web_form(entry: SpoolEntry, runtime: Runtime, *, read_files: ReadFiles) -> set[str]:
    """File a claimed entry of the web lane. Returns the lanes that have work now. Raises BadForm."""
    if is_outcome(entry):
        record_outcome(entry, runtime)
        return {OUTBOX}
    form = read_form(entry)
    files = read_files(entry.payload, runtime.settings) if "form" in entry.envelope else FormFiles()
    runtime.archive.keep(entry)
    with runtime.database.transaction() as connection:
        person = find_person_by_id(connection, form.person_id)
        project = _project_of(connection, runtime, form)
        if person is None or project is None:
            raise BadForm("the ticket, the project or the person of this form is gone")
        if find_receipt(connection, spool_id=entry.id, project=project.key) is None:
            _file_once(connection, runtime, entry, form, files=files, person=person, project=project)
    return {OUTBOX}


def _file_once(
    connection: Connection,
    runtime: Runtime,
    entry: SpoolEntry,
    form: WebForm,
    *,
    files: FormFiles,
    person: Person,
    project: Project,
) -> None:
    mark = fingerprint_of(form.person_id, form.number)
    same = find_receipt_by_fingerprint(connection, fingerprint=mark, project=project.key)
    trace = Trace()
    trace.note("session", "match", Said("sent by the form for a {what}", what=form.form))
    receipt = Receipt(
        spool_id=entry.id,
        lane=entry.lane,
        project=project.key,
        fingerprint=mark,
        message_id=None,
        sha256=entry.sha256,
        verdict=Verdict.FILED,
        reason=form.form.value,
        ticket_id=None,
        entry_id=None,
        trace=[],
        envelope=dict(entry.envelope),
        accepted_at=entry.accepted_at,
        filed_at=runtime.clock.now(),
    )
    if same is None:
        record = record_web_reply if form.report is None else record_report
        written = Written(entry=entry, form=form, files=files, person=person, project=project, trace=trace)
        ticket_id, entry_id = record(connection, runtime, written)
        receipt = replace(receipt, ticket_id=ticket_id, entry_id=entry_id)
    else:
        reason = f"the same form as {same.spool_id}"
        receipt = replace(receipt, fingerprint=None, verdict=Verdict.DUPLICATE, reason=reason, ticket_id=same.ticket_id)
    add_receipt(connection, replace(receipt, trace=trace.as_json()))


def _project_of(connection: Connection, runtime: Runtime, form: WebForm) -> Project | None:
    if form.report is not None:
        return find_project(runtime, form.report.project)
    ticket = None if form.ticket_id is None else find_ticket(connection, ticket_id=form.ticket_id)
    return None if ticket is None else find_project(runtime, ticket.project)
