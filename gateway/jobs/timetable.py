"""The timetable: what happens by the clock, whether or not anybody rang.

It rings for lanes in which something waits that no job holds (the sweep), for outgoing mail that has become due,
watches for a mailbox that is not read any more, lets the clocks of tickets warn, and clears RQ's memory of jobs whose
worker died. It keeps nothing: missing a beat, or beating twice, changes nothing.

Each machine has one, for what only it can see to: its spool, its files, saying how it is. What concerns the database
is done by one of them, which holds a lease for it; a timetable that has lost its lease writes nothing in its name.
Beside it a thread sends webhooks (`hook_sender`).
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from datetime import timedelta

import structlog
from rq.registry import StartedJobRegistry

from gateway.db.call_messages import count_due_messages
from gateway.db.call_texts import count_due_texts
from gateway.db.daily_counts import forget_counts
from gateway.db.drafts import forget_drafts
from gateway.db.engine import DatabaseTrouble
from gateway.db.outbox import MAILS
from gateway.ids import random32
from gateway.jobs.doorbell import LANES, OUTBOX, PROVIDER
from gateway.jobs.hook_sender import HookSender
from gateway.leases import LeaseKeeper
from gateway.runtime import Runtime
from gateway.services.call_people import tell_called_people
from gateway.services.erase_here import do_asked_erasures
from gateway.services.follow_up_tickets import follow_up_tickets
from gateway.services.forget_calls import forget_calls
from gateway.services.index_texts import index_texts
from gateway.services.judge_tickets import judge_tickets, name_by_measure
from gateway.services.machines import NameTaken, carry_out_orders, say_how_we_are, take_leave
from gateway.services.mailbox_health import watch_mailboxes
from gateway.services.note_contracts import note_contracts
from gateway.services.refresh_hotline import refresh_hotline
from gateway.services.retention import apply_retention, forget_own_files
from gateway.services.run_clocks import run_clocks
from gateway.services.tell_agents import tell_agents
from gateway.services.warn_callbacks import warn_callbacks
from gateway.services.watch_alarms import watch_alarms
from gateway.spool.entry import Lane

BEAT = 1.0  # seconds
_SWEEP_AFTER = timedelta(seconds=2)
_NOBODY_HEARS_AFTER = timedelta(seconds=10)  # then the workers here may be of the release before
_SAY_EVERY = 5  # beats
_CLEAN_EVERY = 5  # beats
_RECONCILE_EVERY = 300  # beats
_FORGET_EVERY = 900  # beats
_RETENTION_EVERY = 3600  # beats; the first one too: a machine that is restarted every night forgets all the same
_ALARMS_EVERY = 10  # beats
_HOTLINE_EVERY = 3  # beats; for so long a ticket that has just become blocking cannot be called about
_CONTRACTS_EVERY = 60  # beats; the first one sees what an operator changed before the start

log = structlog.get_logger()


def run_timetable(runtime: Runtime) -> None:
    """Beat once a second until SIGTERM or SIGINT. Raises NameTaken where another machine goes by our name."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    log.info("timetable.started")
    beat = 0
    holder = f"{runtime.machine}/timetable/{os.getpid()}-{random32(6)}"
    with LeaseKeeper(runtime.database, holder=holder) as keeper:
        lease = keeper.lease("timetable")
        with HookSender(runtime, lease):
            while not stopping.wait(BEAT):
                _do(own_tasks(beat), runtime)
                if lease.is_held:
                    with runtime.database.fenced(lease.fence):
                        _do(common_tasks(beat), runtime)
                beat += 1
    _do([take_leave], runtime)


def _do(tasks: Iterable[Callable[[Runtime], object]], runtime: Runtime) -> None:
    for task in tasks:
        try:
            task(runtime)
        except NameTaken:
            raise  # two that sweep and answer for one name would undo each other's work
        except Exception as error:  # noqa: BLE001  # the boundary: no task may keep the others from their beat
            log.warning("timetable.task_failed", task=task.__name__, error=type(error).__name__)


def own_tasks(beat: int) -> list[Callable[[Runtime], object]]:
    """What is due at this beat on each machine."""
    return [
        sweep,
        carry_out_orders,
        *([do_asked_erasures, say_how_we_are] if beat % _SAY_EVERY == 0 else []),
        *([refresh_hotline] if beat % _HOTLINE_EVERY == 0 else []),
        *([forget_dead_jobs] if beat % _CLEAN_EVERY == 0 else []),
        *([forget_own_files] if beat % _RETENTION_EVERY == 0 else []),
    ]


