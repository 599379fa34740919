"""`gateway check`, `gateway migrate`: is everything as it should be?"""

import os
import smtplib
import sys

import click
from redis.exceptions import RedisError
from sqlalchemy import text

from gateway.config.files import LOCAL
from gateway.config.load import Settings, load_settings
from gateway.config.locations import key_fingerprints, locations, open_database, redis_server
from gateway.db.engine import Database
from gateway.db.machines import list_machines
from gateway.db.migrate import current_revision, head_revision
from gateway.db.migrate import migrate as run_migrations
from gateway.errors import Misconfigured
from gateway.files.trying import store_faults
from gateway.jobs.doorbell import Doorbell
from gateway.logs import configure_logs
from gateway.notify.template_check import template_faults
from gateway.runtime import open_runtime
from gateway.services.health import keys_agree


@click.command()
def migrate() -> None:
    """Bring the database to the schema of this release."""
    settings = load_settings()
    locations(settings).data.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = open_database(settings)
    try:
        before = current_revision(database)
        run_migrations(database)
        click.echo(f"database: {before or 'empty'} -> {head_revision()}")
    finally:
        database.close()


@click.command()
def check() -> None:
    """Read the configuration and look at the world; say everything that is wrong. Exit 0 or 78."""
    settings = load_settings()
    configure_logs("error", role="check")
    checks = (
        _folder_faults,
        _database_faults,
        _redis_faults,
        _relay_faults,
        _tls_faults,
        _template_faults,
        _mailbox_faults,
        _file_faults,
        _oidc_faults,
    )
    faults = [fault for look in checks for fault in look(settings)]
    if faults:
        raise Misconfigured(faults)
    click.echo(f"all is well: {len(settings.projects)} project(s), data in {locations(settings).data}")
    sys.exit(0)


def _folder_faults(settings: Settings) -> list[str]:
    folder = locations(settings).data
    while not folder.exists():
        folder = folder.parent
    return [] if os.access(folder, os.W_OK) else [f"data: {folder} cannot be written"]


def _database_faults(settings: Settings) -> list[str]:
    if settings.database_url is None and not (locations(settings).data / "gateway.db").exists():
        return []  # made at the first start
    database = open_database(settings)
    try:
        if not database.is_up():
            return ["database_url: the database does not answer"]
        found = current_revision(database)
        if found != head_revision():
            return [f"the database is at revision {found}: run `gateway migrate`"]
        return [*_server_faults(database), *_key_faults(settings, database)]
    finally:
        database.close()


def _server_faults(database: Database) -> list[str]:
    """Is it the one that can be written?"""
    if database.url.get_backend_name() == "sqlite":
        return []
    with database.reading() as connection:
        is_standby = connection.execute(text("SELECT pg_is_in_recovery()")).scalar_one()
    hint = "name every server in the URL and add target_session_attrs=read-write"
    return [f"database_url: this server only reads, it is a standby; {hint}"] if is_standby else []


def _key_faults(settings: Settings, database: Database) -> list[str]:
    """Does every machine that speaks believe what we sign?"""
    with database.reading() as connection:
        found = [one for one in list_machines(connection) if one.state == "up"]
    if not found:
        return []  # asking for our keys would make them
    ours = key_fingerprints(settings)
    return [
        f"signing.key: the machine {one.name} has other keys; give every machine the same GATEWAY_SIGNING__KEY"
        for one in found
        if not keys_agree(ours, one.keys)
    ]


def _redis_faults(settings: Settings) -> list[str]:
    if settings.redis_url is None:
        return []  # ours: `gateway up` starts it
    doorbell = Doorbell(redis_server(settings))
    try:
        doorbell.redis.ping()
        return []
    except RedisError as error:
        return [f"redis_url: no answer ({type(error).__name__})"]
    finally:
        doorbell.close()


def _relay_faults(settings: Settings) -> list[str]:
    relay = settings.relay
    if relay.host is None:
        return []
    kind = smtplib.SMTP_SSL if relay.security == "tls" else smtplib.SMTP
    try:
        with kind(relay.host, relay.port, timeout=10) as connection:
            connection.ehlo()
            if relay.security == "starttls" and not connection.has_extn("starttls"):
                return ["relay: offers no STARTTLS, and we never send without it; see relay.security"]
        return []
    except (OSError, smtplib.SMTPException) as error:
        return [f"relay: {relay.host}:{relay.port} does not answer ({type(error).__name__})"]


def _tls_faults(settings: Settings) -> list[str]:
    return [
        f"smtp: {path} cannot be read"
        for path in (settings.smtp.tls_cert, settings.smtp.tls_key)
        if path is not None and not os.access(path, os.R_OK)
    ]


def _template_faults(settings: Settings) -> list[str]:
    if settings.mail.templates is None:
        return []
    with open_runtime(settings) as runtime:
        return template_faults(runtime)


def _mailbox_faults(settings: Settings) -> list[str]:
    from gateway.wiring import mailbox_faults

    return mailbox_faults(settings) if settings.mailboxes else []


def _oidc_faults(settings: Settings) -> list[str]:
    from gateway.wiring import oidc_faults

    return oidc_faults(settings)


def _file_faults(settings: Settings) -> list[str]:
    if settings.files.store == LOCAL:
        return []
    with open_runtime(settings) as runtime:
        return store_faults(runtime.files)


COMMANDS: list[click.Command] = [check, migrate]
