"""What is wrong with an installation, in English and in French: part of the table of `reason_words.py`."""

from gateway.domain.reasons import Reason

ALARM_WORDS: dict[Reason, tuple[str, str]] = {
    Reason.NO_ANSWER: ("it does not answer", "pas de réponse"),
    Reason.ENTRIES_WAIT: ("entries wait in: {lanes}", "en attente : {lanes}"),
    Reason.IN_QUARANTINE: ("entries in quarantine: {number}", "éléments en quarantaine : {number}"),
    Reason.MAIL_OVERDUE: (
        "a mail has been due for {minutes} minutes",
        "un courriel aurait dû partir il y a {minutes} minutes",
    ),
    Reason.WARNING_LATE: (
        "a warning is {minutes} minutes late",
        "un avertissement a {minutes} minutes de retard",
    ),
    Reason.MAILBOXES_UNREAD: ("not read any more: {names}", "boîtes qui ne sont plus relevées : {names}"),
    Reason.READER_SILENT: (
        "nothing is heard of the process that reads it (gateway imapd)",
        "le programme qui la relève (gateway imapd) ne donne plus signe de vie",
    ),
    Reason.SNAPSHOT_NONE: (
        "there is no snapshot to answer calls from",
        "il n’y a pas de relevé d’après lequel répondre aux appels",
    ),
    Reason.SNAPSHOT_OLD: (
        "the snapshot is {minutes} minutes old",
        "le relevé d’après lequel on répond aux appels a {minutes} minutes",
    ),
    Reason.MACHINES_SILENT: ("nothing is heard of: {names}", "sans nouvelles de : {names}"),
    Reason.MACHINES_HOLD: (
        "entries wait or are in quarantine on: {names}",
        "des éléments attendent ou sont en quarantaine sur : {names}",
    ),
    Reason.KEYS_DIFFER: (
        "other signing keys than {here} have: {names}",
        "d’autres clés de signature que celles de {here} : {names}",
    ),
    Reason.HOOKS_STUCK: ("nothing gets through to: {names}", "rien ne parvient à : {names}"),
    Reason.TEMPLATES_UNFIT: ("templates that cannot be used: {number}", "modèles inutilisables : {number}"),
}
"""Reason: (English, French)"""

FRENCH_LANES = {"mail": "courrier", "call": "appels", "web": "formulaires"}
