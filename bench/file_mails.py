"""A child process: spools the mails of a folder, files them as a worker's job does, and says how long filing took.

    python -m bench.file_mails FOLDER      settings in the environment; prints one JSON object

Spooling is not counted, only the RQ task `gateway.wiring.drain`, which a worker runs in a fork of its own: stores
opened, entries claimed, filed and forgotten, the outbox rung for. As many run side by side as an installation has
workers (two).
"""

import json
import multiprocessing
import resource
import sys
import time
from pathlib import Path

from sqlalchemy import func, select

import inbound.filing  # noqa: F401 - the worker imports it before it forks, so that no job pays for it
from gateway.clock import SystemClock
from gateway.config.load import load_settings
from gateway.db.outbox import deliveries
from gateway.db.tickets import tickets
from gateway.domain.ticket import Channel
from gateway.mail.envelope import MailEnvelope
from gateway.runtime import Runtime, open_runtime
from gateway.spool.entry import Lane
from gateway.wiring import drain


def main() -> None:
    """Spool, file, count."""
    mails = [path.read_bytes() for path in sorted(Path(sys.argv[1]).iterdir())]
    settings = load_settings()
    with open_runtime(settings) as runtime:
        before = _counts(runtime)
        for done in [runtime.spool.submit(Lane.MAIL, _envelope(), raw)[1] for raw in mails]:
            done.result()
    forking = multiprocessing.get_context("fork")
    workers = [forking.Process(target=_work) for _ in range(settings.worker.processes)]
    wall = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    wall = time.perf_counter() - wall
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open_runtime(settings) as runtime:
        filed = [after - at_first for after, at_first in zip(_counts(runtime), before, strict=True)]
    print(
        json.dumps(
            {"seconds": wall, "cpu": used.ru_utime + used.ru_stime, "tickets": filed[0], "acknowledgements": filed[1]}
        )
    )


def _work() -> None:
    """Run jobs until nothing waits."""
    with open_runtime(load_settings()) as runtime:
        while runtime.spool.waiting(Lane.MAIL):
            drain(Lane.MAIL)


def _envelope() -> dict[str, object]:
    return MailEnvelope(
        channel=Channel.SMTP,
        mail_from="marie@client.example",
        rcpt_tos=("support@demo.example",),
        peer="127.0.0.1",
        helo="client.example",
        tls=False,
        smtputf8=False,
        received_at=SystemClock().now(),
    ).to_json()


def _counts(runtime: Runtime) -> tuple[int, int]:
    with runtime.database.reading() as connection:
        counts = [select(func.count()).select_from(table) for table in (tickets, deliveries)]
        filed, acknowledged = [connection.execute(count).scalar_one() for count in counts]
    return filed, acknowledged


if __name__ == "__main__":
    main()
