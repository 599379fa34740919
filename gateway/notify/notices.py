"""The notices that we send: one word each, which is also the name of its templates."""

from enum import StrEnum


class Notice(StrEnum):
    """A decision to tell somebody something."""

    ACKNOWLEDGEMENT = "acknowledgement"  # to a reporter: your mail has become this ticket
    PROGRESS = "progress"  # to a reporter: what an agent wrote to you, and what has changed
    PARTICIPANT = "participant"  # to people beside the reporter: you are on this ticket, or what happened to it
    NEWS = "news"  # to an agent: this happened to a ticket of yours
    NEWS_DIGEST = "news_digest"  # to an agent: all this happened
    ORDERS_REFUSED = "orders_refused"  # to an agent: what your mail asked for was not done, and why
    CLOCKS = "clocks"  # to agents: guaranteed times that come close or are past
    SIGN_IN_LINK = "sign_in_link"  # to whoever asked for it on the status page: this link signs you in, once
    MAILBOX_FAILING = "mailbox_failing"  # to the supervisors: mail waits in a mailbox that we cannot read
    MAILBOX_RECOVERED = "mailbox_recovered"  # to the supervisors: we read it again
    ALARM = "alarm"  # to the operator: something of the installation is broken
    ALARM_OVER = "alarm_over"  # to the operator: it is well again


TO_CUSTOMERS = frozenset({Notice.ACKNOWLEDGEMENT, Notice.PROGRESS, Notice.PARTICIPANT})
"""Those that agents are told of where they do not arrive; of a mail to an agent it would be telling in a circle."""
