"""Reasons as a person reads them."""

from gateway.domain.reasons import Why
from gateway.domain.saying import say


def said(why: Why | None) -> str | None:
    """The English sentence; None for no reason."""
    return None if why is None else say(why)
