"""Real replies from other projects' test suites: what the person wrote, quote and signature told apart.

A quote counts as right when what is left is what the peer leaves, with or without the signature (peers differ on
signatures: talon keeps them). What was cut of a person's own words is counted apart: that must not happen at all.
No way of trimming agrees with all three peers, so the quotes are a score with a floor and not a list of misses.
"""

import re
import time
from collections import Counter
from typing import Any

import pytest

from inbound.parse import parse_message
from inbound.trimming import Kind, Trimmed, trim
from tests.support.corpus import corpus_folder, expected
from tests.support.scores import record

_FORMS = {"html body": b"text/html", "": b"text/plain"}


def test_quotes_go_and_a_persons_words_stay() -> None:
    counts: dict[str, Counter[str]] = {}
    misses: list[str] = []
    cut: list[str] = []
    for row in expected("reply"):
        count = counts.setdefault(row["source"], Counter())
        trimmed = _trimmed(row)
        wanted = _wanted(row)
        count["mails"] += 1
        if wanted is not None:
            count["exact"] += 1
            count["same"] += _same(row, trimmed.visible, wanted)
            quotes_right = _same(row, trimmed.visible, wanted) or _same(row, _unquoted(trimmed), wanted)
            count["quotes"] += quotes_right
            misses.extend([row["file"]] * (not quotes_right))
        count["partly"] += wanted is None
        count["partly right"] += wanted is None and _holds_what_it_must(row, trimmed)
        count["signature left"] += any(_flat(line) in _flat(trimmed.visible) for line in row.get("signature_lines", []))
        if _own_words_cut(row, trimmed, wanted):
            cut.append(row["file"])
    for source, count in counts.items():
        record(f"reply, {source}", _line(count))
    total = sum(counts.values(), Counter[str]())
    record("reply, all", f"{_line(total)}, own words cut in {len(cut)}")
    assert total["mails"] > 100
    assert cut == []
    assert total["quotes"] >= 0.9 * total["exact"], misses
    assert total["partly right"] == total["partly"]


def test_what_is_visible_is_final_and_nothing_is_lost() -> None:
    for row in expected("reply"):
        trimmed = _trimmed(row)
        assert "".join(piece.text for piece in trimmed.pieces) == parse_message(_mail(row)).text, row["file"]
        assert trim(trimmed.visible).visible == trimmed.visible, row["file"]


@pytest.mark.parametrize("folder", ["parse", "bounce"])
def test_no_other_mail_is_trimmed_to_nothing(folder: str) -> None:
    """They were written, not only quoted: each that has text keeps some."""
    emptied = []
    for path in sorted((corpus_folder() / folder).rglob("*")):
        if path.is_file() and path.suffix != ".jsonl":
            message = parse_message(path.read_bytes())
            trimmed = trim(message.text, message.html, subject=message.subject)
            assert "".join(piece.text for piece in trimmed.pieces) == message.text
            if message.text.strip() and not trimmed.visible.strip():
                emptied.append(path.name)
    assert emptied == []


def _mail(row: dict[str, Any]) -> bytes:
    """A bare body as a mail; a whole mail as it is."""
    if row.get("form", "").startswith("whole mail"):
        return bytes(row["raw"])
    kind = _FORMS[row.get("form", "")]
    return (
        b"From: a@demo.example\nContent-Type: "
        + kind
        + b"; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
        + row["raw"]
    )


def _trimmed(row: dict[str, Any]) -> Trimmed:
    message = parse_message(_mail(row))
    began = time.process_time()
    trimmed = trim(message.text, message.html)
    assert time.process_time() - began < row.get("time_limit_s", 5), row["file"]
    return trimmed


def _wanted(row: dict[str, Any]) -> str | None:
    if "visible_text_file" in row:
        return (corpus_folder() / row["visible_text_file"]).read_text(encoding="utf-8")
    return row.get("visible_text")


def _unquoted(trimmed: Trimmed) -> str:
    """With the signature, without the quote."""
    return "".join(piece.text for piece in trimmed.pieces if piece.kind is not Kind.QUOTE)


def _flat(text: str, between: str = " ") -> str:
    return re.sub(r"\s+", between, text).strip()


def _same(row: dict[str, Any], found: str, wanted: str) -> bool:
    between = "" if row.get("compare", "").startswith("ignore all white space") else " "
    return _flat(found, between) == _flat(wanted, between)


def _holds_what_it_must(row: dict[str, Any], trimmed: Trimmed) -> bool:
    shown = _flat(trimmed.visible)
    return all(_flat(text) in shown for text in row.get("must_contain", [])) and not any(
        _flat(text) in shown for text in row.get("must_not_contain", [])
    )


def _own_words_cut(row: dict[str, Any], trimmed: Trimmed, wanted: str | None) -> bool:
    """Does a line that the peer leaves stand neither in what is visible nor in the signature?"""
    left = _flat(_unquoted(trimmed), "")
    lines = [*(wanted or "").splitlines(), *row.get("must_contain", [])]
    return any(_flat(line, "") not in left for line in lines)


def _line(count: Counter[str]) -> str:
    return (
        f"quotes {count['quotes']}/{count['exact']} exact, signature too {count['same']}/{count['exact']}, "
        f"partly known {count['partly right']}/{count['partly']}, signature left in {count['signature left']}"
    )
