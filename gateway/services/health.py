"""How the installation is, part by part: the one source of /readyz, /metrics, `gateway status` and the alarms.

A finding is plain values with a `state`; ages are in seconds. No personal data, and each question is cheap: it is asked
at every scrape.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from gateway.config.files import LOCAL
from gateway.config.locations import key_fingerprints, redis_server
from gateway.db.clock_marks import clock_marks
from gateway.db.leases import list_leases
from gateway.db.machines import MachineRow, list_machines
from gateway.db.outbox import MAILS, DeliveryState, deliveries
from gateway.db.receipts import Verdict, receipts
from gateway.db.suppressions import suppressions
from gateway.db.webhook_standing import waiting_webhooks
from gateway.errors import Deferred, GatewayError
from gateway.hotline_snapshot import read_snapshot, snapshot_path
from gateway.notify.hook_deliver import endpoints_of
from gateway.notify.template_check import template_faults
from gateway.runtime import Runtime
from gateway.services.mailbox_health import mailbox_health
from gateway.spool.entry import Lane

Finding = Mapping[str, Any]
Question = Callable[[], Finding]
TROUBLE = (GatewayError, SQLAlchemyError, RedisError, OSError)
"""What a question raises where its part is down."""


def questions(runtime: Runtime) -> dict[str, Question]:
    """A question for each part that this installation has. Making them dials nothing."""
    server = redis_server(runtime.settings)
    redis = server.connect(socket_connect_timeout=1, socket_timeout=1, retry=Retry(NoBackoff(), 0))
    found: dict[str, Question] = {
        "database": lambda: _ask_database(runtime),
        "redis": lambda: _ask_redis(redis),
        "spool": lambda: _ask_spool(runtime),
        "work": lambda: _ask_work(runtime),
        "machines": lambda: _ask_machines(runtime),
    }
    if runtime.settings.files.store != LOCAL:
        found["files"] = lambda: _ask_files(runtime)
    if runtime.settings.mailboxes:
        found["mailboxes"] = lambda: _ask_mailboxes(runtime)
    if any(project.hotline for project in runtime.settings.project_list):
        found["hotline"] = lambda: _ask_hotline(runtime)
    if runtime.settings.mail.templates is not None:
        found["templates"] = lambda: _ask_templates(runtime)
    if endpoints_of(runtime):
        found["webhooks"] = lambda: _ask_webhooks(runtime)
    return found


def ask(question: Question) -> Finding:
    """The finding of a part; `down` where asking fails."""
    try:
        return question()
    except TROUBLE:
        return {"state": "down"}


def ask_everything(runtime: Runtime) -> dict[str, Finding]:
    """Every finding, one part after the other."""
    return {name: ask(question) for name, question in questions(runtime).items()}


def _ask_database(runtime: Runtime) -> Finding:
    with runtime.database.reading() as connection:
        oldest = MAILS.oldest(connection)
    return {"state": "up", "outbox": {"oldest_seconds": _age(runtime, oldest)}}


def _ask_redis(redis: "Redis") -> Finding:
    redis.ping()
    return {"state": "up"}


def lane_depths(runtime: Runtime) -> dict[str, dict[str, Any]]:
    """What waits in each lane of this machine's spool, and what is set aside."""
    depths = {lane: runtime.spool.depth(lane) for lane in Lane}
    return {
        lane.value: {
            "waiting": depth.waiting + depth.claimed,
            "quarantined": depth.quarantined,
            "oldest_seconds": _age(runtime, depth.oldest),
        }
        for lane, depth in depths.items()
    }


def _ask_spool(runtime: Runtime) -> Finding:
    free = shutil.disk_usage(runtime.where.spool).free
    if free < runtime.settings.spool.min_free:
        raise Deferred("not enough room on the disk")
    return {"state": "up", "lanes": lane_depths(runtime)}


