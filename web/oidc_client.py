"""The relying party of the organisation's own sign-in: OpenID Connect Core 1.0, the code flow with PKCE (RFC 7636).

Everything the provider says is checked before it is believed: its discovery document is the issuer's own, the token is
signed by a key of its own with an algorithm of two keys, for us, of now, and the answer to what this browser asked.
"""

import hmac
import json
import secrets
import ssl
import threading
import time
import urllib.error
import urllib.request
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from gateway.config.mailboxes import is_loopback
from gateway.config.sign_in import OidcSettings
from gateway.errors import Deferred, Refused

_LARGEST_ANSWER = 256 * 1024  # bytes
_KEPT = 3600.0  # seconds, of discovery and keys
_ASKED_ANEW = 30.0  # seconds between two looks at the keys for one that is not there
_LEEWAY = 60  # seconds that the provider's clock and ours may differ
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")


class OidcTrouble(Deferred):
    """The provider is away, or what it says cannot be understood."""


class OidcRefused(Refused):
    """The provider refuses, or what it states is not to be believed."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a browser was sent to the provider with; the answer must fit it."""

    state: str
    nonce: str
    verifier: str = field(repr=False)


def new_question() -> Asked:
    """A question that nobody can foresee the answer to."""
    return Asked(state=secrets.token_urlsafe(24), nonce=secrets.token_urlsafe(24), verifier=secrets.token_urlsafe(48))


