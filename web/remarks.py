"""What an entry's reader should know about its mail beside its text: what was cut, refused, or not checked."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext

from web.file_names import clean_file_name

# Codes of `ParsedMessage.notes` and of the checks at intake; one that is not here is for agents and logs.
_NOTES = {
    "header-truncated": lazy_gettext("Its header was too long and was not read to the end."),
    "addresses-limited": lazy_gettext("It was written to too many people; only some are known."),
    "parts-limited": lazy_gettext("It has too many parts; only the first were read."),
    "nesting-limited": lazy_gettext("Its parts are nested too deeply to be read to the end."),
    "attachments-limited": lazy_gettext("It has too many files; only the first are listed."),
    "body-truncated": lazy_gettext("Its text was too long and is cut here."),
    "html-truncated": lazy_gettext("Its text was too long and is cut here."),
    "signed-not-verified": lazy_gettext("It carries a signature, which was not verified."),
    "encrypted-pgp": lazy_gettext("It is encrypted; its content is in the attached file."),
    "encrypted-smime": lazy_gettext("It is encrypted; its content is in the attached file."),
    "unreadable-tnef": lazy_gettext("One of its files could not be opened and is kept as it came."),
    "unreadable-smime": lazy_gettext("One of its files could not be opened and is kept as it came."),
    "unreadable-calendar": lazy_gettext("Its invitation could not be read and is kept as a file."),
    "not-scanned": lazy_gettext("Its files were not scanned for viruses."),
}
_REFUSED = {
    "extension": lazy_gettext("files of this kind are not accepted"),
    "double-extension": lazy_gettext("its name hides what kind of file it is"),
    "type": lazy_gettext("files of this kind are not accepted"),
    "size": lazy_gettext("it is too large"),
    "count": lazy_gettext("there were too many files"),
}


def remarks(data: Mapping[str, Any]) -> Iterator[str]:
    """The sentences about an entry, from its `data`; each once."""
    said = {code.partition(":")[0]: None for code in data.get("notes", ())}
    yield from dict.fromkeys(str(_NOTES[code]) for code in said if code in _NOTES)
    for file in data.get("refused_files", ()):
        name, reason = clean_file_name(file["name"]), refusal(file["reason"])
        yield gettext("The file “%(name)s” was not kept: %(reason)s.", name=name, reason=reason)


def refusal(code: str) -> str:
    """Why a file is not kept, in words."""
    return str(_REFUSED.get(code, lazy_gettext("it was not accepted")))
