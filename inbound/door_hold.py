"""Mail that a door wants a person to look at first, and the same mail when it comes again without that mark.

A mail in the junk folder is held. When somebody moves it into the inbox it arrives there once more, and that is a
person's word that it is no junk: it is filed, and the held one is settled. Held copies know each other by a mark of
their own, so that they never stand in the way of the copy that is to be filed.
"""

from collections.abc import Sequence
from hashlib import sha256

from sqlalchemy import Connection

from gateway.db.receipts import Receipt, Verdict, settle_receipt

_FINAL = frozenset({Verdict.FILED, Verdict.DISCARDED})


def own_mark(mark: str, *, hold: str) -> str:
    """The fingerprint that a mail's receipt carries: another one where the door holds it."""
    return held_mark(mark) if hold else mark


def same_mail(earlier: Sequence[Receipt], *, mark: str, hold: str) -> Receipt | None:
    """The receipt of a mail that this one only repeats. A copy that merely waits to be looked at does not count,
    except for another that would wait as well."""
    filed = _with(earlier, mark)
    if filed is not None:
        return filed
    held = _with(earlier, held_mark(mark))
    return held if held is not None and (hold or held.verdict in _FINAL) else None


def settle_held_copy(connection: Connection, earlier: Sequence[Receipt], *, mark: str, spool_id: str) -> None:
    """The mail has come without the door's doubt: the copy that is held needs nobody's word any more."""
    held = _with(earlier, held_mark(mark))
    if held is not None and held.verdict is Verdict.HELD:
        settle_receipt(
            connection,
            held,
            verdict=Verdict.DUPLICATE,
            reason=f"came again by another way as {spool_id}",
            ticket_id=None,
            entry_id=None,
        )


def held_mark(mark: str) -> str:
    """The fingerprint of the copy of a mail that the door holds."""
    return sha256(f"{mark}\nheld at the door".encode()).hexdigest()


def _with(earlier: Sequence[Receipt], mark: str) -> Receipt | None:
    return next((receipt for receipt in earlier if receipt.fingerprint == mark), None)
