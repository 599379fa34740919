"""Timeline entries as their reader sees them: one conversation out of mails, calls, answers and steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask_babel import gettext

from gateway.domain.ticket import Channel, Direction, EntryType, Language
from web.file_names import clean_file_name
from web.i18n import language
from web.remarks import remarks
from web.system_text import system_text

PREVIEWED = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Types of files that a page shows small; what they claim is checked when the file is read."""
PREVIEW_MAX = 5_000_000  # bytes


@dataclass(frozen=True, kw_only=True)
class FileView:
    """A file to download. `name` is fit to be shown; `preview` is the path of its image, None where it has none."""

    id: int
    name: str
    size: int
    path: str
    preview: str | None


@dataclass(frozen=True, kw_only=True)
class EntryView:
    """An entry as its reader sees it.

    `tone` is `you`, `them`, `us`, `internal` or `system`; `label` says what it is where the author does not. `quoted`
    is what stood below or above the new text; `lang` is the language of a text of ours that is not the page's, None for
    any other; `layout` the path of the mail as it was laid out, None where it is mere text; `remarks` what there is to
    know about its mail.
    """

    id: int
    at: datetime
    author: str
    tone: str
    label: str
    text: str
    quoted: str
    layout: str | None
    lang: str | None
    files: tuple[FileView, ...]
    remarks: tuple[str, ...]


def entry_view(row: Any, files: Sequence[Any], *, ref: str, reader_id: int, written_in: Language) -> EntryView:
    """A row of `entries` with its rows of `attachments`, for the person with this id. `written_in` is the ticket's
    language, in which the gateway wrote what cannot be said again."""
    mine = row.author_id == reader_id
    said = system_text(row.data) if row.type == EntryType.SYSTEM else None
    text = row.text if said is None else said
    is_ours = row.type in {EntryType.SYSTEM, EntryType.CALL}
    return EntryView(
        id=row.id,
        at=row.at,
        author=gettext("You") if mine else _author(row),
        tone=_tone(row, mine=mine),
        label=_label(row),
        text=text.strip("\n"),
        quoted=row.removed_text.strip("\n"),
        layout=f"/tickets/{ref}/entries/{row.id}/formatted" if row.data.get("has_layout") else None,
        lang=None if said is not None or not is_ours or written_in == language() else written_in,
        files=tuple(file_view(file, ref=ref) for file in files),
        remarks=tuple(remarks(row.data)),
    )


def timeline(
    rows: Sequence[Any], files: Mapping[int, Sequence[Any]], *, ref: str, reader_id: int, written_in: Language
) -> list[EntryView]:
    """The entries in order, for somebody who is no agent. `rows` are those that they may see."""
    views = (
        (row, entry_view(row, files.get(row.id, ()), ref=ref, reader_id=reader_id, written_in=written_in))
        for row in rows
    )
    # An agent's answer by mail quotes what agents alone were told, as why it was handed to them.
    return [view if row.direction == Direction.IN else replace(view, quoted="") for row, view in views]


def file_view(file: Any, *, ref: str) -> FileView:
    """A row of `attachments`, with where it can be had."""
    path = f"/tickets/{ref}/attachments/{file.id}"
    return FileView(
        id=file.id,
        name=clean_file_name(file.name),
        size=file.size,
        path=path,
        preview=f"{path}/preview" if may_preview(file) else None,
    )


def may_preview(file: Any) -> bool:
    """True for what claims to be an image of a kind that every browser shows, and is small enough."""
    return file.type.partition(";")[0].strip().lower() in PREVIEWED and file.size <= PREVIEW_MAX


def _tone(row: Any, *, mine: bool) -> str:
    if row.type == EntryType.SYSTEM:
        return "system"
    if not row.visible:
        return "internal"
    if mine:
        return "you"
    return "them" if row.direction == Direction.IN else "us"


def _author(row: Any) -> str:
    return str(gettext("Support")) if row.author == "gateway" else str(row.author)


def _label(row: Any) -> str:
    if row.type == EntryType.CALL or row.channel == Channel.PHONE:
        return str(gettext("Call"))
    return str(gettext("Internal note")) if row.type == EntryType.NOTE else ""
