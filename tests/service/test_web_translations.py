"""Everything that the pages say is there in French, and what is shipped is what is written."""

from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

import web

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
