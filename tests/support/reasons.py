"""Reasons as a person reads them."""

from collections.abc import Mapping
from typing import Any

from gateway.domain.reasons import Why
from gateway.domain.saying import say, say_stored
from gateway.domain.ticket import Language


def kept(data: Mapping[str, Any]) -> str:
    """Why a ticket was filed where it was, in English, by the data of the entry that says so."""
    return f"{data['level']}: {'; '.join(say_stored(why, Language.EN) for why in data['whys'])}"


def said(why: Why | None) -> str | None:
    """The English sentence; None for no reason."""
    return None if why is None else say(why)
