"""Did the provider send this webhook? The whole of it is signed: the address it was sent to, and what it carries.

Twilio signs the public URL, so ours is put together from the configured base and the target as it came over the
wire: what a proxy or a framework makes of it (decoded, sorted, another host) is not what was signed. Every doubt
is a no, and no input raises. (https://www.twilio.com/docs/usage/webhooks/webhooks-security)
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import parse_qs, parse_qsl, urlsplit

from twilio.request_validator import (
    HMAC_SHA1,
    HMAC_SHA256,
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)
from werkzeug.datastructures import MultiDict

MAX_BODY = 64 * 1024
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """What webhooks are signed with; several of each while they are rotated.

    Where there is a shared key, SHA-1 by the account's token is refused: the header that announces which of the two
    was used is not signed, so an attacker with an old token could choose it.
    """

    auth_tokens: tuple[str, ...] = ()
    shared_keys: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """False where nothing is configured, and no webhook can be believed."""
        return bool(self.auth_tokens or self.shared_keys)


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """A request as it came. `target` is the raw path with its query, `headers` have lower case names."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def read_form(webhook: Webhook) -> MultiDict[str, str]:
    """The parameters of the body, in order, repeated and blank ones included; empty for any other kind of body."""
    if _content_type(webhook) != _FORM:
        return MultiDict()
    text = webhook.body.decode("utf-8", "surrogateescape")
    pairs = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=500)
    return MultiDict(pairs)


def is_signed(webhook: Webhook, *, public_base: str, secrets: Secrets) -> bool:
    """True where one of our secrets signed this request.

    - the signature covers `public_base` and the raw target
    - a form is covered with all its parameters, whatever their names
    - a JSON body is covered by `bodySHA256` in the query, without which it is refused
    - the algorithm is SHA-256 with a shared key, or SHA-1 with the token where no shared key is configured
    """
    signature = webhook.headers.get(SIGNATURE_HEADER.lower(), "")
    if not signature or len(webhook.body) > MAX_BODY or not webhook.target.startswith("/"):
        return False
    algorithm = get_signature_algorithm(webhook.headers.get(SIGNATURE_SETTINGS_HEADER.lower(), "")).upper()
    try:
        params = _signed_params(webhook)
        expected = [
            RequestValidator(secret).compute_signature(f"{base}{webhook.target}", params, algorithm)
            for secret in _candidates(algorithm, secrets)
            for base in _spellings(public_base)
        ]
    except (ValueError, TypeError, KeyError):
        # A body that is no text, too many fields, a sum that does not agree: not the provider's.
        return False
    given = signature.encode("utf-8", "replace")
    agree = [hmac.compare_digest(one.encode(), given) for one in expected]  # every one, so that time tells nothing
    return any(agree)


def _spellings(public_base: str) -> tuple[str, str]:
    """The base with its port and without, as the provider's side is not of one mind about it."""
    parts = urlsplit(public_base)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    bare = parts.netloc.rpartition(":")[0] if parts.port else parts.netloc
    return f"{parts.scheme}://{bare}", f"{parts.scheme}://{bare}:{port}"


def _candidates(algorithm: str, secrets: Secrets) -> Sequence[str]:
    if algorithm == HMAC_SHA256:
        return secrets.shared_keys
    return secrets.auth_tokens if algorithm == HMAC_SHA1 and not secrets.shared_keys else ()


def _signed_params(webhook: Webhook) -> MultiDict[str, str]:
    kind = _content_type(webhook)
    if kind == _JSON:
        stated = parse_qs(webhook.target.partition("?")[2]).get("bodySHA256", [""])[0]
        if not hmac.compare_digest(sha256(webhook.body).hexdigest().encode(), stated.encode("utf-8", "replace")):
            raise ValueError("a JSON body that nothing covers")
        return MultiDict()
    if webhook.body and kind != _FORM:
        raise ValueError("a body of a kind that is not signed")
    return read_form(webhook)


def _content_type(webhook: Webhook) -> str:
    return webhook.headers.get("content-type", "").partition(";")[0].strip().lower()
