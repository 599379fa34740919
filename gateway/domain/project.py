"""A project: one application under contract, and the addresses that its mail arrives at."""

from dataclasses import dataclass

from gateway.domain.ticket import Language


@dataclass(frozen=True, kw_only=True)
class Project:
    """One application under contract.

    `key` begins every reference (`DEMO-42`); `addresses` are lower case, the first is the one we write from.
    """

    key: str
    name: str
    addresses: tuple[str, ...]
    language: Language

    @property
    def address(self) -> str:
        """The address that this project's mail is written from."""
        return self.addresses[0]
