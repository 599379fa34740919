"""What is ours to write counts for nothing where it comes from outside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.headers import Headers
from inbound.control_headers import without_control_headers

US = "mx.demo.example"


def cleaned(*pairs: tuple[str, str], authserv_id: str | None = US) -> tuple[Headers, tuple[str, ...]]:
    return without_control_headers(Headers.from_pairs(pairs), own_loop_marker=US, authserv_id=authserv_id)


@pytest.mark.parametrize(
    "name", ["X-Gateway-Envelope", "x-gateway-verdict", "X-GATEWAY-Ticket", "X_Gateway_Agent", "X-Gateway-Loop"]
)
def test_our_own_fields_are_removed(name: str) -> None:
    headers, removed = cleaned(("Subject", "x"), (name, "anything"), (name, "more"))
    assert headers == Headers.from_pairs([("Subject", "x")])
    assert removed == (f"{name.lower()} (2)",)


def test_our_loop_marker_stays_because_it_can_only_make_us_silent() -> None:
    headers, removed = cleaned(("X-GATEWAY-LOOP", f" {US.upper()} "), ("X-Gateway-Loop", "mx.other.example"))
    assert headers.all("x-gateway-loop") == (f" {US.upper()} ",)
    assert removed == ("x-gateway-loop (1)",)


def test_of_our_servers_results_the_topmost_alone_stays() -> None:
    headers, removed = cleaned(
        ("Authentication-Results", "mx.evil.example; dmarc=pass"),
        ("Authentication-Results", f"{US}; dmarc=fail"),
        ("AUTHENTICATION-RESULTS", f"(x) {US.upper()}; dmarc=pass"),
        ("Authentication-Results", f"{US}; broken ("),
        ("Authentication-Results", "mx.other.example; dmarc=pass"),
    )
    assert headers.all("authentication-results") == (
        "mx.evil.example; dmarc=pass",
        f"{US}; dmarc=fail",
        "mx.other.example; dmarc=pass",
    )
    assert removed == ("authentication-results (2)",)


def test_where_no_server_is_ours_all_results_stay_to_be_read() -> None:
    pairs = [("Authentication-Results", f"{US}; dmarc=pass"), ("Authentication-Results", f"{US}; dmarc=fail")]
    assert cleaned(*pairs, authserv_id=None) == (Headers.from_pairs(pairs), ())


@pytest.mark.parametrize(
    "name", ["X-Gateway", "X-Gatewayed-By", "Gateway-Loop", "X-Loop", "ARC-Authentication-Results"]
)
def test_fields_of_others_stay(name: str) -> None:
    assert cleaned((name, "x")) == (Headers.from_pairs([(name, "x")]), ())


NAMES = st.sampled_from(["Subject", "X-Gateway-X", "X-Gateway-Loop", "Authentication-Results", "Received"])
VALUES = st.sampled_from([US, f"{US}; none", "mx.other.example; none", "", "("]) | st.text(max_size=20)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=12))
def test_cleaning_twice_is_cleaning_once(pairs: list[tuple[str, str]]) -> None:
    once, _ = cleaned(*pairs)
    twice, removed = without_control_headers(once, own_loop_marker=US, authserv_id=US)
    assert (twice, removed) == (once, ())
