"""Who runs the installation."""

from pydantic import Field, field_validator

from gateway.config.section import Section
from gateway.mail.address import is_address, normalise_address


class OperatorSettings(Section):
    """The operator gets a mail when something breaks, and one when it is well again; nobody does without an address."""

    address: str | None = Field(default=None)

    @field_validator("address")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        address = normalise_address(value)
        if not is_address(address):
            raise ValueError(f"{value!r} is not a mail address")
        return address