class OidcClient:
    """One provider, asked for one client. Nothing is dialled before it is used; threads may share it."""

    def __init__(self, oidc: OidcSettings, *, redirect_uri: str) -> None:
        self._oidc = oidc
        self._redirect_uri = redirect_uri
        context = ssl.create_default_context(cafile=oidc.ca_file)
        # No redirects: nobody needs them here, and a code or a token must not follow one.
        self._opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirects())
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}

    @property
    def issuer(self) -> str:
        """Whom we believe."""
        return self._oidc.issuer

    def discovery(self) -> dict[str, Any]:
        """What the issuer says of itself (OpenID Connect Discovery 1.0, section 4). Raises OidcTrouble."""
        document = self._kept_document(f"{self._oidc.issuer.rstrip('/')}/.well-known/openid-configuration")
        if document.get("issuer") != self._oidc.issuer:
            raise OidcTrouble("the provider says that it is another issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            _require_safe(document.get(name))
        return document

    def question_url(self, asked: Asked) -> str:
        """Where to send the browser. Raises OidcTrouble."""
        challenge = urlsafe_b64encode(sha256(asked.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self._oidc.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": self._oidc.scope,
            "state": asked.state,
            "nonce": asked.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        endpoint = str(self.discovery()["authorization_endpoint"])
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    def address_of(self, code: str, asked: Asked, *, now: datetime) -> str:
        """The address of whoever the provider let in, which it has verified. Raises OidcTrouble, OidcRefused."""
        document = self.discovery()
        tokens = self._redeem(document, code, asked)
        claims = self._claims(document, str(tokens.get("id_token", "")), asked, now=now)
        if self._oidc.email_claim not in claims and "userinfo_endpoint" in document:
            claims = self._told(document, str(tokens.get("access_token", "")), subject=claims.get("sub"))
        email = claims.get(self._oidc.email_claim)
        if not isinstance(email, str) or not email:
            raise OidcRefused("the provider states no mail address")
        verified = self._oidc.verified_claim
        if verified and claims.get(verified) not in {True, "true"}:
            raise OidcRefused("the provider has not verified the mail address")
        return email

    def _redeem(self, document: Mapping[str, Any], code: str, asked: Asked) -> dict[str, Any]:
        """The tokens for a code (RFC 6749 section 4.1.3)."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": asked.verifier,
            "client_id": self._oidc.client_id,
        }
        headers = {}
        if self._oidc.client_secret is not None:
            secret = self._oidc.client_secret.get_secret_value()
            # What a provider offers where it says nothing (Discovery, section 3).
            offered = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
            if "client_secret_basic" in offered:
                pair = f"{quote_plus(self._oidc.client_id)}:{quote_plus(secret)}"
                headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
            else:
                form["client_secret"] = secret
        return self._ask(str(document["token_endpoint"]), data=urlencode(form).encode(), headers=headers)

    def _claims(self, document: Mapping[str, Any], token: str, asked: Asked, *, now: datetime) -> dict[str, Any]:
        """What a token states, after every check of OpenID Connect Core, section 3.1.3.7."""
        from joserfc import jws, jwt
        from joserfc.errors import JoseError

        us = self._oidc.client_id
        wanted = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self._oidc.issuer},
            aud={"essential": True, "value": us},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            kid = jws.extract_compact(token.encode()).headers().get("kid")
            claims = self._decoded(document, token, kid)
            wanted.validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise OidcRefused(f"the token is not to be believed ({type(error).__name__})") from None
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), asked.nonce.encode()):
            raise OidcRefused("the token answers another question")
        is_for_many = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if is_for_many else us) != us:
            raise OidcRefused("the token is for another client")
        return claims

    def _decoded(self, document: Mapping[str, Any], token: str, kid: object) -> dict[str, Any]:
        from joserfc import jwt
        from joserfc.errors import JoseError

        for anew in (False, True):
            keys = self._keys(str(document["jwks_uri"]), anew=anew)
            for key in [one for one in keys if kid is None or one.kid in {None, kid}]:
                try:
                    return dict(jwt.decode(token, key, algorithms=_ALGORITHMS).claims)
                except JoseError:
                    continue
        raise ValueError("no key of the provider's signed this")

    def _keys(self, url: str, *, anew: bool) -> list[Any]:
        """The provider's keys for signatures; those that we cannot read are passed over. `anew` looks again for keys
        that were changed a moment ago."""
        from joserfc import jwk
        from joserfc.errors import JoseError

        document = self._kept_document(url, at_most=_ASKED_ANEW if anew else _KEPT)
        found = []
        for one in document.get("keys", ()):
            if (
                not isinstance(one, dict)
                or one.get("use", "sig") != "sig"
                or one.get("kty") not in {"RSA", "EC", "OKP"}
            ):
                continue
            try:
                found.append(jwk.import_key(one))
            except (JoseError, ValueError, TypeError):
                continue
        return found

    def _told(self, document: Mapping[str, Any], access_token: str, *, subject: object) -> dict[str, Any]:
        """What the provider tells of the same person beside the token (Core, section 5.3)."""
        url = _require_safe(document["userinfo_endpoint"])
        told = self._ask(url, headers={"Authorization": f"Bearer {access_token}"})
        if told.get("sub") != subject:
            raise OidcRefused("the provider tells of another person")
        return told

    def _kept_document(self, url: str, *, at_most: float = _KEPT) -> dict[str, Any]:
        with self._lock:
            at, document = self._kept.get(url, (0.0, {}))
        if document and time.monotonic() - at < at_most:
            return document
        document = self._ask(url)
        with self._lock:
            self._kept[url] = time.monotonic(), document
        return document

    def _ask(self, url: str, *, data: bytes | None = None, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310  # only https, and http of this machine, come here
            url, data=data, headers={"Accept": "application/json", **(headers or {})}
        )
        try:
            with self._opener.open(request, timeout=self._oidc.timeout) as answer:
                document = json.loads(answer.read(_LARGEST_ANSWER))
        except urllib.error.HTTPError as error:
            with error:
                if error.code in {400, 401, 403}:
                    raise OidcRefused(f"the provider refuses ({error.code})") from None
            raise OidcTrouble(f"the provider answers {error.code}") from None
        except OSError as error:
            raise OidcTrouble(f"the provider does not answer ({type(error).__name__})") from error
        except ValueError:
            raise OidcTrouble("the provider's answer cannot be understood") from None
        if not isinstance(document, dict):
            raise OidcTrouble("the provider's answer cannot be understood")
        return document


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        """No: the redirect becomes the error that it is here."""


def _require_safe(url: object) -> str:
    """An address that nobody on the way can read along with. Raises OidcTrouble."""
    parts = urlsplit(url if isinstance(url, str) else "")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise OidcTrouble("the provider names an address without https")
    return str(url)
