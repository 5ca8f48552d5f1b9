"""Rows on their way into a database: COPY on PostgreSQL, many at once on SQLite; all of them or none.

Indexes and foreign keys are taken away first and made again at the end, which is what takes least time and
has PostgreSQL check every reference there is.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import sqlalchemy as sa

from callcenter.db import make_engine
from callcenter.tables import metadata

_UNESCAPED = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}


class Target(Protocol):
    """Where rows go."""

    def take(self, table: str, columns: Sequence[str], text: str) -> None:
        """Write rows given as COPY text."""


class _Copy:
    """PostgreSQL."""

    def __init__(self, connection: Any) -> None:
        self._cursor = connection.cursor()

    def take(self, table: str, columns: Sequence[str], text: str) -> None:
        """Write rows given as COPY text."""
        with self._cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            copy.write(text)


class _Insert:
    """SQLite."""

    def __init__(self, connection: Any) -> None:
        self._cursor = connection.cursor()

    def take(self, table: str, columns: Sequence[str], text: str) -> None:
        """Write rows given as COPY text."""
        holes = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({holes})"
        self._cursor.executemany(
            statement, ([_plain(cell) for cell in line.split("\t")] for line in _lines(text))
        )


def _lines(text: str) -> list[str]:
    return text.split("\n")[:-1]


def _plain(cell: str) -> str | None:
    if cell == r"\N":
        return None
    if "\\" not in cell:
        return cell
    pieces = iter(cell.split("\\\\"))
    return "\\".join(_one(piece) for piece in pieces)


def _one(piece: str) -> str:
    for escaped, plain in _UNESCAPED.items():
        piece = piece.replace(escaped, plain)
    return piece


@contextmanager
def target(url: str, tables: Sequence[str]) -> Iterator[Target]:
    """Yield where rows of these tables go; commit at the end, with every index and reference back."""
    engine = make_engine(url).execution_options(writing=True)
    with engine.connect() as connection, connection.begin():
        raw = connection.connection.dbapi_connection
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL timezone = 'UTC'")
            connection.exec_driver_sql("SET LOCAL maintenance_work_mem = '256MB'")
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            undone = _take_apart(connection, tables)
            yield _Copy(raw)
            for statement in undone:
                connection.exec_driver_sql(statement)
        else:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            yield _Insert(raw)
    engine.dispose()
    tidy(url)


def _take_apart(connection: sa.Connection, tables: Sequence[str]) -> list[str]:
    """Drop foreign keys, unique constraints and indexes; return the statements that make them again."""
    named = {"tables": list(tables)}
    keys = connection.execute(_CONSTRAINTS, named).all()
    for table, name, _, _ in keys:
        connection.exec_driver_sql(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    indexes = connection.execute(_INDEXES, named).all()
    for name, _ in indexes:
        connection.exec_driver_sql(f'DROP INDEX "{name}"')
    made = [definition.replace("%", "%%") for _, definition in indexes]
    again = [
        f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}'
        for table, name, _, definition in sorted(keys, key=lambda row: row[2], reverse=True)
    ]
    return [*made, *again]


_CONSTRAINTS = sa.text("""
    SELECT conrelid::regclass::text, conname, contype, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype IN ('f', 'u') AND conrelid::regclass::text = ANY(:tables) ORDER BY contype, conname
""")
"""Unique constraints (u) sort after foreign keys (f): they go last and come back first."""
_INDEXES = sa.text("""
    SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY(:tables)
    AND indexname NOT IN (SELECT conname FROM pg_constraint WHERE contype IN ('p', 'u'))
    ORDER BY indexname
""")


def tidy(url: str) -> None:
    """Let the planner know what is there."""
    engine = make_engine(url).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        vacuum = "VACUUM (ANALYZE)" if engine.dialect.name == "postgresql" else "ANALYZE"
        connection.exec_driver_sql(vacuum)
    engine.dispose()


def columns_of(table: str) -> list[str]:
    """Return a table's columns in the order in which rows are read and written."""
    return [column.name for column in metadata.tables[table].columns]
