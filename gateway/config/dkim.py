"""The settings of DKIM: what we sign our mail with."""

from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from gateway.config.section import Section
from gateway.errors import Refused

_NAME = r"^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$"


class DkimSettings(Section):
    """Our domain, the selector below which the public key is in its DNS, and the private key in PEM: RSA or Ed25519.

    Without any of them nothing is signed. The key comes by environment, or by a file that a variable names.
    """

    domain: str | None = Field(default=None, pattern=_NAME)
    selector: str | None = Field(default=None, pattern=_NAME)
    key: SecretStr | None = None

    @field_validator("key")
    @classmethod
    def _can_sign(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            from gateway.mail.dkim_signing import read_key  # asked for only where a key is given

            try:
                read_key(value.get_secret_value())
            except Refused as error:
                raise ValueError(str(error)) from None
        return value

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        given = (self.domain, self.selector, self.key)
        if any(given) and not all(given):
            raise ValueError("domain, selector and key must be given together")
        return self
