"""Is this document one that the provider executes as it is meant? The grammar as the vendor's pages tell it.

Stricter than the provider, which lets much pass and then does something else: what is not known here is a fault.
`telephony/flow.py` is tested with it on everything that it can say, and the simulator refuses what it finds.
(https://www.twilio.com/docs/voice/twiml)
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.etree import ElementTree

MAX_SIZE = 64 * 1024
_Check = Callable[[str], bool]
_E164 = re.compile(r"\+[1-9]\d{6,14}")


def _one_of(*values: str) -> _Check:
    return lambda value: value in values


def _some_of(*values: str) -> _Check:
    return lambda value: bool(value) and set(value.split(" ")) <= set(values) and "" not in value.split(" ")


def _number(least: int, most: int) -> _Check:
    return lambda value: value.isascii() and value.isdigit() and least <= int(value) <= most


def _keys(least: int, most: int) -> _Check:
    return lambda value: least <= len(value) <= most and set(value) <= set("0123456789#*")


def _is_url(value: str) -> bool:
    parts = urlsplit(value)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.fragment and "@" not in parts.netloc


_BOOL = _one_of("true", "false")
_POST = _one_of("POST")
_VOICE = re.compile(r"(Polly|Google)\.[A-Za-z0-9-]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}-[A-Z]{2}")


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """What an element may and must have. `ends` says that nothing after it is ever reached."""

    attributes: Mapping[str, _Check]
    required: Collection[str] = ()
    children: Collection[str] = ()
    holds_text: bool = False
    ends: bool = False


_RULES: dict[str, _Rule] = {
    "Say": _Rule(
        attributes={"voice": lambda v: bool(_VOICE.fullmatch(v)), "language": lambda v: bool(_LANGUAGE.fullmatch(v))},
        required=("voice", "language"),
        holds_text=True,
    ),
    "Pause": _Rule(attributes={"length": _number(1, 180)}),
    "Gather": _Rule(
        attributes={
            "input": _one_of("dtmf", "speech", "dtmf speech"),
            "action": _is_url,
            "method": _POST,
            "actionOnEmptyResult": _BOOL,
            "timeout": _number(1, 60),
            "numDigits": _number(1, 64),
            "finishOnKey": _keys(0, 1),
        },
        required=("action", "method", "actionOnEmptyResult"),
        children=("Say", "Pause"),
    ),
    "Record": _Rule(
        attributes={
            "action": _is_url,
            "method": _POST,
            "timeout": _number(0, 60),
            "finishOnKey": _keys(0, 12),
            "maxLength": _number(1, 3600),
            "playBeep": _BOOL,
            "trim": _one_of("trim-silence", "do-not-trim"),
            "recordingStatusCallback": _is_url,
            "recordingStatusCallbackMethod": _POST,
            "recordingStatusCallbackEvent": _some_of("in-progress", "completed", "absent"),
        },
        required=("action", "method", "maxLength"),
        ends=True,
    ),
    "Dial": _Rule(
        attributes={
            "action": _is_url,
            "method": _POST,
            "timeout": _number(5, 600),
            "timeLimit": _number(1, 14400),
            "answerOnBridge": _BOOL,
            "callerId": lambda value: bool(_E164.fullmatch(value)),
            "hangupOnStar": _BOOL,
            "record": _one_of("do-not-record"),
        },
        required=("action", "method"),
        children=("Number",),
        ends=True,
    ),
    "Number": _Rule(
        attributes={
            "url": _is_url,
            "method": _POST,
            "statusCallback": _is_url,
            "statusCallbackMethod": _POST,
            "statusCallbackEvent": _some_of("initiated", "ringing", "answered", "completed"),
        },
        holds_text=True,
    ),
    "Redirect": _Rule(attributes={"method": _POST}, required=("method",), holds_text=True, ends=True),
    "Hangup": _Rule(attributes={}, ends=True),
    "Reject": _Rule(attributes={"reason": _one_of("rejected", "busy")}, ends=True),
}
_TOP = frozenset(_RULES) - {"Number"}


def faults(
    document: bytes, *, base_url: str | None = None, voices: Collection[tuple[str, str]] | None = None
) -> list[str]:
    """Every fault of a document; none for one that does what it says.

    - bytes that are no XML from the first one on, or more than 64 kB; a doctype
    - an element, a nesting, an attribute or a value that is not known; a text too many or too few
    - a Gather or a Record without an address of its own, or by another method than POST
    - a verb that is never reached, and a Reject that is not the first
    - an address outside `base_url`, a voice and language not in `voices`, where these are given
    """
    if len(document) > MAX_SIZE:
        return ["the document is longer than 64 kB"]
    if not document.startswith(b"<") or b"<!DOCTYPE" in document:
        return ["the document does not begin as XML, or has a document type"]
    try:
        root = ElementTree.fromstring(document)  # noqa: S314  # without a doctype there is nothing to expand
    except ElementTree.ParseError as error:
        return [f"no XML: {error}"]
    if root.tag != "Response" or root.attrib:
        return ["the root is not a plain Response"]
    found = _place_faults(root, allowed=_TOP)
    for element in root.iter():
        if element is not root and element.tag in _RULES:
            found += _element_faults(element, _RULES[element.tag], base_url=base_url, voices=voices)
    return found + _reach_faults(root)


def _place_faults(parent: ElementTree.Element, *, allowed: Collection[str]) -> list[str]:
    found = []
    for child in parent:
        if child.tag not in allowed:
            found.append(f"{child.tag} does not belong into {parent.tag}")
        elif child.tag in _RULES:
            found += _place_faults(child, allowed=_RULES[child.tag].children)
        if (child.tail or "").strip():
            found.append(f"text after {child.tag}")
    return found


def _element_faults(
    element: ElementTree.Element,
    rule: _Rule,
    *,
    base_url: str | None,
    voices: Collection[tuple[str, str]] | None,
) -> list[str]:
    name, values = element.tag, element.attrib
    found = [f"{name} has no {needed}" for needed in rule.required if needed not in values]
    for attribute, value in values.items():
        check = rule.attributes.get(attribute)
        if check is None:
            found.append(f"{name} knows no {attribute}")
        elif not check(value):
            found.append(f"{name}: {attribute}={value!r} is not allowed")
        elif check is _is_url and base_url is not None and not value.startswith(base_url + "/"):
            found.append(f"{name}: {attribute} leads elsewhere")
    text = element.text or ""
    if bool(text.strip()) != rule.holds_text:
        found.append(f"{name} {'is empty' if rule.holds_text else 'holds text'}")
    if name == "Say" and voices is not None and (values.get("voice"), values.get("language")) not in voices:
        found.append("Say has a voice that is not pinned")
    if name == "Number" and not _E164.fullmatch(text):
        found.append("Number is not in international form")
    if name == "Dial" and not 1 <= len(element) <= 10:
        found.append("Dial rings nobody, or more than ten")
    if name == "Redirect" and not _is_url(text):
        found.append("Redirect leads nowhere")
    return found


def _reach_faults(root: ElementTree.Element) -> list[str]:
    found = []
    for index, element in enumerate(root):
        if element.tag == "Reject" and index:
            found.append("Reject is not the first verb")
        rule = _RULES.get(element.tag)
        if rule is not None and rule.ends and index < len(root) - 1:
            found.append(f"what comes after {element.tag} is never reached")
    return found
