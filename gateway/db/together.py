"""Statements of a transaction that go to the database together, and past what a statement costs by itself.

A server answers each statement after a round trip, and writing one down and reading its answer costs more than most of
them take to run. Filing knows beforehand what it will ask, and of much that it writes nothing comes back. So

- `foresee` asks many questions at once, and `ask` finds the answers there; what was not foreseen is asked as it comes;
- `later` keeps an INSERT back until anything else is asked or done, or the transaction ends;
- what goes together is one statement on PostgreSQL: a SELECT of many answers as JSON, or INSERTs in a WITH. SQLite
  has no way to its database to save, and runs them one by one.

Nobody sees a difference but in time: all of it happens in its transaction, before what is done after it, and what fails
raises what SQLAlchemy raises, at the latest when the transaction ends. Statements must be made once and kept, for they
are compiled once; lists whose length varies are not for them.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, Self, TypeVar

from sqlalchemy import Connection, DateTime, Dialect, Engine
from sqlalchemy.exc import DBAPIError

from gateway.db.lost import is_of_a_standby

Row = Mapping[Any, Any]
Taken = TypeVar("Taken")
_Convert = Callable[[Any], Any] | None
_NAME = re.compile(r"%\((\w+)\)s")
_TEXTS: dict[tuple[Any, tuple[str, ...], str], "_Text"] = {}


class Question(NamedTuple):
    """A statement with the values that it is asked with."""

    statement: Any
    values: Mapping[str, Any]


class Work(Connection):
    """The connection of a unit of work."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._waiting: list[Question] = []
        self._foreseen: dict[Any, tuple[Mapping[str, Any], list[Row]]] = {}

    def __enter__(self) -> Self:
        return self

    def execute(self, *arguments: Any, **options: Any) -> Any:
        """As ever, after what waits."""
        self.send()
        return super().execute(*arguments, **options)

    def scalar(self, *arguments: Any, **options: Any) -> Any:
        """As ever, after what waits."""
        self.send()
        return super().scalar(*arguments, **options)

    def exec_driver_sql(self, *arguments: Any, **options: Any) -> Any:
        """As ever, after what waits."""
        self.send()
        return super().exec_driver_sql(*arguments, **options)

    def foresee(self, questions: Sequence[Question]) -> None:
        """Ask these at once, no statement twice; each answer serves one `ask`."""
        self.send()
        texts = [self._text(question) for question in questions]
        if self.dialect.name == "postgresql":
            sql = _all_of(tuple(text.sql for text in texts))
            rows = self._driver(sql, _bound_together(texts, questions), lambda cursor: cursor.fetchone())
            answers = [text.revived(found) for text, found in zip(texts, rows, strict=True)]
        else:
            answers = [self._answer(question) for question in questions]
        pairs = zip(questions, answers, strict=True)
        self._foreseen = {question.statement: (question.values, answer) for question, answer in pairs}

    def ask(self, question: Question) -> list[Row]:
        """The rows of an answer, foreseen or asked for now."""
        values, found = self._foreseen.pop(question.statement, (None, []))
        if values == question.values:
            return found
        self.send()
        return self._answer(question)

    def later(self, question: Question) -> None:
        """Run an INSERT before anything else happens."""
        self._waiting.append(question)

    def send(self) -> None:
        """Run what waits."""
        waiting, self._waiting = self._waiting, []
        if len(waiting) < 2 or self.dialect.name != "postgresql":
            for text, values in ((self._text(one), one.values) for one in waiting):
                self._driver(text.sql, text.bound(values), _nothing)
            return
        for batch in self._batches(waiting):
            texts = [self._text(question) for question in batch]
            self._driver(_one_after_another(tuple(text.sql for text in texts)), _bound_together(texts, batch), _nothing)

    def _batches(self, waiting: Sequence[Question]) -> Iterator[list[Question]]:
        """The statements, parted where order counts: PostgreSQL runs those of a WITH in an order of its own."""
        batch: list[Question] = []
        for question in waiting:
            again = any(one.statement.table is question.statement.table for one in batch)
            if again and not self._text(question).may_repeat:
                yield batch
                batch = []
            batch.append(question)
        yield batch

    def _answer(self, question: Question) -> list[Row]:
        text = self._text(question)
        return self._driver(text.sql, text.bound(question.values), text.rows)

    def _driver(self, sql: str, values: Any, take: Callable[[Any], Taken]) -> Taken:
        """What is taken from the answer. SQLite works rows out while they are taken: that fails like the statement."""
        driver: Any = self.connection.driver_connection
        try:
            return take(driver.execute(sql, values))
        except self.dialect.loaded_dbapi.Error as error:
            raise self._told(sql, error) from error

    def _told(self, sql: str, error: Any) -> DBAPIError:
        """An error of the driver as SQLAlchemy raises it. A connection that is lost is not used again, nor those that
        wait beside it: they were made to the same server."""
        dialect = self.dialect
        is_lost = is_of_a_standby(error) or dialect.is_disconnect(error, self.connection, None)
        told: DBAPIError = DBAPIError.instance(
            sql,
            None,
            error,
            dialect.loaded_dbapi.Error,
            hide_parameters=self.engine.hide_parameters,
            connection_invalidated=is_lost,
            dialect=dialect,
        )
        if is_lost:
            self.invalidate(error)
            self.engine.dispose()
        return told

    def _text(self, question: Question) -> "_Text":
        key = question.statement, tuple(question.values), self.dialect.name
        found = _TEXTS.get(key)
        if found is None:
            found = _TEXTS[key] = _Text(question, self.dialect)
        return found


