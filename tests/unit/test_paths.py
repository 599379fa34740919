"""What follows MAIL and RCPT: what is understood, and which reply refuses the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound import replies
from inbound.paths import Declined, Sender, parse_recipient, parse_sender


@pytest.mark.parametrize(
    ("argument", "sender"),
    [
        ("FROM:<a@b.example>", Sender(address="a@b.example", smtputf8=False, size=None)),
        ("from: <a@b.example>  SIZE=12 BODY=8bitmime", Sender(address="a@b.example", smtputf8=False, size=12)),
        ("FROM:<é@b.example> SMTPUTF8", Sender(address="é@b.example", smtputf8=True, size=None)),
        ("FROM:<>", Sender(address="", smtputf8=False, size=None)),
        ("FROM:<> size=0", Sender(address="", smtputf8=False, size=0)),
        ("FROM:a@b.example SIZE=1", Sender(address="a@b.example", smtputf8=False, size=1)),
        ("FROM:<@relay.example,@x.example:a@b.example>", Sender(address="a@b.example", smtputf8=False, size=None)),
        ('FROM:<"a b>\\"c"@b.example>', Sender(address='"a b>\\"c"@b.example', smtputf8=False, size=None)),
        ("FROM:<a@[192.0.2.1]>", Sender(address="a@[192.0.2.1]", smtputf8=False, size=None)),
    ],
)
def test_a_sender_is_understood(argument: str, sender: Sender) -> None:
    assert parse_sender(argument) == sender


@pytest.mark.parametrize(
    ("argument", "reply"),
    [
        ("", replies.BAD_SYNTAX),
        ("TO:<a@b.example>", replies.BAD_SYNTAX),
        ("FROM:", replies.BAD_SYNTAX),
        ("FROM:<a@b.example", replies.BAD_SYNTAX),
        ("FROM:<a@b.example>SIZE=1", replies.BAD_SYNTAX),
        ("FROM:<a@b.example> SIZE=", replies.BAD_SYNTAX),
        ("FROM:<a@b.example> SIZE", replies.BAD_SYNTAX),
        ("FROM:<a@b.example> SIZE=-1", replies.BAD_SYNTAX),
        ("FROM:<a@b.example> SIZE=²", replies.BAD_SYNTAX),
        ("FROM:<a@b.example> SIZE=1 SIZE=2", replies.BAD_SYNTAX),
        ("FROM:<a@b.example> SMTPUTF8=yes", replies.BAD_SYNTAX),
        ("FROM:<a@b.example> BODY=BINARYMIME", replies.UNKNOWN_PARAMETERS),
        ("FROM:<a@b.example> BODY", replies.UNKNOWN_PARAMETERS),
        ("FROM:<a@b.example> RET=HDRS", replies.UNKNOWN_PARAMETERS),
        ("FROM:<root>", replies.BAD_SENDER),
        ("FROM:<a@b.example\x00>", replies.BAD_SENDER),
        ("FROM:<a\ufffd@b.example>", replies.BAD_SENDER),
        (f"FROM:<{'a' * 250}@b.example>", replies.BAD_SENDER),
    ],
)
def test_a_sender_is_refused_with_the_reply_that_fits(argument: str, reply: str) -> None:
    with pytest.raises(Declined) as declined:
        parse_sender(argument)
    assert declined.value.reply == reply


@pytest.mark.parametrize(
    ("argument", "address"),
    [
        ("TO:<Support+r-1@demo.example>", "Support+r-1@demo.example"),
        ("to: <support@demo.example>", "support@demo.example"),
        ("TO:<Postmaster>", "Postmaster"),
        ("TO:support@demo.example", "support@demo.example"),
    ],
)
def test_a_recipient_is_understood_and_kept_as_given(argument: str, address: str) -> None:
    assert parse_recipient(argument) == address


@pytest.mark.parametrize(
    ("argument", "reply"),
    [
        ("TO:<>", replies.BAD_RECIPIENT),
        ("TO:<root>", replies.BAD_RECIPIENT),
        ("FROM:<a@b.example>", replies.BAD_SYNTAX),
        ("TO:<a@b.example> NOTIFY=NEVER", replies.UNKNOWN_PARAMETERS),
        ("TO:<a@b.example> <c@d.example>", replies.BAD_SYNTAX),
    ],
)
def test_a_recipient_is_refused_with_the_reply_that_fits(argument: str, reply: str) -> None:
    with pytest.raises(Declined) as declined:
        parse_recipient(argument)
    assert declined.value.reply == reply


@given(st.text(max_size=200).map(lambda text: f"FROM:{text}"))
def test_no_text_from_outside_raises_anything_but_a_reply(argument: str) -> None:
    try:
        sender = parse_sender(argument)
    except Declined:
        return
    assert not any(char.isspace() for char in sender.address.partition('"')[0])
