"""The outbox row of a mail to a person about no ticket of theirs: a digest, an alarm, a link to sign in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gateway.db.outbox import NewDelivery, add_delivery
from gateway.db.people import Person
from gateway.domain.project import Project
from gateway.mail.address import domain_of
from gateway.mail.message_id import make_message_id
from gateway.notify.address import wire_address
from gateway.notify.notices import Notice
from gateway.runtime import Runtime


def write_person_mail(
    connection: Connection,
    runtime: Runtime,
    notice: Notice,
    *,
    person: Person,
    project: Project,
    context: Mapping[str, Any],
    now: datetime,
    lang: str | None = None,
) -> None:
    """Write a mail to `person` into the outbox, in the transaction of what it tells; it comes from `project`.

    `lang` is for a person who has chosen none, the project's where it is None.
    """
    domain = domain_of(wire_address(project.address))
    message_id = make_message_id(domain, runtime.signer, ticket_id=0, person_id=person.id, today=now.date())
    add_delivery(
        connection,
        NewDelivery(
            notice=notice,
            project=project.key,
            person_id=person.id,
            recipient=person.email,
            lang=person.lang or lang or project.language,
            message_id=message_id,
            context=context,
            created_at=now,
        ),
    )
