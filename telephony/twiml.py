"""What we can say to a call: the few TwiML verbs that we use, as values, and the one place that writes them as XML.

The provider's own builder checks nothing: a list becomes the text that Python shows it as, a control character makes
XML that nothing can read. Here a verb has only the attributes that we mean, every request goes by POST to an address
of its own, and text is made fit to be spoken before it is written. (https://www.twilio.com/docs/voice/twiml)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

MAX_TEXT = 4096
"""Characters of one `Say`; the provider takes no more."""

_LEG_EVENTS = "initiated ringing answered completed"


@dataclass(frozen=True, kw_only=True)
class Voice:
    """Who speaks. A voice and a language that do not belong together make the verb fail, so they are one value."""

    name: str
    language: str


@dataclass(frozen=True, kw_only=True)
class Verb:
    """One element. Made by the functions below and by nothing else."""

    name: str
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple["Verb", ...] = ()
    text: str = ""


Document = tuple[Verb, ...]
"""What is done, in order."""


def say(text: str, voice: Voice) -> Verb:
    """Speak."""
    return Verb(name="Say", attributes=(("voice", voice.name), ("language", voice.language)), text=spoken(text))


def gather(
    *spoken_first: Verb, action: str, timeout: int, digits: int | None = None, finish_on: str | None = None
) -> Verb:
    """Ask for keys. `timeout` in seconds after the last key or word; `digits` ends it at so many, `finish_on` by a key.

    Silence is an answer too: without it the document would go on where nobody listens.
    """
    attributes = [("input", "dtmf"), *_asks(action), ("actionOnEmptyResult", "true"), ("timeout", str(timeout))]
    if digits is not None:
        attributes.append(("numDigits", str(digits)))
    if finish_on is not None:
        attributes.append(("finishOnKey", finish_on))
    return Verb(name="Gather", attributes=tuple(attributes), children=spoken_first)


def record(*, action: str, status: str, longest: int) -> Verb:
    """Take a message of at most `longest` seconds; 5 s of silence or `#` end it. `status` hears of the file."""
    attributes = (
        *_asks(action),
        ("timeout", "5"),
        ("finishOnKey", "#"),
        ("maxLength", str(longest)),
        ("playBeep", "true"),
        ("recordingStatusCallback", status),
        ("recordingStatusCallbackMethod", "POST"),
        ("recordingStatusCallbackEvent", "completed absent"),
    )
    return Verb(name="Record", attributes=attributes)


def dial(number: str, *, action: str, whisper: str, status: str, caller_id: str, timeout: int, limit: int) -> Verb:
    """Ring one number for `timeout` seconds and join the calls once `whisper` has ended well, for `limit` at most.

    The caller hears ringing meanwhile. `caller_id` is what the called one sees; `status` hears of each step of the leg.
    """
    leg = Verb(
        name="Number",
        attributes=(
            ("url", whisper),
            ("method", "POST"),
            ("statusCallback", status),
            ("statusCallbackEvent", _LEG_EVENTS),
            ("statusCallbackMethod", "POST"),
        ),
        text=number,
    )
    attributes = (
        *_asks(action),
        ("timeout", str(timeout)),
        ("timeLimit", str(limit)),
        ("answerOnBridge", "true"),
        ("callerId", caller_id),
    )
    return Verb(name="Dial", attributes=attributes, children=(leg,))


def pause(seconds: int) -> Verb:
    """Silence."""
    return Verb(name="Pause", attributes=(("length", str(seconds)),))


def hang_up() -> Verb:
    """End this leg."""
    return Verb(name="Hangup")


def reject() -> Verb:
    """Do not answer the call: the caller hears that the line is busy, and nobody pays. First in its document."""
    return Verb(name="Reject", attributes=(("reason", "busy"),))


def render(document: Document) -> bytes:
    """The document as the provider reads it: UTF-8, with nothing before the XML declaration."""
    body = "".join(_write(verb) for verb in document)
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{body}</Response>'.encode()


def spoken(text: str) -> str:
    """The text on one line, without what XML cannot hold: control characters, halves of pairs, non-characters."""
    plain = "".join(char if _is_writable(char) else " " for char in text)
    return " ".join(plain.split())[:MAX_TEXT]


def _is_writable(char: str) -> bool:
    code = ord(char)
    return code >= 0x20 and not 0x7F <= code < 0xA0 and not 0xD800 <= code < 0xE000 and code & 0xFFFE != 0xFFFE


def _asks(action: str) -> Sequence[tuple[str, str]]:
    return ("action", action), ("method", "POST")


def _write(verb: Verb) -> str:
    attributes = "".join(f" {name}={quoteattr(spoken(value))}" for name, value in verb.attributes)
    inside = escape(verb.text) + "".join(_write(child) for child in verb.children)
    return f"<{verb.name}{attributes}>{inside}</{verb.name}>" if inside else f"<{verb.name}{attributes}/>"
