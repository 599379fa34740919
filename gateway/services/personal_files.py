"""A person in the files that are kept: raw mail, quarantine, sent files, sounds, logs.

What is a person's own goes as a whole. Mail of others that quotes their words goes too, for the quote cannot be told
from the rest; where it only names them, they are overwritten in it and it is kept under its new sum.
"""

import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.utils import getaddresses
from pathlib import Path
from typing import Any

from gateway.files.reading import read_each
from gateway.files.store import FileName, Kind, mail_name, settle_all
from gateway.mail.address import normalise_address
from gateway.runtime import Runtime
from gateway.services.data_subject import DataSubject
from gateway.services.raw_mail import keep_raw, put_file, taken_apart
from gateway.services.redact import redact
from gateway.spool.entry import DamagedEntry, Lane, encode_entry, file_name, names_in, read_content

_LOG_PATIENCE = 5.0  # seconds
_SHINGLE = 4  # words in a row by which a quote is known


@dataclass(frozen=True, kw_only=True)
class ArchivePlan:
    """What becomes of the archive: sums that are the person's own, that quote them, and that only name them."""

    own: set[str] = field(default_factory=set)
    quoting: set[str] = field(default_factory=set)
    naming: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    @property
    def gone(self) -> set[str]:
        """What is deleted."""
        return self.own | self.quoting


def look_through_archive(
    runtime: Runtime, subject: DataSubject, *, own: set[str], near: set[str], words: Iterable[str]
) -> ArchivePlan:
    """Look at every raw mail. `own` are theirs by the database, `near` those that may quote their `words`."""
    plan, quotes = ArchivePlan(own=set(own)), shingles(words)
    names = (stored.name for stored in runtime.files.listed(Kind.MAIL))
    for digest, envelope, payload in _each(runtime, names):
        mine, called = _is_from(payload, envelope, subject)
        if mine or digest in own:
            plan.own.add(digest)
            plan.names.update(called)
        elif digest in near and _quotes(payload, quotes):
            plan.quoting.add(digest)
        elif _cleaned(envelope, payload, subject) is not None:
            plan.naming.add(digest)
    return plan


def redact_archive(runtime: Runtime, subject: DataSubject, digests: Iterable[str]) -> dict[str, str]:
    """Keep these mails without the person; the new sum for each old one. The old files are still there.

    Raises StoreTrouble, OSError.
    """
    moved = {}
    for digest, envelope, payload in _each(runtime, map(mail_name, sorted(digests))):
        cleaned = _cleaned(envelope, payload, subject)
        if cleaned is not None:
            moved[digest] = keep_raw(runtime.files, *cleaned)
    settle_all(runtime.files)
    return moved


def waiting_entries(runtime: Runtime, subject: DataSubject) -> list[str]:
    """The spool ids of what waits or is being filed and is theirs or names them."""
    found = []
    for lane in Lane:
        folder = runtime.where.spool / lane
        for place in (folder / "new", *(path for path in (folder / "claimed").iterdir() if path.is_dir())):
            for spool_id, attempts in names_in(place):
                content = _content(place / file_name(spool_id, attempts), spool_id)
                if content is not None and concerns(content, subject):
                    found.append(str(spool_id))
    return sorted(found)


def logs_let_go(runtime: Runtime, subject: DataSubject) -> bool:
    """Wait until no log of the spool holds what is theirs or names them: a door retires its log within a second after
    the last mail, or when it is full. False where one still does after some seconds."""
    deadline = time.monotonic() + _LOG_PATIENCE
    while is_in_a_log(runtime, subject):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def is_in_a_log(runtime: Runtime, subject: DataSubject) -> bool:
    """Does a log of the spool hold what is theirs or names them?"""
    for lane in Lane:
        runtime.spool.recover(lane)  # the logs of processes that are gone
        for path in (runtime.where.spool / lane / "log").glob("*"):
            with suppress(FileNotFoundError):
                content = path.read_bytes()
                if redact(content, subject.pattern) != content:
                    return True
    return False


def concerns(content: bytes, subject: DataSubject) -> bool:
    """Is an entry theirs, or does it name them?"""
    envelope, payload = taken_apart(content)
    return _is_from(payload, envelope, subject)[0] or _cleaned(envelope, payload, subject) is not None


def clean_quarantine(runtime: Runtime, subject: DataSubject) -> tuple[int, int]:
    """Delete what is theirs in quarantine and take them out of the rest; how many of each."""
    deleted = cleaned = 0
    for lane in Lane:
        folder = runtime.where.spool / lane / "quarantine"
        for spool_id, attempts in list(names_in(folder)):
            path = folder / file_name(spool_id, attempts)
            content = _content(path, spool_id)
            if content is None:
                continue
            envelope, payload = taken_apart(content)
            without = _cleaned(envelope, payload, subject)
            if _is_from(payload, envelope, subject)[0]:
                runtime.spool.quarantine.remove(spool_id)
                deleted += 1
            elif without is not None:
                head, _ = encode_entry(*without)
                put_file(path, head + without[1])
                cleaned += 1
        for note in folder.glob("*.json"):
            _clean_file(note, subject)
    return deleted, cleaned


