"""The settings of a project, and what its projects must not have in common.

What concerns several projects is looked for even where one of them is wrong by itself, so that one report names
every fault.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, field_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from gateway.config.contract import CalendarSettings, ContractSettings, LevelAddressSettings, TeamSettings
from gateway.config.section import Section
from gateway.config.webhooks import WebhookSettings
from gateway.domain.project import Project
from gateway.domain.ticket import Language
from gateway.mail.address import is_address, normalise_address

DEFAULT = "default"
"""The calendar and the contract of a project that names none; they are there without being written."""


_Where = tuple[int | str, ...]
_Fault = tuple[_Where, str]


class ProjectSettings(Section):
    """One application under contract. `calendar` and `contract` are names of tables below those words."""

    name: str = Field(min_length=1)
    addresses: tuple[str, ...] = Field(min_length=1)
    language: Language = Language.FR
    calendar: str = DEFAULT
    contract: str = DEFAULT
    hotline: str | None = Field(default=None, pattern=r"^\+[1-9]\d{6,14}$", description="in international form")
    hotline_policy: Literal["blocking-only", "open"] = "blocking-only"
    open_to_all: bool = Field(
        default=True, description="whether people who belong nowhere may report on it by the form"
    )
    teams: TeamSettings = TeamSettings()
    contacts: tuple[str, ...] = Field(default=(), description="the customer's, told of preventive work")
    level_addresses: LevelAddressSettings = LevelAddressSettings()
    webhooks: dict[str, WebhookSettings] = Field(default_factory=dict, description="programs that are told, by name")

    @field_validator("webhooks")
    @classmethod
    def _have_names(cls, value: dict[str, WebhookSettings]) -> dict[str, WebhookSettings]:
        for name in value:
            if not re.fullmatch("[a-z0-9]{1,40}", name):
                raise ValueError(f"the webhook's name {name!r} must be of small letters and digits")
        return value

    @field_validator("addresses")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_own_address(address) for address in value)

    @field_validator("contacts")
    @classmethod
    def _are_contacts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        addresses = tuple(dict.fromkeys(normalise_address(address) for address in value))
        for address in addresses:
            if not is_address(address):
                raise ValueError(f"{address!r} is not a mail address")
        return addresses

    @field_validator("level_addresses")
    @classmethod
    def _are_level_addresses(cls, value: LevelAddressSettings) -> LevelAddressSettings:
        return LevelAddressSettings(
            **{level.lower(): _own_address(address) for level, address in value.level_addresses()}
        )

    def project(
        self, key: str, *, calendars: Mapping[str, CalendarSettings], contracts: Mapping[str, ContractSettings]
    ) -> Project:
        """The domain's value; the names that it refers to have been checked."""
        contract = contracts.get(self.contract, ContractSettings())
        return Project(
            key=key.upper(),
            name=self.name,
            addresses=self.addresses,
            language=self.language,
            calendar=calendars.get(self.calendar, CalendarSettings()).calendar(),
            contract=contract.contract(),
            teams=self.teams.teams(),
            level_addresses=self.level_addresses.level_addresses(),
            contacts=self.contacts,
            hotline=self.hotline,
            follow_up=contract.follow_up.rules(),
            open_to_all=self.open_to_all,
            takes_any_call=self.hotline_policy == "open",
        )


def check_projects(
    value: Any,
    handler: ValidatorFunctionWrapHandler,
    *,
    calendars: Collection[str] | None,
    contracts: Collection[str] | None,
) -> dict[str, ProjectSettings]:
    """Check each project by `handler`, then all together. None for names that could not be read themselves.

    - a key is 2 to 10 letters and digits, beginning with a letter
    - an address, a level's included, is in one place only
    - the calendar and the contract of a project are there

    Raises ValidationError with the faults of both.
    """
    errors: list[InitErrorDetails] = []
    projects: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
    try:
        projects = handler(value)
    except ValidationError as error:
        errors += [_again(item) for item in error.errors(include_url=False)]
    faults = [*_key_faults(projects), *_address_faults(projects)]
    faults += _name_faults(projects, "calendar", calendars)
    faults += _name_faults(projects, "contract", contracts)
    errors += [_error(where, sentence, projects) for where, sentence in faults]
    if errors:
        raise ValidationError.from_exception_data("projects", errors)
    return dict(projects)


def _key_faults(projects: Mapping[str, Any]) -> Iterable[_Fault]:
    for key in projects:
        if not (key.isascii() and key.isalnum() and key[:1].isalpha() and 2 <= len(key) <= 10):
            yield (key,), f"project key {key!r} must be 2 to 10 letters and digits, beginning with a letter"


def _address_faults(projects: Mapping[str, Any]) -> Iterable[_Fault]:
    owner: dict[str, str] = {}
    for key, project in projects.items():
        for address in _addresses(project):
            if address not in owner:
                owner[address] = key.upper()
            elif owner[address] == key.upper():
                yield (key, "addresses"), f"address {address} is there twice"
            else:
                yield (key, "addresses"), f"address {address} is in both {owner[address]} and {key.upper()}"


def _name_faults(projects: Mapping[str, Any], kind: str, known: Collection[str] | None) -> Iterable[_Fault]:
    for key, project in projects.items():
        name = _given(project, kind)
        if known is not None and isinstance(name, str) and name not in {DEFAULT, *known}:
            yield (key, kind), f"there is no {kind} {name!r}"


def _addresses(project: Any) -> list[str]:
    """The addresses of a project, whether or not it has been checked."""
    plain, levels = _given(project, "addresses"), _given(project, "level_addresses")
    if isinstance(levels, LevelAddressSettings):
        levels = dict(levels.level_addresses())
    found = [
        *(plain if isinstance(plain, list | tuple) else ()),
        *(levels.values() if isinstance(levels, dict) else ()),
    ]
    return [normalise_address(address) for address in found if isinstance(address, str)]


def _given(project: Any, name: str) -> Any:
    return project.get(name) if isinstance(project, Mapping) else getattr(project, name, None)


def _own_address(text: str) -> str:
    address = normalise_address(text)
    local, _, domain = address.rpartition("@")
    if not is_address(address) or not _is_domain(domain):
        raise ValueError(f"{address!r} is not a mail address")
    if "+" in local:
        raise ValueError(f"{address!r}: the part after '+' is ours to use, leave it out")
    if len(local) > 20:
        raise ValueError(f"{address!r}: at most 20 characters before the @, so that signed addresses fit")
    return address


def _is_domain(domain: str) -> bool:
    """True for a normalised domain; one that is not ASCII then has no form that mail could be sent to."""
    try:
        return domain.isascii() and bool(domain.encode("idna"))
    except UnicodeError:
        return False


def _again(item: Mapping[str, Any]) -> InitErrorDetails:
    return _error(item["loc"], item["msg"], item["input"], kind=item["type"])


def _error(where: _Where, sentence: str, value: Any, *, kind: str = "value_error") -> InitErrorDetails:
    custom: Any = PydanticCustomError  # its first argument is typed as a literal
    return InitErrorDetails(type=custom(kind, "{sentence}", {"sentence": sentence}), loc=where, input=value)


DEMO_PROJECTS = {
    "demo": ProjectSettings(
        name="Démonstration",
        addresses=("support@demo.example",),
        language=Language.FR,
        hotline="+33199001234",  # of the numbers that are kept for fiction
    )
}
