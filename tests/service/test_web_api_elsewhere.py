"""What another machine has in quarantine is decided on over the API as on the pages: there, by its own hand."""

from collections.abc import Callable

import pytest

from gateway.db.audit import AuditFilter, list_audit
from gateway.db.machines import SetAside, keep_set_aside, list_orders
from tests.support.agents import CHIEF, Desk
from tests.support.programs import Program

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_what_another_machine_has_aside_is_decided_on_there(desk: Desk, program: Callable[..., Program]) -> None:
    runtime, chief = desk.site.runtime, program(CHIEF)
    one, other = (f"1k11dy124802e1y6wp68{letter}" for letter in "hj")
    row = {"machine": "mx2", "lane": "mail", "reason": "x", "attempts": 3, "size": 9, "projects": ("DEMO",)}
    with runtime.database.transaction() as connection:
        keep_set_aside(connection, "mx2", [SetAside(spool_id=one, **row), SetAside(spool_id=other, **row)])
    assert chief.ask("POST", f"/mail/quarantine/{one}/replay").status_code == 200
    assert chief.ask("POST", f"/mail/quarantine/{one}/replay").status_code == 409
    assert chief.ask("POST", f"/mail/quarantine/{other}/discard", json={"reason": "Publicité"}).status_code == 200
    with runtime.database.reading() as connection:
        orders = {(order.spool_id, order.act) for order in list_orders(connection, "mx2")}
        told = [row.subject for row in list_audit(connection, AuditFilter(), None, limit=2)]
    assert (orders, sorted(told)) == ({(one, "replay"), (other, "discard")}, [one, other])
