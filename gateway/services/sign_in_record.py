"""What is remembered of signing in: who came in and by which way, what failed, what was changed, what was ended."""

from datetime import datetime

import structlog
from sqlalchemy import Connection

log = structlog.get_logger()

SIGNED_IN = "sign_in.done"
REFUSED = "sign_in.refused"
FACTORS_SET = "factors.set"
FACTORS_REMOVED = "factors.removed"
SESSION_REVOKED = "session.revoked"


def record(
    _connection: Connection, action: str, *, at: datetime, by: int | None, person_id: int | None, **detail: str | int
) -> None:
    """Remember that `by` (None: the operator's shell, or nobody known) did this to the person with this id."""
    log.info(action, at=at.isoformat(), by=by, person=person_id, **detail)
