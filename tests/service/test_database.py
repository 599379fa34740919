"""The schema and the unit of work, on both databases."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text

from gateway.db import engine as engine_module
from gateway.db.engine import Database, DatabaseTrouble
from gateway.db.migrate import current_revision, head_revision, migrate
from gateway.db.ticket_numbers import project_counters
from gateway.db.types import metadata


def test_migrations_lead_to_the_schema_of_the_code(database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.reading() as connection:
        opts = {"compare_type": True, "include_object": is_of_the_code}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []
    assert current_revision(database) == head_revision()


def is_of_the_code(_object: object, name: str | None, *_more: object) -> bool:
    """False for the full-text index, which is the database's own work."""
    return not (name or "").startswith("words_of_")


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


def level_of(database: Database) -> object:
    """How durable a commit is."""
    is_sqlite = database.url.get_backend_name() == "sqlite"
    with database.transaction() as connection:
        level = connection.execute(text("PRAGMA synchronous" if is_sqlite else "SHOW synchronous_commit")).scalar_one()
    return {1: "lazy", 2: "durable", "off": "lazy", "on": "durable"}[level]


def count_one(database: Database, project: str) -> None:
    with database.transaction() as connection:
        connection.execute(insert(project_counters).values(project=project, last_number=1))


def test_commits_are_durable_except_lazy_ones_which_everybody_sees_at_once(database: Database) -> None:
    assert level_of(database) == "durable"
    other = Database(database.url)
    with database.lazily():
        assert level_of(database) == "lazy"
        count_one(database, "DEMO")
        with other.reading() as connection:
            assert connection.execute(select(project_counters.c.project)).scalars().all() == ["DEMO"]
        database.settle()
        assert level_of(database) == "lazy"
    assert level_of(database) == "durable"
    assert level_of(other) == "durable"
    other.close()


def test_settling_waits_for_the_log_of_what_was_committed(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(engine_module, "sync_file", synced.append)
    with database.lazily():
        count_one(database, "DEMO")
        if database.url.get_backend_name() == "sqlite":
            database.settle()
            assert synced == [Path(f"{database.url.database}-wal")]
            assert synced[0].stat().st_size > 0
        else:
            with database.transaction() as connection:
                written = connection.execute(text("SELECT pg_current_wal_insert_lsn()")).scalar_one()
            database.settle()
            with database.transaction() as connection:
                query = text("SELECT pg_current_wal_flush_lsn() >= CAST(:written AS pg_lsn)")
                assert connection.execute(query, {"written": written}).scalar_one()


def test_settling_a_database_without_a_log_is_nothing(database: Database) -> None:
    database.settle()


on_postgres = pytest.mark.parametrize(
    "database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


@on_postgres
def test_what_was_committed_lazily_in_a_session_that_was_lost_cannot_be_settled_by_another(database: Database) -> None:
    other = Database(database.url)
    with database.lazily():
        count_one(database, "DEMO")
        with database.reading() as connection:
            backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with other.transaction() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})
        with pytest.raises(DatabaseTrouble):
            count_one(database, "SHOP")  # notices, and begins another session
        with pytest.raises(DatabaseTrouble):
            database.settle()
        count_one(database, "SHOP")
        database.settle()
    other.close()


@on_postgres
def test_a_server_that_only_reads_is_left_for_another_session_at_the_first_write(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(text("SELECT set_config('default_transaction_read_only', 'on', false)"))
    with pytest.raises(DatabaseTrouble):
        count_one(database, "DEMO")
    count_one(database, "DEMO")


@on_postgres
def test_sessions_are_durable_and_hold_nothing_for_long_whatever_the_servers_defaults(database: Database) -> None:
    with database.transaction() as connection:
        name = database.url.database
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit TO off"))
    fresh = Database(database.url)
    assert level_of(fresh) == "durable"
    with fresh.reading() as connection:
        assert connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one() == "1min"
    fresh.close()


def test_a_fence_is_asked_before_each_unit_of_work_of_its_thread(database: Database) -> None:
    def refuse(_connection: Connection) -> None:
        raise DatabaseTrouble("somebody else does this now")

    with database.fenced(refuse):
        with pytest.raises(DatabaseTrouble):
            count_one(database, "DEMO")
        elsewhere = threading.Thread(target=count_one, args=(database, "SHOP"))
        elsewhere.start()
        elsewhere.join()
    with database.reading() as connection:
        assert connection.execute(select(project_counters.c.project)).scalars().all() == ["SHOP"]
    count_one(database, "DEMO")
