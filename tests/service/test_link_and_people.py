"""Tickets that are linked name each other; who is on a ticket is said, and stays so."""

import pytest

from gateway.db.participants import find_participants
from gateway.db.ticket_links import find_relations
from gateway.domain.change import NotAllowed
from gateway.errors import NotFound, Refused
from gateway.runtime import Runtime
from gateway.services.change_people import change_people
from gateway.services.link_tickets import link_tickets
from tests.service.test_filing import file
from tests.support.desk import NINA, outbox, staff, ticket_of, timeline
from tests.support.installation import mail

MARIE, PAUL = "marie@client.example", "paul@client.example"


@pytest.fixture
def desk(runtime: Runtime) -> Runtime:
    """DEMO-1 with Paul in copy, and DEMO-2."""
    staff(runtime)
    file(runtime, mail(1, Cc=PAUL))
    file(runtime, mail(2))
    return runtime


def links(runtime: Runtime, ref: str) -> tuple[str, ...]:
    with runtime.database.reading() as connection:
        return find_relations(connection, ticket_of(runtime, ref)).links


def on_it(runtime: Runtime) -> set[str]:
    with runtime.database.reading() as connection:
        return find_participants(connection, ticket_of(runtime).id)


def test_a_link_is_seen_from_both_and_made_once(desk: Runtime) -> None:
    mails = len(outbox(desk))
    assert link_tickets(desk, ref="demo-2", other="DEMO-1", by=NINA)
    assert not link_tickets(desk, ref="DEMO-1", other="DEMO-2", by=NINA)
    assert (links(desk, "DEMO-1"), links(desk, "DEMO-2")) == (("DEMO-2",), ("DEMO-1",))
    assert [text for _, _, text in timeline(desk)][1:] == ["Lié à DEMO-2 : Écran bloqué n° 2"]
    assert [text for _, _, text in timeline(desk, "DEMO-2")][1:] == ["Lié à DEMO-1 : Écran bloqué n° 1"]
    assert len(timeline(desk, visible_only=True)) == 1
    assert len(outbox(desk)) == mails


@pytest.mark.parametrize(
    ("ref", "other", "by", "error"),
    [
        ("DEMO-1", "DEMO-1", NINA, NotAllowed),
        ("DEMO-1", "DEMO-9", NINA, NotFound),
        ("DEMO-1", "DEMO-2", MARIE, NotAllowed),
        ("DEMO-1", "DEMO-2", "x@elsewhere.example", NotFound),
    ],
)
def test_what_is_not_linked_is_refused(desk: Runtime, ref: str, other: str, by: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        link_tickets(desk, ref=ref, other=other, by=by)
    assert links(desk, "DEMO-1") == ()


def test_people_are_put_on_a_ticket_and_then_answer_on_it(desk: Runtime) -> None:
    assert change_people(desk, ref="DEMO-1", by=NINA, add=["Luc@client.example"]) == [
        "luc@client.example",
        MARIE,
        PAUL,
    ]
    own = outbox(desk)[0].message_id
    file(desk, mail(3, sender="luc@client.example", In_Reply_To=f"<{own}>"), mail_from="luc@client.example")
    assert ticket_of(desk).entries == 3
    assert timeline(desk)[1][2] == "Ajouté à la demande : luc@client.example"


def test_who_was_removed_is_a_stranger_and_comes_back_only_by_somebodys_word(desk: Runtime) -> None:
    change_people(desk, ref="DEMO-1", by=MARIE, remove=[PAUL])
    own = outbox(desk)[0].message_id
    file(desk, mail(3, In_Reply_To=f"<{own}>", Cc=PAUL))
    assert on_it(desk) == {MARIE}, "copied by a reply to all"
    file(desk, mail(4, sender=PAUL, In_Reply_To=f"<{own}>"), mail_from=PAUL)
    assert ticket_of(desk, "DEMO-3").reporter == PAUL
    change_people(desk, ref="DEMO-1", by=NINA, add=[PAUL])
    assert on_it(desk) == {MARIE, PAUL}


def test_what_is_so_already_leaves_no_line(desk: Runtime) -> None:
    change_people(desk, ref="DEMO-1", by=NINA, add=[PAUL, MARIE], remove=["luc@client.example"])
    assert len(timeline(desk)) == 1


@pytest.mark.parametrize(
    ("by", "change", "error", "words"),
    [
        (NINA, {"remove": [MARIE]}, NotAllowed, "stays on the ticket"),
        (NINA, {}, NotAllowed, "nothing would change"),
        (NINA, {"add": ["nobody"]}, Refused, "'nobody' is not a mail address"),
        (NINA, {"add": ["support@demo.example"]}, Refused, "our own address"),
        (NINA, {"add": [PAUL], "remove": [PAUL]}, Refused, "both added and removed"),
        (NINA, {"add": [f"p{number}@client.example" for number in range(30)]}, Refused, "at most 10 people"),
        (PAUL, {"add": ["luc@client.example"]}, NotFound, "no such ticket"),
    ],
)
def test_who_may_not_be_is_refused_and_nothing_changes(
    desk: Runtime, by: str, change: dict[str, list[str]], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        change_people(desk, ref="DEMO-1", by=by, **change)
    assert on_it(desk) == {MARIE, PAUL}
    assert len(timeline(desk)) == 1
