"""Bytes to text when the label may lie: the declared charset, then UTF-8, then Windows-1252, then Latin-1.

Guessers are wrong for French (measured: Windows-1252 text is taken for Windows-1250 or MacCyrillic), so there is
no guessing. Labels that are commonly false are read as what they mean in practice (WHATWG Encoding standard).
"""

import codecs
import re

_MEANT = {
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "ansi": "cp1252",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "ansi_x3.4-1968": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "ms936": "gb18030",
    "windows-936": "gb18030",
    "big5": "big5hkscs",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "ksc5601": "cp949",
    "euc-kr": "cp949",
    "windows-949": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "windows-31j": "cp932",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "macintosh": "mac_roman",
}
# UTF-7 hides markup from whoever looks at the bytes; nothing that we accept needs it.
# The others are no charsets of mail; punycode takes minutes for a megabyte.
_WESTERN = {"cp1252", "iso8859-1", "iso8859-15"}
_REFUSED = {"utf-7", "punycode", "idna", "unicode_escape", "raw_unicode_escape", "unicode-escape", "raw-unicode-escape"}
_WIDE = {"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"}
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
# C0 controls other than tab and line ends, DEL, C1 controls, lone surrogates, the byte order mark: no database or
# page wants them.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff]")


def decode_bytes(data: bytes, declared: str | None) -> str:
    """Text from bytes; total. The first of declared charset, UTF-8, Windows-1252 and Latin-1 that explains them.

    Text that is UTF-8 but for a few broken characters stays UTF-8, with replacement characters: one cut
    character must not turn all the others into nonsense.
    """
    charset = _codec(declared)
    # Text of these that happens to be UTF-8 as well is never written: "Ã©" is no word.
    if charset in _WESTERN and not data.isascii() and (text := _try(data, "utf-8")) is not None:
        return text
    if charset and charset != "utf-8":
        text = _try(data, charset)
        if text is not None:
            return text
    if data.isascii():
        return data.decode("ascii")
    text = _try(data, "utf-8")
    if text is not None:
        return text
    broken = data.decode("utf-8", errors="replace")
    if _is_mostly_utf8(broken):
        return broken
    text = _try(data, "cp1252")
    return data.decode("latin-1") if text is None else text


def clean_text(text: str) -> str:
    """Text without characters that cannot be stored or shown; line ends become newlines."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def clean_line(text: str) -> str:
    """Text on one line: cleaned, runs of white space as one space."""
    return " ".join(clean_text(text).split())


def _codec(declared: str | None) -> str | None:
    """The codec for a label, None for one that is unknown, refused, or no charset."""
    label = (declared or "").strip().strip("\"'").lower()[:60]
    for candidate in (label, label.removeprefix("x-"), label.replace("_", "-"), label.replace("cp-", "cp")):
        try:
            name = codecs.lookup(_MEANT.get(candidate, candidate)).name if candidate else ""
        except (LookupError, UnicodeError, ValueError):
            continue
        return None if not name or name in _REFUSED else name
    return None


def _try(data: bytes, charset: str) -> str | None:
    if charset in _WIDE and b"\0" not in data and not data.startswith(_WIDE_MARKS):
        return None  # ASCII under a false label would come out as Chinese
    if charset == "iso2022_jp":
        return _try_japanese(data)
    try:
        return data.decode(charset)
    except (LookupError, UnicodeError, ValueError):  # LookupError: a codec that makes no text
        return None


def _try_japanese(data: bytes) -> str | None:
    """ISO-2022-JP as it is written: with half-width kana, and with the vendors' row 13 (which JIS X 0213 has)."""
    for form, charset in ((data, "iso2022_jp_ext"), (data.replace(b"\x1b$B", b"\x1b$(Q"), "iso2022_jp_2004")):
        try:
            return form.decode(charset)
        except UnicodeError:
            continue
    return None


def _is_mostly_utf8(broken: str) -> bool:
    lost = broken.count("\ufffd")
    beyond = len(broken) - len(broken.encode("ascii", "ignore")) - lost
    return beyond > 2 * lost
