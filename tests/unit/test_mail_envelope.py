"""The envelope of a mail survives the spool."""

import json
from datetime import UTC, datetime

import pytest

from gateway.domain.ticket import Channel
from gateway.mail.envelope import BadEnvelope, MailEnvelope

ENVELOPE = MailEnvelope(
    channel=Channel.LMTP,
    mail_from="",
    rcpt_tos=("support@demo.example", "é@demo.example"),
    peer="192.0.2.1",
    helo="client.example",
    tls=True,
    smtputf8=True,
    received_at=datetime(2026, 11, 24, 9, 0, 0, 5, tzinfo=UTC),
)


def test_what_was_written_is_read_back() -> None:
    document = json.loads(json.dumps({**ENVELOPE.to_json(), "sha256": "added by the spool"}))
    assert MailEnvelope.from_json(document) == ENVELOPE


@pytest.mark.parametrize("change", [{"channel": "pigeon"}, {"rcpt_tos": None}, {"received_at": "yesterday"}])
def test_anything_else_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(BadEnvelope):
        MailEnvelope.from_json({**ENVELOPE.to_json(), **change})


def test_a_missing_field_is_refused() -> None:
    with pytest.raises(BadEnvelope):
        MailEnvelope.from_json({})
