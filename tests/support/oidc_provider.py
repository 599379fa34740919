"""A small OpenID Connect provider on this machine: discovery, keys, one consent page, tokens that tests can spoil."""

import hmac
import json
import secrets
import time
import urllib.error
import urllib.request
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.support.clock import MovableClock
from tests.support.listener import Answer, Asked, HttpListener, as_json

CLIENT, SECRET = "gateway", "the client's secret"


class OidcProvider(HttpListener):
    """The provider. `claims` are written over those of a token, `algorithm` and `key` sign it.

    Where `is_away`, it answers everything by 503. `clock` is what its tokens are dated by.
    """

    def __init__(self) -> None:
        super().__init__()
        self.issuer = self.url
        self.key = self._first = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.reset(time.time)
        self._asked: dict[str, dict[str, str]] = {}

    def reply(self, asked: Asked) -> Answer:
        status, document, location = self.answer(asked.target, asked.form, asked.headers.get("authorization", ""))
        return as_json(document, status=status, headers={"Location": location} if location else None)

    def reset(self, clock: Callable[[], float]) -> None:
        """All is well again."""
        self.key = self._first
        self.published = [self.key]
        self.email = "ana@support.example"
        self.claims: dict[str, Any] = {}
        self.told: dict[str, Any] = {}
        self.algorithm = "RS256"
        self.is_away = False
        self.clock = clock
        self.discovery: dict[str, Any] = {}

    def settings(self) -> dict[str, str]:
        """Variables that let staff sign in by it, and by nothing else."""
        oidc = {"issuer": self.issuer, "client_id": CLIENT, "client_secret": SECRET, "name": "Compte de la mairie"}
        return {
            "GATEWAY_SIGN_IN__STAFF": '["oidc"]',
            **{f"GATEWAY_SIGN_IN__OIDC__{name.upper()}": value for name, value in oidc.items()},
        }

    def answer(self, target: str, form: dict[str, str], bearer: str) -> tuple[int, dict[str, Any], str]:
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if self.is_away:
            return 503, {}, ""
        match parts.path:
            case "/.well-known/openid-configuration":
                return 200, self._discovery(), ""
            case "/keys":
                return 200, {"keys": [key.as_dict(private=False) for key in self.published]}, ""
            case "/authorize":
                code = secrets.token_urlsafe(8)
                self._asked[code] = query
                answer = urlencode({"code": code, "state": query["state"], "iss": self.issuer})
                return 302, {}, f"{query['redirect_uri']}?{answer}"
            case "/token":
                return self._token(form, bearer)
            case "/userinfo" if bearer == "Bearer access":
                return 200, self.told, ""
        return 404, {}, ""

    def _discovery(self) -> dict[str, Any]:
        endpoints = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        urls = {name: f"{self.issuer}/{path}" for name, path in {**endpoints, "userinfo_endpoint": "userinfo"}.items()}
        return {"issuer": self.issuer, **urls, **self.discovery}

    def _token(self, form: dict[str, str], basic: str) -> tuple[int, dict[str, Any], str]:
        asked = self._asked.pop(form.get("code", ""), None)  # a code is good once
        name, _, secret = b64decode(basic.removeprefix("Basic ")).decode().partition(":")
        if asked is None or (name, secret.replace("+", " ").replace("%27", "'")) != (CLIENT, SECRET):
            return 400, {"error": "invalid_grant"}, ""
        challenge = _plain(sha256(form["code_verifier"].encode()).digest())
        if challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}, ""
        now = int(self.clock())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "ana-1",
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "email": self.email,
            "email_verified": True,
            **self.claims,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        return 200, {"id_token": self._signed(kept), "access_token": "access", "token_type": "Bearer"}, ""

    def _signed(self, claims: dict[str, Any]) -> str:
        """The token; with `none` it is not signed, with HS256 by the public key, which everybody has."""
        if self.algorithm == "RS256":
            return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)
        header = {"alg": self.algorithm, "kid": self.key.kid}
        text = ".".join(_plain(json.dumps(part).encode()) for part in (header, claims))
        mac = hmac.digest(self.key.as_pem(private=False), text.encode(), "sha256")
        return f"{text}.{'' if self.algorithm == 'none' else _plain(mac)}"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_more: Any) -> None: ...


def to_provider(url: str) -> str:
    """Consent there; the path and query that the browser is sent back to."""
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.build_opener(_Stay()).open(url, timeout=10)
    with caught.value as answer:
        back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


@pytest.fixture(scope="session")
def running_provider() -> Iterator[OidcProvider]:
    with OidcProvider() as running:
        yield running


@pytest.fixture
def provider(running_provider: OidcProvider, clock: MovableClock) -> OidcProvider:
    """The provider as it is when all is well, by the clock of the test."""
    running_provider.reset(lambda: clock.now().timestamp())
    return running_provider


def _plain(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
