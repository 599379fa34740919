"""The composition root: the only module of `gateway` that knows `inbound`, `telephony` and `web`.

Here a lane gets its handler and a role its `run` function; the console script and the RQ task begin here too.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.admin.cli import cli
from gateway.clock import SystemClock
from gateway.config.load import Settings, load_settings
from gateway.db.engine import DatabaseTrouble
from gateway.db.migrate import require_head
from gateway.domain.project import Project
from gateway.jobs.doorbell import OUTBOX, PROVIDER, read_address
from gateway.jobs.drain import Handler, drain_lane
from gateway.jobs.timetable import run_timetable
from gateway.jobs.worker import run_worker
from gateway.logs import configure_logs
from gateway.notify.deliver import deliver_due
from gateway.observe import observing
from gateway.runtime import Runtime, open_runtime
from gateway.services.file_web_form import file_web_form
from gateway.services.import_mail import OldMail
from gateway.services.index_texts import index_texts
from gateway.services.log_call import log_call
from gateway.services.machines import require_own_name
from gateway.services.tell_agents import tell_agents
from gateway.spool.entry import Lane

if TYPE_CHECKING:
    from inbound.replaying import Outcome, Replayed

_TURN = 5.0  # seconds that a drain goes on; then another lane gets its turn, and a worker that is to stop can


def main() -> None:
    """The console script."""
    cli(prog_name="gateway")


def run_role(role: str, runtime: Runtime, *, number: int = 0) -> None:
    """Run one role until a signal ends it. Each role imports only what it needs."""
    _ROLES[role](runtime, number)


def drain(name: str) -> None:
    """The one RQ task: work a lane off until it is empty, or until it is another lane's turn.

    A job of the release that knew one machine alone carries the lane's plain name, and is done wherever it is taken.

    Runs in a fork of the worker, so it opens stores of its own: a connection does not survive a fork.
    """
    settings = load_settings()
    configure_logs(settings.log_level, role="worker")
    deadline = time.monotonic() + min(_TURN, settings.worker.job_timeout / 2)
    lane, machine = read_address(name)
    with open_runtime(settings) as runtime, observing(settings, role="worker"):
        runtime.doorbell.begin_drain(name)
        if machine not in {"", runtime.machine}:
            return  # its workers see to it; we cannot see into its spool
        if lane == OUTBOX:
            tell_agents(runtime)  # what was filed a moment ago becomes mail, and goes out with the rest
            deliver_due(runtime, deadline=deadline)
            index_texts(runtime, deadline=deadline)
        elif lane == PROVIDER:
            _ask_provider(runtime, deadline=deadline)
        elif drain_lane(Lane(lane), _handler(Lane(lane)), runtime, deadline=deadline).more:
            runtime.doorbell.ring(lane)
        elif lane == Lane.CALL:
            _ask_provider(runtime, deadline=deadline)


def _ask_provider(runtime: Runtime, *, deadline: float) -> None:
    from telephony.messages import fetch_due
    from telephony.reconcile import reconcile_if_due
    from telephony.texts import send_due

    reconcile_if_due(runtime)
    fetch_due(runtime, deadline=deadline)
    send_due(runtime, deadline=deadline)


def _handler(lane: Lane) -> Handler:
    if lane is Lane.MAIL:
        from inbound.filing import file_mail

        return file_mail
    if lane is Lane.WEB:
        from inbound.form_files import read_form_files

        return partial(file_web_form, read_files=read_form_files)
    return log_call


def _smtpd(runtime: Runtime, _number: int) -> None:
    from inbound.smtpd import run_smtpd

    run_smtpd(runtime)


def _imapd(runtime: Runtime, _number: int) -> None:
    from inbound.imap_daemon import run_imapd

    require_head(runtime.database)
    require_own_name(runtime)
    run_imapd(runtime)


def _web(runtime: Runtime, _number: int) -> None:
    from inbound.attachment_policy import refuse
    from inbound.formatted import read_formatted
    from inbound.parse import read_file
    from telephony.exchange import open_exchange
    from web.server import run_web

    run_web(
        runtime,
        read_file,
        read_formatted=read_formatted,
        refuse_files=refuse,
        release_mail=release_held,
        beside={"/telephony": open_exchange(runtime)},
    )


def _worker(runtime: Runtime, number: int) -> None:
    # Imported before the first fork, so that no job pays for it.
    import inbound.filing  # noqa: F401 - for its effect alone

    require_head(runtime.database)
    require_own_name(runtime)
    run_worker(runtime, number=number)


def _timetable(runtime: Runtime, _number: int) -> None:
    with suppress(DatabaseTrouble):  # the spool is swept all the same, and the first word says it again
        require_own_name(runtime)
    run_timetable(runtime)


_ROLES: dict[str, Callable[[Runtime, int], None]] = {
    "smtpd": _smtpd,
    "imapd": _imapd,
    "web": _web,
    "worker": _worker,
    "timetable": _timetable,
}


def authorize(runtime: Runtime, mailbox: str, *, say: Callable[[str], None], ask: Callable[[str], str]) -> None:
    """Walk an operator through the consent for a mailbox. Raises NotFound, Refused, Deferred."""
    from inbound.imap_consent import Conversation, authorize_mailbox

    authorize_mailbox(runtime, mailbox, Conversation(say=say, ask=ask))


def mailbox_faults(settings: Settings) -> list[str]:
    """One sentence for each mailbox that cannot be read."""
    from inbound.imap_check import mailbox_faults as try_all

    with open_runtime(settings) as runtime:
        return try_all(runtime)


def oidc_faults(settings: Settings) -> list[str]:
    """What is wrong with the organisation's own sign-in, where there is one."""
    from web.oidc_check import oidc_faults as ask

    return [] if settings.sign_in.oidc is None else ask(settings.sign_in.oidc)


