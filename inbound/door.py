"""Between the protocol and the spool: whom we take mail for, and keeping a mail before it is acknowledged.

This is all that happens while the peer waits: check, spool, answer. Thinking comes later, in a job.
"""

import asyncio
import time
from functools import partial

import structlog

from gateway.ids import SpoolId
from gateway.mail.envelope import MailEnvelope
from gateway.observe import span
from gateway.runtime import Runtime
from gateway.spool.entry import Lane
from gateway.spool.store import acceptance_error
from inbound.recipients import Recipient, check_recipient

_RING_EVERY = 0.05  # seconds; one ring finds all that came before it, and each costs as much as taking a mail
_LARGE = 256 * 1024  # bytes; summing less than this takes less than changing threads twice

log = structlog.get_logger()


class Door:
    """The mail door of one process."""

    def __init__(self, runtime: Runtime) -> None:
        self.settings = runtime.settings.smtp
        self.clock = runtime.clock
        self._runtime = runtime
        self._projects = runtime.settings.project_list
        self._quiet_until = 0.0
        self._next_ring: asyncio.TimerHandle | None = None

    def check_recipient(self, address: str) -> Recipient:
        """The recipient behind an address. Raises UnknownRecipient."""
        today = self.clock.now().date()
        return check_recipient(address, projects=self._projects, signer=self._runtime.signer, today=today)

    async def accept(self, envelope: MailEnvelope, content: bytes) -> SpoolId:
        """Keep a mail; when this returns it would survive a power cut. Raises Deferred (SpoolFull for a full disk).

        Other sessions go on while the disk works. A caller that is cancelled meanwhile (the peer hung up) may or
        may not have left an entry; nothing was acknowledged, and filing knows a second copy.
        """
        started = time.perf_counter()
        submit = partial(self._runtime.spool.submit, Lane.MAIL, envelope.to_json(), content)
        spool_id, done = submit() if len(content) < _LARGE else await asyncio.to_thread(submit)
        try:
            with span("accept", spool_id=spool_id, channel=envelope.channel.value, size=len(content)):
                await asyncio.wrap_future(done)
        except OSError as error:
            log.error("mail.not_kept", spool_id=spool_id, errno=error.errno)
            raise acceptance_error(error) from error
        taken = partial(
            log.info,
            "mail.accepted",
            spool_id=spool_id,
            channel=envelope.channel.value,
            size=len(content),
            seconds=round(time.perf_counter() - started, 4),
        )
        # In a moment: the peer need not wait for our bell and our log.
        loop = asyncio.get_running_loop()
        loop.call_soon(self._ring)
        loop.call_soon(taken)
        return spool_id

    def close(self) -> None:
        """Ring for what came last."""
        if self._next_ring is not None:
            self._next_ring.cancel()
            self._ring_now()

    def _ring(self) -> None:
        # The first mail after a pause rings at once, those that follow on its heels share a ring a little later.
        loop = asyncio.get_running_loop()
        if self._next_ring is None and loop.time() >= self._quiet_until:
            self._ring_now()
        elif self._next_ring is None:
            self._next_ring = loop.call_at(self._quiet_until, self._ring_now)

    def _ring_now(self) -> None:
        self._next_ring = None
        self._quiet_until = asyncio.get_running_loop().time() + _RING_EVERY
        self._runtime.doorbell.ring_soon(Lane.MAIL)
