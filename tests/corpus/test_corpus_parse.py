"""Hard mails from other projects' test suites: what a parser must get out of them.

A mail is wrong where any key that is known of it is wrong. `attachment_count` is left out: peers count differently.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from gateway.mail.address import normalise_address
from gateway.mail.parsed import MailFile, ParsedMessage
from inbound.parse import parse_message, read_file
from tests.support.corpus import expected
from tests.support.scores import record

_MOST_WRONG = 5


def test_the_mails_of_the_corpus_are_understood() -> None:
    rows = expected("parse")
    misses = {row["file"]: list(_misses(row, parse_message(row["raw"]))) for row in rows}
    wrong = {file: found for file, found in misses.items() if found}
    for file, found in wrong.items():
        print(file, *found, sep="\n    ")
    record("parse", f"{len(wrong)} of {len(rows)} mails wrong")
    assert len(wrong) <= _MOST_WRONG, wrong


def test_every_file_of_the_corpus_can_be_read_again() -> None:
    for folder in ("parse", "reply", "bounce", "auto"):
        for row in expected(folder):
            for file in parse_message(row["raw"]).files:
                assert len(read_file(row["raw"], file.position)) == file.size, row["file"]


def _misses(row: dict[str, Any], message: ParsedMessage) -> Iterator[str]:
    for key, wanted, found in _comparisons(row, message):
        if wanted != found:
            yield f"{key} is {found!r}, not {wanted!r}"
    names = {name for name, _ in _named(message.files)}
    if not names.issuperset(row.get("attachment_names_include", ())):
        yield f"attachment names are {names}"
    for name, digest in row.get("attachment_sha256", {}).items():
        if (name, digest) not in _named(message.files):
            yield f"{name} has other content"
    snippet = _squeezed(row.get("body_snippet", ""))
    tagless = _squeezed(unescape(re.sub(r"<[^>]*>", " ", message.html)))
    if snippet not in _squeezed(message.text) and snippet not in tagless:
        yield f"{snippet!r} is not in the text"


def _comparisons(row: dict[str, Any], message: ParsedMessage) -> Iterator[tuple[str, Any, Any]]:
    """(key, expected, found) for whatever is known of a mail."""
    to = [mailbox.address for mailbox in message.to]
    found = {
        "subject": _squeezed(message.subject),
        "from_addr": message.senders[0].address if message.senders else None,
        "to": to,
        "to_first": to[0] if to else None,
        "message_id": message.message_id,
        "in_reply_to": list(message.in_reply_to),
        "references": list(message.references),
        "attachment_names": sorted(name for name, _ in _named(message.files)),
        "has_body": bool(message.text.strip()),
    }
    for key, value in found.items():
        if key in row:
            yield key, _as_ours(key, row[key]), value


def _as_ours(key: str, wanted: Any) -> Any:
    match key:
        case "subject":
            return _squeezed(wanted)
        case "from_addr" | "to_first":
            return normalise_address(wanted)
        case "to":
            return [normalise_address(address) for address in wanted]
        case "in_reply_to":
            return wanted if isinstance(wanted, list) else [wanted]
        case _:
            return wanted


def _named(files: tuple[MailFile, ...]) -> list[tuple[str, str]]:
    return [(_squeezed(file.name), file.sha256) for file in files if file.is_named]


def _squeezed(text: str) -> str:
    return " ".join(text.split())
