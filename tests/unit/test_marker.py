"""The line above which people answer: whoever quotes it quotes the signed mark of the ticket."""

from datetime import date, timedelta

import pytest

from gateway.mail.marker import MARKER, QuotedMark, find_marks, make_mark, marker_line
from gateway.mail.tokens import TokenSigner

TODAY = date(2026, 11, 24)
SIGNER = TokenSigner(keys=(b"k" * 32,), lifetime_days=400)


@pytest.mark.parametrize("lang", sorted(MARKER))
def test_a_mark_in_a_quoted_marker_names_its_ticket(lang: str) -> None:
    mark = make_mark(SIGNER, ticket_id=7, person_id=9, today=TODAY)
    quoted = f"Merci\n\n> {marker_line(lang, mark)}\n> Bonjour"
    assert find_marks(quoted, SIGNER, today=TODAY) == [QuotedMark(ticket_id=7, person_id=9)]
    assert find_marks(quoted.upper(), SIGNER, today=TODAY) == [QuotedMark(ticket_id=7, person_id=9)]
    assert marker_line(lang, None) == MARKER[lang]


def test_marks_count_in_order_once_and_only_while_we_believe_them() -> None:
    marks = [make_mark(SIGNER, ticket_id=ticket, person_id=9, today=TODAY) for ticket in (7, 3, 7)]
    foreign = make_mark(TokenSigner(keys=(b"n" * 32,), lifetime_days=400), ticket_id=5, person_id=9, today=TODAY)
    text = "\n".join([foreign, *marks, marks[0][:-1], f"x{marks[0]}"])
    assert find_marks(text, SIGNER, today=TODAY) == [QuotedMark(ticket_id=number, person_id=9) for number in (7, 3)]
    assert find_marks(text, SIGNER, today=TODAY + timedelta(days=401)) == []
    assert find_marks("", SIGNER, today=TODAY) == []


def test_a_flood_of_forged_marks_costs_five_looks() -> None:
    true = make_mark(SIGNER, ticket_id=7, person_id=9, today=TODAY)
    forged = [f"q-1-1-1-{number:020d}" for number in range(5)]
    assert find_marks(" ".join([*forged, true]), SIGNER, today=TODAY) == []
    assert find_marks(" ".join([*forged[1:], true]), SIGNER, today=TODAY) == [QuotedMark(ticket_id=7, person_id=9)]
