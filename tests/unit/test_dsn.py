"""A failure report's status fields: what RFC 3464 says, and what servers write instead."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.bounce import Action, ReportedRecipient
from inbound.dsn import read_report
from inbound.dsn_fields import read_recipients

HEAD = (
    b"From: MAILER-DAEMON@mx.example\nReturn-Path: <>\nSubject: Undelivered Mail Returned to Sender\n"
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
)
STATUS = (
    b"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; paul@client.example\nAction: failed\nStatus: 5.1.1\n"
)
COPY = b"From: support@demo.example\nTo: paul@client.example\nMessage-ID: <ours@demo.example>\n\nBonjour\n"


def report(*parts: tuple[str, bytes], head: bytes = HEAD) -> bytes:
    """A multipart/report of these parts, each a content type and a body."""
    bodies = b"".join(b"--b\nContent-Type: %s\n\n%s\n" % (kind.encode(), body) for kind, body in parts)
    return head + bodies + b"--b--\n"


def one(fields: str) -> ReportedRecipient:
    [recipient] = read_recipients(fields)
    return recipient


@pytest.mark.parametrize(
    ("field", "address"),
    [
        ("Final-Recipient: rfc822; Paul@Client.example", "paul@client.example"),
        ("Final-Recipient: RFC822;<paul@client.example>", "paul@client.example"),
        ("final-recipient : paul@client.example", "paul@client.example"),
        ("Final-Recipient: rfc822;\n\tpaul@client.example", "paul@client.example"),
        ("Final-Recipient: rfc822; paul@client.example (Paul, of the client)", "paul@client.example"),
        ("Final-Recipient: smtp; SMTP:paul@client.example", "paul@client.example"),
        ("Final-Recipient: rfc822; @relay.example,@mx.example:paul@client.example", "paul@client.example"),
        ('Final-Recipient: rfc822; "paul@client.example"', "paul@client.example"),
        ("Final-Recipient: utf-8; ren\\x{E9}e@client.example", "renée@client.example"),
        ("Original-Recipient: rfc822; paul+2Btag@client.example", "paul+tag@client.example"),
        ("Original-Recipient: rfc822; paul+40b@client.example", "paul+40b@client.example"),
        (
            "Original-Recipient: rfc822; paul+41bc@client.example\nFinal-Recipient: rfc822; paul+41bc@client.example",
            "paul+41bc@client.example",
        ),
    ],
)
def test_an_address_is_read_in_every_spelling(field: str, address: str) -> None:
    assert one(f"{field}\nAction: failed\n").address == address


@pytest.mark.parametrize(
    "field", ["Final-Recipient: local; paul", "Final-Recipient: rfc822;", "Final-Recipient: x400; /c=fr"]
)
def test_what_is_no_mail_address_names_nobody(field: str) -> None:
    assert read_recipients(f"{field}\nAction: failed\n") == ()


@pytest.mark.parametrize(
    ("fields", "action"),
    [
        ("Action: failed", Action.FAILED),
        ("Action: FAILED (expanded from list)", Action.FAILED),
        ("Action: failure", Action.FAILED),
        ("Action: error", Action.FAILED),
        ("Action: delayed", Action.DELAYED),
        ("Action: Delayed; will retry", Action.DELAYED),
        ("Action: delivered", Action.DELIVERED),
        ("Action: relayed", Action.RELAYED),
        ("Action: expanded", Action.EXPANDED),
        ("Action: delayed\nStatus: 5.0.0", Action.DELAYED),
        ("Status: 5.1.1", Action.FAILED),
        ("Status: 4.2.2 (mailbox full)", Action.DELAYED),
        ("Status: 2.1.5", Action.DELIVERED),
        ("Diagnostic-Code: smtp; 450 4.2.1 later", Action.DELAYED),
        ("X-Nothing: known", Action.FAILED),
    ],
)
def test_the_action_counts_and_without_one_the_class_of_the_status(fields: str, action: Action) -> None:
    assert one(f"Final-Recipient: rfc822; paul@client.example\n{fields}\n").action is action


def test_the_original_recipient_is_who_we_wrote_to_and_the_final_one_is_kept_beside_it() -> None:
    found = one(
        "Original-Recipient: rfc822; paul@client.example\nFinal-Recipient: rfc822; box17@inside.example\n"
        "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no\n such user\n"
    )
    assert (found.address, found.final_recipient) == ("paul@client.example", "box17@inside.example")
    assert (found.status, found.diagnostic, found.permanent) == ("5.1.1", "550 5.1.1 no such user", True)


def test_several_recipients_are_read_each_with_their_own_fate() -> None:
    found = read_recipients(
        "Reporting-MTA: dns; mx.example\n\n"
        "Final-Recipient: rfc822; a@x.example\nAction: failed\nStatus: 5.1.1\n\n"
        "Final-Recipient: rfc822; b@x.example\nAction: delayed\nStatus: 4.4.1\n\n"
        "Final-Recipient: rfc822; c@x.example\nAction: relayed\nStatus: 2.0.0\n"
    )
    assert [(each.address, each.action, each.is_failing) for each in found] == [
        ("a@x.example", Action.FAILED, True),
        ("b@x.example", Action.DELAYED, True),
        ("c@x.example", Action.RELAYED, False),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        "Final-Recipient: rfc822; a@x.example\nAction: failed\nFinal-Recipient: rfc822; b@x.example\nAction: failed\n",
        "Reporting-MTA: dns; x\nFinal-Recipient: rfc822; a@x.example\nAction: failed\n\nFinal-Recipient: b@x.example\n",
        "Final-Recipient: a@x.example\n \nAction: failed\n\nFinal-Recipient: b@x.example\n\nAction: failed\n",
    ],
    ids=["no blank line between them", "one beside the fields of the whole", "blank lines within"],
)
def test_groups_are_told_apart_where_blank_lines_are_wrong(fields: str) -> None:
    assert [(each.address, each.action) for each in read_recipients(fields)] == [
        ("a@x.example", Action.FAILED),
        ("b@x.example", Action.FAILED),
    ]


def test_of_two_groups_for_one_address_the_graver_counts() -> None:
    group = "Final-Recipient: rfc822; a@x.example\nAction: {}\n\n"
    for order in (("delayed", "failed"), ("failed", "delayed"), ("relayed", "failed")):
        assert one("".join(group.format(action) for action in order)).action is Action.FAILED


@pytest.mark.parametrize(
    "kind",
    [
        "message/delivery-status",
        "message/global-delivery-status",
        "text/plain",
        "application/octet-stream",
        "message/delivery-status\nContent-Transfer-Encoding: 8bit",
    ],
)
def test_the_status_part_is_found_under_any_label(kind: str) -> None:
    found = read_report(report(("text/plain", b"Sorry."), (kind, STATUS), ("message/rfc822", COPY)))
    assert [each.address for each in found.recipients] == ["paul@client.example"]
    assert found.is_bounce


def test_a_status_part_that_was_encoded_is_decoded() -> None:
    import base64

    kind = "message/delivery-status\nContent-Transfer-Encoding: base64"
    found = read_report(report(("text/plain", b"Sorry."), (kind, base64.encodebytes(STATUS))))
    assert [each.address for each in found.recipients] == ["paul@client.example"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("message/rfc822", COPY),
        ("message/global", COPY),
        ("text/rfc822-headers", COPY.partition(b"\n\n")[0]),
        ("message/rfc822-headers", COPY.partition(b"\n\n")[0]),
        ("text/plain", b"----- Original message -----\n" + COPY),
        ("text/plain", b"> Message-Id:\n>  <ours@demo.example>\n"),
    ],
)
def test_the_mail_that_came_back_is_known_by_its_message_id(kind: str, body: bytes) -> None:
    parts = (("text/plain", b"Sorry.\n"), ("message/delivery-status", STATUS), (kind, body))
    assert read_report(report(*parts)).original_message_id == "ours@demo.example"


@pytest.mark.parametrize("header", [b"In-Reply-To: <ours@demo.example>\n", b"References: <a@x> <ours@demo.example>\n"])
def test_without_a_copy_the_headers_of_the_report_tell_which_mail(header: bytes) -> None:
    raw = report(("message/delivery-status", STATUS), head=header + HEAD)
    assert read_report(raw).original_message_id == "ours@demo.example"


def test_a_report_that_everything_arrived_is_no_bounce() -> None:
    status = STATUS.replace(b"failed", b"delivered").replace(b"5.1.1", b"2.1.5")
    found = read_report(report(("text/plain", b"It arrived."), ("message/delivery-status", status)))
    assert not found.is_bounce
    assert [each.action for each in found.recipients] == [Action.DELIVERED]


def test_a_read_receipt_is_no_bounce() -> None:
    head = (
        b"From: paul@client.example\n"
        b"Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n"
    )
    receipt = b"Final-Recipient: rfc822; paul@client.example\nDisposition: manual-action/MDN-sent-manually; displayed\n"
    found = read_report(report(("text/plain", b"Read."), ("message/disposition-notification", receipt), head=head))
    assert (found.is_bounce, found.recipients) == (False, ())


def test_a_report_cut_off_anywhere_is_read_as_far_as_it_goes() -> None:
    raw = report(("text/plain", b"Sorry."), ("message/delivery-status", STATUS), ("message/rfc822", COPY))
    whole = read_report(raw)
    assert {read_report(raw[:cut]).is_bounce for cut in range(len(HEAD), len(raw))} == {True}
    assert read_report(raw.replace(b"\n", b"\r\n")) == whole
    assert read_report(b"From nobody Mon Jan  1 00:00:00 2026\n" + raw) == whole


@given(st.binary(max_size=400), st.sampled_from([b"", HEAD, HEAD + b"--b\nContent-Type: message/delivery-status\n\n"]))
def test_nothing_makes_it_raise(noise: bytes, head: bytes) -> None:
    read_report(head + noise)


@given(st.text(max_size=300))
def test_no_fields_make_it_raise(text: str) -> None:
    read_recipients("Final-Recipient: rfc822; " + text + "\nAction: " + text)


_PART = b'--b\nContent-Type: multipart/x; x="' + b";" * 900 + b"\n " + b";" * 900 + b"\nx\n"


@pytest.mark.parametrize(
    "raw",
    [
        HEAD[:-1] + b"X: y;" * 200_000 + b"\n\n",
        HEAD[:-1] + b'Content-Type: a/b; c="' + (b";" * 900 + b"\n ") * 500 + b"\n\n",
        HEAD + _PART * 200,
        HEAD + b"--b\n\ncould not be delivered\n" + b"a@" * 500_000,
        HEAD + b"--b\n\ncould not be delivered\n" + b"<a@b.c>\n" * 100_000,
        HEAD + b"--b\nContent-Type: text/html\n\n" + b"<a &lt;" * 100_000,
        HEAD + b"--b\n\n" * 100_000,
        HEAD + b"--b\nContent-Type: message/delivery-status\n\n" + STATUS * 10_000,
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)),
        b"Content-Type: message/rfc822\n\n" * 20_000,
    ],
    ids=[
        "long header",
        "parameters",
        "parts' parameters",
        "@",
        "addresses",
        "tags",
        "parts",
        "groups",
        "deep",
        "copies",
    ],
)
def test_a_hostile_mail_takes_no_more_than_seconds(raw: bytes) -> None:
    begun = time.process_time()
    read_report(raw)
    assert time.process_time() - begun < 5
