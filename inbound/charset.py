"""Bytes to text when the label may lie: the declared charset, then UTF-8, then Windows-1252, which never fails here.

Guessers are wrong for French (measured: Windows-1252 text is taken for Windows-1250 or MacCyrillic), so there is
no guessing. Labels that are commonly false are read as what they mean in practice (WHATWG Encoding standard).
"""

import codecs
import re

_MEANT = {
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-8859-8": "cp1255",
    "iso-8859-8-i": "cp1255",
    "iso-8859-8-e": "cp1255",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
}
# UTF-7 hides markup from whoever looks at the bytes; nothing that we accept needs it.
# The others are no charsets of mail; punycode takes minutes for a megabyte.
_REFUSED = {"utf-7", "punycode", "idna", "unicode_escape", "raw_unicode_escape", "unicode-escape", "raw-unicode-escape"}
# C0 controls other than tab and line ends, DEL, and lone surrogates: no database or page wants them.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def decode_bytes(data: bytes, declared: str | None) -> str:
    """Text from bytes; total. What no charset explains comes out as Windows-1252 with replacement characters."""
    label = (declared or "").strip().strip("\"'").lower()
    for charset in (_MEANT.get(label, label), "utf-8", "cp1252"):
        try:
            if not charset or codecs.lookup(charset).name in _REFUSED:
                continue
            return data.decode(charset)
        except (LookupError, UnicodeError, ValueError):
            continue
    return data.decode("cp1252", errors="replace")


def clean_text(text: str) -> str:
    """Text without characters that cannot be stored or shown; line ends become newlines."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def clean_line(text: str) -> str:
    """Text on one line: cleaned, runs of white space as one space."""
    return " ".join(clean_text(text).split())
