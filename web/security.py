"""What protects every page: headers, cookies, keys, the host names that we answer to."""

import hmac
import ipaddress
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, request

from gateway.config.load import Settings
from gateway.mail.tokens import TokenSigner

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# Above this a form is refused unread. A reply of 100 kB may be three times as long on the wire.
MAX_BODY = 400_000
_YEAR = 365 * 24 * 3600  # seconds
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def security_config(settings: Settings, signer: TokenSigner) -> dict[str, Any]:
    """Flask's settings: signed form cookie, host names, the size of a request."""
    secret, *older = (_form_key(key) for key in signer.keys)
    return {
        "SECRET_KEY": secret,
        "SECRET_KEY_FALLBACKS": older,
        "SESSION_COOKIE_NAME": cookie_name(settings, "form"),
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": is_https(settings),
        "TRUSTED_HOSTS": trusted_hosts(settings),
        "MAX_CONTENT_LENGTH": MAX_BODY,
        "MAX_FORM_MEMORY_SIZE": MAX_BODY,
        # Whoever writes for two hours must be able to send: the token lives as long as the browser's form cookie.
        "WTF_CSRF_TIME_LIMIT": None,
        # The token is the proof; some browsers send no Referer at all.
        "WTF_CSRF_SSL_STRICT": False,
    }


def is_https(settings: Settings) -> bool:
    """True when people reach us by https."""
    return settings.http.base_url.startswith("https://")


def cookie_name(settings: Settings, name: str) -> str:
    """A cookie's name. Over https its prefix keeps sites beside ours from planting one (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{name}" if is_https(settings) else name


def trusted_hosts(settings: Settings) -> list[str]:
    """The host names that we answer to: our own, and this machine's for health checks and the embedded default.

    No link is ever made from a Host header, and nobody's browser can be led here under these names from afar.
    """
    own = urlsplit(settings.http.base_url).hostname
    return [*([own] if own else []), "localhost", "127.0.0.1"]


def is_loopback(address: str) -> bool:
    """True for this machine's own addresses and for the name `localhost`."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def protect_answers(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer; a view that set one itself knows better."""
    https = is_https(settings)

    @app.after_request
    def _add_headers(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        if https:
            response.headers["Strict-Transport-Security"] = f"max-age={_YEAR}"
        return response


def _form_key(signing_key: bytes) -> bytes:
    # A key of its own, drawn from the signing key: no token of the one kind passes for the other.
    return hmac.digest(signing_key, b"web form cookie", "sha256")
