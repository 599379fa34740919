"""Real bounces from other projects' test suites: who failed, for good or not, and which mail it was.

Every miss is a failure; the score is printed at the end of the run.
"""

from collections.abc import Iterator
from typing import Any

from gateway.mail.bounce import BounceReport
from inbound.dsn import read_report
from tests.support.corpus import expected
from tests.support.scores import record

_KEYS = ("is_bounce", "recipients", "permanent", "original_message_id", "status", "final_recipient_fields")


def test_every_bounce_of_the_corpus_is_understood() -> None:
    rows = expected("bounce")
    misses: list[str] = []
    asked = dict.fromkeys(_KEYS, 0)
    right = dict.fromkeys(_KEYS, 0)
    for row in rows:
        report = read_report(row["raw"])
        for key, wanted, found in _comparisons(row, report):
            asked[key] += 1
            right[key] += wanted == found
            if wanted != found:
                misses.append(f"{row['file']}: {key} is {found!r}, not {wanted!r}")
    counts = ", ".join(f"{key} {right[key]}/{asked[key]}" for key in _KEYS)
    record("bounce", f"{len(rows)} mails, {counts}")
    assert asked["recipients"] > 70
    assert misses == []


def test_no_other_mail_of_the_corpus_is_taken_for_a_bounce() -> None:
    rows = [row for row in expected("auto") if row.get("kind") != "bounce"]
    taken = [row["file"] for row in rows if read_report(row["raw"]).is_bounce]
    record("bounce, other mail", f"{len(taken)} of {len(rows)} taken for a bounce")
    assert len(rows) > 30
    assert taken == []


def _comparisons(row: dict[str, Any], report: BounceReport) -> Iterator[tuple[str, Any, Any]]:
    """(key, expected, found) for whatever is known of a mail."""
    failing = report.failing
    found = {
        "is_bounce": report.is_bounce,
        "recipients": sorted(one.address for one in failing),
        "permanent": any(one.permanent for one in failing),
        "original_message_id": report.original_message_id,
        "status": sorted({one.status for one in failing}),
        "final_recipient_fields": sorted(one.final_recipient or "" for one in failing),
    }
    for key, value in found.items():
        # Where nobody is known to have failed there is nothing that could be permanent.
        if key in row and not (key == "permanent" and not row["recipients"]):
            yield key, row[key], value
