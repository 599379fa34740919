"""Which mails of a folder are still to be taken. Pure: what was settled so far, and what is there, decide.

A cursor says that every mail up to a UID is settled: taken, or left on purpose. It saves looking again and is never
the proof that something was taken; the receipts are. It moves only over mails that are settled without a gap, so a
mail that fails is tried again while those after it go on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

MAX_TRIES = 5
_MARGIN = timedelta(hours=1)  # between the server's clock and ours


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """How far a folder is settled. UIDs mean nothing under another `uidvalidity` (RFC 3501 section 2.3.1.1).

    `begun_at` is when we were told to begin with what comes from then on; None where everything is wanted. Mails up to
    `reread_to` were there when the folder was found made anew: among them may be some from before we began.
    """

    uidvalidity: int
    last_uid: int
    begun_at: datetime | None
    reread_to: int = 0


@dataclass(kw_only=True)
class Progress:
    """What one process knows of a folder beyond its cursor: what it has settled, what of that is to leave the folder
    and has not yet, and what failed how often."""

    settled: set[int] = field(default_factory=set)
    leaving: set[int] = field(default_factory=set)
    tries: dict[int, int] = field(default_factory=dict)

    def settle(self, uid: int) -> None:
        """Nothing is to be tried with this mail any more."""
        self.settled.add(uid)
        self.tries.pop(uid, None)

    def note_try(self, uid: int) -> None:
        """A mail could not be fetched."""
        self.tries[uid] = self.tries.get(uid, 0) + 1

    def keep_only(self, present: Iterable[int]) -> None:
        """Forget the tries of mails that are not there any more."""
        there = set(present)
        self.tries = {uid: tries for uid, tries in self.tries.items() if uid in there}

    def is_given_up(self, uid: int) -> bool:
        """True for a mail that could not be fetched so often that it is no accident."""
        return self.tries.get(uid, 0) >= MAX_TRIES


def first_cursor(*, uidvalidity: int, next_uid: int, start: str, now: datetime) -> Cursor:
    """Where a folder begins that is seen for the first time."""
    if start == "all":
        return Cursor(uidvalidity=uidvalidity, last_uid=0, begun_at=None)
    return Cursor(uidvalidity=uidvalidity, last_uid=next_uid - 1, begun_at=now)


def under(cursor: Cursor, *, uidvalidity: int, next_uid: int) -> Cursor:
    """The cursor under the folder's present UIDVALIDITY: a folder that was made anew is read from its beginning."""
    if cursor.uidvalidity == uidvalidity:
        return cursor
    return replace(cursor, uidvalidity=uidvalidity, last_uid=0, reread_to=next_uid - 1)


def is_old(cursor: Cursor, uid: int, arrived_at: datetime | None) -> bool:
    """True for a mail from before we were told to begin, found again in a folder that was made anew.

    Only there: an old mail that somebody moves into the folder has just come. What does not say when it arrived is
    not old: better a mail too many than one too few.
    """
    if cursor.begun_at is None or arrived_at is None or uid > cursor.reread_to:
        return False
    return arrived_at < cursor.begun_at - _MARGIN


def in_order(uids: Iterable[int], progress: Progress) -> list[int]:
    """What is to be taken, oldest first; those that failed come after all others."""
    left = [uid for uid in uids if uid not in progress.settled]
    return sorted(left, key=lambda uid: (progress.tries.get(uid, 0), uid))


def advance(cursor: Cursor, *, present: Sequence[int], progress: Progress) -> Cursor:
    """The cursor after a look at the mails in `present`, which are all that the folder holds beyond it."""
    unsettled = [
        uid for uid in present if uid > cursor.last_uid and (uid not in progress.settled or uid in progress.leaving)
    ]
    reached = min(unsettled) - 1 if unsettled else max(present, default=cursor.last_uid)
    last_uid = max(cursor.last_uid, reached)
    progress.settled = {uid for uid in progress.settled if uid > last_uid}
    return replace(cursor, last_uid=last_uid)
