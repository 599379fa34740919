"""The settings of the hotline: whose webhooks we believe, who speaks, and how long things may take.

The number of a hotline belongs to its project; here is what all of them share.
"""

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from gateway.config.section import Section

LONGEST_MESSAGE_DAYS = 180
LONGEST_CALL_DAYS = 365


class TelephonySettings(Section):
    """The provider's account, the voices, the limits. Secrets come by environment or file, two of each while they
    are rotated; with a shared key, what the account's token signed is refused.

    `..._per_hour` limits count wrong codes of one number, of all withheld numbers together, and calls that are put
    through while the tickets cannot be looked at. `message_without_code` lets a caller without a code leave a message.
    With `text_sender`, which needs the account, a caller who is not put through may have the platform's address sent to
    their mobile. `pbx_secret` lets another telephone system feed the log.
    """

    account_sid: str | None = Field(default=None, pattern=r"^AC[0-9a-f]{32}$")
    auth_token: SecretStr | None = None
    previous_auth_token: SecretStr | None = None
    shared_key: SecretStr | None = None
    previous_shared_key: SecretStr | None = None
    pbx_secret: SecretStr | None = Field(default=None, min_length=16)
    api_base: str = "https://api.twilio.com"
    french_voice: str = Field(default="Polly.Lea-Neural", pattern=r"^(Polly|Google)\.[A-Za-z0-9-]+$")
    english_voice: str = Field(default="Polly.Amy-Neural", pattern=r"^(Polly|Google)\.[A-Za-z0-9-]+$")
    ring_seconds: int = Field(default=15, ge=5, le=60, description="one agent")
    ring_seconds_in_all: int = Field(default=120, ge=5, le=600)
    max_agents: int = Field(default=4, ge=1, le=8)
    message_seconds: int = Field(default=120, ge=10, le=120)
    message_without_code: bool = False
    text_sender: str | None = Field(
        default=None, pattern=r"^(\+[1-9]\d{6,14}|[A-Za-z][A-Za-z0-9 ]{0,10})$", description="a number, or a name"
    )
    texts_per_hour: int = Field(default=60, ge=0, description="in all; a number gets one a day")
    callback_minutes: int = Field(default=30, ge=1, description="of working time")
    wrong_codes_per_hour: int = Field(default=10, ge=1)
    wrong_codes_of_withheld_numbers_per_hour: int = Field(default=60, ge=1)
    unverified_calls_per_hour: int = Field(default=10, ge=0)
    message_days: int = Field(default=90, ge=1, le=LONGEST_MESSAGE_DAYS, description="after the ticket was closed")
    call_days: int = Field(default=LONGEST_CALL_DAYS, ge=1, le=LONGEST_CALL_DAYS)

    @field_validator("api_base")
    @classmethod
    def _is_a_base(cls, value: str) -> str:
        parts = urlsplit(value)
        is_plain = parts.path in {"", "/"} and not parts.query and "@" not in parts.netloc
        if not (parts.scheme == "https" or _is_here(parts.hostname)) or not parts.hostname or not is_plain:
            raise ValueError("must look like https://api.twilio.com")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _rotates_what_is_there(self) -> Self:
        if self.previous_auth_token and not self.auth_token:
            raise ValueError("previous_auth_token without auth_token")
        if self.previous_shared_key and not self.shared_key:
            raise ValueError("previous_shared_key without shared_key")
        return self

    @property
    def auth_tokens(self) -> tuple[str, ...]:
        """The account's tokens, the one in use first."""
        return _plain(self.auth_token, self.previous_auth_token)

    @property
    def shared_keys(self) -> tuple[str, ...]:
        """The keys for webhooks alone, the one in use first."""
        return _plain(self.shared_key, self.previous_shared_key)


SECRETS = tuple(
    f"telephony.{name}"
    for name in ("auth_token", "previous_auth_token", "shared_key", "previous_shared_key", "pbx_secret")
)


def _is_here(host: str | None) -> bool:
    """True for this machine, where a stand-in for the provider may be reached without TLS."""
    return host in {"127.0.0.1", "::1", "localhost"}


def _plain(*secrets: SecretStr | None) -> tuple[str, ...]:
    return tuple(secret.get_secret_value() for secret in secrets if secret is not None)
