"""winmail.dat opened: the text and the files that Outlook wrapped up (MS-OXTNEF, MS-OXCDATA). Pure, linear, bounded.

A reader of our own, because a count in the file must not be believed: with one of four billion the library that
there is runs for hours. Anything that is not as it should be raises TnefError; what was found before is dropped.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct, error
from typing import NamedTuple

from inbound.bounds import MAX_FILES
from inbound.charset import clean_text, decode_bytes
from inbound.rtf import RtfError, decompress_rtf, rtf_to_text

_SIGNATURE = 0x223E9F78
_BODY, _TITLE, _DATA, _RENDERING, _CODEPAGE = 0x800C, 0x8010, 0x800F, 0x9002, 0x9007
_MESSAGE_PROPERTIES, _FILE_PROPERTIES = 0x9003, 0x9005
_TEXT, _RTF, _HTML, _INTERNET_CODEPAGE = 0x1000, 0x1009, 0x1013, 0x3FDE
_FILE_DATA, _SHORT_NAME, _LONG_NAME, _MIME, _CONTENT_ID, _DISPLAY_NAME = 0x3701, 0x3704, 0x3707, 0x370E, 0x3712, 0x3001
_FIXED = {0x02: 4, 0x0B: 4, 0x03: 4, 0x04: 4, 0x0A: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE = {0x0D, 0x1E, 0x1F, 0x102}
_RECORD, _U32, _PROPERTY = Struct("<BHHI"), Struct("<I"), Struct("<HH")
_MOST = 20_000  # records, and properties of one record


class TnefError(ValueError):
    """This is no sound TNEF."""


class _Property(NamedTuple):
    kind: int
    data: bytes


@dataclass(kw_only=True)
class TnefFile:
    """A file in it. Everything but `data` is the sender's claim, "" where there is none."""

    name: str = ""
    type: str = ""
    content_id: str = ""
    data: bytes = b""


@dataclass(kw_only=True)
class Tnef:
    """What is in it. `text` is plain, from the plain or the rich text; both are "" where there is none."""

    text: str = ""
    html: str = ""
    files: list[TnefFile] = field(default_factory=list)


def open_tnef(data: bytes) -> Tnef:
    """Open a winmail.dat. Raises TnefError."""
    try:
        if _U32.unpack_from(data)[0] != _SIGNATURE:
            raise TnefError("no TNEF signature")
        return _read(data)
    except (error, IndexError, RtfError) as broken:
        raise TnefError(str(broken)) from broken


def _read(data: bytes) -> Tnef:
    found, codepage = Tnef(), "cp1252"
    for name, value in _records(data):
        if name == _CODEPAGE:
            codepage = f"cp{_U32.unpack_from(value)[0]}"
        elif name == _BODY:
            found.text = _string(value, codepage)
        elif name == _MESSAGE_PROPERTIES:
            _take_message(found, dict(_properties(value)), codepage)
        elif name == _RENDERING:
            if len(found.files) == MAX_FILES:
                break
            found.files.append(TnefFile())
        elif found.files:
            _take_file(found.files[-1], name, value, codepage)
    return found


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 6
    for _ in range(_MOST):
        if position + _RECORD.size > len(data):
            return
        _, name, _, length = _RECORD.unpack_from(data, position)
        start = position + _RECORD.size
        if start + length > len(data):
            raise TnefError("a record is longer than the file")
        yield name, data[start : start + length]
        position = start + length + 2  # its checksum


def _take_message(found: Tnef, properties: dict[int, _Property], codepage: str) -> None:
    internet = properties.get(_INTERNET_CODEPAGE)
    charset = f"cp{_U32.unpack_from(internet.data)[0]}" if internet else codepage
    charset = {"cp65001": "utf-8", "cp20127": "us-ascii", "cp28591": "iso-8859-1"}.get(charset, charset)
    if html := properties.get(_HTML):
        found.html = _value(html, charset)
    if text := properties.get(_TEXT):
        found.text = _value(text, charset)
    if (rtf := properties.get(_RTF)) and not found.text and not found.html:
        found.text = rtf_to_text(decompress_rtf(rtf.data))


def _take_file(file: TnefFile, name: int, value: bytes, codepage: str) -> None:
    if name == _TITLE:
        file.name = file.name or _string(value, codepage)
    elif name == _DATA:
        file.data = value
    elif name == _FILE_PROPERTIES:
        properties = dict(_properties(value))
        for wanted in (_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME):
            if wanted in properties and (wanted == _LONG_NAME or not file.name):
                file.name = _value(properties[wanted], codepage) or file.name
        file.type = _value(properties[_MIME], codepage) if _MIME in properties else ""
        file.content_id = _value(properties[_CONTENT_ID], codepage) if _CONTENT_ID in properties else ""
        if _FILE_DATA in properties and not file.data:
            file.data = properties[_FILE_DATA].data


def _properties(data: bytes) -> Iterator[tuple[int, _Property]]:
    """The properties of a record by their ids; named ones are stepped over, of several values the first is taken."""
    count, position = min(_U32.unpack_from(data)[0], _MOST), 4
    for _ in range(count):
        if position + _PROPERTY.size > len(data):
            return
        kind, name = _PROPERTY.unpack_from(data, position)
        position += 4
        if name >= 0x8000:
            position = _after_name(data, position)
        values, position = _values(data, position, kind)
        if values and name < 0x8000:
            yield name, _Property(kind & 0x0FFF, values[0])


def _after_name(data: bytes, position: int) -> int:
    position += 16  # the identifier of a set of properties
    if _U32.unpack_from(data, position)[0] == 0:
        return position + 8
    return position + 8 + _padded(_U32.unpack_from(data, position + 4)[0])


def _values(data: bytes, position: int, kind: int) -> tuple[list[bytes], int]:
    plain, is_multiple = kind & 0x0FFF, kind & 0x1000
    if plain not in _FIXED and plain not in _VARIABLE:
        raise TnefError(f"a property of kind {plain}")
    count = 1
    if is_multiple or plain in _VARIABLE:
        count = _U32.unpack_from(data, position)[0]
        position += 4
    values: list[bytes] = []
    for _ in range(min(count, _MOST)):
        size = _FIXED.get(plain, 0)
        if plain in _VARIABLE:
            size = _U32.unpack_from(data, position)[0]
            position += 4
        if position + size > len(data):
            raise TnefError("a value is longer than its record")
        values.append(data[position : position + size])
        position += size if plain in _FIXED else _padded(size)
    return values, position


def _value(value: _Property, codepage: str) -> str:
    return _string(value.data, "utf-16-le" if value.kind == 0x1F else codepage)


def _string(data: bytes, charset: str) -> str:
    return clean_text(decode_bytes(data, charset)).strip()


def _padded(size: int) -> int:
    return size + -size % 4
