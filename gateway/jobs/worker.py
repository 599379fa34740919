"""A worker process: an RQ worker that forks for each job, so that a job's death is not the worker's.

Each of several workers looks into the lanes in an order of its own, so that a flood in one lane does not keep
the others waiting.
"""

import redis.exceptions
import structlog
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from gateway.ids import random32
from gateway.jobs.doorbell import LANES, OUTBOX
from gateway.runtime import Runtime
from gateway.up.parent import ending_with

_LONGEST_WAIT_FOR_REDIS = 2.0  # seconds between tries; RQ's own minute would be a minute of silence
_SIGNS_OF_LIFE = 5  # seconds between two, while a job runs
_LIFE = 30  # seconds without a sign of life after which RQ forgets a worker; it waits for a job half as long at a time
_GIVEN_UP_AFTER = 20  # seconds without one; RQ's own minute more would be a minute in which a dead job looks alive

log = structlog.get_logger()


class GatewayWorker(Worker):
    """RQ's forking worker, quicker to come back when Redis does."""

    max_connection_wait_time = _LONGEST_WAIT_FOR_REDIS
    job_monitoring_interval = _SIGNS_OF_LIFE

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:
        """After how many seconds without a sign of life a job counts as dead, with its worker."""
        return _GIVEN_UP_AFTER

    def setup_work_horse_signals(self) -> None:
        """A fork ends with its worker: nobody would see to its time limit, or wait for it at a stop."""
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]  # RQ has no types here
        assert self.pid is not None  # of a worker that runs
        ending_with(self.pid)()


def run_worker(runtime: Runtime, *, number: int) -> None:
    """Work jobs off until SIGTERM or SIGINT; a job under way is finished. Odd numbers begin with the outbox."""
    lanes = (OUTBOX, *(lane for lane in LANES if lane != OUTBOX)) if number % 2 else LANES
    connection = runtime.doorbell.worker_connection()
    queues: list[Queue] = [runtime.doorbell.queue(lane, connection=connection) for lane in lanes]
    worker = GatewayWorker(
        [*queues, *runtime.doorbell.older_queues(connection=connection)],
        name=f"worker-{runtime.machine}-{number}-{random32(8)}",
        connection=connection,
        serializer=JSONSerializer,
        worker_ttl=_LIFE,
    )
    log.info("worker.started", lanes=list(lanes))
    try:
        worker.work(with_scheduler=False, logging_level="ERROR")
    except redis.exceptions.RedisError as error:
        # The supervisor starts us again; registering needs a Redis that answers.
        log.warning("worker.lost_redis", error=type(error).__name__)
        raise SystemExit(1) from None
