"""How staff sign in."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from gateway.config.mailboxes import is_loopback
from gateway.config.section import Section
from gateway.domain.sign_in import Way

SECRETS = ("sign_in.oidc.client_secret",)


class OidcSettings(Section):
    """The organisation's own sign-in (OpenID Connect), by discovery at `issuer`.

    `name` stands on the button. A person is found by the address in `email_claim`, and let in only where
    `verified_claim` is true; an empty text there says that the provider states no address that it has not verified.
    `timeout` in seconds.
    """

    issuer: str
    client_id: str = Field(min_length=1)
    client_secret: SecretStr | None = None
    name: str = Field(default="", max_length=60)
    scope: str = Field(default="openid email", pattern=r"^openid( [!-~]+)*$")
    email_claim: str = Field(default="email", min_length=1)
    verified_claim: str = "email_verified"
    ca_file: Path | None = None
    timeout: float = Field(default=10, gt=0, le=60)

    @field_validator("issuer")
    @classmethod
    def _is_encrypted(cls, value: str) -> str:
        parts = urlsplit(value)
        is_here = parts.scheme == "http" and is_loopback(parts.hostname or "")
        if not parts.hostname or (parts.scheme != "https" and not is_here) or parts.query or parts.fragment:
            raise ValueError("must look like https://login.example.org")
        return value


class SignInSettings(Section):
    """The ways by which whoever works at a level or supervises may sign in to the desk; any one of them suffices.

    Reporters sign in by a mailed link whatever stands here.
    """

    staff: tuple[Literal["link", "password", "oidc"], ...] = Field(default=("link",), min_length=1)
    oidc: OidcSettings | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> "SignInSettings":
        if len(set(self.staff)) < len(self.staff):
            raise ValueError("staff names a way twice")
        if ("oidc" in self.staff) != (self.oidc is not None):
            raise ValueError('the way "oidc" and the table sign_in.oidc come together or not at all')
        return self

    @property
    def ways(self) -> frozenset[Way]:
        """The ways that open the desk."""
        return frozenset(Way(way) for way in self.staff)