def common_tasks(beat: int) -> list[Callable[[Runtime], object]]:
    """What is due at this beat on one machine of all."""
    return [
        ring_for_due_mail,
        ring_for_due_messages,
        watch_mailboxes,
        find_passed_marks,
        follow_up,
        tell_the_team,
        keep_search,
        keep_ledger,
        *([keep_contracts, keep_measures] if beat % _CONTRACTS_EVERY == 0 else []),
        *([forget_calls, forget_old_counts, forget_old_drafts] if beat % _FORGET_EVERY == 0 else []),
        *([watch_alarms] if beat % _ALARMS_EVERY == _ALARMS_EVERY - 1 else []),
        *([apply_retention] if beat % _RETENTION_EVERY == 0 else []),
        *([ring_for_reconciling] if beat % _RECONCILE_EVERY == 0 else []),
    ]


def sweep(runtime: Runtime) -> list[str]:
    """Take back what dead workers held and ring for lanes where something has waited for a while."""
    rung = []
    for lane in Lane:
        returned = runtime.spool.recover(lane)
        waiting = runtime.spool.waiting(lane)
        old = waiting and _waits_since(runtime, lane) > _SWEEP_AFTER
        if returned or old:
            runtime.doorbell.ring(lane)
            if _waits_since(runtime, lane) > _NOBODY_HEARS_AFTER:
                runtime.doorbell.ring_as_before(lane)
            rung.append(str(lane))
    return rung


def ring_for_due_mail(runtime: Runtime) -> bool:
    """Ring for the outbox when a mail in it is due."""
    try:
        with runtime.database.reading() as connection:
            due = MAILS.count_due(connection, now=runtime.clock.now())
    except DatabaseTrouble:
        return False
    return bool(due) and runtime.doorbell.ring(OUTBOX)


def find_passed_marks(runtime: Runtime) -> int:
    """Let the clocks of tickets warn: each warning and breach once, also those of the time when nothing ran."""
    try:
        found = run_clocks(runtime) + warn_callbacks(runtime)
        tell_called_people(runtime)
        return found
    except DatabaseTrouble:
        return 0


def follow_up(runtime: Runtime) -> int:
    """Remind whom tickets wait for, and close what waited or was resolved long enough: each step once."""
    try:
        return follow_up_tickets(runtime)
    except DatabaseTrouble:
        return 0


def tell_the_team(runtime: Runtime) -> int:
    """Tell agents what happened to their tickets: one mail for each person, at most one a quarter of an hour."""
    try:
        return tell_agents(runtime)
    except DatabaseTrouble:
        return 0


def keep_search(runtime: Runtime) -> int:
    """Let the search find what was written where nobody rang for the outbox."""
    try:
        return index_texts(runtime, deadline=time.monotonic() + BEAT)
    except DatabaseTrouble:
        return 0


def keep_ledger(runtime: Runtime) -> int:
    """Judge the guaranteed times of tickets to which something happened, for service reports."""
    try:
        return judge_tickets(runtime)
    except DatabaseTrouble:
        return 0


def keep_measures(runtime: Runtime) -> list[str]:
    """Have those judged anew whose contract or calendar was changed; the keys of their projects."""
    try:
        return name_by_measure(runtime)
    except DatabaseTrouble:
        return []


def keep_contracts(runtime: Runtime) -> list[str]:
    """Keep the terms of contracts that were changed; the keys of their projects."""
    try:
        return note_contracts(runtime)
    except DatabaseTrouble:
        return []


def ring_for_due_messages(runtime: Runtime) -> bool:
    """Ring for the provider when a voice message is to be fetched or forgotten there, or a text to be sent."""
    telephony = runtime.settings.telephony
    if telephony.account_sid is None or not telephony.auth_tokens:
        return False
    with runtime.database.reading() as connection:
        now = runtime.clock.now()
        due = count_due_messages(connection, now=now) + (
            count_due_texts(connection, now=now) if telephony.text_sender else 0
        )
    return bool(due) and runtime.doorbell.ring(PROVIDER)


def ring_for_reconciling(runtime: Runtime) -> bool:
    """Ring for the provider, so that its lists are compared with ours, where there is an account."""
    return runtime.settings.telephony.account_sid is not None and runtime.doorbell.ring(PROVIDER)


def forget_old_counts(runtime: Runtime) -> int:
    """Drop yesterday's counts of acknowledgements, and older: they hold addresses, and no cap looks at them."""
    with runtime.database.transaction() as connection:
        return forget_counts(connection, before=runtime.clock.now().date())


def forget_old_drafts(runtime: Runtime) -> int:
    """Drop what was typed into a page and never sent."""
    with runtime.database.transaction() as connection:
        return forget_drafts(connection, now=runtime.clock.now())


def forget_dead_jobs(runtime: Runtime) -> None:
    """Let RQ forget jobs whose worker was killed; their work is in the spool and in the outbox."""
    for queue in (*map(runtime.doorbell.queue, LANES), *runtime.doorbell.older_queues()):
        StartedJobRegistry(queue=queue).cleanup()


def _waits_since(runtime: Runtime, lane: Lane) -> timedelta:
    oldest = runtime.spool.depth(lane).oldest
    return timedelta() if oldest is None else runtime.clock.now() - oldest
