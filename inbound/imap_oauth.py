"""OAuth 2 as far as a mailbox needs it: consent by device or by browser, and refreshing the token.

Pure requests and answers over HTTPS: RFC 6749 (code, refresh), RFC 7636 (PKCE), RFC 8628 (device). Google does not
offer its mail scope by the device flow, so for Gmail the operator opens a page and brings back the address that the
browser ends at.
"""

import json
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from gateway.config.mailboxes import OAuthSettings
from gateway.services.mailbox_tokens import Tokens
from inbound.imap_connection import MailboxTrouble, SignInRefused

REDIRECT = "http://127.0.0.1/"  # a page that nobody serves: what counts is the address (RFC 8252 section 7.3)
_TIMEOUT = 20.0  # seconds
_LARGEST_ANSWER = 256 * 1024  # bytes
_DEFAULT_LIFE = 3600  # seconds; RFC 6749 only recommends that the provider says it
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class OAuthRefused(SignInRefused):
    """The provider says no. `code` is its error code (RFC 6749 section 5.2, RFC 8628 section 3.5)."""

    def __init__(self, code: str) -> None:
        self.code = code if re.fullmatch(r"[a-z_]{1,40}", code) else "unknown error"
        super().__init__(f"the provider refuses ({self.code})")


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """A provider's addresses; None for a flow that it does not offer for mail."""

    token: str
    device: str | None
    authorize: str | None
    scope: str


@dataclass(frozen=True, kw_only=True)
class DeviceCode:
    """What the operator types where, and what we ask with meanwhile. Times in seconds."""

    user_code: str
    verification_url: str
    device_code: str = field(repr=False)
    interval: float
    expires_in: float


def endpoints_of(oauth: OAuthSettings) -> Endpoints:
    """The provider's addresses."""
    if oauth.provider == "google":
        return Endpoints(
            token="https://oauth2.googleapis.com/token",  # noqa: S106  # an address
            device=None,
            authorize="https://accounts.google.com/o/oauth2/v2/auth",
            scope="https://mail.google.com/",
        )
    if oauth.provider == "microsoft":
        base = f"https://login.microsoftonline.com/{oauth.tenant}/oauth2/v2.0"
        return Endpoints(
            token=f"{base}/token",
            device=f"{base}/devicecode",
            authorize=f"{base}/authorize",
            scope="https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
        )
    assert oauth.token_url is not None, "the settings are checked"
    assert oauth.scope is not None, "the settings are checked"
    return Endpoints(token=oauth.token_url, device=oauth.device_url, authorize=oauth.authorize_url, scope=oauth.scope)


class Provider:
    """One provider, asked for one client. Every method raises MailboxTrouble, OAuthRefused among them."""

    def __init__(self, oauth: OAuthSettings, *, context: ssl.SSLContext) -> None:
        self._oauth = oauth
        self.endpoints = endpoints_of(oauth)
        # No redirects: nobody needs them here, and a token must not follow one.
        self._opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirects())

    def begin_device(self) -> DeviceCode:
        """Ask for a code that the operator types on the provider's page (RFC 8628 section 3.1)."""
        assert self.endpoints.device is not None, "asked only where it is offered"
        answer = self._post(self.endpoints.device, {"scope": self.endpoints.scope}, secret=False)
        try:
            return DeviceCode(
                user_code=str(answer["user_code"]),
                verification_url=str(answer.get("verification_uri") or answer["verification_url"]),
                device_code=str(answer["device_code"]),
                interval=float(answer.get("interval", 5)),
                expires_in=float(answer.get("expires_in", 900)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise MailboxTrouble("the provider's answer cannot be understood") from error

    def ask_device(self, code: DeviceCode, *, now: datetime) -> Tokens:
        """Ask once whether the operator has consented. OAuthRefused tells `authorization_pending` and `slow_down`."""
        return self._tokens({"grant_type": _DEVICE_GRANT, "device_code": code.device_code}, now=now, old=None)

    def consent_url(self, *, state: str, challenge: str, login_hint: str) -> str:
        """The page on which the operator consents (RFC 6749 section 4.1.1, RFC 7636 section 4.3)."""
        assert self.endpoints.authorize is not None, "asked only where it is offered"
        query = {
            "response_type": "code",
            "client_id": self._oauth.client_id,
            "redirect_uri": REDIRECT,
            "scope": self.endpoints.scope,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "login_hint": login_hint,
            "access_type": "offline",  # Google: without these two there may be no refresh token
            "prompt": "consent",
        }
        return f"{self.endpoints.authorize}?{urlencode(query)}"

    def redeem(self, code: str, *, verifier: str, now: datetime) -> Tokens:
        """Exchange the code of a consent for tokens (RFC 6749 section 4.1.3)."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": verifier,
        }
        return self._tokens(form, now=now, old=None)

    def refresh(self, tokens: Tokens, *, now: datetime) -> Tokens:
        """A new access token, and the new refresh token where the provider changes it (RFC 6749 section 6)."""
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        return self._tokens(form, now=now, old=tokens.refresh_token)

    def _tokens(self, form: Mapping[str, str], *, now: datetime, old: str | None) -> Tokens:
        answer = self._post(self.endpoints.token, form, secret=True)
        refresh_token = answer.get("refresh_token") or old
        if not refresh_token:
            raise MailboxTrouble("the provider gives no lasting consent (no refresh token)")
        try:
            return Tokens(
                refresh_token=str(refresh_token),
                access_token=str(answer["access_token"]),
                expires_at=now + timedelta(seconds=float(answer.get("expires_in", _DEFAULT_LIFE))),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise MailboxTrouble("the provider's answer cannot be understood") from error

    def _post(self, url: str, form: Mapping[str, str], *, secret: bool) -> dict[str, Any]:
        fields = {"client_id": self._oauth.client_id, **form}
        if secret and self._oauth.client_secret is not None:
            fields["client_secret"] = self._oauth.client_secret.get_secret_value()
        request = urllib.request.Request(  # noqa: S310  # the settings take https only
            url, data=urlencode(fields).encode(), headers={"Accept": "application/json"}
        )
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as answer:
                return _document(answer.read(_LARGEST_ANSWER))
        except urllib.error.HTTPError as error:
            with error:
                code = str(_document(error.read(_LARGEST_ANSWER)).get("error", ""))
            if error.code < 500 and code:
                raise OAuthRefused(code) from None
            raise MailboxTrouble(f"the OAuth provider answers {error.code}") from None
        except OSError as error:
            raise MailboxTrouble(f"the OAuth provider does not answer ({type(error).__name__})") from error


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        """No: the redirect becomes the error that it is here."""


def _document(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
