"""The words of the desk that no page for reporters has: advisories, their steps, and what becomes of calls."""

from flask_babel import lazy_gettext

from gateway.domain.advisory import Danger, Stage, Step

DANGERS = {
    Danger.SECURITY: lazy_gettext("Security flaw"),
    Danger.DATA_LOSS: lazy_gettext("Risk of losing data"),
}
STAGES = {
    Stage.VERIFY: lazy_gettext("To be verified"),
    Stage.PATCH: lazy_gettext("To be patched"),
    Stage.DELIVERY: lazy_gettext("Delivery to be tracked"),
    Stage.CLOSED: lazy_gettext("Over"),
}
STEPS = {
    Step.ABSENT: lazy_gettext("Verified: it is not concerned"),
    Step.PRESENT: lazy_gettext("Verified: it is concerned"),
    Step.PATCHED: lazy_gettext("The patch is installed"),
    Step.DELIVERED: lazy_gettext("The patch is delivered"),
}
CALL_STATES = {
    "linked": lazy_gettext("already on a request"),
    "discarded": lazy_gettext("already discarded"),
    "open": lazy_gettext("to be called back"),
    "claimed": lazy_gettext("taken by an agent"),
    "attempted": lazy_gettext("tried in vain"),
    "done": lazy_gettext("called back"),
    "cancelled": lazy_gettext("no longer needed"),
}
"""A call that waited, and a call back, by what has become of them."""
