"""Every reason is said in both languages by one table, and what people reach refuses by a reason, not by a sentence."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

import gateway
from gateway.domain.reason_words import WORDS
from gateway.domain.reasons import Reason, Why, read_why
from gateway.domain.saying import say, say_all, say_stored
from gateway.domain.ticket import Language
from gateway.errors import Refused
from gateway.notify.enclosed import say_enclosed

ROOT = Path(gateway.__file__).parents[1]
BY_OPERATORS = {"backup", "restore", "erase_person", "export_person", "import_items", "import_desks", "import_mail"}
"""Services that nothing but the shell calls: what they refuse is told to operators, in English."""
FORGED = {"BadForm", "BadOutcome", "UnfitEntry"}
"""What no page of ours sends: it is kept aside with its reason, for operators."""
REFUSING = {"Refused", "NotAllowed", "Conflict", "Unfit"}


def fields(sentence: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_has_its_words_in_both_languages(reason: Reason) -> None:
    english, french = WORDS[reason]
    assert english.strip()
    assert french.strip()
    assert english != french
    assert fields(english) == fields(french)
    assert not any(sentence.endswith(".") or " :" in sentence for sentence in (english, french))


def test_no_two_reasons_are_said_alike() -> None:
    for language in (0, 1):
        said = [words[language] for words in WORDS.values()]
        assert sorted(said) == sorted(set(said))


def sources() -> list[Path]:
    services = [path for path in ROOT.glob("gateway/services/*.py") if path.stem not in BY_OPERATORS]
    return [*services, *ROOT.glob("gateway/domain/*.py"), *ROOT.glob("web/*.py"), ROOT / "inbound/release.py"]


def test_what_people_reach_refuses_by_a_reason_and_never_by_a_sentence() -> None:
    found = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)):
                continue
            name = getattr(node.exc.func, "id", "")
            written = [arg for arg in node.exc.args if isinstance(arg, ast.Constant | ast.JoinedStr)]
            if name in REFUSING - FORGED and (written or not node.exc.args):
                found.append(f"{path.name}:{node.lineno}")
    assert found == []


def test_every_reason_is_given_somewhere_with_the_values_that_its_words_name() -> None:
    given: dict[str, set[str | None]] = {}
    for path in [*ROOT.glob("gateway/**/*.py"), *ROOT.glob("inbound/*.py"), *ROOT.glob("web/*.py")]:
        if path.name in {"reasons.py", "reason_words.py", "service_reason_words.py"}:  # they name every one
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Reason":
                given.setdefault(node.attr, set())
            if isinstance(node, ast.Call) and (named := re.fullmatch(r"Reason\.(\w+)", ast.unparse(node.func))):
                given.setdefault(named[1], set()).update(word.arg for word in node.keywords)
    assert set(given) == set(Reason.__members__)
    called = {name: values for name, values in given.items() if values}
    assert {name: fields(WORDS[Reason[name]][0]) for name in called} == called


def test_a_reason_is_stored_by_its_name_and_said_at_reading() -> None:
    why = Reason.REOPEN_FIRST(status="closed")
    assert read_why(why.as_json()) == why
    assert say_stored(why.as_json(), Language.FR) == "elle est à l’état closed\u00a0: rouvrez-la d’abord"
    assert say_stored(why.as_json(), Language.FR, lambda _name, _value: "close").startswith(
        "elle est à l’état close\u00a0:"
    )
    assert say_stored("it is closed: reopen it first", Language.FR) == "it is closed: reopen it first"  # as of before
    assert say_stored({"reason": "OF_TOMORROW"}, Language.FR) == "cela a été refusé"


def test_what_somebody_wrote_is_said_as_it_is() -> None:
    why = Reason.COMMAND_NOT_UNDERSTOOD(command="#severity énorme {0} %s")
    assert say(why, Language.FR) == "#severity énorme {0} %s n’est pas compris"


def test_an_error_tells_all_its_reasons_each_once() -> None:
    whys: list[Why] = [Reason.NOTHING_CHANGES(), Reason.AT_ITS_END(), Reason.NOTHING_CHANGES()]
    assert str(Refused(*whys)) == say_all(whys) == "nothing would change; it is at its end: reopen it first"


def test_files_without_words_are_named() -> None:
    assert say_enclosed([], Language.FR) == ""
    assert say_enclosed(["a.pdf"], Language.FR) == "Fichier joint\u00a0: a.pdf"
    assert say_enclosed(["a.pdf", "b.png"], Language.EN) == "Files attached: a.pdf, b.png"
    assert say_enclosed([f"{number}.png" for number in range(12)], Language.FR).endswith("9.png, …")
