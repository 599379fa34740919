"""What is wrong and what to do first, in the reader's language: deploy/RUNBOOK.md has the whole page for each."""

from flask_babel import lazy_gettext

# Name: (what is wrong, what it means and what to do)
ALARMS = {
    "database_down": (
        lazy_gettext("The database does not answer"),
        lazy_gettext(
            "Mail is accepted and waits; pages answer 503. The operator looks at the database’s disk and log; "
            "afterwards everything resumes by itself."
        ),
    ),
    "redis_down": (
        lazy_gettext("The bell of the workers (Redis) does not answer"),
        lazy_gettext("Mail is accepted and not filed until it is back. It holds nothing that could be lost."),
    ),
    "spool_down": (
        lazy_gettext("There is no room for what comes in"),
        lazy_gettext(
            "Senders are told to come back later, and do. The operator makes room on the disk: “gateway retention” "
            "lets go what is over its time."
        ),
    ),
    "files_down": (
        lazy_gettext("The store of raw mail and voice messages does not answer"),
        lazy_gettext(
            "Mail is accepted and waits; attachments and sounds cannot be opened meanwhile. “gateway check” says "
            "whether it is the network, the keys or the bucket; afterwards everything resumes by itself."
        ),
    ),
    "spool_stuck": (
        lazy_gettext("Something accepted has waited for more than five minutes"),
        lazy_gettext(
            "Workers are gone, hang or cannot write. If database and Redis are well, look whether workers run."
        ),
    ),
    "quarantine": (
        lazy_gettext("Something could not be filed"),
        lazy_gettext(
            "Under “Mail to decide on” it is filed again once its cause is mended, or discarded with a reason."
        ),
    ),
    "outbox_stuck": (
        lazy_gettext("A mail has been due for more than five minutes"),
        lazy_gettext("Reporters are not told. “gateway outbox” shows why; “gateway check” tries the mail relay."),
    ),
    "clocks_late": (
        lazy_gettext("A warning of a guaranteed time is late"),
        lazy_gettext("The timetable does not run. Tell the teams by hand meanwhile: the queue shows what is due."),
    ),
    "mailbox_late": (
        lazy_gettext("A mailbox is not read any more"),
        lazy_gettext(
            "Mail stays there and nothing is lost. “gateway mailbox list” shows the last error: often a password."
        ),
    ),
    "hotline_stale": (
        lazy_gettext("The hotline answers from old knowledge"),
        lazy_gettext(
            "New blocking requests cannot be called about, and the roster may be old. The timetable does not run."
        ),
    ),
    "machine_silent": (
        lazy_gettext("A machine has said nothing for a minute"),
        lazy_gettext("The others go on. What it had accepted waits on its disk until it is back."),
    ),
    "machine_spool": (
        lazy_gettext("On another machine something waits or is in quarantine"),
        lazy_gettext("“gateway machine list” names it. It is decided on from anywhere."),
    ),
    "machine_keys": (
        lazy_gettext("A machine has other signing keys"),
        lazy_gettext("Links that one made are not believed by the other. The operator gives all of them the same key."),
    ),
    "webhook_stuck": (
        lazy_gettext("A program that is to be told by webhooks does not take them"),
        lazy_gettext(
            "Nothing is lost for three days, and no other receiver waits. “gateway webhook list” shows the last error; "
            "“gateway webhook retry” sends what waits once it is mended."
        ),
    ),
    "templates_broken": (
        lazy_gettext("A mail template of your own cannot be used"),
        lazy_gettext("The product’s words are sent instead. “Outgoing mails” shows the fault."),
    ),
}
