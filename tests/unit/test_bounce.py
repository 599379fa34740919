"""Is the address to blame for a refusal? The rows are the bullets of `blames_address`."""

import pytest

from gateway.mail.bounce import Action, Outcome, find_status


@pytest.mark.parametrize(
    ("status", "diagnostic", "hard"),
    [
        # of class 4, though given up
        ("4.4.7", "delivery time expired", False),
        ("4.0.0", "426 connection timed out", False),
        ("", "450 4.2.1 try again", False),
        # full, whatever the code
        ("5.2.2", "552 5.2.2 mailbox full", False),
        ("5.0.0", "550 user over quota", False),
        ("5.1.1", "550 5.1.1 mailbox is full", False),
        ("", "boîte pleine", False),
        # no such user or domain, whatever the code
        ("5.3.0", "553 5.3.0 <x@y.example>... Addressee unknown", True),
        ("5.7.1", "550 5.7.1 no such user here", True),
        ("", "utilisateur inconnu", True),
        ("", "l'adresse n'existe pas", True),
        # by the code
        ("5.0.0", "", True),
        ("5.1.1", "", True),
        ("5.1.10", "550 5.1.10 RESOLVER.ADR", True),
        ("5.2.1", "", True),
        ("5.4.1", "", True),
        ("5.4.4", "", True),
        ("5.4.310", "", True),
        ("5.1.7", "bad sender's mailbox", False),
        ("5.1.8", "bad sender's system", False),
        ("5.2.3", "message length", False),
        ("5.3.4", "message too big", False),
        ("5.4.6", "loop", False),
        ("5.5.2", "syntax", False),
        ("5.6.0", "content", False),
        ("5.7.1", "554 5.7.1 looks like spam", False),
        ("5.7.1", "554 5.7.1 <x@y.example>: Relay access denied", False),
        # no code
        ("", "", True),
        ("", "550 no", True),
        ("", "554 rejected as spam", False),
        ("", "554 relay access denied", False),
    ],
)
def test_a_final_refusal_is_hard_where_the_address_is_to_blame(status: str, diagnostic: str, hard: bool) -> None:
    assert Outcome(action=Action.FAILED, status=status, diagnostic=diagnostic).is_hard is hard


def test_a_delay_is_never_hard() -> None:
    assert not Outcome(action=Action.DELAYED, status="5.1.1", diagnostic="no such user").is_hard


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("550 5.1.1 no such user", "5.1.1"),
        ("550-5.7.26 unauthenticated", "5.7.26"),
        ("(#4.4.1)", "4.4.1"),
        ("5.1.1.", "5.1.1"),
        ("host 5.1.1.9 said no", ""),
        ("127.5.1.1", ""),
        ("", ""),
    ],
)
def test_a_status_code_is_no_part_of_an_ip_address(text: str, status: str) -> None:
    assert find_status(text) == status
