"""With a key configured every mail leaves signed; a setting that could not sign is refused at once."""

import base64
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.config.load import Settings, load_settings
from gateway.db.engine import Database
from gateway.errors import Misconfigured
from gateway.notify.deliver import deliver_due
from gateway.runtime import open_runtime
from tests.support.clock import MovableClock
from tests.support.outbox import file_and_acknowledge

_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = _KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
_DER = _KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
RECORD = b"v=DKIM1; p=" + base64.b64encode(_DER)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_mail_that_leaves_verifies_by_the_key_in_the_dns(
    settings: Settings, clock: MovableClock, database: Database
) -> None:
    mail = settings.mail.model_copy(
        update={"dkim": load_settings(environment(key=PEM)).mail.dkim},
    )
    with open_runtime(settings.model_copy(update={"mail": mail}), clock=clock) as runtime:
        file_and_acknowledge(runtime, subject="Écran noir", echo_subject=True)
        deliver_due(runtime, deadline=float("inf"))
        (sent,) = runtime.where.sent.glob("*.eml")
    content = sent.read_bytes()
    assert dkim.verify(content, dnsfunc=lambda _name, timeout=5: RECORD)
    assert b" d=demo.example; s=gw;" in content


def environment(**dkim_settings: str) -> dict[str, str]:
    given = {"domain": "demo.example", "selector": "gw", **dkim_settings}
    variables = {f"GATEWAY_MAIL__DKIM__{name.upper()}": value for name, value in given.items() if value}
    return {"GATEWAY_CONFIG": "/dev/null", **variables}


def test_the_key_comes_by_a_file(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(PEM)
    found = load_settings(environment(key_file=str(tmp_path / "key.pem"))).mail.dkim
    assert found.key is not None
    assert found.key.get_secret_value().strip() == PEM.strip()


@pytest.mark.parametrize(
    ("given", "fault"),
    [({"key": "not a key"}, "not a private key in PEM"), ({}, "together"), ({"key": PEM, "domain": ""}, "together")],
)
def test_what_could_not_sign_is_refused_at_the_start(given: dict[str, str], fault: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        load_settings(environment(**given))
    assert fault in str(caught.value)
    assert "not a key" not in str(caught.value)
