"""Mail that a door wants a person to look at first, and the same mail when it comes again without that mark.

A mail in the junk folder is held. When somebody moves it into the inbox it arrives there once more, and that is a
person's word that it is no junk: it is filed, and the held one is settled. Held copies know each other by a mark of
their own, so that they never stand in the way of the copy that is to be filed.
"""

from hashlib import sha256

from sqlalchemy import Connection

from gateway.db.receipts import Receipt, Verdict, find_receipt_by_fingerprint, settle_receipt

_FINAL = frozenset({Verdict.FILED, Verdict.DISCARDED})


def own_mark(mark: str, *, hold: str) -> str:
    """The fingerprint that a mail's receipt carries: another one where the door holds it."""
    return _held_mark(mark) if hold else mark


def find_same_mail(connection: Connection, *, mark: str, project: str, hold: str) -> Receipt | None:
    """The receipt of a mail that this one only repeats. A copy that merely waits to be looked at does not count,
    except for another that would wait as well."""
    filed = find_receipt_by_fingerprint(connection, fingerprint=mark, project=project)
    if filed is not None:
        return filed
    held = find_receipt_by_fingerprint(connection, fingerprint=_held_mark(mark), project=project)
    return held if held is not None and (hold or held.verdict in _FINAL) else None


def settle_held_copy(connection: Connection, *, mark: str, project: str, spool_id: str) -> None:
    """The mail has come without the door's doubt: the copy that is held needs nobody's word any more."""
    held = find_receipt_by_fingerprint(connection, fingerprint=_held_mark(mark), project=project)
    if held is not None and held.verdict is Verdict.HELD:
        settle_receipt(
            connection,
            held,
            verdict=Verdict.DUPLICATE,
            reason=f"came again by another way as {spool_id}",
            ticket_id=None,
            entry_id=None,
        )


def _held_mark(mark: str) -> str:
    return sha256(f"{mark}\nheld at the door".encode()).hexdigest()
