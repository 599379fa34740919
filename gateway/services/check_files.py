"""Whether every row that names a file has it, and every file a row that names it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, select

from gateway.db.calls import call_messages
from gateway.db.receipts import Verdict, receipts
from gateway.db.tickets import entries
from gateway.files.reading import read_each
from gateway.files.store import FileName, Kind, mail_name, sound_name
from gateway.runtime import Runtime
from gateway.services.copy_files import has_its_sum

_YOUNG = timedelta(hours=1)
"""A file is kept before its row is written, and for a while there is nothing wrong with one that has none."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """Keys: files that a row names and that are not there, files that no row names, files that are not their sum."""

    files: int
    missing: list[str]
    orphans: list[str]
    damaged: list[str]


def check_files(runtime: Runtime, *, reads: bool) -> Checked:
    """Hold the store and the database against each other; `reads` reads every file, too. Raises StoreTrouble."""
    # The rows first and last: what is filed meanwhile has its file, and what is forgotten meanwhile no row.
    before = _ask(runtime, _needed)
    stored = {one.name: one for kind in Kind for one in runtime.files.listed(kind)}
    needed, known = before & _ask(runtime, _needed), _ask(runtime, _known)
    young = runtime.clock.now() - _YOUNG
    bodies = read_each(runtime.files, sorted(stored) if reads else [])
    return Checked(
        files=len(stored),
        missing=_keys({name for name in needed - set(stored) if runtime.files.find(name) is None}),
        orphans=_keys({name for name in set(stored) - known if stored[name].at < young}),
        damaged=[name.key for name, body in bodies if not has_its_sum(name, body)],
    )


def _ask(runtime: Runtime, query: Callable[[Connection], set[FileName]]) -> set[FileName]:
    with runtime.database.reading() as connection:
        return query(connection)


def _needed(connection: Connection) -> set[FileName]:
    """What must be there: of entries, of held mail, and of voice messages that came home and whose time is not over."""
    mails = set(connection.scalars(select(entries.c.raw_sha256).where(entries.c.raw_sha256.is_not(None))))
    mails |= set(connection.scalars(select(receipts.c.sha256).where(receipts.c.verdict == Verdict.HELD)))
    is_here = call_messages.c.state.in_(("stored", "kept")) & call_messages.c.sha256.is_not(None)
    sounds = connection.scalars(select(call_messages.c.sha256).where(is_here))
    return {*map(mail_name, mails), *map(sound_name, sounds)}


def _known(connection: Connection) -> set[FileName]:
    """What some row names, whether or not it must be there still."""
    mails = connection.scalars(select(receipts.c.sha256).distinct())
    return _needed(connection) | set(map(mail_name, mails))


def _keys(names: set[FileName]) -> list[str]:
    return sorted(name.key for name in names)
