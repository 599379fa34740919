"""Failure reports in plain words: what they say happened, and to whom. Pure, linear, and for machines' mail only.

The words of a report end where the returned copy begins. What is recognised: a sentence that says "not delivered"
or "not yet" in one of eight languages, French first, and below it an address in one of these places, the first
that holds any:

- alone on a line, or at its beginning before a colon, a bracket, dots or a dash: the reason follows
- behind a word that announces one: recipient, address, destinataire, à, pour, to, for, an, para
- in the line of the sentence itself
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from gateway.mail.address import domain_of
from gateway.mail.bounce import Action, Outcome, ReportedRecipient, find_status
from inbound.dsn_fields import MAX_RECIPIENTS, one_short_line, read_address
from inbound.dsn_phrases import COPY_BEGINS, DELAYED, FAILED, GIVEN_UP

_MAX_LINES = 2000
_MAX_LINE = 400
_REASON_LINES = 4

_ADDRESS = r"[^\s<>()\[\]\"'«»,;:@]{1,64}@[^\s<>()\[\]\"'«»,;:@]{1,253}"
_ON_ITS_LINE = re.compile(rf"[\s>*•·|\"'«\[(-]*<?({_ADDRESS})>?[\s\"'»\])]*(?:[:(.,;–—-].*)?$")
_ANNOUNCED = re.compile(
    rf"""\b(?:recipients?|address(?:e|es|ed)?|users?|mailbox|account|destinataires?|adresses?|utilisateur|bo[îi]te|compte
        |empfänger(?:adresse)?|adresse|destinatario|direcci[óo]n|indirizzo|to|for|à|a|pour|an|para|per)
        (?:\s(?:is|to|est|suivante?s?))?\s{{0,4}}:?\s{{0,4}}[<"'«\[(]{{0,2}}\s?(?:smtp:|mailto:)?({_ADDRESS})""",
    re.IGNORECASE | re.VERBOSE,
)
_ANYWHERE = re.compile(_ADDRESS)
_NEVER = re.compile(r"(mailer-daemon|postmaster|mailmaster|hostmaster|abuse|helpdesk|support)@", re.IGNORECASE)


def before_copy(text: str) -> str:
    """The report's own words, without the returned copy."""
    lines = [line[:_MAX_LINE] for line in text.splitlines()[:_MAX_LINES]]
    return "\n".join(lines[: _copy_line(lines)])


def has_copy(text: str) -> bool:
    """True where a returned copy stands below the words."""
    lines = [line[:_MAX_LINE] for line in text.splitlines()[:_MAX_LINES]]
    return _copy_line(lines) < len(lines)


def what_happened(text: str) -> Outcome | None:
    """What a text says became of a mail; None where it says nothing of the kind."""
    line = " ".join(text.split())
    failed, delayed = FAILED.search(line), DELAYED.search(line)
    first = failed or delayed
    if first is None:
        return None
    around = line[first.start() :]
    is_delay = delayed is not None and GIVEN_UP.search(line) is None
    return Outcome(
        action=Action.DELAYED if is_delay else Action.FAILED,
        status=find_status(around),
        diagnostic=one_short_line(around),
    )


def read_words(text: str, *, besides: Iterable[str]) -> tuple[ReportedRecipient, ...]:
    """The recipients that a report names in its words (`before_copy`), but none of `besides`."""
    outcome = what_happened(text)
    if outcome is None:
        return ()
    lines = text.splitlines()
    for candidates in (_on_their_lines(lines), _announced(lines), _beside_the_sentence(lines)):
        found = dict.fromkeys(one for one in candidates if one not in set(besides) and not _NEVER.match(one))
        if found:
            return tuple(told_of(address, text, action=outcome.action) for address in list(found)[:MAX_RECIPIENTS])
    return ()


def told_of(address: str, text: str, *, action: Action) -> ReportedRecipient:
    """A recipient with the reason that stands beside or below their address in a report's words."""
    lines = text.splitlines()
    for position, line in enumerate(lines):
        place = line.lower().find(address)
        if place < 0:
            continue
        said = [line[place + len(address) :].strip(" \t<>\"'[]():;,.-")]
        for below in lines[position + 1 : position + 1 + _REASON_LINES]:
            if not below.strip() and any(said):
                break
            said.append(below.strip())
        diagnostic = one_short_line(" ".join(said))
        return ReportedRecipient(address=address, action=action, status=find_status(diagnostic), diagnostic=diagnostic)
    return ReportedRecipient(address=address, action=action)


def _copy_line(lines: Sequence[str]) -> int:
    """Where the copy begins: never in the first line, which may be a headline; behind the last without a copy."""
    return next((n for n, line in enumerate(lines) if n > 0 and COPY_BEGINS.match(line)), len(lines))


def _on_their_lines(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        found = _ON_ITS_LINE.match(line)
        address = read_address(found[1]) if found else None
        if address is not None and "." in domain_of(address):
            yield address


def _announced(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        for found in _ANNOUNCED.finditer(line):
            address = read_address(found[1])
            if address is not None and "." in domain_of(address):
                yield address


def _beside_the_sentence(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if what_happened(line) is None:
            continue
        for found in _ANYWHERE.finditer(line):
            address = read_address(found[0])
            if address is not None and "." in domain_of(address):
                yield address
