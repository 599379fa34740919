"""The worst mails that we know how to write end soon, in little memory, as something that can be read.

They are parsed in a process of their own, so that the memory that is measured is theirs.
"""

import json
import subprocess
import sys

import pytest

from inbound.parse import parse_message
from tests.support.mime import HEAD, multipart, part
from tests.support.worst_mails import WORST

# Of a process that has parsed an ordinary mail before. The bounds that must hold are 10 s and 256 MB; these are kept
# so much lower that a slow machine passes and a lost guard does not.
MOST_SECONDS = 5.0
MOST_MEGABYTES = 150


@pytest.fixture(scope="module")
def measured() -> dict[str, dict[str, float | str]]:
    run = subprocess.run(
        [sys.executable, "-m", "tests.support.worst_mails"], capture_output=True, text=True, timeout=100, check=True
    )
    return {one["name"]: one for one in map(json.loads, run.stdout.splitlines())}


@pytest.mark.parametrize("name", sorted(WORST))
def test_the_worst_mails_end_soon(name: str, measured: dict[str, dict[str, float | str]]) -> None:
    one = measured[name]
    assert one["subject"] == WORST[name].subject, one
    assert float(one["seconds"]) < MOST_SECONDS, one
    assert float(one["megabytes"]) < MOST_MEGABYTES, one


@pytest.mark.parametrize(
    ("raw", "notes"),
    [
        (HEAD + b"X: " + b"x" * 70_000 + b"\n\nBonjour", {"header-truncated"}),
        (HEAD + b"X: x\n" * 90_000 + b"\nBonjour", {"header-truncated"}),
        (HEAD + b"Cc: " + b", ".join(b"p%d@x.example" % n for n in range(600)) + b"\n\nx", {"addresses-limited:500"}),
        (multipart("mixed", *[part("text/plain", b"Bonjour")] * 1100), {"parts-limited:1000"}),
        (multipart("mixed", *[part("a/b; name=c", b"x")] * 600), {"attachments-limited:500"}),
        (HEAD + b"\n" + b"words " * 100_000, {"body-truncated"}),
        (HEAD + b"Content-Type: text/html\n\n" + b"<p>words</p>" * 90_000, {"html-truncated"}),
        (HEAD + b"\nBonjour", set()),
    ],
    ids=["field", "header", "addresses", "parts", "files", "text", "html", "ordinary"],
)
def test_a_bound_that_is_reached_is_said(raw: bytes, notes: set[str]) -> None:
    assert set(parse_message(raw).notes) == notes


def test_no_more_files_are_kept_than_the_note_says() -> None:
    assert len(parse_message(multipart("mixed", *[part("a/b; name=c", b"x")] * 600)).files) == 500


def test_parts_within_parts_are_opened_to_a_depth() -> None:
    def nested(depth: int) -> bytes:
        levels = (b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth))
        return HEAD + b"".join(levels) + b"\nBonjour\n"

    assert (parse_message(nested(50)).text, parse_message(nested(50)).notes) == ("Bonjour", ())
    deeper = parse_message(nested(51))
    assert deeper.notes == ("nesting-limited:50",)
    assert "Bonjour" in deeper.text
