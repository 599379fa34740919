"""Reading an answer as strictly as can be: what the provider would let pass and misunderstand is a fault here.

(https://www.twilio.com/docs/api/errors)
"""

from collections.abc import Collection
from dataclasses import dataclass
from xml.etree import ElementTree

from telephony.simulator.effects import Reply
from telephony.twiml_lint import faults

LIMIT = 15.0
"""Seconds that an answer may take, connecting included."""

_TYPES = {"text/xml", "application/xml"}

Document = tuple[ElementTree.Element, ...]


@dataclass(frozen=True, kw_only=True)
class Grammar:
    """What a document must keep to beyond the grammar: addresses below this base, voices of these."""

    base_url: str | None = None
    voices: Collection[tuple[str, str]] | None = None


class Unusable(Exception):
    """No document came of it. `code` is the provider's error code."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code


def read_document(reply: Reply, grammar: Grammar) -> Document:
    """The verbs of an answer. Raises Unusable.

    - 11205: nobody there, or no answer within 15 seconds
    - 11200: another status than 200
    - 12300: another content type than XML
    - 12100: no XML
    - 12200: XML that the lint finds a fault with
    """
    if reply.error or reply.seconds > LIMIT:
        raise Unusable(11205, reply.error or f"no answer within {LIMIT:g} seconds")
    if reply.status != 200:
        raise Unusable(11200, f"status {reply.status}")
    if reply.content_type.partition(";")[0].strip().lower() not in _TYPES:
        raise Unusable(12300, f"content type {reply.content_type or 'missing'}")
    found = faults(reply.body, base_url=grammar.base_url, voices=grammar.voices)
    if found:
        raise Unusable(12200 if _is_xml(reply.body) else 12100, "; ".join(found))
    return tuple(ElementTree.fromstring(reply.body))  # noqa: S314  # the lint has refused document types


def _is_xml(body: bytes) -> bool:
    if b"<!DOCTYPE" in body:
        return False
    try:
        ElementTree.fromstring(body)  # noqa: S314  # without a document type there is nothing to expand
    except ElementTree.ParseError:
        return False
    return True
