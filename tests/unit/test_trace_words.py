"""Decision traces are kept by names and said in the reader's language; what was kept before is still read."""

import ast
from pathlib import Path

import gateway
from gateway.db.receipts import Verdict
from gateway.domain.joining import Joining
from gateway.domain.reasons import Reason
from gateway.domain.ticket import Language
from gateway.domain.trace import Said, Trace
from gateway.domain.trace_words import EVIDENCE, OUTCOMES, RULES, say_reason, say_step
from gateway.mail.authentication import Result
from gateway.mail.automation import Origin
from inbound.antivirus import ScanOutcome
from inbound.bounces import RULE
from inbound.clues import Rule

ROOT = Path(gateway.__file__).parents[1]


def texts(node: ast.AST) -> list[str]:
    """The literal texts of an expression, where they are what it comes to."""
    match node:
        case ast.Constant(value=str(text)):
            return [text] if text else []
        case ast.IfExp(body=one, orelse=other):
            return texts(one) + texts(other)
        case ast.BoolOp(values=values):
            return [text for value in values for text in texts(value)]
        case ast.Call(func=ast.Name(id="Said"), args=[form]):
            return texts(form)
        case ast.JoinedStr(values=[ast.Constant(value=str(start)), *_]):
            return [f"{start}{scope}" for scope in ("address", "domain", "all")] if start == "cap " else ["?" + start]
    return []


def notes() -> list[tuple[list[str], list[str], list[str]]]:
    found = []
    for path in [*ROOT.glob("gateway/services/*.py"), *ROOT.glob("inbound/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("trace.note"):
                rule, outcome, *evidence = node.args
                found.append((texts(rule), texts(outcome), [text for one in evidence for text in texts(one)]))
    return found


def test_every_step_that_is_noted_has_its_words_in_french() -> None:
    noted = notes()
    assert len(noted) > 30
    assert {text for rule, _, _ in noted for text in rule} <= set(RULES)
    assert {text for _, outcome, _ in noted for text in outcome} <= set(OUTCOMES)
    assert {text for _, _, evidence in noted for text in evidence} - {"filed"} <= set(EVIDENCE)
    assert {RULE, *map(str, Rule)} <= set(RULES)
    names = [*Joining, *Result, *Origin, *ScanOutcome, *Verdict]
    assert {str(name) for name in names} <= set(OUTCOMES)


def test_every_reason_of_a_verdict_has_its_words_in_french() -> None:
    found = set[str]()
    for path in [*ROOT.glob("gateway/services/*.py"), *ROOT.glob("inbound/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Decision", "replace"}:
                found |= {text for word in node.keywords if word.arg == "reason" for text in texts(word.value)}
    assert len(found) > 8
    assert {text for text in found if not text.startswith("?")} <= set(EVIDENCE)


def test_no_two_rules_are_said_alike() -> None:
    assert len(set(RULES.values())) == len(RULES)


def test_a_step_is_kept_by_its_names_and_said_at_reading() -> None:
    trace = Trace()
    trace.note("joining", "follow up", Said("closed more than {days} days ago", days=14))
    trace.note("our Message-ID", "not believed", Said("{where}: {what}", where="In-Reply-To", what="reply"))
    trace.note("orders", "refused", whys=[Reason.AT_ITS_END(), Reason.NOTHING_CHANGES()])
    kept = trace.as_json()
    assert [step["evidence"] for step in kept] == [
        "closed more than 14 days ago",
        "In-Reply-To: reply",
        "it is at its end: reopen it first; nothing would change",
    ]
    french = [say_step(step, Language.FR) for step in kept]
    assert [(step.rule, step.outcome, step.evidence.replace("\u00a0", " ")) for step in french] == [
        ("effet sur la demande", "suite", "close depuis plus de 14 jours"),
        ("notre Message-ID", "sans preuve", "In-Reply-To : réponse"),
        ("ordres", "refusés", "elle est terminée : rouvrez-la d’abord ; rien ne changerait"),
    ]
    assert all(step.is_said for step in french)
    assert say_step(kept[0], Language.EN).evidence == "closed more than 14 days ago"


def test_what_a_version_before_kept_is_still_read() -> None:
    old = {"rule": "joining", "outcome": "append", "evidence": "the ticket is open"}
    assert say_step(old, Language.FR).rule == "effet sur la demande"
    assert (say_step(old, Language.FR).evidence, say_step(old, Language.FR).is_said) == ("the ticket is open", False)
    fixed = {"rule": "burst", "outcome": "held", "evidence": "an automatic mail wakes no ticket"}
    assert say_step(fixed, Language.FR).evidence == "un courriel automatique ne réveille pas de demande"
    strange = {"rule": "of {tomorrow}", "outcome": "%s", "evidence": "{x}"}
    assert say_step(strange, Language.FR).evidence == "{x}"


def test_the_reason_of_a_verdict_is_said() -> None:
    assert say_reason("the same mail as 1k107", Language.FR) == ("le même courriel que 1k107", True)
    assert say_reason("follows DEMO-3", Language.FR) == ("fait suite à DEMO-3", True)
    assert say_reason("list: List-Id: <a>", Language.FR) == ("liste de diffusion (List-Id: <a>)", True)
    assert say_reason("of a later version", Language.FR) == ("of a later version", False)
    assert say_reason("reply", Language.EN) == ("reply", True)
