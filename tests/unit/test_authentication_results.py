"""An Authentication-Results header is read by its grammar (RFC 8601), in linear time, or not at all."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inbound.authentication.authentication_results import (
    MAX_LENGTH,
    AuthenticationResults,
    authserv_id_of,
    parse_authentication_results,
)


def read(value: str) -> AuthenticationResults:
    found = parse_authentication_results(value)
    assert found is not None, value
    return found


def test_a_whole_header_is_read() -> None:
    found = read(
        " MX.example.org 1;\r\n\tspf=pass smtp.mailfrom=marie@client.example;\r\n"
        '\tdkim=PASS reason="2048-bit key" header.d=client.example header.i=@client.example;\r\n'
        "\tdmarc=fail (p=reject dis=none) header.from=client.example"
    )
    assert found.authserv_id == "mx.example.org"
    assert [(item.method, item.result) for item in found.results] == [
        ("spf", "pass"),
        ("dkim", "pass"),
        ("dmarc", "fail"),
    ]
    assert found.results[1].properties == {
        "reason": "2048-bit key",
        "header.d": "client.example",
        "header.i": "@client.example",
    }
    assert found.results[2].comments == "p=reject dis=none"


@pytest.mark.parametrize(
    ("value", "results"),
    [
        ("mx.example; none", []),
        ("mx.example; none (nothing to do)", []),
        ("mx.example", []),
        ("mx.example; spf=pass;", ["spf"]),
        ("(hello (nested) world) mx.example (again); spf (x) = (y) pass", ["spf"]),
        ("mx.example; dkim/1=pass header.d=a.example", ["dkim"]),
        ('"mx.example"; spf=pass', ["spf"]),
        ("mx.example; dmarc=pass action=none header.from=a.example;compauth=pass reason=100", ["dmarc", "compauth"]),
        ("mx.example; x-tls.1=pass", None),
        ("mx.example; spf=pass smtp.mailfrom=srs0=x=y=a@b.example", ["spf"]),
    ],
)
def test_forms_that_servers_write(value: str, results: list[str] | None) -> None:
    found = parse_authentication_results(value)
    assert (None if found is None else [item.method for item in found.results]) == results


@pytest.mark.parametrize(
    "value",
    [
        "",
        ";",
        "spf=pass smtp.mailfrom=a.example; dkim=pass",  # no authserv-id at all
        "mx.example spf=pass",
        "mx.example 2; spf=pass",
        "mx.example; spf",
        "mx.example; =pass",
        "mx.example; spf=",
        "mx.example;; spf=pass",
        "mx.example; spf=pass smtp.mailfrom",
        "mx.example; spf=pass smtp.mailfrom=",
        "mx.example; spf=pass (never closed",
        "mx.example; spf=pass ) dmarc=pass",
        'mx.example; spf=pass smtp.mailfrom="never closed',
        "mx.example; none spf=pass",
        "mx.example; spf=pass \\",
        "mx.example; spf=pass .=x",
        "mx.example; dkim/x=pass",
    ],
)
def test_what_breaks_the_grammar_is_no_header(value: str) -> None:
    assert parse_authentication_results(value) is None


def test_a_quoted_local_part_smuggles_nothing_in() -> None:
    found = read('mx.example; spf=pass smtp.mailfrom="x; dmarc=pass header.from=bank.example"@evil.example')
    assert [item.method for item in found.results] == ["spf"]
    assert found.results[0].properties["smtp.mailfrom"].endswith("@evil.example")


def test_a_comment_smuggles_nothing_in() -> None:
    found = read(r"mx.example; spf=fail (a \) b; dmarc=pass (c) d) smtp.mailfrom=evil.example")
    assert [(item.method, item.result) for item in found.results] == [("spf", "fail")]


@pytest.mark.parametrize(
    ("value", "server"),
    [("MX.Example; broken (", "mx.example"), ("(x) mx.example", "mx.example"), ("", ""), ("spf=pass", "spf")],
)
def test_who_vouches_is_read_even_where_the_rest_is_broken(value: str, server: str) -> None:
    assert authserv_id_of(value) == server


@given(st.text(alphabet='mx.;=()"\\ \t\r\n@/ab1-', max_size=300) | st.text(max_size=100))
@example("mx.example;" + "(" * 200)
def test_no_text_makes_it_raise(value: str) -> None:
    authserv_id_of(value)
    found = parse_authentication_results(value)
    assert found is None or all("\n" not in item.method for item in found.results)


@pytest.mark.parametrize(
    "piece",
    ["(", ")", "((", '"', "\\", "(\\", "a=", "a=b ", "; a=b", ";a=b(", " ", "\t\n", "-", "a-", ".", "a.", '"x"', "@"],
)
def test_the_time_is_linear(piece: str) -> None:
    value = "mx.example; spf=pass " + piece * (MAX_LENGTH // len(piece))
    begun = time.process_time()
    parse_authentication_results(value[:MAX_LENGTH])
    parse_authentication_results("mx.example; spf=pass a-" + value[:MAX_LENGTH][23:])
    authserv_id_of(piece * 1_000_000)
    assert time.process_time() - begun < 0.5


def test_a_header_that_is_too_long_is_not_read() -> None:
    assert parse_authentication_results("mx.example; spf=pass " + " " * MAX_LENGTH) is None
