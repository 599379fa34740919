"""`gateway up` and the roles, for running them together or apart."""

import sys

import click

from gateway.config.load import load_settings
from gateway.logs import configure_logs
from gateway.observe import observing
from gateway.runtime import open_runtime
from gateway.up.roles import announce_role


@click.command()
def up() -> None:
    """Run everything on this machine; Ctrl-C stops it in order."""
    from gateway.up.supervisor import run_up

    settings = load_settings()
    configure_logs("warning", role="up")
    sys.exit(run_up(settings))


def _role(name: str, summary: str) -> click.Command:
    @click.command(name, help=summary)
    def command() -> None:
        _run(name, 0)

    return command


@click.command()
@click.option("--number", default=0, help="Which of several workers this is; odd ones begin with outgoing mail.")
def worker(number: int) -> None:
    """Work jobs off: file mail, deliver notices."""
    _run("worker", number)


def _run(name: str, number: int) -> None:
    from gateway.wiring import run_role

    settings = load_settings()
    configure_logs(settings.log_level, role=name)
    with (
        open_runtime(settings) as runtime,
        observing(settings, role=name),
        announce_role(runtime.where.run, name),
    ):
        run_role(name, runtime, number=number)


COMMANDS = [
    up,
    worker,
    _role("smtpd", "Take mail over SMTP and LMTP."),
    _role("imapd", "Fetch mail from mailboxes over IMAP."),
    _role("web", "Serve the pages."),
    _role("timetable", "Do what happens by the clock: sweep the spool, ring for due mail."),
]
