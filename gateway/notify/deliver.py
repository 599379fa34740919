"""Working the outbox off: take what is due, write the attempt down, hand the mail over, write down what happened.

The attempt is committed before anybody dials, and each result as soon as it is known. So a crash at any point
leaves a row in `sending`, which is due again when its lease is over, and goes out with the same Message-ID.
One row never holds up another: each failure is that row's own, unless nothing at all can be handed over.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from random import Random, SystemRandom

import structlog
from sqlalchemy import Connection

from gateway.db.outbox import Delivery, DeliveryState, begin_attempts, end_attempt, give_back
from gateway.db.suppressions import count_bounce, find_suppression
from gateway.domain.suppression import Suppression
from gateway.mail.bounce import Action, Outcome, find_status
from gateway.notify.backoff import LAST_ATTEMPT, next_pause
from gateway.notify.compose import OutgoingMail, compose, runs_out_at
from gateway.notify.failure_entry import Failure, write_failure
from gateway.notify.mailer import Mailer, make_mailer
from gateway.notify.outcome import FinalFailure, RecipientRefused, RelayTrouble, TemporaryFailure, reason
from gateway.notify.signed import signed
from gateway.notify.work_off import until, work_off
from gateway.observe import span
from gateway.runtime import Runtime

BATCH = 25
WRITING_TRIES = 3
# After trouble with the relay itself, for the mails that were taken and not tried.
_PAUSE_AFTER_TROUBLE = timedelta(minutes=1)
_ENDED_BADLY = {DeliveryState.FAILED: Failure.REFUSED, DeliveryState.SUPPRESSED: Failure.SUPPRESSED}
_LEASE_MARGIN = timedelta(seconds=10)  # RQ ends a job within moments of its time limit

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class _Result:
    """How an attempt ended. `relay_trouble`: no other mail would have got through either. `bounce`: what a refusal
    says of the address, None where the address had no part in it."""

    state: DeliveryState
    error: str | None = None
    relay_trouble: bool = False
    bounce: Outcome | None = None


def deliver_due(runtime: Runtime, *, deadline: float, chance: Random | None = None) -> int:
    """Deliver until nothing is due or `time.monotonic()` passes `deadline`; returns how many attempts were made.

    Ends early when the relay takes nothing at all: what is due then stays so, for the next call. `chance` is
    where the jitter comes from. Raises DatabaseTrouble; the rows under way are due again after their lease.
    """
    with closing(make_mailer(runtime.settings, runtime.where)) as mailer:
        relay = _Relay(runtime, mailer=mailer, chance=chance or SystemRandom())
        return work_off(relay, goes_on=until(deadline))


class _Relay:
    """The way out of mails, for one call of `deliver_due`."""

    def __init__(self, runtime: Runtime, *, mailer: Mailer, chance: Random) -> None:
        self._runtime = runtime
        self._mailer = mailer
        self._chance = chance
        self._error: str | None = None

    def take(self) -> list[Delivery]:
        """What is due now, its attempt written down. One job works a batch off, so the lease outlives a job."""
        lease = timedelta(seconds=self._runtime.settings.worker.job_timeout) + _LEASE_MARGIN
        with self._runtime.database.transaction() as connection:
            return begin_attempts(connection, now=self._runtime.clock.now(), lease=lease, limit=BATCH)

    def attempt(self, item: Delivery) -> bool:
        """Try a mail; False where the relay is in trouble."""
        result = self._try(item)
        self._record(item, result)
        if result.relay_trouble:
            self._error = result.error
        return not result.relay_trouble

    def give_back(self, untried: Sequence[Delivery]) -> None:
        """Due again at once where the time is over, a little later where the relay is in trouble."""
        pause = timedelta(0) if self._error is None else _PAUSE_AFTER_TROUBLE
        with self._runtime.database.transaction() as connection:
            give_back(connection, untried, due_at=self._runtime.clock.now() + pause, error=self._error)

    def _try(self, delivery: Delivery) -> _Result:
        suppression = self._suppression_of(delivery)
        if suppression is not None:
            return _suppressed(suppression)
        if delivery.attempts > LAST_ATTEMPT:
            return _failed("given up: too many attempts never came to an end")
        until = runs_out_at(delivery, runtime=self._runtime)
        if until is not None and self._runtime.clock.now() >= until:
            return _failed("what the mail offers ran out before the mail could be sent")
        try:
            mail = compose(delivery, runtime=self._runtime)
            mail = signed(mail, self._runtime.settings.mail.dkim, at=self._runtime.clock.now())
        except Exception as error:  # a row that cannot be written must not hold up the others
            log.exception("delivery.not_written", delivery_id=delivery.id, notice=delivery.notice)
            text = reason(f"the mail could not be written: {type(error).__name__}: {error}")
            return _failed(text) if delivery.attempts >= WRITING_TRIES else _later(text)
        return self._hand_over(delivery, mail)

    def _hand_over(self, delivery: Delivery, mail: OutgoingMail) -> _Result:
        try:
            with span("deliver", delivery_id=delivery.id, entry_id=delivery.entry_id or 0, notice=delivery.notice):
                self._mailer.send(mail)
        except RelayTrouble as error:
            return _Result(state=DeliveryState.QUEUED, error=str(error), relay_trouble=True)
        except TemporaryFailure as error:
            return _later(str(error))
        except RecipientRefused as error:
            text = str(error)
            bounce = Outcome(action=Action.FAILED, status=find_status(text), diagnostic=text)
            return _Result(state=DeliveryState.FAILED, error=text, bounce=bounce)
        except FinalFailure as error:
            return _failed(str(error))
        except Exception as error:  # noqa: BLE001  # the relay's silence, a job's time limit, a fault of ours
            log.warning("delivery.unknown", delivery_id=delivery.id, error=type(error).__name__)
            return _Result(state=DeliveryState.UNKNOWN, error=reason(str(error) or type(error).__name__))
        return _Result(state=DeliveryState.SENT)

    def _record(self, delivery: Delivery, result: _Result) -> None:
        now = self._runtime.clock.now()
        state, pause = result.state, None
        if state in {DeliveryState.QUEUED, DeliveryState.UNKNOWN}:
            pause = next_pause(delivery.attempts, chance=self._chance)
            state = DeliveryState.FAILED if pause is None else state
        with self._runtime.database.transaction() as connection:
            ended = end_attempt(
                connection,
                delivery,
                state=state,
                at=now,
                next_attempt_at=None if pause is None else now + pause,
                error=result.error,
            )
            if ended and state in _ENDED_BADLY:
                self._remember_failure(connection, delivery, result, failure=_ENDED_BADLY[state])
        if ended:
            log.info(
                "delivery.ended",
                delivery_id=delivery.id,
                ticket_id=delivery.ticket_id,
                entry_id=delivery.entry_id,
                notice=delivery.notice,
                state=state,
                attempts=delivery.attempts,
            )

    def _remember_failure(
        self, connection: Connection, delivery: Delivery, result: _Result, *, failure: Failure
    ) -> None:
        """In the transaction that ends the attempt: count a refusal against the address, and tell the ticket."""
        now = self._runtime.clock.now()
        suppression = None
        if result.bounce is not None:
            suppression = count_bounce(connection, delivery.recipient, result.bounce, now=now)
        write_failure(
            connection,
            self._runtime,
            delivery,
            failure,
            error=result.error or "",
            now=now,
            suppression=suppression,
        )

    def _suppression_of(self, delivery: Delivery) -> Suppression | None:
        """Asked for each mail, for one before it in this very batch may have come back from the same address."""
        with self._runtime.database.reading() as connection:
            return find_suppression(connection, delivery.recipient, now=self._runtime.clock.now())


def _later(error: str) -> _Result:
    return _Result(state=DeliveryState.QUEUED, error=error)


def _failed(error: str) -> _Result:
    return _Result(state=DeliveryState.FAILED, error=error)


def _suppressed(suppression: Suppression) -> _Result:
    text = f"suppressed until {suppression.until:%Y-%m-%d %H:%M} UTC, mail came back: {suppression.reason}"
    return _Result(state=DeliveryState.SUPPRESSED, error=reason(text.removesuffix(": ")))
