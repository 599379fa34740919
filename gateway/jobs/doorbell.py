"""The doorbell: "there is work in this lane", as an RQ job that carries the lane's name and nothing else.

Ringing is cheap and never fails: with Redis away the bell stays silent, doors stay open, and the timetable
rings again later. At most one job waits for each lane however often the bell is rung: the job's id is the
lane and the number of drains begun so far (`drain-mail_mx1-17`), and a drain counts itself before it looks into
the lane. So a ring either finds a job that has yet to look, or adds the one that will.

The lanes of the spool are a machine's own, for only its workers can see into its spool: there the lane `mail` is
called `mail_mx1`, by the machine's name. What lies in the database is anybody's work, under the plain name.
"""

import threading
from collections.abc import Iterable
from contextlib import suppress

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer

from gateway.redis_server import RedisServer

# Resolved by the worker: the composition root may import every part, this module may not.
DRAIN_TASK = "gateway.wiring.drain"
OUTBOX = "outbox"
PROVIDER = "provider"
"""What is asked of the telephone provider: messages to fetch, texts to send, its lists to compare with ours."""

OWN = ("call", "web", "mail")
SHARED = (PROVIDER, OUTBOX)
LANES = (*OWN, *SHARED)
_FORGOTTEN = 3600  # seconds after which RQ may forget a job; nothing depends on its memory

log = structlog.get_logger()


class Doorbell:
    """Rings for the lanes of one machine, and for those that all share. Safe in several threads.

    Without a machine's name its lanes have their plain names, as the release had them that knew one machine alone.
    """

    def __init__(self, server: RedisServer | str, *, machine: str = "", job_timeout: int = 60) -> None:
        self._server = RedisServer(url=server) if isinstance(server, str) else server
        self._machine = machine
        self.redis = self._server.connect(socket_connect_timeout=2, socket_timeout=5)
        self._job_timeout = job_timeout
        self._silent = False
        self._wanted: set[str] = set()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False

    def queue(self, lane: str, *, connection: Redis | None = None) -> Queue:
        """The RQ queue of a lane."""
        return self._queue(address(lane, self._machine), connection=connection)

    def older_queues(self, *, connection: Redis | None = None) -> list[Queue]:
        """The queues of our lanes under their plain names, for jobs of the release that knew one machine alone."""
        return [self._queue(lane, connection=connection) for lane in OWN] if self._machine else []

    def _queue(self, name: str, *, connection: Redis | None = None) -> Queue:
        return Queue(
            name, connection=connection or self.redis, serializer=JSONSerializer, default_timeout=self._job_timeout
        )

    def worker_connection(self) -> Redis:
        """A connection for a worker: it waits long for a job, so it has no short limit on reading."""
        return self._server.connect(socket_connect_timeout=2, socket_keepalive=True)

    def busy(self, *, machines: Iterable[str] = ()) -> int:
        """How many jobs wait or run, on this machine and on those that are named. Raises RedisError."""
        names = {address(lane, machine) for machine in (self._machine, *machines) for lane in LANES}
        queues = [*map(self._queue, sorted(names)), *self.older_queues()]
        return sum(len(queue) + StartedJobRegistry(queue=queue).get_job_count(cleanup=False) for queue in queues)

    def ring(self, lane: str) -> bool:
        """Ring now. False, after a line in the log, when Redis does not answer."""
        return self._ring(lane, address(lane, self._machine))

    def ring_as_before(self, lane: str) -> bool:
        """Ring by the lane's plain name: workers of the release that knew one machine alone hear nothing else."""
        return self._ring(lane, lane)

    def _ring(self, lane: str, name: str) -> bool:
        try:
            self._enqueue(name)
        except (RedisError, OSError) as error:
            if not self._silent:
                log.warning("doorbell.silent", lane=lane, error=type(error).__name__)
            self._silent = True
            return False
        if self._silent:
            log.info("doorbell.heard_again", lane=lane)
        self._silent = False
        return True

    def ring_soon(self, lane: str) -> None:
        """Ring from a thread of our own: never blocks, and a flood of calls becomes a few rings."""
        with self._wake:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="doorbell", daemon=True)
                self._thread.start()
            self._wanted.add(lane)
            self._wake.notify()

    def begin_drain(self, name: str) -> None:
        """Say that a drain begins, by the name that its job carries; rings from now on make a job of their own."""
        self.redis.incr(_counter(name))

    def close(self) -> None:
        """Ring what is still wanted and let go of Redis."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(timeout=5)
        with suppress(RedisError):
            self.redis.close()

    def _enqueue(self, name: str) -> None:
        queue = self._queue(name)
        begun = int(self.redis.get(_counter(name)) or 0)
        while True:
            job_id = f"drain-{name}-{begun}"
            try:
                queue.enqueue(
                    DRAIN_TASK, name, job_id=job_id, unique=True, ttl=_FORGOTTEN, result_ttl=0, failure_ttl=_FORGOTTEN
                )
                return
            except DuplicateJobError:
                if queue.get_job_position(job_id) is not None:
                    return
                # That job has left the queue and not counted itself: its worker has just taken it, or died with it.
                # One job too many finds nothing to do; one too few would leave the lane alone.
                begun = self.redis.incr(_counter(name))

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._wanted or self._closing)
                lanes, self._wanted = self._wanted, set()
                if not lanes:
                    return
            for lane in lanes:
                self.ring(lane)


def address(lane: str, machine: str) -> str:
    """What a lane is called in Redis."""
    return f"{lane}_{machine}" if machine and lane in OWN else lane


def read_address(name: str) -> tuple[str, str]:
    """The lane and the machine that a job's name means; no machine where it is anybody's, or an older release's."""
    lane, _, machine = name.partition("_")
    return lane, machine


def _counter(name: str) -> str:
    return f"gateway:drains:{name}"
