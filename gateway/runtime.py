"""What every part of the program is given: the settings and the stores, made once for each process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gateway.clock import Clock, SystemClock
from gateway.config.load import Settings
from gateway.config.locations import (
    Locations,
    locations,
    machine_name,
    open_database,
    redis_server,
    token_signer,
)
from gateway.db.engine import Database
from gateway.db.webhooks import OPTION
from gateway.domain.hooks import Hook
from gateway.domain.project import Project
from gateway.files.opening import open_files
from gateway.files.store import FileStore
from gateway.jobs.doorbell import Doorbell
from gateway.mail.tokens import TokenSigner
from gateway.spool.archive import Archive
from gateway.spool.store import Spool


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """One process's view of the installation. `machine` is the name of the machine that it runs on."""

    settings: Settings
    machine: str
    where: Locations
    clock: Clock
    database: Database
    spool: Spool
    files: FileStore
    archive: Archive
    signer: TokenSigner
    doorbell: Doorbell

    def project(self, key: str) -> Project:
        """The project with this key. Raises KeyError for one that has left the configuration."""
        return {project.key: project for project in self.settings.project_list}[key]


def hooks_of(settings: Settings) -> dict[str, tuple[Hook, ...]]:
    """Which programs are told of what, by project key; projects without any are left out."""
    return {
        key.upper(): tuple(one.hook(f"{key.upper()}/{name}") for name, one in project.webhooks.items())
        for key, project in settings.projects.items()
        if project.webhooks
    }


@contextmanager
def open_runtime(settings: Settings, *, clock: Clock | None = None) -> Iterator[Runtime]:
    """Open the stores; close them in order at the end. Nothing is dialled before it is used."""
    clock = clock or SystemClock()
    where = locations(settings)
    where.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    spool = Spool(where.spool, clock=clock, min_free=settings.spool.min_free)
    machine = machine_name(settings)
    database = open_database(settings)
    if hooks := hooks_of(settings):
        database.carry(**{OPTION: hooks})
    doorbell = Doorbell(redis_server(settings), machine=machine, job_timeout=settings.worker.job_timeout)
    files = open_files(settings)
    try:
        yield Runtime(
            settings=settings,
            machine=machine,
            where=where,
            clock=clock,
            database=database,
            spool=spool,
            files=files,
            archive=Archive(files),
            signer=token_signer(settings),
            doorbell=doorbell,
        )
    finally:
        spool.close()
        files.close()
        doorbell.close()
        database.close()
