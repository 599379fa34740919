"""The words of a ticket as pages say them, in the reader's language: states, severities, kinds of work, levels."""

from flask import Flask
from flask_babel import lazy_gettext

from gateway.db.receipts import Verdict
from gateway.domain.kinds import COMPONENTS
from gateway.domain.ticket import Kind, Level, Severity, Status
from gateway.domain.trace_words import say_reason, say_step
from web.i18n import language

# Where a request stands, in two sentences: its name, and what that means for the reader.
STATES = {
    Status.NEW: (lazy_gettext("New request"), lazy_gettext("We have it; nobody has taken it up yet.")),
    Status.OPEN: (lazy_gettext("In progress"), lazy_gettext("Somebody is working on it.")),
    Status.PENDING: (lazy_gettext("Waiting for you"), lazy_gettext("We need your answer to go on.")),
    Status.RESOLVED: (lazy_gettext("Resolved"), lazy_gettext("Tell us whether it is solved for you.")),
    Status.CLOSED: (lazy_gettext("Closed"), lazy_gettext("Nothing more is planned for it.")),
    Status.MERGED: (lazy_gettext("Merged"), lazy_gettext("It is followed up under another request.")),
}
AGENT_STATES = {
    Status.NEW: lazy_gettext("New"),
    Status.OPEN: lazy_gettext("In progress"),
    Status.PENDING: lazy_gettext("Waiting for the reporter"),
    Status.RESOLVED: lazy_gettext("Resolved"),
    Status.CLOSED: lazy_gettext("Closed"),
    Status.MERGED: lazy_gettext("Merged"),
}
"""Where a ticket stands, as agents say it among themselves."""
SEVERITIES = {
    Severity.BLOCKING: lazy_gettext("Blocking"),
    Severity.MAJOR: lazy_gettext("Major"),
    Severity.MINOR: lazy_gettext("Minor"),
}
SEVERITY_MEANINGS = {
    Severity.BLOCKING: lazy_gettext("Nobody can work: the application or an essential part of it is unusable."),
    Severity.MAJOR: lazy_gettext("Work goes on, but with difficulty: something important fails or takes a detour."),
    Severity.MINOR: lazy_gettext("It is a nuisance, and nobody is kept from working."),
}
KINDS = {
    Kind.CORRECTIVE: lazy_gettext("Incident"),
    Kind.ASSISTANCE: lazy_gettext("Question or request for help"),
    Kind.ADAPTIVE: lazy_gettext("Adaptation to a new environment"),
    Kind.EVOLUTIVE: lazy_gettext("New function or change"),
    Kind.REGULATORY: lazy_gettext("Regulatory requirement"),
    Kind.PREVENTIVE: lazy_gettext("Preventive maintenance"),
}
KIND_MEANINGS = {
    Kind.CORRECTIVE: lazy_gettext("Something does not work as it did or as it should."),
    Kind.ASSISTANCE: lazy_gettext("You want to know how something is done, or need help with it."),
    Kind.ADAPTIVE: lazy_gettext("What the application runs on changes: system, database, browser, third-party API."),
    Kind.EVOLUTIVE: lazy_gettext("You would like the application to do something more, or otherwise."),
    Kind.REGULATORY: lazy_gettext("A law or a recommendation asks for a change."),
}
VERDICTS = {
    Verdict.FILED: lazy_gettext("Filed"),
    Verdict.DUPLICATE: lazy_gettext("Duplicate"),
    Verdict.IGNORED: lazy_gettext("Ignored"),
    Verdict.HELD: lazy_gettext("Held"),
    Verdict.DISCARDED: lazy_gettext("Discarded"),
}
FIELD_NAMES = {
    "component": lazy_gettext("What changes"),
    "from_version": lazy_gettext("Present version"),
    "to_version": lazy_gettext("New version"),
    "source": lazy_gettext("Law, recommendation or authority"),
    "effective_on": lazy_gettext("In force from"),
}
COMPONENT_NAMES = dict(
    zip(
        COMPONENTS,
        (
            lazy_gettext("Operating system"),
            lazy_gettext("Database system"),
            lazy_gettext("Web browser"),
            lazy_gettext("Third-party API"),
        ),
        strict=True,
    )
)
LEVELS = {
    Level.N1: lazy_gettext("Level 1 support"),
    Level.N2: lazy_gettext("Level 2 support"),
    Level.N3: lazy_gettext("Level 3 support"),
}


def register(app: Flask) -> None:
    """Let templates use these words: `words.states[status]`, a pair, and the others by their value."""
    app.add_template_global(lambda steps: [say_step(step, language()) for step in steps], "said_steps")
    app.add_template_global(lambda reason: say_reason(reason, language()), "said_reason")
    app.jinja_env.globals["words"] = {
        "verdicts": VERDICTS,
        "states": STATES,
        "severities": SEVERITIES,
        "kinds": KINDS,
        "levels": LEVELS,
    }
