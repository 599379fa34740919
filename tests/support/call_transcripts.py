"""The calls of `telephony/TRANSCRIPTS.md`: each is placed, then what was said and what stands on record is written."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.db.callbacks import callback_requests
from gateway.db.calls import calls
from gateway.db.tickets import entries
from gateway.domain.hotline_code import complete
from gateway.domain.ticket import Severity
from telephony.simulator.script import Script, parse_leg
from telephony.simulator.transcript import transcript
from tests.support.call_rows import forget_effects, rows
from tests.support.calling import Calling

_PARIS = ZoneInfo("Europe/Paris")
_CODE, _MINOR, _OTHER = complete("271828"), complete("314159"), complete("161803")
_RING = ("1", f"{_CODE}#", "1")
_TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=_PARIS)

_BEGINNING = """# What callers hear

Calls to the demonstration hotline, placed by the simulated provider (`gateway call simulate`) against the real
webhooks, spool, jobs and database, with what stood on record afterwards. DEMO-1 is a blocking incident reported
before, and DEMO-2 a minor one; Ana and Luc are on duty. Times are minutes and seconds since the call began.

A test makes this file and compares (`tests/service/test_call_transcripts.py`); after a change to what is said,
`GATEWAY_WRITE_TRANSCRIPTS=1 ./run test tests/service/test_call_transcripts.py` writes it anew.
"""


@dataclass(frozen=True, kw_only=True)
class _Scene:
    title: str
    at: datetime
    presses: tuple[str, ...]
    legs: tuple[str, ...] = ()


_SCENES = (
    _Scene(title="The right code, in hours", at=_TUESDAY, presses=_RING, legs=("accept,talk=90",)),
    _Scene(
        title="The same at 17:30:00",
        at=datetime(2026, 11, 24, 17, 30, tzinfo=_PARIS),
        presses=("1", "1", f"{_CODE}#", "1"),
    ),
    _Scene(
        title="The same on 14 July",
        at=datetime(2026, 7, 14, 10, 0, tzinfo=_PARIS),
        presses=("1", "1", f"{_CODE}#", "1"),
    ),
    _Scene(title="The code of a minor incident", at=_TUESDAY, presses=("1", f"{_MINOR}#", "1")),
    _Scene(
        title="A wrong code, in English, mistyped at first",
        at=_TUESDAY,
        presses=("2", "12345678#", f"{_OTHER}#", "1"),
    ),
    _Scene(
        title="Nobody answers: one mobile's mailbox takes off, one agent does not",
        at=_TUESDAY,
        presses=_RING,
        legs=("voicemail", "no-answer"),
    ),
)


def write_transcripts(calling: Calling) -> str:
    """The whole file."""
    calling.set_clock(datetime(2026, 7, 13, 10, 0, tzinfo=_PARIS))
    calling.incident(Severity.BLOCKING, code=_CODE)
    calling.incident(Severity.MINOR, code=_MINOR)
    return "\n".join([_BEGINNING, *(_played(calling, scene, number) for number, scene in enumerate(_SCENES))])


def _played(calling: Calling, scene: _Scene, number: int) -> str:
    forget_effects(calling.runtime)
    calling.set_clock(scene.at)
    legs = tuple(parse_leg(leg) for leg in scene.legs)
    session = calling.place(Script(caller="+33612345678", presses=scene.presses, legs=legs), seed=number)
    calling.drain()
    when = f"{scene.at:%A} {scene.at.day} {scene.at:%B %Y, %H:%M:%S}"
    lines = [f"## {scene.title}", "", f"{when} in Paris.", "", "```", *transcript(session.lines), "```", ""]
    return "\n".join([*lines, *_on_record(calling), ""])


def _on_record(calling: Calling) -> list[str]:
    (call,) = rows(calling.runtime, calls)
    found = rows(calling.runtime, entries)
    lines = [f"On record: {call['outcome']}" + ("." if found else "; nothing on any ticket.")]
    for entry in found:
        lines += ["", "On the timeline of DEMO-1:", "", "```", *entry["text"].splitlines(), "```"]
    for request in rows(calling.runtime, callback_requests):
        lines += ["", f"To be called back by {request['due_at'].astimezone(_PARIS):%A %d %B %Y, %H:%M}."]
    return lines
