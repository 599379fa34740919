"""Reading the settings: `gateway.toml`, then the environment over it, then every fault in one report.

Promises: an unknown key of the file and an unknown `GATEWAY_` variable are faults; a secret in the file is a
fault (secrets come by environment, or by a file that a `..._FILE` variable names); no secret is ever printed.
"""

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from gateway.config.files import SECRETS as FILES_SECRETS
from gateway.config.lines import Place, find_line, lines_of
from gateway.config.model import SettingsModel
from gateway.config.observe import SECRETS as OBSERVE_SECRETS
from gateway.config.sign_in import SECRETS as SIGN_IN_SECRETS
from gateway.config.telephony import SECRETS as TELEPHONY_SECRETS
from gateway.errors import Misconfigured

PREFIX = "GATEWAY_"
_NOT_SETTINGS = {"GATEWAY_CONFIG"}
_SECRETS = (
    "redis_url",
    "database_url",
    "redis.sentinel_password",
    "relay.password",
    "signing.key",
    "signing.previous_key",
    "mail.dkim.key",
    *TELEPHONY_SECRETS,
    *FILES_SECRETS,
    *OBSERVE_SECRETS,
    *SIGN_IN_SECRETS,
)


class Settings(SettingsModel, BaseSettings):
    """The settings of this installation, checked and frozen."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment over what the file says; nothing else is looked at."""
        return (EnvSettingsSource(settings_cls), init_settings)


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of this process. Raises Misconfigured with every fault found."""
    env = dict(os.environ if environ is None else environ)
    faults: list[str] = []
    document = _read_file(env, faults)
    secrets = [*_SECRETS, *_mailbox_secrets(document, env), *_webhook_secrets(document, env)]
    for name in secrets:
        if _lookup(document, name) is not None and name not in {"redis_url", "database_url"}:
            faults.append(
                f"{name}: a secret does not belong into the file; set {_variable(name)} or {_variable(name)}_FILE"
            )
    overlay = _read_secret_files(env, secrets, faults)
    faults += _unknown_variables(env)
    try:
        return _checked(document, {**env, **overlay}, faults)
    except ValidationError as error:
        items = error.errors(include_url=False, include_input=False)
        lines = _lines_of_file(env)
        faults += [f"{_place(item['loc'], lines, env)}{_sentence(item)}" for item in items]
    raise Misconfigured(faults)


def _checked(document: dict[str, Any], env: dict[str, str], faults: list[str]) -> Settings:
    saved = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    ours = {name: value for name, value in env.items() if name.startswith(PREFIX) and name not in _NOT_SETTINGS}
    # pydantic-settings reads os.environ only, so the variables that we checked stand there for the moment.
    try:
        _replace_environment(ours)
        settings = Settings(**document)
    finally:
        _replace_environment(saved)
    if faults:
        raise Misconfigured(faults)
    return settings


def _replace_environment(values: Mapping[str, str]) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    os.environ.update(values)


def _read_file(env: Mapping[str, str], faults: list[str]) -> dict[str, Any]:
    path = _path(env)
    if "GATEWAY_CONFIG" not in env and not path.exists():
        return {}
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8 text'}")
        return {}
    except tomllib.TOMLDecodeError as error:
        faults.append(f"{path}: not valid TOML: {error}")
        return {}
    projects = document.get("projects")
    if isinstance(projects, dict):
        # Variables know no case, so neither do project keys: GATEWAY_PROJECTS__SHOP__NAME meets [projects.SHOP].
        document["projects"] = {key.lower(): value for key, value in projects.items()}
    mailboxes = document.get("mailboxes")
    if isinstance(mailboxes, dict):
        document["mailboxes"] = {key.lower(): value for key, value in mailboxes.items()}
    return document


def _path(env: Mapping[str, str]) -> Path:
    return Path(env.get("GATEWAY_CONFIG") or "gateway.toml")


def _lines_of_file(env: Mapping[str, str]) -> Mapping[Place, int]:
    try:
        return lines_of(_path(env).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return {}


def _place(where: Sequence[int | str], lines: Mapping[Place, int], env: Mapping[str, str]) -> str:
    """`gateway.toml:12: ` for a setting of the file; empty for one of the environment, or of neither."""
    line = find_line(lines, where)
    is_variable = _variable(".".join(str(part) for part in where)) in env
    return "" if line is None or is_variable else f"{_path(env)}:{line}: "


def _webhook_secrets(document: Mapping[str, Any], env: Mapping[str, str]) -> list[str]:
    """The secrets of each webhook that the file or a variable names."""
    projects = document.get("projects")
    names = {
        (str(key), str(name))
        for key, project in (projects.items() if isinstance(projects, dict) else ())
        if isinstance(project, dict) and isinstance(project.get("webhooks"), dict)
        for name in project["webhooks"]
    }
    given = re.compile(rf"{_variable('projects')}__([^_]+)__WEBHOOKS__(.+?)__[^_].*")
    names |= {(found[1].lower(), found[2].lower()) for name in env if (found := given.fullmatch(name))}
    return [
        f"projects.{key}.webhooks.{name}.{secret}"
        for key, name in sorted(names)
        for secret in ("secret", "previous_secret")
    ]


def _mailbox_secrets(document: Mapping[str, Any], env: Mapping[str, str]) -> list[str]:
    """The secrets of each mailbox that the file or a variable names."""
    listed = document.get("mailboxes")
    names = {str(name) for name in listed} if isinstance(listed, dict) else set()
    prefix = _variable("mailboxes") + "__"
    names |= {name.removeprefix(prefix).split("__")[0].lower() for name in env if name.startswith(prefix)}
    return [f"mailboxes.{name}.{secret}" for name in sorted(names) for secret in ("password", "oauth.client_secret")]


def _read_secret_files(env: dict[str, str], secrets: list[str], faults: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in secrets:
        variable = _variable(name)
        path = env.pop(f"{variable}_FILE", None)
        if path is None:
            continue
        if variable in env:
            faults.append(f"{variable} and {variable}_FILE are both set; keep one")
            continue
        try:
            found[variable] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            faults.append(f"{variable}_FILE: the file it names cannot be read")
    return found


def _unknown_variables(env: Mapping[str, str]) -> list[str]:
    known = {f"{PREFIX}{name.upper()}" for name in SettingsModel.model_fields}
    return [
        f"{name}: there is no such setting"
        for name in sorted(env)
        if name.startswith(PREFIX)
        and name not in _NOT_SETTINGS
        and not any(name == prefix or name.startswith(f"{prefix}__") for prefix in known)
    ]


def _lookup(document: Mapping[str, Any], dotted: str) -> object:
    value: Any = document
    for part in dotted.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def _variable(dotted: str) -> str:
    return PREFIX + dotted.upper().replace(".", "__")


def _sentence(item: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in item["loc"]) or "settings"
    message = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        message = "there is no such setting"
    return f"{where}: {message[0].lower()}{message[1:]}"
