"""Where we tell other programs what happens to a project's tickets: outgoing webhooks, each with its own secret."""

import ipaddress
from base64 import b64decode
from binascii import Error
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from gateway.config.section import Section
from gateway.domain.hooks import Hook, HookEvent

PREFIX = "whsec_"


class WebhookSettings(Section):
    """One receiver. `secret` is `whsec_` and 24 to 64 bytes in base64, as Standard Webhooks has it; with
    `previous_secret` we sign too while it is exchanged. `events` are all by default.

    `detail` says how much is told: `ids` are references, numbers and changes; `words` adds subject, texts and authors.
    `internal` lets out what reporters never see: notes, reasons, who has a ticket. `private` lets the address lie in
    a network of one's own, and the URL begin with http://; `timeout` is in seconds.
    """

    url: str
    secret: SecretStr
    previous_secret: SecretStr | None = None
    events: frozenset[HookEvent] = frozenset(HookEvent) - {HookEvent.PING}
    detail: Literal["ids", "words"] = "ids"
    internal: bool = False
    private: bool = False
    timeout: float = Field(default=5, gt=0, le=10)
    give_up_days: int = Field(default=3, ge=1, le=14)

    @field_validator("url")
    @classmethod
    def _is_a_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.fragment:
            raise ValueError("must look like https://receiver.example.org/path, without a name or a password")
        if not value.isascii() or any(char <= " " for char in value):
            raise ValueError("must be ASCII without spaces")
        parts.port  # noqa: B018  # raises ValueError for what is no port
        return value

    @field_validator("secret", "previous_secret")
    @classmethod
    def _is_a_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            read_key(value)
        return value

    @model_validator(mode="after")
    def _is_where_it_says(self) -> "WebhookSettings":
        parts = urlsplit(self.url)
        if not self.private and parts.scheme != "https":
            raise ValueError("the URL must begin with https://, unless private = true says that the network is yours")
        if not self.private and _is_private(parts.hostname or ""):
            raise ValueError("the address is in a private network: private = true allows that")
        return self

    def hook(self, name: str) -> Hook:
        """What is to be written down for it."""
        return Hook(name=name, events=self.events, is_internal=self.internal)


def read_key(secret: SecretStr) -> bytes:
    """The bytes of a secret. Raises ValueError for what is none."""
    text = secret.get_secret_value()
    try:
        key = b64decode(text.removeprefix(PREFIX), validate=True)
    except (Error, ValueError):
        key = b""
    if not text.startswith(PREFIX) or not 24 <= len(key) <= 64:
        raise ValueError("must be whsec_ and 24 to 64 bytes in base64")
    return key


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
