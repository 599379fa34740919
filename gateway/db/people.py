"""People and what they are in a project."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Integer, String, Table, bindparam, select

from gateway.db.together import Question, Row, ask
from gateway.db.types import UtcDateTime, metadata
from gateway.db.upsert import insert_ignoring_duplicates, insert_returning
from gateway.domain.telling import Preference
from gateway.domain.ticket import Language, Role

people = Table(
    "people",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("lang", String(2)),
    Column("phone", String(20)),
    Column("notices", String(9), nullable=False, server_default=Preference.IMMEDIATE.value),
    Column("created_at", UtcDateTime, nullable=False),
)

memberships = Table(
    "memberships",
    metadata,
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("project", String(10), primary_key=True),
    Column("role", String(12), primary_key=True),
)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with a mail address. `lang` is None until they choose or write; `name` may be empty.

    `notices` is how they wish to be told of what they may choose about (`domain.telling`).
    """

    id: int
    email: str
    name: str
    lang: Language | None
    phone: str | None
    notices: Preference = Preference.IMMEDIATE


_BY_EMAIL = select(people).where(people.c.email == bindparam("email"))
_ROLES = (
    select(memberships.c.role)
    .join(people, people.c.id == memberships.c.person_id)
    .where(people.c.email == bindparam("email"), memberships.c.project == bindparam("project"))
)


def by_email(email: str) -> Question:
    """What `find_person` asks."""
    return Question(_BY_EMAIL, {"email": email})


def find_person(connection: Connection, *, email: str) -> Person | None:
    """The person with this (normalised) address."""
    rows = ask(connection, by_email(email))
    return _person(rows[0]) if rows else None


def find_person_by_id(connection: Connection, person_id: int) -> Person | None:
    """The person with this id."""
    row = connection.execute(select(people).where(people.c.id == person_id)).one_or_none()
    return None if row is None else _person(row._mapping)


def find_people(connection: Connection, person_ids: Collection[int]) -> list[Person]:
    """The people with these ids."""
    rows = connection.execute(select(people).where(people.c.id.in_(person_ids)))
    return [_person(row._mapping) for row in rows]


def find_emails(connection: Connection, person_ids: Collection[int]) -> dict[int, str]:
    """The addresses of these people."""
    rows = connection.execute(select(people.c.id, people.c.email).where(people.c.id.in_(person_ids)))
    return {row.id: row.email for row in rows}


def get_or_create_person(connection: Connection, *, email: str, name: str, now: datetime) -> Person:
    """The person with this (normalised) address; remembered now if it is their first time."""
    person = find_person(connection, email=email)
    if person is not None:
        return person
    values = {"email": email, "name": name[:200], "created_at": now}
    rows = insert_returning(connection, people, values)
    created = _person(rows[0]) if rows else find_person(connection, email=email)
    assert created is not None, "the row is there: we or somebody faster wrote it"
    return created


def update_person(
    connection: Connection,
    person_id: int,
    *,
    name: str | None,
    lang: Language | None,
    phone: str | None,
    notices: Preference | None = None,
) -> None:
    """Set what is given, leave what is None."""
    given = {"name": name, "lang": lang, "phone": phone, "notices": notices}
    values = {key: value for key, value in given.items() if value is not None}
    if values:
        connection.execute(people.update().where(people.c.id == person_id).values(**values))


def add_membership(connection: Connection, *, person_id: int, project: str, role: Role) -> None:
    """Give a role in a project. Giving it twice is giving it once."""
    insert_ignoring_duplicates(connection, memberships, person_id=person_id, project=project, role=role.value)


def roles_of(email: str, project: str) -> Question:
    """What `find_roles` asks."""
    return Question(_ROLES, {"email": email, "project": project})


def find_roles(connection: Connection, *, email: str, project: str) -> frozenset[Role]:
    """What the person with this (normalised) address is in a project; empty for a stranger to it."""
    return frozenset(Role(row["role"]) for row in ask(connection, roles_of(email, project)))


def find_roles_by_project(connection: Connection, *, email: str) -> dict[str, frozenset[Role]]:
    """What the person with this (normalised) address is, by project key."""
    query = (
        select(memberships.c.project, memberships.c.role)
        .join(people, people.c.id == memberships.c.person_id)
        .where(people.c.email == email)
    )
    found: dict[str, frozenset[Role]] = {}
    for project, role in connection.execute(query):
        found[project] = found.get(project, frozenset()) | {Role(role)}
    return found


def _person(values: Row) -> Person:
    return Person(
        id=values["id"],
        email=values["email"],
        name=values["name"],
        lang=None if values["lang"] is None else Language(values["lang"]),
        phone=values["phone"],
        notices=Preference(values["notices"]),
    )
