"""Leaving a message: what it is for is said first, hanging up without one is offered, then the tone."""

from dataclasses import replace

from gateway.domain.ticket import Language
from telephony.line import Answer, Fact, Heard, Line, Route, Step
from telephony.prompts import address, length, prompt
from telephony.state import Question, State
from telephony.twiml import Verb, gather, hang_up, record, say

SHORTEST = 2
"""Seconds; less is a caller who hung up on the tone."""

_OPENINGS = {"no answer": "nobody", "cut off": "cut-off", "throttled": "throttled"}


def notice(line: Line, state: State, *, why: str) -> Answer:
    """Say what a message is kept for and how long, and who to ask; 9 goes without one."""
    lang = state.lang
    state = replace(state, question=Question.NOTICE)
    first = [prompt(_OPENINGS[why], lang)] if why in _OPENINGS else []
    words = (*first, _terms(line, lang), prompt("no-message", lang))
    spoken = [say(text, line.voice(lang)) for text in words]
    ask = gather(*spoken, action=line.link(Route.STEP, state), timeout=1, digits=1)
    return Answer(document=(ask,), steps=(Step(name="message.offered", facts={"why": why}),))


def after_notice(line: Line, state: State, heard: Heard) -> Answer:
    """The tone, unless the caller would rather not."""
    if heard.digits[:1] == "9":
        return Answer(document=(*_goodbye(line, state), hang_up()), steps=(Step(name="message.declined"),))
    return Answer(document=(_record(line, replace(state, question=Question.MESSAGE)),))


def after_message(line: Line, state: State, heard: Heard) -> Answer:
    """A message was left, or nothing was said."""
    facts: dict[str, Fact] = {"seconds": heard.seconds, "recording": heard.recording}
    left = heard.seconds >= SHORTEST
    step = Step(name="message.left" if left else "message.empty", facts=facts)
    if heard.is_gone:
        return Answer(document=(hang_up(),), steps=(step,))
    return Answer(document=(*_goodbye(line, state), hang_up()), steps=(step,))


def apology(line: Line, state: State | None) -> Answer:
    """Both languages, then the tone, so that nobody who calls for help goes unheard."""
    begun = int(line.now.timestamp())
    state = state or State(question=Question.MESSAGE, project=line.project, begun=begun, is_open=False, turn=1)
    spoken = [
        say(text, line.voice(lang)) for lang in Language for text in (prompt("apology", lang), _terms(line, lang))
    ]
    document = (*spoken, _record(line, replace(state, question=Question.MESSAGE)))
    return Answer(document=document, steps=(Step(name="apology"),))


def _terms(line: Line, lang: Language) -> str:
    return prompt(
        "notice",
        lang,
        longest=length(line.rules.message_seconds, lang),
        days=str(line.rules.message_days),
        address=address(line.address, lang),
    )


def _record(line: Line, state: State) -> Verb:
    return record(
        action=line.link(Route.STEP, state),
        status=line.link(Route.RECORDING, state),
        longest=line.rules.message_seconds,
    )


def _goodbye(line: Line, state: State) -> tuple[Verb, ...]:
    names = ("callback", "thanks") if state.ticket or line.takes_any_call else ("thanks",)
    return tuple(say(prompt(name, state.lang), line.voice(state.lang)) for name in names)
