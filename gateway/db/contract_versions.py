"""The contracts of projects as they were: what a ticket was promised is judged by the terms of its time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Index, Integer, String, Table, insert, select

from gateway.db.types import Json, UtcDateTime, metadata

contract_versions = Table(
    "contract_versions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project", String(10), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("terms", Json, nullable=False),
    Column("calendar_sha256", String(64), nullable=False),
    Index("ix_contract_versions_project_since", "project", "since", unique=True),
)


@dataclass(frozen=True, kw_only=True)
class ContractVersion:
    """The terms (`Contract.as_json`) of a project from `since` on, and the sum of the calendar that goes with them."""

    project: str
    since: datetime
    terms: dict[str, Any]
    calendar_sha256: str


def list_versions(connection: Connection) -> dict[str, list[ContractVersion]]:
    """Every version, by project, oldest first."""
    found: dict[str, list[ContractVersion]] = {}
    query = select(contract_versions).order_by(contract_versions.c.since, contract_versions.c.id)
    for row in connection.execute(query):
        version = ContractVersion(
            project=row.project, since=row.since, terms=row.terms, calendar_sha256=row.calendar_sha256
        )
        found.setdefault(row.project, []).append(version)
    return found


def add_version(connection: Connection, version: ContractVersion) -> None:
    """Write a version down."""
    connection.execute(
        insert(contract_versions).values(
            project=version.project,
            since=version.since,
            terms=version.terms,
            calendar_sha256=version.calendar_sha256,
        )
    )
