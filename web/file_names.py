"""File names from outside: fit to be shown, and fit for a header (RFC 6266, RFC 8187)."""

import unicodedata
from urllib.parse import quote

_MAX_NAME = 120
_FALLBACK = "file"
# Control characters, invisible formatting (which holds the marks that reverse the direction of writing, so that
# `exe.txt` can be made of `txt.exe`), line separators, lone surrogates, private use.
_HIDDEN = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co"}
_NOT_IN_NAMES = '<>:"|?*'


def clean_file_name(name: str) -> str:
    """A name without path, hidden characters or what Windows refuses; the ending survives shortening."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(char for char in last if unicodedata.category(char) not in _HIDDEN and char not in _NOT_IN_NAMES)
    kept = " ".join(kept.split()).strip(". ")
    if not kept:
        return _FALLBACK
    stem, dot, ending = kept.rpartition(".")
    if len(kept) <= _MAX_NAME or not dot or len(ending) > 10:
        return kept[:_MAX_NAME]
    return stem[: _MAX_NAME - len(ending) - 1] + "." + ending


def content_disposition(name: str) -> str:
    """The header that has a browser save the file under this name; nothing in a name can end the header."""
    clean = clean_file_name(name)
    # Cleaned again: there are wide quotation marks and backslashes, which become narrow ones.
    ascii_name = clean_file_name(unicodedata.normalize("NFKD", clean).encode("ascii", "ignore").decode())
    header = f'attachment; filename="{ascii_name}"'
    if ascii_name != clean:
        header += f"; filename*=UTF-8''{quote(clean, safe='')}"
    return header
