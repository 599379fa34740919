"""A call from its first ring to its last callback, as a generator of effects in virtual time."""

from telephony.simulator.account import CallRecord, new_sid
from telephony.simulator.effects import Kind, Steps, Who
from telephony.simulator.parameters import progress_parameters
from telephony.simulator.verbs import perform
from telephony.simulator.world import ApplicationError, CallerGone, Ending, Party, World, ask, inform, tell

_STATUSES = {Ending.REJECTED: "busy"}


def call(world: World) -> Steps[Ending]:
    """Call the hotline. The account holds what became of it; the number's status callback is told last."""
    record = CallRecord(
        sid=new_sid("CA", world.source),
        caller=world.script.caller,
        called=world.hotline.number,
        direction="inbound",
        status="ringing",
        created=world.moment(),
    )
    world.account.calls[record.sid] = record
    world.sid = record.sid
    world.hang_up_at = world.script.hang_up_at
    world.legs = list(world.script.legs)
    yield tell(world, Who.CALLER, "calls", world.hotline.number)
    ending = yield from _talk(world, record)
    if ending is Ending.OVER:
        yield tell(world, Who.LINE, "hangs up")
    was_answered = record.answered is not None
    record.status = _STATUSES.get(ending, "completed" if was_answered else "no-answer")
    record.ended = world.moment()
    yield from inform(
        world, record, Kind.STATUS, world.hotline.status_url, progress_parameters(record, at=world.moment())
    )
    return ending


def _talk(world: World, record: CallRecord) -> Steps[Ending]:
    caller = Party(record=record, who=Who.CALLER)
    try:
        document = yield from ask(world, caller, Kind.VOICE, world.hotline.voice_url)
        return (yield from perform(world, caller, document))
    except CallerGone:
        return Ending.CALLER_GONE
    except ApplicationError as error:
        yield tell(world, Who.PROVIDER, "ends the call", str(error))
        return Ending.FAILED
