"""Ringing agents one by one, and what is said to whoever takes off.

One `Dial` rings one agent. Whoever takes off hears the ticket's reference and must press 1: a mobile's voicemail
presses nothing, so it never wins the call. Only then are the calls joined.
(https://www.twilio.com/docs/voice/twiml/number#url)
"""

from dataclasses import replace
from datetime import timedelta

from gateway.domain.ticket import Language
from telephony import message
from telephony.line import Agent, Answer, Heard, Line, Route, Step
from telephony.prompts import digits, prompt
from telephony.state import LONGEST_TALK, Question, State
from telephony.twiml import Verb, dial, gather, hang_up, say

WHISPER_SECONDS = 8
SHORTEST_TALK = 10
"""Seconds; a conversation that ends sooner was cut off, and a message is offered."""

GRACE = timedelta(minutes=15)
"""After closing time; then no further agent is rung for a call that began in time."""

_LONGEST_WHISPER = 15  # seconds of a leg that was answered and never joined


def begin(line: Line, state: State) -> Answer:
    """Ring the first agent on duty."""
    on_duty = tuple(agent.person_id for agent in line.agents)[: line.rules.max_agents]
    state = replace(state, question=Question.RINGING, agents=on_duty, rung=0, ring_since=int(line.now.timestamp()))
    words = say(prompt("ringing", state.lang), line.voice(state.lang))
    answer = _ring_next(line, state)
    return Answer(document=(words, *answer.document), steps=answer.steps) if on_duty else answer


def after_agent(line: Line, state: State, heard: Heard) -> Answer:
    """An agent's leg is over: they talked, or the next one is rung, or there is nobody left."""
    talked = was_joined(heard)
    facts = {"agent": state.agent, "status": heard.status, "bridged": heard.bridged, "seconds": heard.seconds}
    over = Step(name="agent.ended", facts=facts)
    if heard.is_gone:
        return Answer(document=(hang_up(),), steps=(over, Step(name="caller.gone", facts={"while": "RINGING"})))
    if talked and heard.seconds >= SHORTEST_TALK:
        goodbye = say(prompt("thanks", state.lang), line.voice(state.lang))
        return Answer(document=(goodbye, hang_up()), steps=(over,))
    answer = message.notice(line, state, why="cut off") if talked else _ring_next(line, state)
    return Answer(document=answer.document, steps=(over, *answer.steps))


def was_joined(heard: Heard) -> bool:
    """Whether caller and agent were joined.

    - not where that agent refused
    - as the provider says, where it says so
    - else where the leg was completed and the agent had accepted, or it lasted longer than a whisper can
    """
    if heard.accepted is False or heard.bridged is not None:
        return heard.accepted is not False and bool(heard.bridged)
    return heard.status in {"completed", "answered"} and (bool(heard.accepted) or heard.seconds > _LONGEST_WHISPER)


def whisper(line: Line, state: State) -> Answer:
    """What an agent hears who takes off. Silence hangs up, which is what a voicemail gets."""
    lang, voice = Language.FR, line.voice(Language.FR)
    if state.ticket or state.code:
        words = prompt(
            "whisper",
            lang,
            ticket=digits(state.ticket or state.code),
            trust=prompt("verified" if state.verified else "not-verified", lang),
        )
    else:
        words = prompt("whisper-any", lang)
    ask = gather(say(words, voice), action=line.link(Route.SCREEN, state), timeout=WHISPER_SECONDS, digits=1)
    return Answer(document=(ask, hang_up()), steps=(Step(name="agent.took_off", facts={"agent": state.agent}),))


def screen(state: State, heard: Heard) -> Answer:
    """An agent pressed a key: 1 joins the calls by ending the whisper, all else ends this leg."""
    key = heard.digits[:1]
    if key == "1":
        return Answer(document=(), steps=(Step(name="agent.accepted", facts={"agent": state.agent}),))
    name = "agent.refused" if key else "agent.silent"
    return Answer(document=(hang_up(),), steps=(Step(name=name, facts={"agent": state.agent}),))


def _ring_next(line: Line, state: State) -> Answer:
    numbers = {agent.person_id: agent for agent in line.agents}
    elapsed = line.now.timestamp() - state.ring_since
    is_late = not line.hours.is_open(line.now) and not line.hours.is_open(line.now - GRACE)
    while state.rung < len(state.agents) and elapsed < line.rules.ring_seconds_in_all and not is_late:
        state = replace(state, rung=state.rung + 1)
        agent = numbers.get(state.agents[state.rung - 1])
        if agent is not None:  # whoever went off duty meanwhile is passed over
            ringing = Step(name="agent.rung", facts={"agent": agent.person_id, "position": state.rung})
            return Answer(document=(_dial(line, state, agent),), steps=(ringing,))
    return message.notice(line, state, why="no answer")


def _dial(line: Line, state: State, agent: Agent) -> Verb:
    return dial(
        agent.number,
        action=line.link(Route.STEP, state),
        whisper=line.link(Route.WHISPER, state),
        status=line.link(Route.LEG, state),
        caller_id=line.number,
        timeout=line.rules.ring_seconds,
        limit=int(LONGEST_TALK.total_seconds()),
    )
