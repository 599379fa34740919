"""The words of a service report, in the reader's language. A word of the rules that is not here is shown as it is."""

from collections.abc import Mapping
from datetime import timedelta

from flask_babel import gettext, lazy_gettext

from gateway.domain.call import Outcome
from gateway.domain.clocks import Guarantee
from gateway.domain.contract import Counting
from gateway.domain.events import By, EventType
from gateway.domain.judged_clocks import Miss, Verdict
from gateway.domain.service_report import NAMED_ONLY, OTHER, Silenced
from gateway.domain.ticket import Channel, Kind, Level, Severity, Status
from gateway.domain.trace_words import say_reason
from web.clock_view import length, promise
from web.i18n import language, moment
from web.words import AGENT_STATES, KINDS, LEVELS, SEVERITIES

MAIL = lazy_gettext("Mail")
DOORS = {
    **dict.fromkeys((Channel.SMTP, Channel.LMTP, Channel.IMAP, Channel.PIPE), MAIL),
    Channel.WEB: lazy_gettext("Platform"),
    Channel.PHONE: lazy_gettext("Telephone"),
    "": lazy_gettext("Begun by the team"),
}
"""By which door a request came, as a customer knows them."""

VERDICTS = {
    Verdict.KEPT: lazy_gettext("Kept"),
    Verdict.MISSED: lazy_gettext("Missed"),
    Verdict.COUNTING: lazy_gettext("Still counting"),
    Verdict.ENDED: lazy_gettext("Ended without it, in time"),
}
CALLS = {
    Outcome.UNDER_WAY: lazy_gettext("Under way"),
    Outcome.ANSWERED: lazy_gettext("Answered"),
    Outcome.MESSAGE: lazy_gettext("Message left"),
    Outcome.MISSED: lazy_gettext("Nobody reached"),
    Outcome.REDIRECTED: lazy_gettext("Told what to do instead"),
    Outcome.OUT_OF_HOURS: lazy_gettext("Outside the hours"),
    Outcome.ABANDONED: lazy_gettext("Hung up on the way"),
    Outcome.ERROR: lazy_gettext("Failed for a fault of ours"),
}
REOPENED = {
    By.AGENT: lazy_gettext("By the team"),
    By.REPORTER: lazy_gettext("By the reporter"),
    By.GATEWAY: lazy_gettext("By a mail or a call that came in"),
}
RULES = {
    "signed reply address": lazy_gettext("Signed reply address"),
    "our Message-ID": lazy_gettext("Message-ID of a mail of ours"),
    "Message-ID on a ticket": lazy_gettext("Message-ID of another mail"),
    "signed mark in the quote": lazy_gettext("Signed mark in the quoted text"),
    "reference in the subject": lazy_gettext("Reference in the subject"),
    NAMED_ONLY: lazy_gettext("Named a request and joined none"),
}
SILENCED = {
    Silenced.IGNORED: lazy_gettext("Mail that was ignored"),
    Silenced.DUPLICATE: lazy_gettext("Mail that came twice"),
    Silenced.HELD: lazy_gettext("Mail that is held for a decision"),
    Silenced.DISCARDED: lazy_gettext("Mail that a person discarded"),
    Silenced.NOT_ACKNOWLEDGED: lazy_gettext("Acknowledgement that was not sent"),
    Silenced.NOT_SENT: lazy_gettext("Mail of ours that was not sent"),
}
REASONS = {
    "auto-reply": lazy_gettext("automatic answer"),
    "out-of-office": lazy_gettext("notice of absence"),
    "auto-generated": lazy_gettext("automatic mail"),
    "list": lazy_gettext("mail of a mailing list"),
    "bulk": lazy_gettext("mail to many people"),
    "bounce": lazy_gettext("report of a failed delivery"),
    "delay": lazy_gettext("report of a delayed delivery"),
    "read-receipt": lazy_gettext("read receipt"),
    "feedback-report": lazy_gettext("report of abuse"),
    "own-loop": lazy_gettext("mail of ours that came back"),
    "the sender is on the deny list": lazy_gettext("the sender is on the deny list"),
    "the same mail came again": lazy_gettext("the same mail came again"),
    "mail had come back from the address": lazy_gettext("mail had come back from the address"),
    "no usable From address": lazy_gettext("no usable sender address"),
    "more than one From address": lazy_gettext("more than one sender"),
    "one of many within a minute": lazy_gettext("one of many within a minute"),
    "written from one of our own addresses": lazy_gettext("written from one of our own addresses"),
    OTHER: lazy_gettext("other reasons"),
}
_STORY: dict[EventType, tuple[object, Mapping[str, object]]] = {
    EventType.KIND: (lazy_gettext("Kind"), {str(kind): KINDS[kind] for kind in Kind}),
    EventType.SEVERITY: (lazy_gettext("Severity"), {str(one): SEVERITIES[one] for one in Severity}),
    EventType.STATUS: (lazy_gettext("State"), {str(status): AGENT_STATES[status] for status in Status}),
    EventType.LEVEL: (lazy_gettext("Level"), {str(level): LEVELS[level] for level in Level}),
}


def severity_name(severity: str) -> str:
    """The severity, for the heading of a line."""
    return str(SEVERITIES[Severity(severity)]) if severity else str(gettext("no severity"))


def why_suppressed(why: str) -> str:
    """Why a mail began nothing, or was not sent."""
    return str(REASONS[why]) if why in REASONS else say_reason(why, language())[0]


def why_missed(miss: Miss) -> str:
    """What was promised, from when it counted, what paused it, and when it came at last."""
    began, due = moment(miss.started_at), moment(miss.due_at)
    parts = [
        promise(miss.guarantee, miss.promised, Counting(miss.counting)) + ".",
        gettext("It counted from %(when)s and was due on %(due)s.", when=began, due=due),
    ]
    if miss.paused >= timedelta(minutes=1):
        parts.append(gettext("It paused for %(time)s while we waited for an answer.", time=length(miss.paused)))
    return " ".join([*parts, _end(miss)])


def story(miss: Miss) -> list[tuple[str, str]]:
    """What happened to the request meanwhile: when, and what."""
    return [(moment(at), _step(kind, value)) for at, kind, value in miss.story]


def whole_explanation(miss: Miss) -> str:
    """The sentence and the story in one cell."""
    return str(gettext("; ")).join([why_missed(miss), *(f"{when} – {what}" for when, what in story(miss))])


def _end(miss: Miss) -> str:
    if miss.stopped_at is None:
        return str(
            gettext("Nobody has taken it in hand yet.")
            if miss.guarantee is Guarantee.GTI
            else gettext("The service is not restored yet.")
        )
    when = moment(miss.stopped_at)
    if not miss.met:
        return str(gettext("The request ended on %(when)s without it.", when=when))
    if miss.guarantee is Guarantee.GTI:
        return str(gettext("A person took it in hand on %(when)s.", when=when))
    return str(gettext("The service was restored on %(when)s.", when=when))


def _step(kind: EventType, value: str) -> str:
    if kind not in _STORY:
        return str(gettext("Given to an agent"))
    name, words = _STORY[kind]
    return str(gettext("%(name)s: %(value)s", name=name, value=words.get(value, "–")))
