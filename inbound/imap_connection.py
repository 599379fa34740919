"""One signed-in connection to a mailbox, in the few words that we use; every trouble is one sentence.

open_mailbox  dial, encrypt and sign in; TLS is verified and never left out where it is asked for
select        the folder that the rest is about
uids_after    what is there, and how large
fetch         one whole mail, without marking it as seen
move, flag    what becomes of mail that is safe in the spool
wait          IDLE
"""

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from gateway.config.mailboxes import MailboxSettings
from gateway.errors import Deferred
from inbound.imap_wire import Client

SignIn = Callable[[Client], None]
_METADATA_BATCH = 500  # mails asked about in one command


class MailboxTrouble(Deferred):
    """The mailbox cannot be read just now. The text is one sentence without personal data."""


class CommandRefused(MailboxTrouble):
    """The server said NO or BAD; the connection goes on."""


class SignInRefused(MailboxTrouble):
    """The server does not let us in: somebody has to do something about it."""


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A selected folder. `next_uid` is None where the server does not say."""

    name: str
    uidvalidity: int
    next_uid: int | None


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A mail that is there: its UID, its size in bytes as the server states it, and when it arrived there."""

    uid: int
    size: int
    arrived_at: datetime | None


class Mailbox:
    """A signed-in connection. Every method raises MailboxTrouble."""

    def __init__(self, client: Client, *, settings: MailboxSettings) -> None:
        self._client = client
        self._settings = settings
        with told_plainly("cannot ask what the server can do"):
            self._can = frozenset(client.capabilities())

    @property
    def can_idle(self) -> bool:
        """True where the server tells of new mail by itself (RFC 2177)."""
        return b"IDLE" in self._can

    @property
    def can_move(self) -> bool:
        """True where a mail can leave a folder without touching any other mail in it (RFC 6851, RFC 4315)."""
        return b"MOVE" in self._can or b"UIDPLUS" in self._can

    @property
    def has_news(self) -> bool:
        """True when the server spoke of mail since the folder was listed."""
        return self._client.wire.has_news

    def select(self, name: str, *, readonly: bool) -> Folder:
        """Turn to a folder."""
        with told_plainly(f"cannot open the folder {name!r}"):
            answer = self._client.select_folder(name, readonly=readonly)
            return Folder(name=name, uidvalidity=int(answer[b"UIDVALIDITY"]), next_uid=answer.get(b"UIDNEXT"))

    def uids_after(self, uid: int) -> list[int]:
        """The UIDs greater than `uid` in the selected folder, in order."""
        with told_plainly("cannot list the folder"):
            self._client.wire.has_news = False
            # `n:*` names the last mail even where its UID is smaller (RFC 3501 section 6.4.8).
            return sorted(found for found in self._client.search(["UID", f"{uid + 1}:*"]) if found > uid)

    def describe(self, uids: Sequence[int]) -> Iterator[Waiting]:
        """Size and time of these mails, in order; a mail that is gone is left out."""
        for start in range(0, len(uids), _METADATA_BATCH):
            part = uids[start : start + _METADATA_BATCH]
            with told_plainly("cannot ask for the sizes of mails"):
                answer = self._client.fetch(part, ["RFC822.SIZE", "INTERNALDATE"])
            for uid in part:
                found = answer.get(uid, {})
                if b"RFC822.SIZE" in found:
                    at = found.get(b"INTERNALDATE")
                    yield Waiting(uid=uid, size=int(found[b"RFC822.SIZE"]), arrived_at=at)

    def fetch(self, uid: int) -> bytes | None:
        """A whole mail; None where it is gone."""
        return self._body(uid, b"BODY[]")

    def fetch_header(self, uid: int) -> bytes | None:
        """A mail's header; None where it is gone."""
        return self._body(uid, b"BODY[HEADER]")

    def _body(self, uid: int, item: bytes) -> bytes | None:
        asked = item.replace(b"BODY", b"BODY.PEEK").decode()
        with told_plainly("cannot fetch a mail"), self._client.wire.within(self._settings.mail_timeout):
            content = self._client.fetch([uid], [asked]).get(uid, {}).get(item)
            return content if isinstance(content, bytes) else None

    def make_folder(self, name: str) -> None:
        """Make a folder, unless it is there."""
        with told_plainly(f"cannot make the folder {name!r}"):
            if not self._client.folder_exists(name):
                self._client.create_folder(name)

    def move(self, uids: Sequence[int], to: str) -> None:
        """Move mails to another folder, touching no other mail; where the server cannot do that, nothing happens."""
        with told_plainly(f"cannot move mail to the folder {to!r}"):
            if b"MOVE" in self._can:
                self._client.move(uids, to)
            elif b"UIDPLUS" in self._can:
                self._client.copy(uids, to)
                self._client.add_flags(uids, [b"\\Deleted"], silent=True)
                self._client.uid_expunge(uids)

    def flag(self, uids: Sequence[int]) -> None:
        """Mark mails as seen."""
        with told_plainly("cannot mark mail as seen"):
            self._client.add_flags(uids, [b"\\Seen"], silent=True)

    def wait(self, seconds: float, *, or_readable: socket.socket) -> None:
        """Wait in IDLE until the server has something to say. What it says is never looked at: look yourself.

        After MailboxTrouble the connection is of no more use, also where the server merely refuses to wait.
        """
        with told_plainly("cannot wait for mail"):
            self._client.idle()
            self._client.wire.wait_for_word(seconds, or_readable=or_readable)
            self._client.idle_done()

    def close(self) -> None:
        """Hang up, without waiting for a farewell: the server may be the one that is gone."""
        self._client.wire.shutdown()


