"""`gateway backup`, `gateway restore`: a copy of everything, and putting it back."""

from pathlib import Path

import click

from gateway.clock import SystemClock
from gateway.config.load import Settings, load_settings
from gateway.config.locations import database_url
from gateway.db.engine import Database, DatabaseTrouble
from gateway.db.migrate import current_revision, head_revision
from gateway.domain.audit import AuditAction
from gateway.logs import configure_logs
from gateway.services.audit import record_audit
from gateway.services.backup import back_up
from gateway.services.restore import restore as put_back


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--with-secrets", is_flag=True, help="The keys under secrets/ too; keep such a backup as you keep keys.")
@click.option("--no-bucket", is_flag=True, help="Leave the files of a bucket to the bucket's own versions.")
def backup(path: Path, *, with_secrets: bool, no_bucket: bool) -> None:
    """Copy everything to a new folder, or to a new file (.tar, .tar.gz, .tgz), while the gateway runs.

    Without its keys a restored gateway knows no link, address or mailbox
    token that it signed or sealed before: keep secrets/ somewhere else, or
    use --with-secrets.
    """
    settings = load_settings()
    configure_logs("warning", role="command")
    done = back_up(settings, path, clock=SystemClock(), with_secrets=with_secrets, with_bucket=not no_bucket)
    _note(settings, AuditAction.BACKUP_MADE, files=done.files, secrets=done.has_secrets)
    secrets = "with the secrets" if done.has_secrets else "without the secrets"
    files = "" if done.has_files else ", without the files of the bucket"
    click.echo(f"{path}: {done.files} files, {done.bytes} bytes, database at {done.revision}, {secrets}{files}")


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
def restore(path: Path) -> None:
    """Put a backup back onto an empty data folder and an empty database. Nothing may run meanwhile."""
    settings = load_settings()
    configure_logs("warning", role="command")
    done = put_back(settings, path)
    _note(settings, AuditAction.BACKUP_RESTORED, made_at=done.made_at, files=done.files)
    click.echo(f"restored {done.files} files of {done.made_at}, database at {done.revision}")
    if not done.has_secrets:
        click.echo("the backup holds no secrets: put those of the old installation into secrets/ before you start")
    if not done.has_files:
        click.echo("the backup holds no raw mail and no sounds: `gateway files check` says whether the bucket has them")
    if done.is_behind:
        click.echo("the backup is of an earlier release: `gateway up` or `gateway migrate` brings it up to date")
    if done.waiting:
        click.echo(f"{done.waiting} mails waited when it was made: those that left since will leave once more")


def _note(settings: Settings, action: AuditAction, **detail: object) -> None:
    """Write it into the audit log, unless the database is of an earlier release, which may have none. Nothing but the
    database is opened: keys that are not there yet must not be made now."""
    database = Database(database_url(settings))
    try:
        if current_revision(database) == head_revision():
            with database.transaction() as connection:
                now = SystemClock().now()
                record_audit(connection, at=now, actor_id=None, action=action, subject=None, detail=detail)
    except DatabaseTrouble:
        click.echo("the database is away: this is not in the audit log", err=True)
    finally:
        database.close()


COMMANDS: list[click.Command] = [backup, restore]
