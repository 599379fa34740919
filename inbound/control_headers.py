"""Header fields that are ours to write, taken out of what comes from outside before any rule looks.

Whoever may set the fields that a program itself believes may be anybody (RT's CVE-2023-41259). The raw mail stays as
it came, for its signatures cover it; what is removed is removed from what we read.
"""

from collections.abc import Iterator

from gateway.mail.automation import LOOP_HEADER
from gateway.mail.headers import Headers
from inbound.authentication.authentication_results import authserv_id_of

_OURS = "x-gateway-"
_RESULTS = "authentication-results"


def without_control_headers(
    headers: Headers, *, own_loop_marker: str, authserv_id: str | None
) -> tuple[Headers, tuple[str, ...]]:
    """The headers without what is only ours to write, and a line for the trace about each kind removed.

    - `X-Gateway-` anything. Our loop marker alone stays where its value is ours: it can only make us silent, and it
      is how two gateways stop
    - Authentication-Results in our server's name below its topmost one; where no server is configured, none is
      believed, so all stay for people to read
    """
    kept: dict[str, tuple[str, ...]] = {}
    removed: list[str] = []
    for name, values in headers.fields.items():
        left = tuple(_keep(name, values, own_loop_marker=own_loop_marker, authserv_id=authserv_id))
        if left:
            kept[name] = left
        if len(left) < len(values):
            removed.append(f"{name} ({len(values) - len(left)})")
    return Headers(kept), tuple(removed)


def _keep(name: str, values: tuple[str, ...], *, own_loop_marker: str, authserv_id: str | None) -> Iterator[str]:
    if name == LOOP_HEADER.lower():
        yield from (value for value in values if value.strip().lower() == own_loop_marker.strip().lower())
    elif name.replace("_", "-").startswith(_OURS):
        return
    elif name == _RESULTS and authserv_id:
        yield from _without_copies(values, authserv_id.strip().lower())
    else:
        yield from values


def _without_copies(values: tuple[str, ...], ours: str) -> Iterator[str]:
    has_one = False
    for value in values:
        is_ours = authserv_id_of(value) == ours
        if not (is_ours and has_one):
            yield value
        has_one = has_one or is_ours