def open_mailbox(settings: MailboxSettings, sign_in: SignIn, *, largest: int) -> Mailbox:
    """Dial, encrypt, sign in. `largest` is the largest mail taken, in bytes. Raises MailboxTrouble."""
    where = f"{settings.host}:{settings.port}"
    with told_plainly(f"{where} does not answer as an IMAP server"):
        context = _tls(settings)
        client = Client(
            settings.host,
            settings.port,
            context=context if settings.security == "tls" else None,
            timeout=settings.timeout,
            largest=largest,
        )
    try:
        with told_plainly(f"{where} cannot be spoken to"):
            if settings.security == "starttls":
                client.starttls(context)
            sign_in(client)
        return Mailbox(client, settings=settings)
    except BaseException:
        client.wire.shutdown()
        raise


@contextmanager
def told_plainly(what: str) -> Iterator[None]:
    """Turn whatever the library, the parser or the network raises into one sentence."""
    try:
        yield
    except MailboxTrouble:
        raise
    except LoginError as error:
        if not is_refusal(error):
            raise MailboxTrouble(f"{what}: the server cannot let anybody in just now") from error
        raise SignInRefused("the server refuses the sign-in: check user name and password or consent") from error
    except ssl.SSLCertVerificationError as error:
        raise MailboxTrouble(f"{what}: its certificate is not to be trusted ({error.verify_message})") from error
    except TimeoutError as error:
        raise MailboxTrouble(f"{what}: the server took too long") from error
    except OSError as error:
        raise MailboxTrouble(f"{what}: {error.strerror or type(error).__name__}") from error
    except IMAPClientAbortError as error:
        raise MailboxTrouble(f"{what}: the connection broke") from error
    except IMAPClientError as error:
        raise CommandRefused(f"{what}: the server refuses") from error
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError) as error:
        raise MailboxTrouble(f"{what}: the server's answer cannot be understood") from error


def is_refusal(error: LoginError) -> bool:
    """True where the server said no for good.

    The library calls a connection that broke meanwhile by the same name, and a server may say that it cannot tell
    just now (RFC 5530 section 3).
    """
    return not isinstance(error.__context__, IMAPClientAbortError) and "[UNAVAILABLE]" not in str(error)


def _tls(settings: MailboxSettings) -> ssl.SSLContext | None:
    if settings.security == "plain":
        return None
    return make_context(settings)


def make_context(settings: MailboxSettings) -> ssl.SSLContext:
    """Verifies names and certificates, by the system's authorities or those of `ca_file` alone. Raises OSError."""
    return ssl.create_default_context(cafile=None if settings.ca_file is None else str(settings.ca_file))


def password_sign_in(settings: MailboxSettings) -> SignIn:
    """Sign in by user name and password."""

    def sign_in(client: Any) -> None:
        assert settings.password is not None, "the settings are checked"
        client.login(settings.username, settings.password.get_secret_value())

    return sign_in
