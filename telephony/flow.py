"""The call, as a pure function: what was asked, what was heard and how things stand give what is said next.

    greeting and language -> hours -> code -> read back -> eligible? -> ring (`ringing.py`) -> talk
                               |                             no: the platform; yes and nobody there, or out of
                               closed: when it opens, platform   hours: a message (`message.py`)

No clock, no network and no store is asked here: `Line` brings what is known, and the caller of this module keeps what
goes on record. Nothing of a ticket is ever spoken, and every refusal is the same sentence, so that the line is no
oracle for codes.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from gateway.domain.call import OPENS, TEXT
from gateway.domain.hotline_code import LENGTH, is_hotline_code
from gateway.domain.ticket import Language
from telephony import message, ringing
from telephony.line import Answer, Fact, Heard, Line, Route, Step
from telephony.prompts import address, digits, moment, prompt, week
from telephony.state import Question, State
from telephony.twiml import Verb, gather, hang_up, say

MAX_TRIES = 3
_KEY_SECONDS = 7


def begin(line: Line, heard: Heard) -> Answer:
    """A call comes in. The hours are looked at here and hold until its end."""
    is_open = line.hours.is_open(line.now)
    state = State(
        question=Question.LANGUAGE, project=line.project, begun=int(line.now.timestamp()), is_open=is_open, turn=1
    )
    reason = line.hours.opening(line.now).reason
    steps = (Step(name="call.received", facts={"open": is_open, "hours": reason, "project": line.project}),)
    if heard.is_throttled:
        told = message.notice(line, state, why="throttled")
        return Answer(document=told.document, steps=(*steps, *told.steps))
    words = (
        say(prompt("greeting", Language.FR), line.voice(Language.FR)),
        say(prompt("other-language", Language.EN), line.voice(Language.EN)),
    )
    return Answer(document=(gather(*words, action=line.link(Route.STEP, state), timeout=3, digits=1),), steps=steps)


def go_on(line: Line, state: State, heard: Heard) -> Answer:
    """A caller did what the last document asked for, or hung up. No input is without an answer."""
    state = replace(state, turn=state.turn + 1)
    if state.question is Question.RINGING:
        return ringing.after_agent(line, state, heard)
    if state.question is Question.MESSAGE:
        return message.after_message(line, state, heard)
    if heard.is_gone:
        return Answer(document=(hang_up(),), steps=(Step(name="caller.gone", facts={"while": state.question.name}),))
    return _AFTER[state.question](line, state, heard)


def apologise(line: Line, state: State | None) -> Answer:
    """Something of ours failed: say so in both languages and take a message; nothing is looked up."""
    return message.apology(line, state)


def _after_language(line: Line, state: State, heard: Heard) -> Answer:
    state = replace(state, lang=Language.EN if heard.digits[:1] == "2" else Language.FR)
    chosen = Step(name="language", facts={"lang": state.lang.value, "keyed": bool(heard.digits)})
    if not state.is_open:
        answer = _closed(line, state)
    elif line.takes_any_call:
        answer = _opening(line, state, ringing.begin(line, state))
    else:
        answer = _ask_code(line, state, "only-blocking")
    return Answer(document=answer.document, steps=(chosen, *answer.steps))


def _closed(line: Line, state: State) -> Answer:
    lang, zone = state.lang, line.hours.calendar.zone_info
    begun = datetime.fromtimestamp(state.begun, UTC)
    opening = line.hours.next_opening(begun).astimezone(zone)
    closed = prompt(
        "closed",
        lang,
        hours=week(line.hours.calendar, lang),
        opening=moment(opening, lang),
        platform=address(line.platform, lang),
        address=address(line.address, lang),
    )
    menu = "message-offer" if line.takes_any_call else "closed-menu"
    words = (say(closed, line.voice(lang)), *_words(line, state, menu, *_text_offer(line)))
    state = replace(state, question=Question.CLOSED)
    ask = gather(*words, action=line.link(Route.STEP, state), timeout=5, digits=1)
    return Answer(document=(ask,), steps=(Step(name="told.closed", facts={"opens": opening.isoformat()}),))


def _after_closed(line: Line, state: State, heard: Heard) -> Answer:
    if heard.digits[:1] != "1":
        return _goodbye(line, state, heard)
    if line.takes_any_call:
        return _opening(line, state, message.notice(line, state, why="closed"))
    return _ask_code(line, state)


def _opening(line: Line, state: State, answer: Answer) -> Answer:
    """On a line that takes anybody the call becomes a ticket from here on; the step says all that this needs."""
    facts: dict[str, Fact] = {"project": line.project, "lang": state.lang.value, "begun": state.begun}
    return Answer(document=answer.document, steps=(Step(name=OPENS, facts=facts), *answer.steps))


def _ask_code(line: Line, state: State, *first: str) -> Answer:
    state = replace(state, question=Question.CODE, code="")
    words = _words(line, state, *first, "ask-code")
    ask = gather(*words, action=line.link(Route.STEP, state), timeout=_KEY_SECONDS, finish_on="#")
    return Answer(document=(ask,))


def _after_code(line: Line, state: State, heard: Heard) -> Answer:
    code = keyed_code(heard.digits)
    state = replace(state, tries=state.tries + 1)
    if code == "0":
        return _refuse(line, state, Step(name="code.none"))
    if is_hotline_code(code):
        state = replace(state, question=Question.CONFIRM, code=code)
        return _read_back(line, state, Step(name="code.entered", facts={"try": state.tries}))
    wrong = Step(name="code.wrong", facts={"try": state.tries, "length": len(code)})
    if state.tries >= MAX_TRIES:
        return _refuse(line, state, wrong)
    answer = _ask_code(line, state, "bad-code")
    return Answer(document=answer.document, steps=(wrong, *answer.steps))


def keyed_code(keys: str) -> str:
    """What was keyed since the last `*`, which begins again; at most one digit more than a code has."""
    plain = "".join(char for char in keys.rpartition("*")[2] if char.isascii() and char.isdigit())
    return plain[: LENGTH + 1]


def _read_back(line: Line, state: State, *steps: Step) -> Answer:
    words = (
        say(prompt("read-back", state.lang, digits=digits(state.code)), line.voice(state.lang)),
        *_words(line, state, "confirm"),
    )
    ask = gather(*words, action=line.link(Route.STEP, state), timeout=5, digits=1)
    return Answer(document=(ask,), steps=steps)


def _after_confirm(line: Line, state: State, heard: Heard) -> Answer:
    key = heard.digits[:1]
    if key == "1":
        return _check(line, state)
    again = Step(name="code.again", facts={"keyed": bool(key)})
    if state.tries >= MAX_TRIES:
        return _refuse(line, state, again)
    if key == "2":
        answer = _ask_code(line, state)
        return Answer(document=answer.document, steps=(again, *answer.steps))
    return _read_back(line, replace(state, tries=state.tries + 1), again)


def _check(line: Line, state: State) -> Answer:
    """Whether the code names a ticket that may be called about; while nobody can say so, whether we trust it."""
    ticket = line.find(state.code, before=state.begun)
    if ticket is not None:
        state = replace(state, ticket=ticket.ref, verified=True)
        found = Step(name="ticket.matched", facts={"ticket": ticket.ref, "project": ticket.project})
    elif not line.is_fresh and (line.may_trust or not state.is_open):
        found = Step(name="ticket.unverified", facts={"code": state.code})
    else:
        why = "unknown" if line.is_fresh else "too many unverified calls"
        return _refuse(line, state, Step(name="ticket.refused", facts={"code": state.code, "why": why}))
    answer = ringing.begin(line, state) if state.is_open else message.notice(line, state, why="closed")
    return Answer(document=answer.document, steps=(found, *answer.steps))


def _refuse(line: Line, state: State, *steps: Step) -> Answer:
    lang = state.lang
    words = prompt("refused", lang, platform=address(line.platform, lang), address=address(line.address, lang))
    told = (*steps, Step(name="told.refused"))
    offers = (*(["message-offer"] if line.rules.message_without_code else []), *_text_offer(line))
    if not offers:
        return Answer(document=(say(words, line.voice(lang)), *_words(line, state, "thanks"), hang_up()), steps=told)
    state = replace(state, question=Question.REFUSED)
    asked = (say(words, line.voice(lang)), *_words(line, state, *offers))
    return Answer(document=(gather(*asked, action=line.link(Route.STEP, state), timeout=5, digits=1),), steps=told)


def _after_refused(line: Line, state: State, heard: Heard) -> Answer:
    if heard.digits[:1] == "1" and line.rules.message_without_code:
        return message.notice(line, state, why="no code")
    return _goodbye(line, state, heard)


def _text_offer(line: Line) -> tuple[str, ...]:
    return ("text-offer",) if line.may_text else ()


def _goodbye(line: Line, state: State, heard: Heard) -> Answer:
    """The end for whoever is not put through; with the platform's address by text message where they pressed for it."""
    if heard.digits[:1] == "2" and line.may_text:
        return Answer(document=(*_words(line, state, "text-coming", "thanks"), hang_up()), steps=(Step(name=TEXT),))
    return Answer(document=(*_words(line, state, "thanks"), hang_up()))


def _words(line: Line, state: State, *names: str) -> tuple[Verb, ...]:
    return tuple(say(prompt(name, state.lang), line.voice(state.lang)) for name in names)


_AFTER: dict[Question, Callable[[Line, State, Heard], Answer]] = {
    Question.LANGUAGE: _after_language,
    Question.CLOSED: _after_closed,
    Question.CODE: _after_code,
    Question.CONFIRM: _after_confirm,
    Question.REFUSED: _after_refused,
    Question.NOTICE: message.after_notice,
}
