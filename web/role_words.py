"""Roles, ways of being told, and what tokens are good for, as pages name them."""

from flask_babel import lazy_gettext

from gateway.domain.telling import Preference
from gateway.domain.ticket import Role
from gateway.services.api_tokens import Scope

ROLES = {
    Role.REPORTER: lazy_gettext("Reporter"),
    Role.N1: lazy_gettext("Agent N1"),
    Role.N2: lazy_gettext("Agent N2"),
    Role.N3: lazy_gettext("Agent N3"),
    Role.SUPERVISOR: lazy_gettext("Supervisor"),
}
PREFERENCES = {
    Preference.IMMEDIATE: lazy_gettext("At once"),
    Preference.DIGEST: lazy_gettext("Together, from time to time"),
    Preference.NONE: lazy_gettext("Not at all"),
}
SCOPES = {
    Scope.TICKETS_READ: lazy_gettext("Read requests"),
    Scope.TICKETS_WRITE: lazy_gettext("Change requests and answer"),
    Scope.REPORT: lazy_gettext("Report"),
    Scope.CALLS_READ: lazy_gettext("Read the log of calls"),
}
