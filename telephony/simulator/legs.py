"""One telephone that is rung: its record at the provider, and the callbacks about how it fares."""

from dataclasses import dataclass
from xml.etree import ElementTree

from telephony.simulator.account import ENDED, CallRecord, new_sid
from telephony.simulator.effects import Kind, Steps, Who
from telephony.simulator.parameters import progress_parameters
from telephony.simulator.script import LegScript
from telephony.simulator.world import World, inform, tell


@dataclass(kw_only=True)
class Leg:
    """A telephone. `whisper` is what is fetched when it is taken off, `events` are the callbacks it was asked for."""

    record: CallRecord
    script: LegScript
    whisper: str
    callback: str
    events: frozenset[str]
    is_joined: bool = False

    @property
    def is_over(self) -> bool:
        """True once this telephone is on the hook again."""
        return self.record.status in ENDED


def place_leg(world: World, parent: CallRecord, number: ElementTree.Element, *, shown: str) -> Steps[Leg]:
    """Call a number. It sees `shown`, or whom it is called for."""
    called = number.text or ""
    record = CallRecord(
        sid=new_sid("CA", world.source),
        caller=shown or parent.caller,
        called=called,
        direction="outbound-dial",
        parent=parent.sid,
        status="initiated",
        created=world.moment(),
    )
    world.account.calls[record.sid] = record
    leg = Leg(
        record=record,
        script=world.leg_script(called),
        whisper=number.get("url", ""),
        callback=number.get("statusCallback", ""),
        events=frozenset(number.get("statusCallbackEvent", "completed").split()),
    )
    yield from progress(world, leg, "initiated")
    return leg


def end_leg(world: World, leg: Leg, status: str) -> Steps[None]:
    """It is over by this status, unless it was already."""
    if leg.is_over:
        return
    leg.record.status = status
    leg.record.ended = world.moment()
    yield tell(world, Who.AGENT, "is off the line" if status == "completed" else status, number=leg.record.called)
    yield from progress(world, leg, "completed")


def progress(world: World, leg: Leg, event: str) -> Steps[None]:
    """The callback of this event, where it was asked for."""
    if event in leg.events:
        extra = progress_parameters(leg.record, at=world.moment())
        yield from inform(world, leg.record, Kind.LEG, leg.callback, extra)
