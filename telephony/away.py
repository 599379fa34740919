"""What callers hear from another host while this one cannot be reached: two documents that need nothing of ours.

`away.xml` apologises in both languages, says what a message is kept for, and takes one; `thanks.xml` ends the call.
The provider keeps the recording, and reconciliation brings it home once we are back.
"""

from urllib.parse import urlsplit

from gateway.config.model import SettingsModel
from gateway.domain.project import Project
from gateway.domain.ticket import Language
from gateway.errors import Misconfigured
from telephony.answering import PREFIX
from telephony.line import Route
from telephony.prompts import address, length, prompt
from telephony.twiml import Document, Voice, hang_up, record, render, say
from telephony.twiml_lint import faults

AWAY, THANKS = "away.xml", "thanks.xml"


def away_documents(settings: SettingsModel, project: Project, *, base: str) -> dict[str, bytes]:
    """The documents by file name, to be served below `base`. Raises Misconfigured for a base that is no address."""
    parts = urlsplit(base)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise Misconfigured([f"--base: {base!r} must look like https://fallback.example.org/hotline"])
    home = base.rstrip("/")
    status = f"{settings.http.base_url}{PREFIX}/{Route.RECORDING}"
    longest = settings.telephony.message_seconds
    spoken = [say(text, _voice(settings, lang)) for lang in Language for text in _words(settings, project, lang)]
    goodbye = [say(prompt("thanks", lang), _voice(settings, lang)) for lang in Language]
    documents = {
        AWAY: (*spoken, record(action=f"{home}/{THANKS}", status=status, longest=longest)),
        THANKS: (*goodbye, hang_up()),
    }
    return {name: _checked(document) for name, document in documents.items()}


def _words(settings: SettingsModel, project: Project, lang: Language) -> tuple[str, str]:
    rules = settings.telephony
    notice = prompt(
        "notice",
        lang,
        longest=length(rules.message_seconds, lang),
        days=str(rules.message_days),
        address=address(project.address, lang),
    )
    return prompt("apology", lang), notice


def _voice(settings: SettingsModel, lang: Language) -> Voice:
    rules = settings.telephony
    name = rules.english_voice if lang is Language.EN else rules.french_voice
    return Voice(name=name, language="en-GB" if lang is Language.EN else "fr-FR")


def _checked(document: Document) -> bytes:
    content = render(document)
    found = faults(content)
    if found:
        raise Misconfigured([f"the document would not be executed: {fault}" for fault in found])
    return content + b"\n"
