"""Everything that the pages say is there in French, and what is shipped is what is written."""

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

import web
from gateway.domain.reason_words import WORDS
from gateway.domain.trace_words import EVIDENCE, OUTCOMES, RULES

ROOT = Path(web.__file__).parent
FOLDER = ROOT / "translations" / "fr" / "LC_MESSAGES"


def test_every_sentence_has_its_french() -> None:
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    keywords = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
    said = {message for _, _, message, _, _ in extract_from_dir(str(ROOT), methods, keywords=keywords)}
    with (FOLDER / "messages.po").open("rb") as file:
        catalog = read_po(file, locale="fr")
    assert {message.id for message in catalog if message.id} == said
    assert [message.id for message in catalog if message.id and (not message.string or message.fuzzy)] == []
    assert [error for message in catalog for error in message.check(catalog)] == []


def test_the_compiled_catalogue_is_the_written_one() -> None:
    with (FOLDER / "messages.po").open("rb") as written, (FOLDER / "messages.mo").open("rb") as compiled:
        from_po, from_mo = read_po(written, locale="fr"), read_mo(compiled)
    assert {str(m.id): _plain(m.string) for m in from_po if m.id} == {
        str(tuple(m.id) if isinstance(m.id, list) else m.id): _plain(m.string) for m in from_mo if m.id
    }


def _plain(string: object) -> object:
    """Of a message with a plural the two formats tell by a tuple and by a list."""
    return tuple(string) if isinstance(string, list) else string


def test_one_thing_has_one_word_in_french() -> None:
    """`courriel`, `adresse électronique`, `état` and `fusionnée`: on pages, in mails, in refusals and in traces."""
    others = re.compile(
        r"\be-?mails?\b|(?<!\.)\bmails?\b(?!\.)|\bmél\b|adresse de messagerie|\bstatuts?\b|\bréunie?s?\b", re.IGNORECASE
    )
    with (FOLDER / "messages.po").open("rb") as file:
        pages = [text for message in read_po(file, locale="fr") if message.id for text in _texts(message.string)]
    snapshots = (ROOT.parent / "tests" / "snapshots" / "fr").glob("*.txt")
    mails = [path.read_text() for path in snapshots]
    refusals = [french for _, french in WORDS.values()]
    traces = [*RULES.values(), *OUTCOMES.values(), *EVIDENCE.values()]
    assert len(mails) > 10
    said = [text for text in (*pages, *refusals, *traces, *mails) if others.search(text)]
    assert said == []


def _texts(string: object) -> list[str]:
    return [str(one) for one in string] if isinstance(string, list | tuple) else [str(string)]
