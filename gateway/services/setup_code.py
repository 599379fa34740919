"""Handing over the code with which somebody sets their password and app up for the first time (`domain.setup_code`)."""

from gateway.db.sign_in_factors import find_factors, is_setup_code, set_factors
from gateway.domain.audit import AuditAction
from gateway.domain.reasons import Reason
from gateway.domain.setup_code import LASTS, new_setup_code, sum_of_setup_code
from gateway.domain.sign_in import Way
from gateway.errors import Conflict
from gateway.runtime import Runtime
from gateway.services.sign_in import Visitor
from gateway.services.sign_in_record import record


def make_setup_code(runtime: Runtime, person_id: int, *, by: int | None) -> str:
    """A code for this person, good for one setting up within `LASTS`, in the place of one before; to be handed over by
    a supervisor (whether they may is asked before) or, with `by` None, by the operator. Raises Conflict where they have
    a password already: that is taken back first."""
    code, now = new_setup_code(), runtime.clock.now()
    with runtime.database.transaction() as connection:
        found = find_factors(connection, person_id, lock=True)
        if found is not None and found.password_hash is not None:
            raise Conflict(Reason.FACTORS_SET_UP())
        set_factors(connection, person_id, now=now, setup_sha256=sum_of_setup_code(code), setup_until=now + LASTS)
        record(connection, AuditAction.SIGN_IN_CHANGED, at=now, by=by, person_id=person_id, what="setup")
    return code


def is_setup_code_asked(visitor: Visitor) -> bool:
    """True where the first setting up takes a code that was handed over: the mailed link shows who reads the mail, and
    no more. A link from the operator was handed over itself, and the organisation's sign-in vouches."""
    return visitor.way is Way.LINK


def is_setup_code_of(runtime: Runtime, visitor: Visitor, typed: str) -> bool:
    """True for the code that this visitor was handed, while it is good."""
    with runtime.database.reading() as connection:
        return is_setup_code(connection, visitor.person.id, sum_of_setup_code(typed), now=runtime.clock.now())
