"""The mailboxes that mail is fetched from over IMAP: where each is, how to sign in, and what becomes of mail taken."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from gateway.config.section import Section

LONGEST_IDLE = 28 * 60  # seconds; RFC 2177 asks for a new IDLE at least every 29 minutes

Seconds = Annotated[float, Field(gt=0)]


class OAuthSettings(Section):
    """OAuth 2 for one mailbox, with a client that the operator has registered with the provider.

    `tenant` is Microsoft's directory. With the provider `other` all addresses and the scope must be given;
    `device_url` where it offers the device flow (RFC 8628), else `authorize_url`.
    """

    provider: Literal["google", "microsoft", "other"]
    client_id: str = Field(min_length=1)
    client_secret: SecretStr | None = None
    tenant: str = Field(default="organizations", pattern=r"^[A-Za-z0-9.-]+$")
    token_url: str | None = None
    device_url: str | None = None
    authorize_url: str | None = None
    scope: str | None = None

    @field_validator("token_url", "device_url", "authorize_url")
    @classmethod
    def _is_encrypted(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            raise ValueError("must begin with https://")
        return value

    @model_validator(mode="after")
    def _is_whole(self) -> "OAuthSettings":
        if self.provider == "other":
            if self.token_url is None or self.scope is None:
                raise ValueError("the provider 'other' needs token_url and scope")
            if self.device_url is None and self.authorize_url is None:
                raise ValueError("the provider 'other' needs device_url or authorize_url")
        elif any((self.token_url, self.device_url, self.authorize_url, self.scope)):
            raise ValueError("addresses and scope are known for this provider: leave them out")
        return self


class MailboxSettings(Section):
    """One mailbox. Times in seconds unless their name says otherwise.

    `project` is whose mail it is; without it the mail's own Delivered-To, X-Original-To, To and Cc decide. Mail in
    `junk_folder` is held for a person. `after` says what happens to a mail that is safe in the spool: moved to
    `move_to`, flagged as seen, or left as it is. `start` says where to begin: with what comes `now`, or with `all`
    that is there. `timeout` is for each word of the server, `mail_timeout` for one whole mail.
    `alert_minutes` without a good look mean a mail to the supervisors.
    """

    host: str = Field(min_length=1)
    port: int = Field(default=993, ge=1, le=65535)
    security: Literal["tls", "starttls", "plain"] = "tls"
    ca_file: Path | None = None
    username: str = Field(min_length=1)
    password: SecretStr | None = None
    oauth: OAuthSettings | None = None
    project: str | None = None
    folder: str = Field(default="INBOX", min_length=1)
    junk_folder: str | None = None
    after: Literal["move", "flag", "leave"] = "move"
    move_to: str = Field(default="Processed", min_length=1)
    start: Literal["now", "all"] = "now"
    timeout: Seconds = 30
    mail_timeout: Seconds = 600
    idle_seconds: float = Field(default=300, gt=0, le=LONGEST_IDLE)
    poll_seconds: Seconds = 60
    alert_minutes: Seconds = 15

    @field_validator("username", "folder", "junk_folder", "move_to")
    @classmethod
    def _is_one_line(cls, value: str | None) -> str | None:
        if value is not None and not value.isprintable():
            raise ValueError("must be plain text on one line")
        return value

    @field_validator("project")
    @classmethod
    def _is_upper(cls, value: str | None) -> str | None:
        return None if value is None else value.upper()

    @model_validator(mode="after")
    def _is_whole(self) -> "MailboxSettings":
        if (self.password is None) == (self.oauth is None):
            raise ValueError("needs a password or an oauth table, and not both")
        if self.security == "plain" and not is_loopback(self.host):
            raise ValueError("security 'plain' is for a server on this machine only")
        folders = [self.folder, *([self.junk_folder] if self.junk_folder else [])]
        if self.after == "move" and self.move_to in folders:
            raise ValueError("move_to must be a folder that is not read")
        if len(set(folders)) < len(folders):
            raise ValueError("junk_folder must be another folder than folder")
        if self.alert_minutes * 60 <= max(self.idle_seconds, self.poll_seconds):
            raise ValueError("alert_minutes must be longer than idle_seconds and poll_seconds")
        return self


def is_loopback(host: str) -> bool:
    """True for a name or an address of this machine that no network is crossed to reach."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def name_faults(names: list[str]) -> list[str]:
    """A sentence for each name that could not be part of a variable's name."""
    return [
        f"mailbox name {name!r} must be 1 to 30 lower-case letters and digits, beginning with a letter"
        for name in names
        if not (name.isascii() and name.isalnum() and name.islower() and name[0].isalpha() and len(name) <= 30)
    ]