def release_held(
    runtime: Runtime, spool_id: str, *, sender: str | None, project: str | None = None, by: int | None = None
) -> str:
    """File a held mail under this sender, in one project if it is named; its ticket's reference. Raises NotFound."""
    from inbound.release import release_mail

    return release_mail(runtime, spool_id, sender=sender, project=project, by=by)


def simulate_call(
    settings: Settings,
    script: Mapping[str, Any],
    *,
    say: Callable[[str], None],
    called: str | None,
    seed: int | None,
    is_real_time: bool,
) -> bool:
    """Call our own hotline by a script; True where the call ended by it. Raises Misconfigured."""
    from telephony.simulator.command import simulate

    return simulate(settings, script, clock=SystemClock(), say=say, called=called, seed=seed, is_real_time=is_real_time)


def away_documents(settings: Settings, project: Project, *, base: str) -> dict[str, bytes]:
    """What another host says to a project's callers while we are away, by file name. Raises Misconfigured."""
    from telephony.away import away_documents as write

    return write(settings, project, base=base)


def serve_phone(settings: Settings, *, port: int, say: Callable[[str], None]) -> None:
    """Serve a web telephone for our own hotline until Ctrl-C. Raises Misconfigured."""
    from telephony.simulator.command import serve_phone as serve

    serve(settings, clock=SystemClock(), port=port, say=say)


def read_attachment(raw: bytes, position: int) -> bytes:
    """The file at this position of a raw mail. Raises IndexError."""
    from inbound.parse import read_file

    return read_file(raw, position)


def recording_eraser(runtime: Runtime) -> Callable[[str], None] | None:
    """What lets the provider forget a recording, by its id; None where no account is configured. It raises Deferred."""
    from telephony.messages import account_of
    from telephony.provider import NoMessage, delete_recording

    account = account_of(runtime)
    if account is None:
        return None

    def erase(recording_id: str) -> None:
        with suppress(NoMessage):  # an id that the provider never gave
            delete_recording(account, recording_id)

    return erase


def replay_archive(runtime: Runtime, *, since: datetime) -> "list[Replayed]":
    """Decide the mail accepted since then once more, each against its own past; changes nothing."""
    from inbound.replaying import replay_archive as replay

    return replay(runtime, since=since)


def replay_files(runtime: Runtime, files: Sequence[Path], *, to: Sequence[str]) -> "Iterator[tuple[Path, Outcome]]":
    """File mails into an empty database, one after the other, to see what is decided."""
    from inbound.replaying import replay_files as replay

    return replay(runtime, files, to=to)


def read_old_mail(raw: bytes, project: Project) -> OldMail:
    """Read a mail for the import. Raises BadItem."""
    from inbound.importing import read_old_mail as read

    return read(raw, project, clock=SystemClock())


def html_to_text(html: str) -> str:
    """HTML as text with its lists and tables."""
    from inbound.html_text import html_to_text as to_text

    return to_text(html)
