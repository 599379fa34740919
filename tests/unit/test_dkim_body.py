"""The sum that a signature states of the body is ours to compute, and agrees with the library that senders use."""

import base64
import time
import tracemalloc
from hashlib import sha256

import pytest
from dkim.canonicalization import CanonicalizationPolicy
from hypothesis import example, given
from hypothesis import strategies as st

from inbound.authentication.dkim_check import _Body


def by_library(body: bytes, *, is_relaxed: bool) -> bytes:
    policy = CanonicalizationPolicy.from_c_value(b"simple/relaxed" if is_relaxed else b"simple/simple")
    return base64.b64encode(sha256(policy.canonicalize_body(body)).digest())


PIECES = st.sampled_from([b"x", b" ", b"  ", b"\t", b"\r\n", b" \r\n", b"\r", "é".encode(), b"\x00", b"."])


@given(st.lists(PIECES, max_size=30).map(b"".join), st.booleans())
@example(b"", True)
@example(b"", False)
@example(b"\r\n\r\n", True)
@example(b" \r\n\t\r\n", True)
@example(b"\r\r\n", False)
def test_the_sum_is_the_one_that_senders_state(body: bytes, is_relaxed: bool) -> None:
    whole = body + b"\r\n"
    assert _Body(whole).digest(is_relaxed=is_relaxed) == by_library(whole, is_relaxed=is_relaxed)
    unix = whole.replace(b"\r\n", b"\n")
    if b"\r" not in unix:
        assert _Body(unix).digest(is_relaxed=is_relaxed) == by_library(whole, is_relaxed=is_relaxed)


@pytest.mark.parametrize("is_relaxed", [True, False])
def test_a_body_without_a_last_line_end_gets_one(is_relaxed: bool) -> None:
    assert _Body(b"x").digest(is_relaxed=is_relaxed) == by_library(b"x\r\n", is_relaxed=is_relaxed)
    assert _Body(b"x ").digest(is_relaxed=True) == by_library(b"x\r\n", is_relaxed=True)


@pytest.mark.parametrize("piece", [b"a ", b" ", b"\t", b"\n", b"\r\n", b" \r\n", b"x\n", b" \t"], ids=repr)
@pytest.mark.parametrize("is_relaxed", [True, False])
def test_a_large_body_takes_little_time_and_a_few_times_its_size(piece: bytes, is_relaxed: bool) -> None:
    body = piece * (4_000_000 // len(piece)) + b"x"
    tracemalloc.start()
    begun = time.process_time()
    try:
        _Body(body).digest(is_relaxed=is_relaxed)
        assert tracemalloc.get_traced_memory()[1] < 4 * len(body)
    finally:
        tracemalloc.stop()
    assert time.process_time() - begun < 1
