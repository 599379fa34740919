"""Rows for the outbox, as filing and the status pages write them."""

from collections.abc import Sequence
from datetime import timedelta

from gateway.db.outbox import Delivery, NewDelivery, add_delivery, list_deliveries
from gateway.db.people import get_or_create_person
from gateway.db.sign_in import add_link
from gateway.db.tickets import NewEntry, add_entry, create_ticket
from gateway.domain.ticket import Direction, EntryType, Language
from gateway.notify.notices import Notice
from gateway.notify.policy import acknowledge
from gateway.runtime import Runtime


def file_and_acknowledge(
    runtime: Runtime,
    email: str = "marie@example.org",
    *,
    lang: Language = Language.FR,
    subject: str = "Impossible de se connecter",
    name: str = "Marie Curie",
    message_id: str | None = None,
    reference_ids: Sequence[str] = (),
    echo_subject: bool = False,
) -> int:
    """A new ticket from a mail of `email`, and its acknowledgement; the id of the outbox row."""
    now = runtime.clock.now()
    with runtime.database.transaction() as connection:
        person = get_or_create_person(connection, email=email, name=name, now=now)
        ticket = create_ticket(connection, project="DEMO", subject=subject, lang=lang, reporter_id=person.id, now=now)
        entry = NewEntry(
            at=now,
            type=EntryType.MESSAGE,
            direction=Direction.IN,
            author=name,
            text="Bonjour, je ne peux plus me connecter.",
            visible=True,
            message_id=message_id,
        )
        entry_id = add_entry(connection, ticket.id, entry)
        acknowledge(
            connection,
            runtime=runtime,
            ticket=ticket,
            person=person,
            recipient=person.email,
            entry_id=entry_id,
            in_reply_to=message_id,
            reference_ids=reference_ids,
            lang=lang,
            now=now,
            echo_subject=echo_subject,
        )
        return list_deliveries(connection)[-1].id


def ask_for_sign_in_link(
    runtime: Runtime,
    email: str = "marie@example.org",
    *,
    lang: Language = Language.FR,
    message_id: str = "s@demo.example",
) -> int:
    """A sign-in link and its mail; the id of the outbox row."""
    now = runtime.clock.now()
    with runtime.database.transaction() as connection:
        person = get_or_create_person(connection, email=email, name="", now=now)
        minutes = runtime.settings.session.link_minutes
        link_id = add_link(connection, person_id=person.id, now=now, expires_at=now + timedelta(minutes=minutes))
        new = NewDelivery(
            notice=Notice.SIGN_IN_LINK,
            project="DEMO",
            person_id=person.id,
            recipient=email,
            lang=lang,
            message_id=message_id,
            context={"link_id": link_id},
            created_at=now,
        )
        add_delivery(connection, new)
        return list_deliveries(connection)[-1].id


def delivery(runtime: Runtime, delivery_id: int) -> Delivery:
    """The row with this id."""
    with runtime.database.reading() as connection:
        (found,) = [row for row in list_deliveries(connection) if row.id == delivery_id]
    return found
