"""What a provider states is believed where it is right in every point: each test spoils one, over real HTTP."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from gateway.config.sign_in import OidcSettings
from tests.support.clock import MovableClock
from tests.support.oidc_provider import CLIENT, SECRET, OidcProvider, to_provider
from web.oidc_client import OidcClient, OidcRefused, OidcTrouble, new_question


@pytest.fixture
def client(provider: OidcProvider) -> OidcClient:
    oidc = OidcSettings(issuer=provider.issuer, client_id=CLIENT, client_secret=SecretStr(SECRET))
    return OidcClient(oidc, redirect_uri="http://127.0.0.1/back")


def address(client: OidcClient, clock: MovableClock) -> str:
    """The whole way: to the provider, back with a code, and what comes of it."""
    asked = new_question()
    back = parse_qs(urlsplit(to_provider(client.question_url(asked))).query)
    assert back["state"] == [asked.state]
    return client.address_of(back["code"][0], asked, now=clock.now())


SPOILED: dict[str, Callable[[OidcProvider], None]] = {
    "another issuer's token": lambda p: p.claims.update(iss="https://login.evil.example"),
    "for another client": lambda p: p.claims.update(aud="another"),
    "for several, and not by us": lambda p: p.claims.update(aud=[CLIENT, "another"], azp="another"),
    "for several, and nobody says by whom": lambda p: p.claims.update(aud=[CLIENT, "another"]),
    "for nobody": lambda p: p.claims.update(aud=None),
    "expired": lambda p: p.claims.update(exp=int(p.clock()) - 120),
    "without an end": lambda p: p.claims.update(exp=None),
    "of a clock that is ahead": lambda p: p.claims.update(iat=int(p.clock()) + 3600, exp=int(p.clock()) + 7200),
    "not yet good": lambda p: p.claims.update(nbf=int(p.clock()) + 3600),
    "answers another question": lambda p: p.claims.update(nonce="another"),
    "answers no question": lambda p: p.claims.update(nonce=None),
    "of nobody": lambda p: p.claims.update(sub=None),
    "unsigned": lambda p: setattr(p, "algorithm", "none"),
    "signed by the public key as if it were a secret": lambda p: setattr(p, "algorithm", "HS256"),
    "signed by a key that is not the provider's": lambda p: setattr(
        p, "key", RSAKey.generate_key(2048, {"kid": p.published[0].kid, "use": "sig"})
    ),
    "an address that is not verified": lambda p: p.claims.update(email_verified=False),
    "nobody says that the address is verified": lambda p: p.claims.update(email_verified=None),
    "an address that is no text": lambda p: p.claims.update(email=["ana@support.example"]),
    "no address at all": lambda p: p.claims.update(email=None),
    "claims that are rubbish": lambda p: p.claims.update(exp="soon", iat=[], aud={}),
}


@pytest.mark.parametrize("what", SPOILED)
def test_a_token_that_is_not_right_in_every_point_is_not_believed(
    client: OidcClient, provider: OidcProvider, clock: MovableClock, what: str
) -> None:
    SPOILED[what](provider)
    with pytest.raises(OidcRefused):
        address(client, clock)


@pytest.mark.parametrize(
    "right",
    [
        {},
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "another"], "azp": CLIENT},
        {"email_verified": "true"},
    ],
)
def test_a_token_that_is_right_names_its_person(
    client: OidcClient, provider: OidcProvider, clock: MovableClock, right: dict[str, Any]
) -> None:
    provider.claims = right
    assert address(client, clock) == "ana@support.example"


def test_a_clock_may_differ_by_a_minute(client: OidcClient, provider: OidcProvider, clock: MovableClock) -> None:
    provider.clock = lambda: clock.now().timestamp() + 59
    assert address(client, clock)
    provider.clock = lambda: clock.now().timestamp() - 359
    assert address(client, clock)


@pytest.mark.parametrize(
    "spoiled",
    [
        {"issuer": "https://login.evil.example"},
        {"token_endpoint": "http://login.example.org/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_a_discovery_that_is_not_the_issuers_own_or_not_encrypted_is_not_used(
    client: OidcClient, provider: OidcProvider, spoiled: dict[str, Any]
) -> None:
    provider.discovery = spoiled
    with pytest.raises(OidcTrouble):
        client.question_url(new_question())


def test_an_address_may_be_told_beside_the_token_of_the_same_person_alone(
    client: OidcClient, provider: OidcProvider, clock: MovableClock
) -> None:
    provider.claims = {"email": None, "email_verified": None}
    provider.told = {"sub": "ana-1", "email": "ana@support.example", "email_verified": True}
    assert address(client, clock) == "ana@support.example"
    provider.told["sub"] = "somebody-else"
    with pytest.raises(OidcRefused):
        address(client, clock)


def test_a_provider_that_states_no_address_unverified_needs_no_word_of_it(
    provider: OidcProvider, clock: MovableClock
) -> None:
    oidc = OidcSettings(
        issuer=provider.issuer,
        client_id=CLIENT,
        client_secret=SecretStr(SECRET),
        email_claim="upn",
        verified_claim="",
    )
    provider.claims = {"upn": "ana@support.example", "email": "other@support.example", "email_verified": False}
    assert address(OidcClient(oidc, redirect_uri="http://127.0.0.1/back"), clock) == "ana@support.example"


def test_keys_that_were_changed_a_moment_ago_are_looked_for_again(
    client: OidcClient, provider: OidcProvider, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert address(client, clock)
    provider.key = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
    provider.published = [*provider.published, provider.key]
    with pytest.raises(OidcRefused):
        address(client, clock)  # they were looked at just now
    monkeypatch.setattr("web.oidc_client._ASKED_ANEW", 0.0)
    assert address(client, clock)


def test_a_code_is_redeemed_once_and_with_the_verifier_of_its_question(client: OidcClient, clock: MovableClock) -> None:
    asked = new_question()
    code = parse_qs(urlsplit(to_provider(client.question_url(asked))).query)["code"][0]
    other = new_question()
    with pytest.raises(OidcRefused):
        client.address_of(code, other, now=clock.now())
    code = parse_qs(urlsplit(to_provider(client.question_url(asked))).query)["code"][0]
    assert client.address_of(code, asked, now=clock.now())
    with pytest.raises(OidcRefused):
        client.address_of(code, asked, now=clock.now())