def _ask_machines(runtime: Runtime) -> Finding:
    """Every machine as it last said, and who does what must be done once."""
    with runtime.database.reading() as connection:
        found, held = list_machines(connection), list_leases(connection)
    ours = key_fingerprints(runtime.settings)
    return {
        "state": "up",
        "here": runtime.machine,
        "machines": {one.name: _machine(one, keys=ours) for one in found},
        "leases": {
            lease.name: {
                "machine": lease.machine if lease.seconds_left > 0 else None,
                "token": lease.token,
                "seconds": lease.held_seconds,
            }
            for lease in held
        },
    }


def _machine(one: MachineRow, *, keys: tuple[str, ...]) -> dict[str, Any]:
    return {
        "state": one.state,
        "seen_seconds": one.age_seconds,
        "roles": list(one.roles),
        "version": one.version,
        "waiting": one.waiting,
        "quarantined": one.quarantined,
        "oldest_seconds": one.oldest_seconds,
        "same_keys": keys_agree(keys, one.keys),
    }


def keys_agree(some: Sequence[str], others: Sequence[str]) -> bool:
    """Whether each of two machines believes what the other signs, by the fingerprints of their keys."""
    return bool(some and others) and some[0] in others and others[0] in some


def _ask_files(runtime: Runtime) -> Finding:
    runtime.files.require_up()
    return {"state": "up"}


def _ask_work(runtime: Runtime) -> Finding:
    """What waits for a person or for the timetable. `clocks_late_seconds` is how long a mark that a clock passed has
    not been found; `oldest_due_seconds` how long a mail has been due without anybody trying it."""
    now = runtime.clock.now()
    unfound = select(func.min(clock_marks.c.at)).where(clock_marks.c.found_at.is_(None), clock_marks.c.at <= now)
    with runtime.database.reading() as connection:
        late = connection.scalar(unfound)
        return {
            "state": "up",
            "held": _count(connection, receipts, receipts.c.verdict == Verdict.HELD),
            "suppressed": _count(connection, suppressions, suppressions.c.until > now),
            "mails_due": MAILS.count_due(connection, now=now),
            "mails_failed": _count(connection, deliveries, deliveries.c.state == DeliveryState.FAILED),
            "oldest_due_seconds": _age(runtime, MAILS.due_since(connection, now=now)),
            "clocks_late_seconds": _age(runtime, late),
        }


def _ask_mailboxes(runtime: Runtime) -> Finding:
    found = mailbox_health(runtime)
    return {
        "state": "down" if any(mailbox.is_late for mailbox in found) else "up",
        "mailboxes": {
            mailbox.name: {
                "state": "late" if mailbox.is_late else "failing" if mailbox.error else "up",
                "last_good_seconds": None if mailbox.age is None else max(0, int(mailbox.age.total_seconds())),
                "waiting": mailbox.waiting,
            }
            for mailbox in found
        },
    }


def _ask_hotline(runtime: Runtime) -> Finding:
    """The snapshot that calls are answered from; where it is old, the hotline goes on with what it last knew."""
    snapshot = read_snapshot(snapshot_path(runtime.where.data))
    return {"state": "up", "snapshot_seconds": None if snapshot is None else _age(runtime, snapshot.made_at)}


def _ask_templates(runtime: Runtime) -> Finding:
    """The operator's own templates; where one is broken, mails say our words."""
    return {"state": "up", "broken": len(template_faults(runtime))}


def _ask_webhooks(runtime: Runtime) -> Finding:
    """What waits for each receiver. That one fails is an alarm, and no reason to send us no more work."""
    with runtime.database.reading() as connection:
        found = waiting_webhooks(connection, endpoints_of(runtime))
    return {
        "state": "up",
        "receivers": {
            one.name: {
                "waiting": one.number,
                "oldest_seconds": _age(runtime, one.oldest),
                "state": "gone" if one.is_gone else "up",
            }
            for one in found
        },
    }


def _count(connection: Connection, table: Any, condition: Any) -> int:
    return int(connection.execute(select(func.count()).select_from(table).where(condition)).scalar_one())


def _age(runtime: Runtime, since: datetime | None) -> int | None:
    return None if since is None else max(0, int((runtime.clock.now() - since).total_seconds()))
