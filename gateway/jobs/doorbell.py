"""The doorbell: "there is work in this lane", as an RQ job that carries the lane's name and nothing else.

Ringing is cheap and never fails: with Redis away the bell stays silent, doors stay open, and the timetable
rings again later. At most one job waits for each lane however often the bell is rung: the job's id is the
lane and the number of drains begun so far (`drain-mail-17`), and a drain counts itself before it looks into
the lane. So a ring either finds a job that has yet to look, or adds the one that will.
"""

import threading
from contextlib import suppress

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer

# Resolved by the worker: the composition root may import every part, this module may not.
DRAIN_TASK = "gateway.wiring.drain"
OUTBOX = "outbox"
LANES = ("call", "web", "mail", OUTBOX)
_FORGOTTEN = 3600  # seconds after which RQ may forget a job; nothing depends on its memory

log = structlog.get_logger()


class Doorbell:
    """Rings for lanes of the Redis at `url`. Safe in several threads."""

    def __init__(self, url: str, *, job_timeout: int = 60) -> None:
        self._url = url
        self.redis = Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5)
        self._job_timeout = job_timeout
        self._silent = False
        self._wanted: set[str] = set()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False

    def queue(self, lane: str, *, connection: Redis | None = None) -> Queue:
        """The RQ queue of a lane."""
        return Queue(
            lane, connection=connection or self.redis, serializer=JSONSerializer, default_timeout=self._job_timeout
        )

    def worker_connection(self) -> Redis:
        """A connection for a worker: it waits long for a job, so it has no short limit on reading."""
        return Redis.from_url(self._url, socket_connect_timeout=2, socket_keepalive=True)

    def busy(self) -> int:
        """How many jobs wait or run. Raises RedisError."""
        return sum(
            len(queue) + StartedJobRegistry(queue=queue).get_job_count(cleanup=False)
            for queue in (self.queue(lane) for lane in LANES)
        )

    def ring(self, lane: str) -> bool:
        """Ring now. False, after a line in the log, when Redis does not answer."""
        try:
            self._enqueue(lane)
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

    def begin_drain(self, lane: str) -> None:
        """Say that a drain of the lane begins; rings from now on make a job of their own."""
        self.redis.incr(_counter(lane))

    def close(self) -> None:
        """Ring what is still wanted and let go of Redis."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(timeout=5)
        with suppress(RedisError):
            self.redis.close()

    def _enqueue(self, lane: str) -> None:
        queue = self.queue(lane)
        begun = int(self.redis.get(_counter(lane)) or 0)
        while True:
            job_id = f"drain-{lane}-{begun}"
            try:
                queue.enqueue(
                    DRAIN_TASK, lane, job_id=job_id, unique=True, ttl=_FORGOTTEN, result_ttl=0, failure_ttl=_FORGOTTEN
                )
                return
            except DuplicateJobError:
                if queue.get_job_position(job_id) is not None:
                    return
                # That job has left the queue and not counted itself: its worker has just taken it, or died with it.
                # One job too many finds nothing to do; one too few would leave the lane alone.
                begun = self.redis.incr(_counter(lane))

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._wanted or self._closing)
                lanes, self._wanted = self._wanted, set()
                if not lanes:
                    return
            for lane in lanes:
                self.ring(lane)


def _counter(lane: str) -> str:
    return f"gateway:drains:{lane}"
