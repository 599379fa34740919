"""Documents that we write are read as they are meant, and the lint finds every kind that would not be."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.twiml import MAX_TEXT, Verb, Voice, dial, gather, hang_up, pause, record, reject, render, say
from telephony.twiml_lint import MAX_SIZE, faults

BASE = "https://support.example.org"
LEA = Voice(name="Polly.Lea-Neural", language="fr-FR")
EVERY_VERB = (
    gather(say("Bonjour", LEA), pause(1), action=f"{BASE}/a", timeout=3, digits=1),
    gather(action=f"{BASE}/a", timeout=7, finish_on="#"),
    say("Merci", LEA),
    pause(2),
)


def ring(**changes: object) -> Verb:
    values = {"action": f"{BASE}/d", "whisper": f"{BASE}/w", "status": f"{BASE}/l", "caller_id": "+33123456789"}
    # The fields come by name.
    return dial("+33612345678", **{**values, "timeout": 15, "limit": 14400, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "last",
    [hang_up(), ring(), record(action=f"{BASE}/r", status=f"{BASE}/s", longest=120)],
    ids=lambda verb: verb.name,
)
def test_what_we_write_has_no_fault(last: Verb) -> None:
    voices = {(LEA.name, LEA.language)}
    assert faults(render((*EVERY_VERB, last)), base_url=BASE, voices=voices) == []


def test_a_refused_call_and_an_empty_answer_have_no_fault() -> None:
    assert faults(render((reject(),))) == faults(render(())) == []


@given(st.text(max_size=200))
def test_any_text_is_spoken_as_xml_that_a_strict_parser_takes(text: str) -> None:
    root = ElementTree.fromstring(render((say(f"a{text}", LEA),)))
    assert root.tag == "Response"
    assert not any(ord(char) < 32 for char in root[0].text or "")


def test_a_text_is_cut_where_the_provider_would_refuse_it() -> None:
    assert len(ElementTree.fromstring(render((say("a<&>" * 5000, LEA),)))[0].text or "") == MAX_TEXT


def response(inside: str) -> bytes:
    return f"<Response>{inside}</Response>".encode()


GATHER = f'<Gather action="{BASE}/a" method="POST" actionOnEmptyResult="true"'
SAY = '<Say voice="Polly.Lea-Neural" language="fr-FR">Bonjour</Say>'


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (b"", "does not begin"),
        (b"\n<Response/>", "does not begin"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><Response>&b;</Response>', "document type"),
        (b"<Response>", "no XML"),
        (b"<Response>\x01</Response>", "no XML"),
        (b"<response/>", "root"),
        (b'<Response a="b"/>', "root"),
        (b"<Response>" + b" " * MAX_SIZE + b"</Response>", "longer"),
        (response("<Speak>a</Speak>"), "does not belong"),
        (response("<Hangup>now</Hangup>"), "holds text"),
        (response("<Number>+33612345678</Number>"), "does not belong"),
        (response(f"{GATHER}><Hangup/></Gather>"), "does not belong"),
        (response(f"{GATHER}/>text"), "text after"),
        (response("<Say>Bonjour</Say>"), "has no voice"),
        (response('<Say voice="Polly.Lea-Neural" language="fr-FR"></Say>'), "is empty"),
        (response('<Say voice="Lea" language="fr-FR">a</Say>'), "not allowed"),
        (response('<Say voice="Polly.Amy-Neural" language="fr-FR">a</Say>'), "not pinned"),
        (response('<Gather method="POST" actionOnEmptyResult="true"/>'), "has no action"),
        (response(f'{GATHER} timeout="0"/>'), "not allowed"),
        (response(f'{GATHER} finishOnKey="##"/>'), "not allowed"),
        (response(f"{GATHER} input=\"['dtmf']\"/>"), "not allowed"),
        (response(f'{GATHER} partialResultCallback="{BASE}/p"/>'), "knows no"),
        (response(f'<Gather action="{BASE}/a" method="GET" actionOnEmptyResult="true"/>'), "not allowed"),
        (response('<Gather action="/a" method="POST" actionOnEmptyResult="true"/>'), "not allowed"),
        (response('<Gather action="https://u@x/a" method="POST" actionOnEmptyResult="true"/>'), "not allowed"),
        (response(f'<Gather action="{BASE}/a#rc=1" method="POST" actionOnEmptyResult="true"/>'), "not allowed"),
        (response('<Gather action="https://x/a" method="POST" actionOnEmptyResult="true"/>'), "elsewhere"),
        (response('<Record method="POST" maxLength="9"/>'), "has no action"),
        (response(f'<Record action="{BASE}/a" method="POST" maxLength="9" transcribe="true"/>'), "knows no"),
        (response(f'<Record action="{BASE}/a" method="POST" maxLength="9"/><Hangup/>'), "never reached"),
        (response(f'<Dial action="{BASE}/a" method="POST"/>'), "rings nobody"),
        (response(f'<Dial action="{BASE}/a" method="POST"><Number>0612345678</Number></Dial>'), "international"),
        (
            response(f'<Dial action="{BASE}/a" method="POST" timeout="4"><Number>+33612345678</Number></Dial>'),
            "timeout",
        ),
        (response(f'<Dial method="POST"><Number>+33612345678</Number></Dial>{SAY}'), "never reached"),
        (response('<Redirect method="POST">here</Redirect>'), "nowhere"),
        (response(f'{SAY}<Reject reason="busy"/>'), "not the first"),
        (response(f"<Hangup/>{SAY}"), "never reached"),
    ],
)
def test_the_lint_finds(document: bytes, fault: str) -> None:
    found = faults(document, base_url=BASE, voices={(LEA.name, LEA.language)})
    assert any(fault in sentence for sentence in found), found


def test_events_are_one_attribute_with_spaces() -> None:
    """As Python shows a list they would be silently ignored."""
    written = render((ring(),)).decode()
    assert 'statusCallbackEvent="initiated ringing answered completed"' in written
    assert faults(written.replace("initiated ringing", "initiated,ringing").encode())
