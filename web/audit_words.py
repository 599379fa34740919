"""The audit log in the reader's language: who, what, and what is said of it."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext

from gateway.domain.audit import AuditAction, Origin, Refusal
from web.account import WAYS
from web.role_words import ROLES

ACTIONS = {
    AuditAction.PERSON_ADDED: lazy_gettext("Person added"),
    AuditAction.PERSON_CHANGED: lazy_gettext("Person changed"),
    AuditAction.PERSON_EXPORTED: lazy_gettext("Personal data exported"),
    AuditAction.PERSON_ERASED: lazy_gettext("Person erased"),
    AuditAction.ROLE_GIVEN: lazy_gettext("Role given"),
    AuditAction.ROLE_TAKEN: lazy_gettext("Role taken away"),
    AuditAction.TOKEN_MADE: lazy_gettext("Token made"),
    AuditAction.TOKEN_REVOKED: lazy_gettext("Token revoked"),
    AuditAction.LINK_MADE: lazy_gettext("Sign-in link made"),
    AuditAction.SIGNED_IN: lazy_gettext("Signed in"),
    AuditAction.SIGN_IN_FAILED: lazy_gettext("Sign-in failed"),
    AuditAction.SIGN_IN_CHANGED: lazy_gettext("Ways to sign in changed"),
    AuditAction.SESSION_REVOKED: lazy_gettext("Session ended by somebody"),
    AuditAction.HELD_RELEASED: lazy_gettext("Held mail made a request"),
    AuditAction.HELD_DISCARDED: lazy_gettext("Held mail discarded"),
    AuditAction.ASIDE_REPLAYED: lazy_gettext("Quarantined entry filed again"),
    AuditAction.ASIDE_DISCARDED: lazy_gettext("Quarantined entry discarded"),
    AuditAction.RAW_READ: lazy_gettext("Mail downloaded as it came"),
    AuditAction.SOUND_HEARD: lazy_gettext("Voice message listened to"),
    AuditAction.CALENDAR_OVERRIDDEN: lazy_gettext("Emergency in the calendar"),
    AuditAction.CALENDAR_ENDED: lazy_gettext("Emergency ended"),
    AuditAction.DUTY_SET: lazy_gettext("Duty roster changed"),
    AuditAction.DUTY_SWAPPED: lazy_gettext("Turns on duty swapped"),
    AuditAction.REPORT_READ: lazy_gettext("Service report downloaded"),
    AuditAction.AUDIT_READ: lazy_gettext("Audit log downloaded"),
    AuditAction.BACKUP_MADE: lazy_gettext("Backup made"),
    AuditAction.BACKUP_RESTORED: lazy_gettext("Backup restored"),
    AuditAction.IMPORTED: lazy_gettext("Import from elsewhere"),
    AuditAction.REPLAYED: lazy_gettext("Archive replayed by today’s rules"),
}
_DETAILS = {
    "role": lazy_gettext("role"),
    "fields": lazy_gettext("what changed"),
    "token": lazy_gettext("token"),
    "scopes": lazy_gettext("good for"),
    "days": lazy_gettext("days"),
    "reason": lazy_gettext("reason"),
    "ticket": lazy_gettext("request"),
    "entry": lazy_gettext("message"),
    "hours": lazy_gettext("hours"),
    "people": lazy_gettext("people"),
    "other_day": lazy_gettext("other day"),
    "until": lazy_gettext("until"),
    "files": lazy_gettext("files"),
    "rows": lazy_gettext("rows"),
    "sessions": lazy_gettext("sessions"),
    "way": lazy_gettext("way"),
    "what": lazy_gettext("what changed"),
    "why": lazy_gettext("why"),
    "times": lazy_gettext("times within the hour"),
    "mails": lazy_gettext("mails"),
    "tickets": lazy_gettext("requests"),
    "messages": lazy_gettext("messages"),
    "not_taken": lazy_gettext("not taken"),
    "made_at": lazy_gettext("made on"),
    "secrets": lazy_gettext("with the keys"),
    "open": lazy_gettext("open"),
}
_FACTORS = {
    "all": lazy_gettext("password and code"),
    "password": lazy_gettext("password"),
    "codes": lazy_gettext("recovery codes"),
    "removed": lazy_gettext("taken away"),
    "setup": lazy_gettext("set-up code handed out"),
}
_REFUSALS = {
    Refusal.FORGED: lazy_gettext("not made by us, altered, or of long ago"),
    Refusal.USED: lazy_gettext("used before"),
    Refusal.EXPIRED: lazy_gettext("its time was over"),
    Refusal.UNKNOWN: lazy_gettext("nobody has this address"),
    Refusal.NO_ROLE: lazy_gettext("works for no project"),
    Refusal.NOT_SET_UP: lazy_gettext("no password is set up"),
    Refusal.WRONG_PASSWORD: lazy_gettext("wrong password"),
    Refusal.WRONG_CODE: lazy_gettext("wrong code"),
    Refusal.WRONG_NEW_CODE: lazy_gettext("not a code of the new app"),
    Refusal.WRONG_SETUP_CODE: lazy_gettext("not the set-up code, or its time was over"),
    Refusal.CHANGED: lazy_gettext("changed by somebody else meanwhile"),
    Refusal.TOO_MANY: lazy_gettext("too many tries lately"),
    Refusal.NOT_VOUCHED: lazy_gettext("the organisation let nobody in"),
}
_WAYS: Mapping[Any, Any] = {**WAYS, "change": lazy_gettext("changing the ways to sign in")}
_WORDS: Mapping[str, Mapping[Any, Any]] = {"role": ROLES, "way": _WAYS, "what": _FACTORS, "why": _REFUSALS}
_FIELDS = {
    "name": lazy_gettext("name"),
    "lang": lazy_gettext("language"),
    "phone": lazy_gettext("number"),
    "notices": lazy_gettext("notices"),
}


def action_name(action: str) -> str:
    """What was done; the word itself for one that a later release wrote."""
    return str(ACTIONS[AuditAction(action)]) if action in set(AuditAction) else action


def actor_name(row: Any) -> str:
    """Whoever did it: an address, the shell with its user, or nobody whom we know. `row` is of `list_audit`."""
    if row.actor is not None:
        return str(row.actor)
    if row.origin == Origin.SHELL:
        return str(gettext("by shell, as %(user)s", user=row.detail.get("user", "?")))
    return str(gettext("somebody unknown") if row.origin == Origin.STRANGER else gettext("somebody who is gone"))


def detail_said(detail: Mapping[str, Any]) -> str:
    """What else is known of it, in a line."""
    return " · ".join(
        f"{_DETAILS.get(name, name)}{gettext(': ')}{_value(name, value)}"
        for name, value in detail.items()
        if name != "user"
    )


def _value(name: str, value: Any) -> str:
    if name in _WORDS:
        return str(_WORDS[name].get(value, value))
    if name == "fields":
        return ", ".join(str(_FIELDS.get(field, field)) for field in str(value).split())
    if isinstance(value, bool):
        return str(gettext("yes") if value else gettext("no"))
    return str(value)
