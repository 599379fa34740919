"""The settings as values: every field, its unit and its default.

What a setting means is said here and nowhere else; `load.py` reads them, `deploy/gateway.example.toml`
shows them.
"""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from gateway.domain.project import Project
from gateway.domain.ticket import Language
from gateway.mail.address import is_address, normalise_address

MIB = 1024 * 1024
Port = Annotated[int, Field(ge=0, le=65535)]


class Section(BaseModel):
    """A table of the configuration file; a key that we do not know is a fault, not a silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SmtpSettings(Section):
    """The SMTP listener, and the limits that it shares with LMTP. Sizes in bytes, times in seconds."""

    host: str = "127.0.0.1"
    port: Port = 8025
    hostname: str = "localhost"
    max_size: int = Field(default=25 * MIB, ge=64 * 1024)
    tls_cert: Path | None = None
    tls_key: Path | None = None
    max_connections: int = Field(default=500, ge=1)
    max_connections_per_peer: int = Field(default=100, ge=1)
    max_recipients: int = Field(default=100, ge=1)
    max_errors: int = Field(default=20, ge=1)
    messages_per_minute: int = Field(default=300, ge=1, description="per peer that is not in trusted_peers")
    trusted_peers: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    command_timeout: float = Field(default=300, gt=0)
    data_timeout: float = Field(default=600, gt=0)

    @field_validator("trusted_peers")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ipaddress.ip_network(network)
        return value

    @model_validator(mode="after")
    def _tls_is_whole(self) -> "SmtpSettings":
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key must be given together")
        return self


class LmtpSettings(Section):
    """The LMTP listener (RFC 2033) for an MTA on this machine; off while `port` is not set."""

    host: str = "127.0.0.1"
    port: Port | None = None


class HttpSettings(Section):
    """The web pages. `public_url` is what mails link to; by default it is the listener itself."""

    host: str = "127.0.0.1"
    port: Port = 8000
    public_url: str | None = None
    trusted_proxy: str | None = None
    threads: int = Field(default=8, ge=1)

    @field_validator("public_url")
    @classmethod
    def _is_a_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}:
            raise ValueError("must look like https://support.example.org")
        return value.rstrip("/")

    @property
    def base_url(self) -> str:
        """What links in mails begin with, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"


class RelaySettings(Section):
    """Where outgoing mail is handed over. Without a host it is written to `sent/` in the data folder."""

    host: str | None = None
    port: Port = 587
    security: Literal["starttls", "tls", "plain"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    ca_file: Path | None = None
    timeout: float = Field(default=30, gt=0)


class MailSettings(Section):
    """How we write mail: who we are, how long signed addresses live, how often one address is answered."""

    sender_name: str = "Support"
    reply_token_days: int = Field(default=400, ge=1)
    acknowledgements_per_day: int = Field(default=20, ge=0, description="per address; more is filed but not answered")


class WorkerSettings(Section):
    """The workers: how many processes, how long one job may take, how often an entry may kill its worker."""

    processes: int = Field(default=2, ge=1)
    job_timeout: int = Field(default=60, ge=5)
    max_attempts: int = Field(default=3, ge=1)


class SpoolSettings(Section):
    """The spool refuses (452, 503) while less than `min_free` bytes are left on its disk."""

    min_free: int = Field(default=64 * MIB, ge=0)


class SessionSettings(Section):
    """Sign-in: how long a mailed link and a session live."""

    link_minutes: int = Field(default=30, ge=1)
    session_days: int = Field(default=30, ge=1)


class SigningSettings(Section):
    """The keys behind signed addresses, ids and links. `previous_key` is still believed, never used to sign."""

    key: SecretStr | None = None
    previous_key: SecretStr | None = None

    @field_validator("key", "previous_key")
    @classmethod
    def _is_long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("must have at least 32 characters")
        return value


class ProjectSettings(Section):
    """One application under contract."""

    name: str = Field(min_length=1)
    addresses: tuple[str, ...] = Field(min_length=1)
    language: Language = Language.FR

    @field_validator("addresses")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        addresses = tuple(normalise_address(address) for address in value)
        for address in addresses:
            local, _, domain = address.rpartition("@")
            if not is_address(address) or not _is_domain(domain):
                raise ValueError(f"{address!r} is not a mail address")
            if "+" in local:
                raise ValueError(f"{address!r}: the part after '+' is ours to use, leave it out")
            if len(local) > 20:
                raise ValueError(f"{address!r}: at most 20 characters before the @, so that signed addresses fit")
        return addresses


def _is_domain(domain: str) -> bool:
    try:
        return bool(domain.encode("idna"))
    except UnicodeError:
        return False


DEMO_PROJECTS = {
    "demo": ProjectSettings(name="Démonstration", addresses=("support@demo.example",), language=Language.FR)
}


class SettingsModel(Section):
    """Everything the operator may set. Read by `gateway.config.load.load_settings`."""

    data: Path = Path("var")
    database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    smtp: SmtpSettings = SmtpSettings()
    lmtp: LmtpSettings = LmtpSettings()
    http: HttpSettings = HttpSettings()
    relay: RelaySettings = RelaySettings()
    mail: MailSettings = MailSettings()
    worker: WorkerSettings = WorkerSettings()
    spool: SpoolSettings = SpoolSettings()
    session: SessionSettings = SessionSettings()
    signing: SigningSettings = SigningSettings()
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    projects: dict[str, ProjectSettings] = Field(default=DEMO_PROJECTS, min_length=1)

    @field_validator("projects")
    @classmethod
    def _keys_and_addresses_are_ours_alone(cls, value: dict[str, ProjectSettings]) -> dict[str, ProjectSettings]:
        faults = [
            f"project key {key!r} must be 2 to 10 letters and digits, beginning with a letter"
            for key in value
            if not (key.isascii() and key.isalnum() and key[0].isalpha() and 2 <= len(key) <= 10)
        ]
        owner: dict[str, str] = {}
        for key, project in value.items():
            for address in project.addresses:
                if address in owner:
                    faults.append(f"address {address} is in both {owner[address].upper()} and {key.upper()}")
                owner[address] = key
        if faults:
            raise ValueError("; ".join(faults))
        return value

    @property
    def project_list(self) -> tuple[Project, ...]:
        """The projects as domain values, in the order of the file."""
        return tuple(
            Project(key=key.upper(), name=project.name, addresses=project.addresses, language=project.language)
            for key, project in self.projects.items()
        )