def foresee(connection: Connection, questions: Sequence[Question]) -> None:
    """Ask these at once where that is possible, so that `ask` finds the answers."""
    if isinstance(connection, Work):
        connection.foresee(questions)


def ask(connection: Connection, question: Question) -> list[Row]:
    """The rows of the answer, by their columns' names."""
    if isinstance(connection, Work):
        return connection.ask(question)
    return [row._mapping for row in connection.execute(question.statement, dict(question.values))]


def later(connection: Connection, question: Question) -> None:
    """Run an INSERT before anything else happens in this transaction, or at its end."""
    if isinstance(connection, Work):
        connection.later(question)
    else:
        connection.execute(question.statement, dict(question.values))


class _Text:
    """A compiled statement: its text, and how values go in and come out."""

    def __init__(self, question: Question, dialect: Dialect) -> None:
        statement = question.statement
        compiled = statement.compile(dialect=dialect, column_keys=list(question.values))
        assert not compiled.post_compile_params, "a list whose length varies"
        self.sql: str = compiled.string
        self.may_repeat = " DO NOTHING" in self.sql
        self._order: Sequence[str] | None = compiled.positiontup
        self._given = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        into = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
        self._into: dict[str, Any] = {name: convert for name, convert in into.items() if convert}
        described = statement.column_descriptions if statement.is_select else statement.returning_column_descriptions
        self._columns = [_column(column["name"], column["type"], dialect) for column in described]

    def bound_by_name(self, values: Mapping[str, Any]) -> dict[str, Any]:
        bound = {**self._given, **values}
        for name, convert in self._into.items():
            bound[name] = convert(bound[name])
        return bound

    def bound(self, values: Mapping[str, Any]) -> Any:
        bound = self.bound_by_name(values)
        return bound if self._order is None else [bound[name] for name in self._order]

    def rows(self, cursor: Any) -> list[Row]:
        return [self._row(row) for row in cursor.fetchall()] if self._columns else []

    def revived(self, found: Sequence[Mapping[str, Any]] | None) -> list[Row]:
        """The rows that came as JSON, which knows no moments."""
        return [
            self._row([revive(row[name]) if revive and row[name] else row[name] for name, _, revive in self._columns])
            for row in found or ()
        ]

    def _row(self, values: Sequence[Any]) -> Row:
        return {
            name: value if convert is None or value is None else convert(value)
            for (name, convert, _), value in zip(self._columns, values, strict=True)
        }


def _column(name: str, kind: Any, dialect: Dialect) -> tuple[str, _Convert, _Convert]:
    own = kind.dialect_impl(dialect)
    is_moment = isinstance(getattr(kind, "impl", None), DateTime)
    return name, own.result_processor(dialect, None), datetime.fromisoformat if is_moment else None


def _nothing(_cursor: Any) -> None:
    """What is taken from an INSERT."""


def _bound_together(texts: Sequence[_Text], questions: Sequence[Question]) -> dict[str, Any]:
    return {
        f"{name}_{number}": value
        for number, (text, question) in enumerate(zip(texts, questions, strict=True))
        for name, value in text.bound_by_name(question.values).items()
    }


@cache
def _all_of(texts: tuple[str, ...]) -> str:
    """One SELECT with a column for each of these: all of its rows, in JSON."""
    answers = (f"(SELECT json_agg(a) FROM ({text}) AS a)" for text in _apart(texts))  # noqa: S608  # texts of ours
    return f"SELECT {', '.join(answers)}"  # as above


@cache
def _one_after_another(texts: tuple[str, ...]) -> str:
    """One statement that runs all of these INSERTs."""
    *first, last = _apart(texts)
    before = ", ".join(f"w{number} AS ({text})" for number, text in enumerate(first))
    return f"WITH {before} {last}" if first else last


def _apart(texts: Sequence[str]) -> Iterator[str]:
    """The texts with names of their own for their values."""
    for number, text in enumerate(texts):
        yield _NAME.sub(rf"%(\1_{number})s", text)
