"""The schema and the unit of work, on both databases."""

import threading

import pytest
from sqlalchemy import insert, select

from gateway.db.engine import Database, DatabaseTrouble
from gateway.db.migrate import current_revision, head_revision, migrate
from gateway.db.ticket_numbers import project_counters
from gateway.db.types import metadata


def test_migrations_lead_to_the_schema_of_the_code(database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    assert current_revision(database) == head_revision()


def test_migrating_twice_changes_nothing(database: Database) -> None:
    migrate(database)
    assert current_revision(database) == head_revision()


def test_a_block_that_raises_leaves_nothing_behind(database: Database) -> None:
    def count_and_fail() -> None:
        with database.transaction() as connection:
            connection.execute(insert(project_counters).values(project="DEMO", last_number=1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        count_and_fail()
    with database.reading() as connection:
        assert connection.execute(select(project_counters)).all() == []


def test_concurrent_read_modify_write_loses_no_update(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(insert(project_counters).values(project="DEMO", last_number=0))

    def count() -> None:
        for _ in range(25):
            with database.transaction() as connection:
                query = select(project_counters.c.last_number).with_for_update()
                number = connection.execute(query).scalar_one()
                connection.execute(project_counters.update().values(last_number=number + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as connection:
        assert connection.execute(select(project_counters.c.last_number)).scalar_one() == 100


def test_a_database_that_is_not_there_is_a_temporary_trouble() -> None:
    down = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(DatabaseTrouble), down.transaction():
        pass
    assert not down.is_up()
