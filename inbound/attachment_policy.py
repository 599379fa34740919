"""Which attached files are not kept, and why: by type, extension, size and count. Pure.

What is refused leaves a visible line on the ticket; the raw mail still holds it. Names and types are claims of the
sender: a file that lies about both is for the virus scanner to find.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from gateway.config.mail_checks import AttachmentSettings
from gateway.mail.parsed import MailFile


class Refusal(StrEnum):
    """Why a file is not kept; the code that pages and mails turn into words."""

    EXTENSION = "extension"
    DOUBLE_EXTENSION = "double-extension"
    TYPE = "type"
    SIZE = "size"
    COUNT = "count"


# Endings that a second one hides behind: `facture.pdf.exe` looks like a document where endings are not shown.
_HARMLESS = frozenset(
    {"pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "odp", "txt", "csv", "rtf", "htm", "html", "zip"}
    | {"jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "mp3", "mp4"}
)
# Characters that are not shown: controls, those without width, those that turn the direction.
_SPACES = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
_INVISIBLE = re.compile("[\x00-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def refuse(files: Iterable[MailFile], settings: AttachmentSettings) -> Mapping[int, Refusal]:
    """The files that are not kept: their position in the mail, and the reason. For each file the first that holds:

    - its extension is refused, or hides behind a harmless one (`photo.jpg.exe`)
    - its type is refused
    - it is larger than `max_size`
    - `max_count` files before it were kept
    """
    refused: dict[int, Refusal] = {}
    kept = 0
    for file in files:
        reason = _reason(file, settings) or (Refusal.COUNT if kept >= settings.max_count else None)
        if reason is None:
            kept += 1
        else:
            refused[file.position] = reason
    return refused


def _reason(file: MailFile, settings: AttachmentSettings) -> Refusal | None:
    endings = _endings(file.name)
    if endings and endings[-1] in {extension.lower().lstrip(".") for extension in settings.refused_extensions}:
        hides = len(endings) > 1 and endings[-2] in _HARMLESS
        return Refusal.DOUBLE_EXTENSION if hides else Refusal.EXTENSION
    if file.type.partition(";")[0].strip().lower() in {kind.lower() for kind in settings.refused_types}:
        return Refusal.TYPE
    return Refusal.SIZE if file.size > settings.max_size else None


def _endings(name: str) -> list[str]:
    """The last two endings of a name, as a system would take them that opens the file."""
    plain = _INVISIBLE.sub("", name.replace("\\", "/").rpartition("/")[2])
    # Windows drops dots and spaces at the end.
    plain = plain.rstrip("." + _SPACES)
    return [part.strip(_SPACES).lower() for part in plain.split(".")[1:]][-2:]
