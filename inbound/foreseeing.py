"""What filing a mail will ask the database in nearly every case, asked at once."""

from datetime import datetime

from sqlalchemy import Connection

from gateway.db.people import by_email, roles_of
from gateway.db.receipts import earlier_than, seen
from gateway.db.ticket_facts import begun_of
from gateway.db.together import foresee
from gateway.domain.project import Project
from gateway.mail.parsed import ParsedMessage
from gateway.runtime import Runtime
from gateway.services.answer_caps import counted
from inbound.bursts import burst_rules


def foresee_mail(
    connection: Connection,
    runtime: Runtime,
    message: ParsedMessage,
    *,
    spool_id: str,
    marks: tuple[str, str],
    project: Project,
    received_at: datetime,
) -> None:
    """Ask whether the mail was filed before, who its sender is, and what they have sent. A wrong guess costs nothing
    but its answer."""
    questions = [earlier_than(spool_id, marks, project.key)]
    if message.message_id:
        questions.append(seen(message.message_id, project.key))
    if len(message.senders) == 1:
        sender = message.senders[0].address
        questions += [
            roles_of(sender, project.key),
            by_email(sender),
            begun_of(reporter=sender, project=project.key, now=received_at, rules=burst_rules(runtime)),
            counted(runtime, sender),
        ]
    foresee(connection, questions)
