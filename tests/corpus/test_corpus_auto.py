"""The automatic mails of the corpus: none would be answered, and no person is taken for a machine."""

from typing import Any

from gateway.mail.automation import Classification, Origin, Subject, classify
from inbound.parse import parse_message
from tests.support.corpus import expected
from tests.support.scores import record


def classify_row(row: dict[str, Any], *, mail_from: str | None = None) -> Classification:
    """A mail of the corpus, which has no envelope: its sender is taken for one unless another is given."""
    message = parse_message(row["raw"])
    sender = message.senders[0].address if message.senders else "unknown@elsewhere.example"
    return classify(
        Subject(
            headers=message.headers,
            mail_from=sender if mail_from is None else mail_from,
            from_address=sender,
            subject=message.subject,
            content_type=message.content_type,
            report_type=message.report_type,
            own_loop_marker="mx.demo.example",
        )
    )


def test_no_automatic_mail_of_the_corpus_would_be_answered_and_every_persons_would() -> None:
    found = [(row["file"], classify_row(row), row["suppress_reply"]) for row in expected("auto")]
    wrong = [(file, one.origin) for file, one, suppress in found if one.may_answer == suppress]
    record("auto", f"{len(found)} mails, suppress_reply {len(found) - len(wrong)}/{len(found)}")
    assert wrong == []


KINDS = {
    "auto-reply": {Origin.AUTO_REPLY, Origin.OUT_OF_OFFICE},
    "out-of-office": {Origin.OUT_OF_OFFICE},
    "bounce": {Origin.BOUNCE, Origin.DELAY, Origin.READ_RECEIPT},  # some say "rejected" by a receipt (RFC 8098)
    "read-receipt": {Origin.READ_RECEIPT},
    "feedback-report": {Origin.FEEDBACK_REPORT},
    "bulk": {Origin.BULK, Origin.LIST},
}


def test_what_the_machines_of_the_corpus_sent_is_called_by_its_name() -> None:
    """Reports come from the null sender, as RFC 3464 has it."""
    rows, wrong = expected("auto"), []
    for row in rows:
        found = classify_row(row, mail_from="" if row["kind"] == "bounce" else None)
        if found.origin not in KINDS.get(row["kind"], set(Origin)):
            wrong.append((row["file"], row["kind"], found.origin))
    record("auto, kinds", f"{len(rows) - len(wrong)} of {len(rows)} called by their name")
    assert wrong == []


def test_the_delays_of_the_corpus_are_told_from_its_failures() -> None:
    rows = [row for row in expected("bounce") if "permanent" in row]
    found = [
        (row["file"], classify_row(row, mail_from="").origin is Origin.DELAY, not row["permanent"]) for row in rows
    ]
    assert [file for file, is_delay, expected_delay in found if is_delay != expected_delay] == []
