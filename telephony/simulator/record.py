"""Record: a message is spoken, the document's action is told first and the file's callback comes later.

(https://www.twilio.com/docs/voice/twiml/record)
"""

from xml.etree import ElementTree

from telephony.simulator.account import RecordingRecord, new_sid
from telephony.simulator.document import Document
from telephony.simulator.effects import Kind, Notify, Steps, Who
from telephony.simulator.parameters import recording_parameters, request_parameters
from telephony.simulator.script import End
from telephony.simulator.world import CallerGone, Party, World, ask, passes, tell

API = "https://api.twilio.com"
_PROCESSING = 2.0  # seconds until the file is there


def record(world: World, party: Party, verb: ElementTree.Element) -> Steps[Document]:
    """Take a message, and go on with what the action says. Raises CallerGone after the callbacks of a hang-up."""
    began = world.now
    try:
        end = yield from _speak(world, verb)
    except CallerGone:
        party.record.status = "completed"
        made = _keep(world, party, round(world.now - began))
        yield from _request_in_vain(world, party, verb, made)
        yield from _announce(world, party, verb, made)
        raise
    made = _keep(world, party, round(world.now - began))
    said = {**_describe(world, made), "Digits": end}
    document = yield from ask(world, party, Kind.RECORD, verb.attrib["action"], said)
    yield from _announce(world, party, verb, made)
    return document


def _speak(world: World, verb: ElementTree.Element) -> Steps[str]:
    """The key that ended it; empty where silence or the longest time did. Raises CallerGone."""
    longest = float(verb.get("maxLength", "3600"))
    silence = float(verb.get("timeout", "5"))
    message = world.script.message
    yield tell(world, Who.LINE, "records")
    yield tell(world, Who.CALLER, "speaks", f"{min(message.seconds, longest):g} s")
    if message.seconds >= longest:
        yield from passes(world, longest)
        return ""
    if message.end is End.HANG_UP:
        world.hang_up_at = min(world.now + message.seconds, world.hang_up_at or world.now + message.seconds)
    yield from passes(world, message.seconds)
    key = verb.get("finishOnKey", "1234567890*#")[:1]
    if message.end is End.KEY and key:
        yield tell(world, Who.CALLER, "presses", key)
        return key
    yield from passes(world, min(silence, longest - message.seconds) if silence else longest - message.seconds)
    return ""


def _keep(world: World, party: Party, seconds: int) -> RecordingRecord:
    made = RecordingRecord(
        sid=new_sid("RE", world.source),
        call=party.record.sid,
        status="completed" if seconds else "absent",
        created=world.moment(),
        seconds=seconds,
    )
    world.account.recordings[made.sid] = made
    return made


def _describe(world: World, made: RecordingRecord) -> dict[str, str]:
    return dict(recording_parameters(world.account, call=made.call, sid=made.sid, seconds=made.seconds, base=API))


def _request_in_vain(world: World, party: Party, verb: ElementTree.Element, made: RecordingRecord) -> Steps[None]:
    """The action is requested after a hang-up too; nobody is left to hear its answer."""
    params = {**request_parameters(world.account, party.record, world.source), **_describe(world, made)}
    yield Notify(kind=Kind.RECORD, url=verb.attrib["action"], params={**params, "Digits": "hangup"})


def _announce(world: World, party: Party, verb: ElementTree.Element, made: RecordingRecord) -> Steps[None]:
    """The callback about the file. It has no parameters but its own."""
    url = verb.get("recordingStatusCallback", "")
    wanted = verb.get("recordingStatusCallbackEvent", "completed").split()
    if not url or made.status not in wanted:
        return
    params = {
        "AccountSid": world.account.sid,
        **_describe(world, made),
        "RecordingStatus": made.status,
        "RecordingChannels": "1",
        "RecordingSource": "RecordVerb",
        "ErrorCode": "0",
    }
    yield Notify(kind=Kind.RECORDING, url=url, params=params)