def forget_sent(runtime: Runtime, subject: DataSubject, names: Iterable[str]) -> int:
    """Delete the sent files with these names, and every other one that names them; how many."""
    listed, count = set(names), 0
    for path in runtime.where.sent.glob("*.eml"):
        content = path.read_bytes()
        if path.stem in listed or redact(content, subject.pattern) != content:
            path.unlink(missing_ok=True)
            count += 1
    return count


def clean_logs(runtime: Runtime, subject: DataSubject) -> int:
    """Overwrite them in the logs, where they should not be; how many files named them."""
    return sum(_clean_file(path, subject) for path in runtime.where.log.glob("*.log*"))


def shingles(texts: Iterable[str]) -> set[str]:
    """The words of texts, four in a row; a shorter text as a whole."""
    found = set()
    for text in texts:
        words = re.findall(r"\w+", text.casefold())
        found |= {" ".join(words[start : start + _SHINGLE]) for start in range(max(1, len(words) - _SHINGLE + 1))}
    return found - {""}


def _quotes(payload: bytes, quotes: set[str]) -> bool:
    # Not by the newer policy, which raises on some mails that people send.
    message = message_from_bytes(payload, policy=policy.compat32)
    said = [decode_words(str(message.get("Subject", "")))]
    for part in message.walk():
        content = part.get_payload(decode=True)
        if part.get_content_maintype() == "text" and isinstance(content, bytes):
            said += [content.decode("utf-8", "replace"), content.decode("latin-1")]
    spoken = " ".join(re.findall(r"\w+", " ".join(said).casefold()))
    return any(f" {quote} " in f" {spoken} " for quote in quotes)


def _is_from(payload: bytes, envelope: Mapping[str, Any], subject: DataSubject) -> tuple[bool, set[str]]:
    """Did they write it? And the names that they wrote it under."""
    if "person_id" in envelope or payload[:1] == b"{":
        return _is_form_of(payload, subject), set()
    if normalise_address(str(envelope.get("mail_from", ""))) == subject.email:
        return True, _names_of(payload, subject)
    names = _names_of(payload, subject)
    return bool(names), names - {""}


def _names_of(payload: bytes, subject: DataSubject) -> set[str]:
    """The display names beside their address in From; an empty one counts."""
    head = payload[: 64 * 1024].replace(b"\r\n", b"\n").partition(b"\n\n")[0] + b"\n\n"
    message = message_from_bytes(head, policy=policy.compat32)
    fields = [str(value) for value in message.get_all("From", [])]
    decoded = [decode_words(value) for value in fields]
    return {name for name, address in getaddresses(decoded) if normalise_address(address) == subject.email}


def decode_words(value: str) -> str:
    """A header field with its encoded words (RFC 2047) read; as it stands where they cannot be."""
    try:
        return str(make_header(decode_header(value)))
    except (MessageError, LookupError, ValueError):
        return value


def _is_form_of(payload: bytes, subject: DataSubject) -> bool:
    """A form of our own pages, or an event of the hotline, that is theirs."""
    try:
        document = json.loads(payload)
    except ValueError:
        return False
    if not isinstance(document, dict):
        return False
    is_theirs = subject.person_id is not None and document.get("person_id") == subject.person_id
    return is_theirs or document.get("from") in subject.phones


def _cleaned(envelope: Mapping[str, Any], payload: bytes, subject: DataSubject) -> tuple[dict[str, Any], bytes] | None:
    """Envelope and payload without them; None where they are not in it."""
    without, told = redact(payload, subject.pattern), subject.scrub(dict(envelope))
    return None if without == payload and told == dict(envelope) else (told, without)


def _each(runtime: Runtime, names: Iterable[FileName]) -> Iterator[tuple[str, dict[str, Any], bytes]]:
    for name, content in read_each(runtime.files, names):
        yield name.sha256, *taken_apart(content)


def _content(path: Path, spool_id: Any) -> bytes | None:
    try:
        return read_content(path, spool_id)[0]
    except DamagedEntry:
        return None  # finished or moved on meanwhile, or damaged beyond reading


def _clean_file(path: Path, subject: DataSubject) -> bool:
    """Overwrite them in place: whoever appends to the file goes on undisturbed."""
    content = path.read_bytes()
    without = redact(content, subject.pattern)
    if without == content:
        return False
    with path.open("r+b") as file:
        file.write(without)
        os.fsync(file.fileno())
    return True
