"""What our mail server found is believed, what strangers claim in its name is not, and only a proof is a proof."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.authentication import (
    NO_AUTHENTICATION,
    Authentication,
    Policy,
    Result,
    Source,
    held_reason,
)
from gateway.mail.headers import Headers
from inbound.authentication.stated import read_stated

US = "mx.demo.example"


def stated(*headers: str, domain: str = "client.example") -> Authentication:
    """What comes of these Authentication-Results, topmost first."""
    fields = Headers.from_pairs(("Authentication-Results", value) for value in headers)
    return read_stated(fields, authserv_id=US, domain=domain)


def words(found: Authentication) -> tuple[str, str, str, str, bool]:
    return (found.spf, found.dkim, found.dmarc, found.policy, found.is_aligned_pass)


@pytest.mark.parametrize(
    ("header", "outcome"),
    [
        (f"{US}; dmarc=pass (p=none) header.from=client.example", ("none", "none", "pass", "none", True)),
        (f"{US.upper()}; DMARC=Pass header.from=Client.Example", ("none", "none", "pass", "unknown", True)),
        (f"{US}; dmarc=fail (p=REJECT dis=NONE) header.from=client.example", ("none", "none", "fail", "reject", False)),
        (
            f"{US}; dmarc=fail header.from=client.example (policy=quarantine)",
            ("none", "none", "fail", "quarantine", False),
        ),
        (f"{US}; dmarc=fail policy.dmarc=reject", ("none", "none", "fail", "reject", False)),
        (f"{US}; dmarc=fail action=oreject header.from=client.example", ("none", "none", "fail", "reject", False)),
        (f"{US}; dmarc=fail header.from=client.example", ("none", "none", "fail", "unknown", False)),
        (f"{US}; dkim=pass header.d=client.example; dmarc=fail (p=none)", ("none", "pass", "fail", "none", False)),
        (f"{US}; dkim=pass header.d=client.example", ("none", "pass", "none", "unknown", True)),
        (f"{US}; dkim=pass header.i=x@mail.client.example", ("none", "pass", "none", "unknown", True)),
        (
            f"{US}; dkim=fail header.d=a.example; dkim=pass header.d=client.example",
            ("none", "pass", "none", "unknown", True),
        ),
        (
            f"{US}; dkim=pass header.d=evil.example; dkim=fail header.d=client.example",
            ("none", "pass", "none", "unknown", False),
        ),
        (f"{US}; dkim=pass header.d=notclient.example", ("none", "pass", "none", "unknown", False)),
        (f"{US}; dkim=pass", ("none", "pass", "none", "unknown", False)),
        (f"{US}; spf=pass smtp.mailfrom=marie@client.example", ("pass", "none", "none", "unknown", True)),
        (f"{US}; spf=pass smtp.mailfrom=client.example", ("pass", "none", "none", "unknown", True)),
        (f"{US}; spf=pass smtp.mailfrom=evil.example", ("pass", "none", "none", "unknown", False)),
        (f"{US}; spf=hardfail smtp.mailfrom=client.example", ("fail", "none", "none", "unknown", False)),
        (f"{US}; spf=softfail; dkim=neutral; dmarc=temperror", ("softfail", "neutral", "temperror", "unknown", False)),
        (f"{US}; dkim=pass header.d=client.example; dmarc=temperror", ("none", "pass", "temperror", "unknown", False)),
        (f"{US}; dmarc=bestguesspass header.from=client.example", ("none", "none", "none", "unknown", False)),
        (f"{US}; dmarc=pass header.from=evil.example", ("none", "none", "permerror", "unknown", False)),
        (f"{US}; dmarc=pass; dmarc=fail (p=reject)", ("none", "none", "fail", "reject", False)),
        (f"{US}; none", ("none", "none", "none", "unknown", False)),
        (f"{US}; iprev=pass; auth=pass smtp.auth=marie", ("none", "none", "none", "unknown", False)),
    ],
)
def test_our_servers_header_says(header: str, outcome: tuple[str, str, str, str, bool]) -> None:
    found = stated(header)
    assert words(found) == outcome
    assert found.source is Source.AUTHSERV_ID


def test_what_was_found_is_one_line_to_show() -> None:
    found = stated(f"{US}; spf=fail smtp.mailfrom=x.example; dmarc=pass header.from=client.example")
    assert found.evidence == f"{US} says: SPF fail; DKIM none; DMARC pass"


PROOF = f"{US}; dmarc=pass header.from=client.example"
FAILED = f"{US}; dmarc=fail (p=reject) header.from=client.example"


@pytest.mark.parametrize(
    "headers",
    [
        ["mx.evil.example; dmarc=pass header.from=client.example"],
        ["notmx.demo.example; dmarc=pass header.from=client.example"],
        [f"{US}.evil.example; dmarc=pass header.from=client.example"],
        [FAILED, PROOF],
        [f"{US}; none", PROOF],
        [f"{US}; dmarc=fail (p=reject", PROOF],
        ["mx.evil.example; dmarc=pass header.from=client.example", FAILED, PROOF],
        [f"evil.example ({US}); dmarc=pass header.from=client.example"],
        [f"spf=pass; {US}; dmarc=pass header.from=client.example"],
    ],
)
def test_a_forged_header_proves_nothing(headers: list[str]) -> None:
    assert not stated(*headers).is_aligned_pass


def test_a_foreign_header_above_ours_is_passed_over() -> None:
    assert stated("mx.evil.example; dmarc=fail", PROOF).is_aligned_pass


def test_without_our_servers_header_nothing_is_known() -> None:
    found = stated("mx.evil.example; dmarc=pass")
    assert (found.source, words(found)) == (Source.NONE, ("none", "none", "none", "unknown", False))


@pytest.mark.parametrize(
    ("dmarc", "policy", "is_held"),
    [
        (Result.FAIL, Policy.REJECT, True),
        (Result.FAIL, Policy.QUARANTINE, True),
        (Result.FAIL, Policy.NONE, False),
        (Result.FAIL, Policy.UNKNOWN, False),
        (Result.PASS, Policy.REJECT, False),
        (Result.TEMPERROR, Policy.REJECT, False),
        (Result.NONE, Policy.REJECT, False),
    ],
)
def test_mail_is_held_where_dmarc_fails_and_the_domain_asks_for_it(
    dmarc: Result, policy: Policy, is_held: bool
) -> None:
    reason = held_reason(dataclasses.replace(NO_AUTHENTICATION, dmarc=dmarc, policy=policy))
    assert (policy in reason and "DMARC" in reason) if is_held else reason == ""


def test_a_fail_outweighs_what_was_aligned() -> None:
    odd = dataclasses.replace(NO_AUTHENTICATION, dmarc=Result.FAIL, aligned=True)
    assert not odd.is_aligned_pass


@given(
    st.builds(
        Authentication,
        spf=st.sampled_from(Result),
        dkim=st.sampled_from(Result),
        dmarc=st.sampled_from(Result),
        policy=st.sampled_from(Policy),
        aligned=st.booleans(),
        domain=st.text(max_size=20),
        source=st.sampled_from(Source),
        evidence=st.text(max_size=20),
    )
)
def test_what_is_kept_comes_back(found: Authentication) -> None:
    assert Authentication.from_json(json.loads(json.dumps(found.as_json()))) == found


@pytest.mark.parametrize("kept", [None, {}, {"aligned": True}, NO_AUTHENTICATION.as_json() | {"dmarc": "splendid"}])
def test_what_cannot_be_read_proves_nothing(kept: dict[str, object] | None) -> None:
    assert Authentication.from_json(kept) == NO_AUTHENTICATION


def test_a_kept_value_proves_only_by_true_itself() -> None:
    assert not Authentication.from_json(NO_AUTHENTICATION.as_json() | {"aligned": "yes"}).is_aligned_pass
