"""What other systems send about calls is made fit to be stored, and a secret that lets them in cannot be guessed."""

import json

import pytest

from gateway.config.load import load_settings
from gateway.errors import Misconfigured
from telephony.events import storable


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("plain é 😀", "plain é 😀"),
        ("a\0b", "ab"),
        ("\ud800", "?"),
        ({"a\0": ["\0", {"b": "c\0"}]}, {"a": ["", {"b": "c"}]}),
        ({"n": 1, "t": True, "none": None}, {"n": 1, "t": True, "none": None}),
    ],
)
def test_no_text_keeps_a_call_off_the_record(given: object, kept: object) -> None:
    """PostgreSQL holds neither NUL nor half of a surrogate pair, in a text or in JSON."""
    assert storable(given) == kept
    assert "\\u0000" not in json.dumps(storable(given))


@pytest.mark.parametrize(("secret", "is_good"), [("short", False), ("x" * 15, False), ("x" * 16, True)])
def test_a_secret_of_another_telephone_system_is_long(secret: str, is_good: bool) -> None:
    given = {"GATEWAY_CONFIG": "/dev/null", "GATEWAY_TELEPHONY__PBX_SECRET": secret}
    if is_good:
        assert load_settings(given).telephony.pbx_secret is not None
        return
    with pytest.raises(Misconfigured):
        load_settings(given)
