"""An installation of any earlier release comes to the present schema with all that it holds, on both databases.

The rows are made from the schema as it was at each revision, so a new revision is tested without a change here.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from gateway.db.engine import Database
from gateway.db.migrate import BrokenReferences, current_revision, head_revision, migrate, require_head, revisions
from gateway.db.words import index_words
from gateway.errors import Misconfigured
from tests.support.rows import ROWS, content, fill

EARLIER = revisions()[:-1]
Row = Mapping[str, Any]


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Database]:
    """A database without a table."""
    opened = Database(empty_database_url)
    yield opened
    opened.close()


@pytest.mark.parametrize("revision", EARLIER)
def test_what_an_earlier_release_wrote_is_there_after_the_upgrade(empty: Database, revision: str) -> None:
    migrate(empty, revision=revision)
    with empty.transaction() as connection:
        before = fill(connection)
    assert {name: len(rows) for name, rows in before.items()} == dict.fromkeys(before, ROWS)
    migrate(empty)
    assert current_revision(empty) == head_revision()
    with empty.reading() as connection:
        after = content(connection)
        if connection.dialect.name == "sqlite":  # PostgreSQL lets nothing else be
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    assert {name: len(after.get(name, ())) for name in before} == dict.fromkeys(before, ROWS)
    for name, rows in before.items():
        assert common(after[name], rows) == common(rows, after[name]), name


def common(rows: Sequence[Row], others: Sequence[Row]) -> list[Row]:
    """These rows, with the columns that those have too."""
    return [{name: row[name] for name in row if name in others[0]} for row in rows]


def test_a_revision_is_the_number_that_its_file_begins_with() -> None:
    scripts = ScriptDirectory.from_config(Config(config_args={"script_location": "gateway:db/migrations"}))
    assert [script.revision for script in scripts.walk_revisions()][::-1] == revisions()
    assert scripts.get_current_head() == head_revision()


def test_where_a_database_stands_is_known_before_and_after_its_migration(empty: Database) -> None:
    assert current_revision(empty) is None
    migrate(empty, revision=EARLIER[0])
    assert current_revision(empty) == EARLIER[0]
    migrate(empty)
    migrate(empty)
    assert current_revision(empty) == head_revision()


@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
def test_rows_that_point_at_nothing_stop_the_migration_and_nothing_is_changed(empty: Database) -> None:
    migrate(empty, revision=EARLIER[0])
    with empty.transaction() as connection:
        fill(connection)
    raw = sqlite3.connect(str(empty.url.database))  # which does not look after foreign keys
    raw.execute("DELETE FROM tickets")
    raw.commit()
    raw.close()
    with pytest.raises(BrokenReferences, match="entries"):
        migrate(empty)
    assert current_revision(empty) == EARLIER[0]


def test_the_code_of_a_release_takes_the_schema_of_the_next_and_not_that_of_the_one_before(empty: Database) -> None:
    with pytest.raises(Misconfigured):
        require_head(empty)
    migrate(empty, revision=EARLIER[-1])
    with pytest.raises(Misconfigured, match="gateway migrate"):
        require_head(empty)
    migrate(empty)
    require_head(empty)
    with empty.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    require_head(empty)


@pytest.mark.parametrize("empty_database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_the_words_of_old_rows_are_known_at_once_or_a_little_later_and_all_of_them_in_the_end(empty: Database) -> None:
    """Revision 0023 leaves what is older than the newest 10,000 rows to the work that goes on beside."""
    migrate(empty, revision="0011")
    with empty.transaction() as connection:
        connection.execute(
            text(
                "INSERT INTO people (email, name, created_at, notices)"
                " SELECT 'p' || n || '@x.example', 'Zoé ' || n, now(), 'all' FROM generate_series(1, 10250) AS n"
            )
        )
    migrate(empty)
    unknown = text("SELECT count(*), max(id) FROM words_of_people WHERE words IS NULL")
    with empty.transaction() as connection:
        assert connection.execute(unknown).one() == (250, 250)
        while index_words(connection):
            pass
        wrong = text(
            "SELECT count(*) FROM people LEFT JOIN words_of_people AS known ON known.id = people.id"
            " WHERE known.words IS DISTINCT FROM words_of(name, email)"
        )
        assert connection.execute(wrong).scalar_one() == 0
