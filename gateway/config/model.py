"""The settings as values: every field, its unit and its default.

What a setting means is said here and nowhere else; `load.py` reads them, `deploy/gateway.example.toml`
shows them.
"""

import ipaddress
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, ValidatorFunctionWrapHandler, field_validator, model_validator

from gateway.config.contract import CalendarSettings, ContractSettings
from gateway.config.dkim import DkimSettings
from gateway.config.files import FilesSettings
from gateway.config.mail_checks import AntivirusSettings, AttachmentSettings, SenderList
from gateway.config.mailboxes import MailboxSettings, name_faults
from gateway.config.observe import ObserveSettings
from gateway.config.operator import OperatorSettings
from gateway.config.project import DEMO_PROJECTS, ProjectSettings, check_projects
from gateway.config.redis_url import check_redis_url
from gateway.config.retention import RetentionSettings
from gateway.config.section import Section
from gateway.config.sign_in import SignInSettings
from gateway.config.stores import DatabaseSettings, RedisSettings
from gateway.config.telephony import TelephonySettings
from gateway.domain.joining import JoiningRules
from gateway.domain.project import Project

MIB = 1024 * 1024
Port = Annotated[int, Field(ge=0, le=65535)]


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
    """How we write mail: who we are, how long signed addresses live, how often one address is answered.

    And whose mail we believe: `authserv_id` names the mail server in front of us whose Authentication-Results count;
    without it SPF, DKIM and DMARC are checked here, in `dns_timeout` seconds for one mail. Mail from a sender on
    `deny` is refused a ticket; one on `allow` is welcome where its mail is proven to be from there. `dkim` is what we
    sign with. `templates` is a folder with `fr/` and `en/` whose files take the place of ours of the same name.
    """

    sender_name: str = "Support"
    reply_token_days: int = Field(default=400, ge=1)
    acknowledgements_per_day: int = Field(default=20, ge=0, description="per address; more is filed but not answered")
    acknowledgements_per_domain: int = Field(default=5000, ge=0, description="a day")
    acknowledgements_in_all: int = Field(default=20000, ge=0, description="a day")
    authserv_id: str | None = Field(default=None, min_length=1)
    check_authentication: bool = True
    dns_timeout: float = Field(default=5, gt=0)
    allow: SenderList = ()
    deny: SenderList = ()
    dkim: DkimSettings = DkimSettings()
    templates: Path | None = Field(default=None, description="a folder with templates that take the place of ours")


class IntakeSettings(Section):
    """What mail may do to tickets: how long a closed one reopens, how many a minute one address may begin."""

    reopen_days: int = Field(default=14, ge=0, description="after closing; a later answer begins a ticket that follows")
    reopenings_per_hour: int = Field(default=3, ge=1, description="of one ticket")
    new_tickets_per_minute: int = Field(default=30, ge=1, description="per address; more joins the first of them")
    alike_tickets_per_minute: int = Field(default=5, ge=1, description="the same, of subjects that differ in numbers")
    max_participants: int = Field(default=10, ge=0, description="beside the reporter, taken from To and Cc")

    @property
    def joining_rules(self) -> JoiningRules:
        """What an answer does to a ticket at its end."""
        return JoiningRules(reopen_days=self.reopen_days, reopenings_per_hour=self.reopenings_per_hour)


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


class SettingsModel(Section):
    """Everything the operator may set. Read by `gateway.config.load.load_settings`.

    `machine` is this machine's name among those that share a database; by default one is made at the first start.
    """

    data: Path = Path("var")
    machine: str | None = Field(default=None, pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")
    database_url: SecretStr | None = None
    database: DatabaseSettings = DatabaseSettings()
    redis_url: SecretStr | None = None
    redis: RedisSettings = RedisSettings()
    smtp: SmtpSettings = SmtpSettings()
    lmtp: LmtpSettings = LmtpSettings()
    http: HttpSettings = HttpSettings()
    relay: RelaySettings = RelaySettings()
    mail: MailSettings = MailSettings()
    intake: IntakeSettings = IntakeSettings()
    attachments: AttachmentSettings = AttachmentSettings()
    antivirus: AntivirusSettings = AntivirusSettings()
    worker: WorkerSettings = WorkerSettings()
    spool: SpoolSettings = SpoolSettings()
    files: FilesSettings = FilesSettings()
    session: SessionSettings = SessionSettings()
    sign_in: SignInSettings = SignInSettings()
    signing: SigningSettings = SigningSettings()
    retention: RetentionSettings = RetentionSettings()
    operator: OperatorSettings = OperatorSettings()
    observe: ObserveSettings = ObserveSettings()
    telephony: TelephonySettings = TelephonySettings()
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    calendars: dict[str, CalendarSettings] = Field(default_factory=dict)
    contracts: dict[str, ContractSettings] = Field(default_factory=dict)
    projects: dict[str, ProjectSettings] = Field(default=DEMO_PROJECTS, min_length=1)
    mailboxes: dict[str, MailboxSettings] = Field(default_factory=dict)

    @field_validator("redis_url")
    @classmethod
    def _is_a_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            check_redis_url(value.get_secret_value())
        return value

    @field_validator("projects", mode="wrap")
    @classmethod
    def _fit_together(
        cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> dict[str, ProjectSettings]:
        return check_projects(
            value, handler, calendars=info.data.get("calendars"), contracts=info.data.get("contracts")
        )

    @model_validator(mode="after")
    def _mailboxes_belong_to_projects(self) -> "SettingsModel":
        faults = name_faults(list(self.mailboxes))
        known = {key.upper() for key in self.projects}
        faults += [
            f"mailbox {name}: there is no project {mailbox.project}"
            for name, mailbox in self.mailboxes.items()
            if mailbox.project is not None and mailbox.project not in known
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @cached_property
    def project_list(self) -> tuple[Project, ...]:
        """The projects as domain values, in the order of the file."""
        return tuple(
            project.project(key, calendars=self.calendars, contracts=self.contracts)
            for key, project in self.projects.items()
        )
