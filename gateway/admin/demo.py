"""`gateway demo`: a few mails into the running gateway, and what became of each."""

import smtplib
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

import click
from sqlalchemy import Connection

from gateway.admin.context import command_runtime
from gateway.admin.items import wait_until_idle
from gateway.db.receipts import find_receipts
from gateway.db.tickets import find_ticket
from gateway.errors import Deferred
from gateway.runtime import Runtime

_DOMAIN = "client.example"
_MAILS = (
    {
        "From": "Marie Martin <marie@client.example>",
        "Subject": "Impossible d’éditer les attestations",
        "text": "Bonjour,\n\ndepuis ce matin, l’édition des attestations échoue.\n\nMerci,\nMarie",
    },
    {
        "From": "John Miller <john@client.example>",
        "Subject": "Cannot sign in since the update",
        "text": "Hello,\n\nsince the update I cannot sign in any more: the page stays empty.\n\nThanks,\nJohn",
    },
    {
        "From": "Agenda <agenda@client.example>",
        "Subject": "Absence du bureau",
        "Auto-Submitted": "auto-replied",
        "text": "Je suis absent jusqu’à lundi.",
    },
)


@click.command()
def demo() -> None:
    """Send a few mails to the running gateway and show what became of them."""
    with command_runtime() as runtime:
        accepted = [_send(runtime, fields) for fields in _MAILS]
        left = wait_until_idle(runtime, seconds=30)
        if left:
            raise Deferred("still busy: " + ", ".join(left))
        with runtime.database.reading() as connection:
            for fields, spool_id in zip(_MAILS, accepted, strict=True):
                click.echo(f"{fields['From']}: {fields['Subject']}")
                _tell(connection, spool_id)
        base = runtime.settings.http.base_url
        click.echo(f"\nThe mails that went out: {runtime.where.sent}, and {base}/sent")
        click.echo("Sign in as Marie: ./run login-link marie@client.example")


def _send(runtime: Runtime, fields: dict[str, str]) -> str:
    settings = runtime.settings
    message = EmailMessage(policy=SMTP)
    for name, value in fields.items():
        if name != "text":
            message[name] = value
    message["To"] = settings.project_list[0].address
    message["Date"] = format_datetime(runtime.clock.now())
    message["Message-ID"] = make_msgid(domain=_DOMAIN)
    message.set_content(fields["text"])
    try:
        with smtplib.SMTP(settings.smtp.host, settings.smtp.port, timeout=10) as client:
            client.ehlo()
            client.mail(message["From"].addresses[0].addr_spec)
            client.rcpt(settings.project_list[0].address)
            code, answer = client.data(message.as_bytes())
    except OSError:
        where = f"{settings.smtp.host}:{settings.smtp.port}"
        raise Deferred(f"no gateway answers on {where}; start it with ./run in another terminal") from None
    if code != 250:
        raise Deferred(f"the gateway did not take the mail: {code}")
    return answer.decode().split()[-1]


def _tell(connection: Connection, spool_id: str) -> None:
    for receipt in find_receipts(connection, spool_id):
        ticket = None if receipt.ticket_id is None else find_ticket(connection, ticket_id=receipt.ticket_id)
        click.echo(f"  {receipt.verdict}{f' as {ticket.ref}' if ticket else ''}: {receipt.reason}")
        click.echo(f"  why: ./run explain {spool_id}")


COMMANDS: list[click.Command] = [demo]
