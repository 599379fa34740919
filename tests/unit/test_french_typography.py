"""French as it is printed: ’ for an apostrophe, and a no-break space before : ; ? ! » % and after «.

Held over everything in French that people read from us: the pages' catalogue, the mails' templates, and the sentences
that go into them.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "web/translations/fr/LC_MESSAGES/messages.po"
TEMPLATES = ROOT / "gateway/notify/templates/fr"
SENTENCES = [
    *sorted((ROOT / "gateway/notify").glob("*.py")),
    *(ROOT / f"gateway/domain/{name}.py" for name in ("reason_words", "service_reason_words", "trace_words")),
    *(
        ROOT / f"gateway/services/{name}.py"
        for name in ("merge_tickets", "split_ticket", "link_tickets", "change_people")
    ),
]
# Letters that lose their vowel before another word: no English word begins with one of these and an apostrophe.
STRAIGHT = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)'(?!er')[a-zàâéèêîôù]", re.IGNORECASE)
BREAKING = re.compile(r"\w [:;?!](?=\s|$)|[}»)] [:;?!»](?=\s|$|[.,)])|\w »|« |} %(?!\})")
_CODE = re.compile(r"\{%.*?%\}|\{#.*?#\}|<style>.*?</style>", re.DOTALL)


def faults(text: str) -> list[str]:
    """What is not as it is printed."""
    return [found[0] for pattern in (STRAIGHT, BREAKING) for found in pattern.finditer(text)]


def sentences(source: str) -> Iterator[str]:
    """The strings of a program, without what documents it."""
    tree = ast.parse(source)
    documented = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            yield node.value


def test_the_pages() -> None:
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="fr")
    said = [(one,) if isinstance(one, str) else one for one in (message.string for message in catalogue if message.id)]
    assert {text: found for forms in said for text in forms if (found := faults(text))} == {}


@pytest.mark.parametrize("path", sorted(TEMPLATES.iterdir()), ids=lambda path: path.name)
def test_the_mails(path: Path) -> None:
    assert faults(_CODE.sub("", path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", SENTENCES, ids=lambda path: path.stem)
def test_the_sentences_in_them(path: Path) -> None:
    found = {text: wrong for text in sentences(path.read_text(encoding="utf-8")) if (wrong := faults(text))}
    assert found == {}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("L'équipe", ["L'é"]),
        ("jusqu'à", ["jusqu'à"]),
        ("Motif : {reason}", ["f :"]),
        ("« {subject} »", ["« ", "} »"]),
        ("Résolu ?", ["u ?"]),
        ("{percent} %", ["} %"]),
        ("L’équipe écrit\N{NO-BREAK SPACE}: «\N{NO-BREAK SPACE}oui\N{NO-BREAK SPACE}»", []),
        ("it's what they don't say: no", []),
    ],
)
def test_what_is_wrong(text: str, wrong: list[str]) -> None:
    assert faults(text) == wrong
