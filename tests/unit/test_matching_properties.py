"""Whatever clues a mail carries: nobody reaches a ticket that they have no standing on, and nothing raises."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.trace import Trace
from inbound.clues import RULES, Clue, Rule
from inbound.matching import Asker, Matching, Standing, TicketFacts, choose_ticket

SENDER, ME = "marie@client.example", 7
ASKER = Asker(project="DEMO", address=SENDER, person_id=ME)
TICKETS = st.integers(min_value=1, max_value=4)
CLUES = st.lists(
    st.builds(
        Clue,
        rule=st.sampled_from(RULES),
        ticket_id=TICKETS,
        where=st.sampled_from(["envelope", "References", "text"]),
        internal=st.booleans(),
        person_id=st.sampled_from([None, ME, 8]),
        distance=st.integers(min_value=0, max_value=2),
        addressed=st.sampled_from([frozenset(), frozenset({SENDER}), frozenset({"paul@client.example"})]),
    ),
    max_size=12,
)
FACTS = st.dictionaries(
    TICKETS,
    st.builds(
        TicketFacts,
        project=st.sampled_from(["DEMO", "OTHER"]),
        standing=st.sampled_from(list(Standing)),
        is_hidden=st.booleans(),
    ),
)


def choose(clues: list[Clue], facts: dict[int, TicketFacts]) -> Matching:
    return choose_ticket(clues, facts, ASKER, trace=Trace())


@given(CLUES, FACTS)
def test_a_match_is_a_ticket_of_this_project_that_the_sender_may_reach(
    clues: list[Clue], facts: dict[int, TicketFacts]
) -> None:
    match = choose(clues, facts).match
    if match is None:
        return
    found = facts[match.ticket_id]
    assert found.project == "DEMO"
    assert not found.is_hidden
    if match.rule is Rule.REPLY_ADDRESS and found.standing < Standing.PARTICIPANT:
        assert match.signed
    if match.rule in {Rule.OWN_ID, Rule.QUOTED_MARK}:
        assert found.standing >= Standing.PARTICIPANT
    if match.rule is Rule.SUBJECT_TAG:
        assert found.standing is Standing.PROVED
    if match.rule is Rule.STORED_ID and found.standing < Standing.PARTICIPANT:
        assert found.standing is Standing.STRANGER
        assert any(SENDER in clue.addressed for clue in clues if clue.ticket_id == match.ticket_id)


@given(CLUES, FACTS)
def test_saying_a_thing_twice_changes_nothing(clues: list[Clue], facts: dict[int, TicketFacts]) -> None:
    assert choose(clues + clues, facts) == choose(clues, facts)


@given(CLUES, FACTS)
def test_of_two_tickets_equally_near_by_one_rule_none_is_guessed(
    clues: list[Clue], facts: dict[int, TicketFacts]
) -> None:
    match = choose(clues, facts).match
    if match is not None:
        believed = [clue for clue in clues if clue.rule is match.rule and choose([clue], facts).match is not None]
        near = min(clue.distance for clue in believed)
        assert {clue.ticket_id for clue in believed if clue.distance == near} == {match.ticket_id}


@given(CLUES, FACTS)
def test_every_clue_that_is_not_believed_leaves_its_reason(clues: list[Clue], facts: dict[int, TicketFacts]) -> None:
    trace = Trace()
    matching = choose_ticket(clues, facts, ASKER, trace=trace)
    assert trace.steps
    if matching.match is None and clues:
        assert any(step.outcome in {"not believed", "ambiguous"} for step in trace.steps)
