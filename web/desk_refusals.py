"""Why the rules of the contract refuse something, in the agent's language.

The rules speak English, one fault after the other (`domain.rights`, `levels`, `kinds`, `arranging`): here each of
their sentences is known by its form. One that is not known is shown as it is.
"""

import re
from collections.abc import Sequence

from flask_babel import gettext, lazy_gettext

_FORMS: Sequence[tuple[str, object]] = (
    (
        r"it is before (?P<level>N\d), and only (?P=level) or a supervisor .*",
        lazy_gettext("It is before %(level)s: only %(level)s or a supervisor can do this."),
    ),
    (r"it is (?P<status>\w+): reopen it first", lazy_gettext("It is at its end: reopen it first.")),
    (r"it is at its end: reopen it first", lazy_gettext("It is at its end: reopen it first.")),
    (r"it is merged into another ticket", lazy_gettext("It is merged into another request.")),
    (r"it is merged", lazy_gettext("It is merged into another request.")),
    (r"it is already (?P<status>\w+)", lazy_gettext("It already has this status.")),
    (r"it is already before (?P<level>N\d)", lazy_gettext("It is already before %(level)s.")),
    (
        r"from (?P<from>N\d) it goes to (?P<level>N\d) first, .*",
        lazy_gettext("From %(from)s it goes to %(level)s first: one level at a time."),
    ),
    (r"only N2 may put anything before N3", lazy_gettext("Only N2 may put anything before N3.")),
    (
        r"before N3 (come|are) only software anomalies .*",
        lazy_gettext("Before N3 come only software anomalies: incidents."),
    ),
    (
        r"only (?P<level>N\d) or a supervisor hands over what is before N\d",
        lazy_gettext("Only %(level)s or a supervisor hands over what is before %(level)s."),
    ),
    (r"handing back to (?P<level>N\d) needs a reason", lazy_gettext("Handing back to %(level)s needs a reason.")),
    (
        r"whoever has it must be an agent of (?P<level>N\d)",
        lazy_gettext("Whoever has it must be an agent of %(level)s or a supervisor."),
    ),
    (r"(?P<kind>\w+) work carries no severity .*", lazy_gettext("This kind of work carries no severity.")),
    (
        r"preventive work follows its own procedure.*",
        lazy_gettext("Preventive work follows its own procedure: it begins with an advisory."),
    ),
    (r"a (mail|call) is discarded with a reason", lazy_gettext("It is discarded with a reason.")),
    (
        r"somebody else has just decided about this mail|call .* is .*",
        lazy_gettext("Somebody else has just decided about it."),
    ),
    (r"a call lasts 1 to 600 minutes", lazy_gettext("A call lasts 1 to 600 minutes.")),
    (
        r"this mail does not have one sender: .*",
        lazy_gettext("This mail does not have one sender: say whose it is."),
    ),
    (
        r"nobody can swap a turn that they do not have.*",
        lazy_gettext("Nobody can swap a turn that they do not have that day."),
    ),
    (
        r".* is not in the form 9:00-17:30|say from when until when: .*",
        lazy_gettext("Hours are written like 9:00-12:00, 14:00-17:30."),
    ),
    (
        r".* does not end after it begins, within one day",
        lazy_gettext("Hours end after they begin, within one day."),
    ),
    (r".* overlaps or is out of order", lazy_gettext("Hours follow one another and do not overlap.")),
    (
        r".* is no weekday and no date .*|.* is no date .*",
        lazy_gettext("Choose a weekday, or a date like 2027-01-31."),
    ),
    (
        r"somebody of them does not work for the project, or has no number",
        lazy_gettext("Choose people who work for this project and have a number."),
    ),
    (
        r"only N2 and supervisors (open an advisory|take the steps of an advisory).*",
        lazy_gettext("Only N2 and supervisors do preventive work."),
    ),
    (r"the advisory needs a reference", lazy_gettext("The advisory needs a reference.")),
    (r"the advisory needs a title", lazy_gettext("The advisory needs a title.")),
    (r"say what the advisory touches", lazy_gettext("Say what the advisory touches.")),
    (r"\w+: at most (?P<number>\d+) characters", lazy_gettext("At most %(number)s characters in this field.")),
    (r"name the projects that the advisory concerns", lazy_gettext("Choose the projects that it concerns.")),
    (
        r"(?P<reference>.+) is open already, under the title ['\"](?P<title>.*)['\"]",
        lazy_gettext("%(reference)s is open already, under the title “%(title)s”."),
    ),
    (
        r"(?P<reference>.+) is open already, under another title",
        lazy_gettext("%(reference)s is open already, under another title."),
    ),
    (
        r"(?P<reference>.+) is being opened by somebody else: .*",
        lazy_gettext("%(reference)s is being opened by somebody else: try again."),
    ),
    (
        r"(\S+: )?it was found or set \w+ already, by (?P<who>.+)",
        lazy_gettext("%(who)s has taken this step already."),
    ),
    (r"(\S+: )?its procedure is over: .*", lazy_gettext("Its procedure is over.")),
    (r"(\S+: )?\w+ comes later or not at all: .*", lazy_gettext("This step comes later, or not at all.")),
    (r"(\S+: )?say what was found", lazy_gettext("Say what was found.")),
    (r"nothing would change", lazy_gettext("Nothing would change: choose or write something first.")),
    (r"(?P<name>\w+) must be a date like .*", lazy_gettext("The date is written like 2027-01-31.")),
    (r"(?P<name>\w+) must be one of .*", lazy_gettext("Choose one of the values that are offered.")),
    # The same words for a ticket that does not exist and for one that is not theirs.
    (
        r"there is no .*|it is before N\d, and was never before a level of theirs",
        lazy_gettext("There is no such request, or it is not open to you."),
    ),
    (r"a ticket is not linked to itself", lazy_gettext("A request is not linked to itself.")),
    (
        r".* is just being merged, or in a ring: it has no survivor",
        lazy_gettext("It is being merged at this very moment: look at it again."),
    ),
    (r".* a ticket is not merged into itself", lazy_gettext("A request is not merged into itself.")),
    (
        r"tickets of two projects are not merged: .*",
        lazy_gettext("Requests of two projects are not merged: link them."),
    ),
    (r"nothing would be left on it", lazy_gettext("Nothing would be left here: leave at least one message.")),
    (r"choose at least one entry to split off", lazy_gettext("Choose at least one message to split off.")),
    (r"'(?P<address>.*)' is not a mail address", lazy_gettext("“%(address)s” is not a mail address.")),
    (r"(?P<address>\S+) is our own address", lazy_gettext("%(address)s is our own address.")),
    (
        r"(?P<address>\S+) is the reporter, and stays .*",
        lazy_gettext("%(address)s is the reporter, and stays on the request."),
    ),
)
_KNOWN = [(re.compile(form), sentence) for form, sentence in _FORMS]


def refusal_sentences(refusal: str) -> list[str]:
    """A sentence for each fault."""
    return [_sentence(fault.strip()) for fault in refusal.split("; ") if fault.strip()] or [gettext("It was refused.")]


def _sentence(fault: str) -> str:
    for form, sentence in _KNOWN:
        if match := form.fullmatch(fault):
            return str(sentence) % match.groupdict() if match.groupdict() else str(sentence)
    return fault[:1].upper() + fault[1:] + "."
