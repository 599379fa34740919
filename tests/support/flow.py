"""A call led through the flow by hand: what is heard, answer by answer."""

from telephony.flow import begin, go_on
from telephony.line import Answer, Heard, Line
from tests.support.calls import (
    CODE,
    action,
    state_of,
)


def step(at: Line, answer: Answer, heard: Heard | str) -> Answer:
    """The next answer: keys or more were heard."""
    url = action(answer.document)
    assert url is not None, "the call is over"
    return go_on(at, state_of(url, now=at.now), Heard(digits=heard) if isinstance(heard, str) else heard)


def call(at: Line, *heard: Heard | str) -> Answer:
    """The last answer of a call in which so much was heard."""
    answer = begin(at, Heard())
    for one in heard:
        answer = step(at, answer, one)
    return answer


def names(answer: Answer) -> list[str]:
    """What an answer puts on record, by name."""
    return [one.name for one in answer.steps]


BUSY, NO_ANSWER = Heard(status="busy", bridged=False), Heard(status="no-answer", bridged=False)


TALKED = Heard(status="completed", bridged=True, seconds=180)


RANG = ("1", CODE, "1")
