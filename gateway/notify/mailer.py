"""Handing a mail over: to the relay, or to a folder where none is configured."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from gateway.config.load import Settings
from gateway.config.locations import Locations
from gateway.notify.compose import OutgoingMail
from gateway.notify.outcome import TemporaryFailure, reason
from gateway.notify.relay import RelayMailer
from gateway.spool.flush import sync_folder


class Mailer(Protocol):
    """Hands mails over, one after the other. Not safe in several threads at once."""

    def send(self, mail: OutgoingMail) -> None:
        """Returns when the mail is taken. Raises one of the errors of `gateway.notify.outcome`."""

    def close(self) -> None:
        """Let go of what was held open between mails."""


def make_mailer(settings: Settings, where: Locations) -> Mailer:
    """The relay where one is configured, else the folder `sent/`."""
    if settings.relay.host is not None:
        return RelayMailer(settings.relay, host=settings.relay.host, our_name=settings.smtp.hostname)
    return FolderMailer(where.sent)


class FolderMailer:
    """One `.eml` file for each mail, readable by us alone. A second copy of a mail takes the place of the first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, mail: OutgoingMail) -> None:
        """Write the mail so that a power cut cannot take it away. Raises TemporaryFailure, for a full disk too."""
        try:
            self._write(mail)
        except OSError as error:
            raise TemporaryFailure(reason(f"the mail could not be written to a file: {error.strerror}")) from error

    def close(self) -> None:
        """Nothing is held open."""

    def _write(self, mail: OutgoingMail) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The draft's name is this process's own: two workers that write one mail do not write into one file.
        draft = self._folder / f".{mail.name}.{os.getpid()}"
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                # Where mail comes to rest its return path is written down (RFC 5321 section 4.4).
                file.write(f"Return-Path: <{mail.sender}>\r\n".encode())
                file.write(mail.content)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(self._folder / f"{mail.name}.eml")
        except OSError:
            with suppress(OSError):
                draft.unlink()
            raise
        sync_folder(self._folder)
