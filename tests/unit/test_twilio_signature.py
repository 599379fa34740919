"""A webhook is believed when the provider signed all of it, and never otherwise."""

import hashlib
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from telephony.signature import Secrets, Webhook, is_signed, read_form

TOKEN = "12345"
BASE = "https://mycompany.com"
TARGET = "/myapp.php?foo=1&bar=2"
PARAMS = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}
SHA256 = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"


def webhook(signature: str | None, *, target: str = TARGET, body: bytes | None = None, **headers: str) -> Webhook:
    fields = {
        "content-type": "application/x-www-form-urlencoded",
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    if signature is not None:
        fields["x-twilio-signature"] = signature
    content = urlencode(PARAMS).encode() if body is None else body
    return Webhook(method="POST", target=target, headers=fields, body=content)


def sign(target: str, params: object, *, secret: str = TOKEN, base: str = BASE, algorithm: str = "HMAC_SHA1") -> str:
    signature: str = RequestValidator(secret).compute_signature(f"{base}{target}", params, algorithm)
    return signature


BY_TOKEN = Secrets(auth_tokens=(TOKEN,))


@pytest.mark.parametrize(
    ("base", "signature", "settings", "secrets"),
    [
        (BASE, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", None, BY_TOKEN),
        (BASE, "kvajT1Ptam85bY51eRf/AJRuM3w=", None, BY_TOKEN),
        (f"{BASE}:443", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", None, BY_TOKEN),
        ("http://mycompany.com", "0ZXoZLH/DfblKGATFgpif+LLRf4=", None, BY_TOKEN),
        ("http://mycompany.com:1234", "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=", None, BY_TOKEN),
        (BASE, "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s=", SHA256, Secrets(shared_keys=(TOKEN,))),
    ],
    ids=["sha-1", "sha-1 with the port", "our base names the port", "http", "other port", "sha-256"],
)
def test_the_published_vectors_are_believed(base: str, signature: str, settings: str | None, secrets: Secrets) -> None:
    headers = {} if settings is None else {"x-twilio-webhooks-signature-settings": settings}
    assert is_signed(webhook(signature, **headers), public_base=base, secrets=secrets)


def test_repeated_names_count_each_value_once() -> None:
    body = urlencode([("Sid", "CA123"), ("SidAccount", "AC123"), *(("Digits", d) for d in ("5678", "1234", "1234"))])
    assert is_signed(webhook("IK+Dwps556ElfBT0I3Rgjkr1wJU=", body=body.encode()), public_base=BASE, secrets=BY_TOKEN)


JSON = b'{"property": "value", "boolean": true}'
JSON_TARGET = f"{TARGET}&bodySHA256={hashlib.sha256(JSON).hexdigest()}"


def json_webhook(**changes: object) -> Webhook:
    signed = webhook("a9nBmqA0ju/hNViExpshrM61xv4=", target=JSON_TARGET, body=JSON, content_type="application/json")
    return replace(signed, **changes)  # type: ignore[arg-type]  # fields by name


def test_a_json_body_counts_with_its_sum_alone() -> None:
    assert is_signed(json_webhook(), public_base=BASE, secrets=BY_TOKEN)
    assert not is_signed(json_webhook(body=JSON + b" "), public_base=BASE, secrets=BY_TOKEN)
    bare = webhook(sign(TARGET, {}), body=JSON, content_type="application/json")
    assert not is_signed(bare, public_base=BASE, secrets=BY_TOKEN)


@pytest.mark.parametrize("signature", [None, "", "x", "RSOYDt4T1cUTdK1PDd93/VVr8B8", "é" * 28])
def test_a_missing_or_wrong_signature_is_no(signature: str | None) -> None:
    assert not is_signed(webhook(signature), public_base=BASE, secrets=BY_TOKEN)


@pytest.mark.parametrize(
    "changes",
    [
        {"target": "/myapp.php?foo=1&bar=3"},
        {"body": urlencode(PARAMS | {"Digits": "9999"}).encode()},
        {"body": urlencode(PARAMS | {"Extra": ""}).encode() + b"&Other=1"},
        {"body": b""},
    ],
    ids=["query", "parameter", "one more", "none"],
)
def test_any_change_is_no(changes: dict[str, object]) -> None:
    good = webhook("RSOYDt4T1cUTdK1PDd93/VVr8B8=")
    # The fields come by name.
    assert not is_signed(replace(good, **changes), public_base=BASE, secrets=BY_TOKEN)  # type: ignore[arg-type]


def test_another_base_another_secret_and_no_secret_are_no() -> None:
    good = webhook("RSOYDt4T1cUTdK1PDd93/VVr8B8=")
    assert not is_signed(good, public_base="https://evil.example", secrets=BY_TOKEN)
    assert not is_signed(good, public_base=BASE, secrets=Secrets(auth_tokens=("54321",)))
    assert not is_signed(good, public_base=BASE, secrets=Secrets())


def test_two_secrets_live_while_they_are_rotated() -> None:
    both = Secrets(auth_tokens=("new", TOKEN))
    assert is_signed(webhook("RSOYDt4T1cUTdK1PDd93/VVr8B8="), public_base=BASE, secrets=both)


def test_with_a_shared_key_sha_1_is_refused() -> None:
    secrets = Secrets(auth_tokens=(TOKEN,), shared_keys=("shared",))
    assert not is_signed(webhook("RSOYDt4T1cUTdK1PDd93/VVr8B8="), public_base=BASE, secrets=secrets)
    signature = sign(TARGET, PARAMS, secret="shared", algorithm="HMAC_SHA256")
    headers = {"x-twilio-webhooks-signature-settings": SHA256}
    assert is_signed(webhook(signature, **headers), public_base=BASE, secrets=secrets)


@pytest.mark.parametrize("target", ["/v?", "/v?a=+b", "/v?x=caf%C3%A9", "/a%2Fb", "//v", "/v?b=2&a=1&b=1"])
def test_the_target_counts_as_it_came_over_the_wire(target: str) -> None:
    signature = sign(target, MultiDict(PARAMS))
    assert is_signed(webhook(signature, target=target), public_base=BASE, secrets=BY_TOKEN)


def test_blank_unknown_and_accented_parameters_are_covered_and_read() -> None:
    params = PARAMS | {"FromCity": "", "SpeechResult": "été à l’école", "NewThing": "1"}
    body = urlencode(params).encode()
    request = webhook(sign(TARGET, params), body=body)
    assert is_signed(request, public_base=BASE, secrets=BY_TOKEN)
    assert read_form(request).to_dict() == params


@given(st.binary(max_size=300), st.text(max_size=80), st.text(max_size=40), st.text(max_size=40))
def test_no_input_raises(body: bytes, target: str, signature: str, kind: str) -> None:
    for content_type in (kind, "application/json", "application/x-www-form-urlencoded"):
        request = webhook(signature, target=f"/{target}", body=body, content_type=content_type)
        assert not is_signed(request, public_base=BASE, secrets=BY_TOKEN)
