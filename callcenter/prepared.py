"""Statements that are built once and sent often, past everything that costs more than sending them.

SQLAlchemy writes a statement in PostgreSQL's words; from then on it is a text, prepared under a name by every
connection that needs it, and values go to it as text. What comes back is as SQLAlchemy would give it.
"""

import json
import re
from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from types import NoneType
from typing import Any, cast
from uuid import UUID

import psycopg
import sqlalchemy as sa
from psycopg.types.json import Json, Jsonb
from sqlalchemy.sql.compiler import SQLCompiler

from callcenter.postgresql import Pipelined

_PLACE = re.compile(r"%(?:\((\w+)\)s|(%))")
_DOUBLE = 701
"""PostgreSQL's number of `double precision`: what every number of ours is that is not whole."""
Reader = Callable[[Any], Any] | None


def post(connection: sa.Connection, statement: sa.ClauseElement, values: Mapping[str, Any]) -> None:
    """Send a statement whose rows nobody wants; what the database has against it is told later."""
    written = _written(statement, tuple(values), connection.dialect)
    _driver(connection).post(written.text, written.as_text(values))


def ask(
    connection: sa.Connection, statement: sa.ClauseElement, values: Mapping[str, Any]
) -> Callable[[], list[Any]]:
    """Send a statement and return what waits for its rows; several that were asked for wait once.

    The columns of a row have names. A fault is psycopg's, whichever statement's it is.
    """
    written = _written(statement, tuple(values), connection.dialect)
    driver = _driver(connection)
    answer = driver.ask(written.text, written.as_text(values))
    return lambda: [written.row(each) for each in driver.rows_of(answer)]


def text_of(connection: sa.Connection, statement: sa.ClauseElement, values: Mapping[str, Any]) -> str:
    """Return a statement in PostgreSQL's words, without its values."""
    return _written(statement, tuple(values), connection.dialect).text


def send_off(connection: sa.Connection) -> None:
    """Let what was asked travel while something else is waited for."""
    _driver(connection).send_off()


def _driver(connection: sa.Connection) -> Pipelined:
    return cast(Pipelined, connection.connection.driver_connection)


@dataclass(frozen=True)
class _Written:
    """A statement in PostgreSQL's words: the values it takes, in their order, and what its rows become."""

    text: str
    constants: Mapping[str, bytes | None]
    places: tuple[tuple[str, Reader], ...]
    named: type[Any]
    readers: tuple[tuple[int, Callable[[Any], Any]], ...]

    def as_text(self, values: Mapping[str, Any]) -> list[bytes | None]:
        """Return the values in the order of their places; raise TypeError for one that cannot be written."""
        constants = self.constants
        return [
            constants[name] if name in constants else _as_text(values[name], make)
            for name, make in self.places
        ]

    def row(self, found: tuple[Any, ...]) -> Any:
        """Return a row as SQLAlchemy's types want its values."""
        if self.readers:
            read = list(found)
            for place, reader in self.readers:
                read[place] = reader(read[place])
            return self.named(*read)
        return self.named(*found)


@lru_cache(maxsize=1000)
def _written(statement: sa.ClauseElement, names: tuple[str, ...], dialect: sa.Dialect) -> _Written:
    compiled = cast(SQLCompiler, statement.compile(dialect=dialect, column_keys=list(names)))
    unset = [column.name for column in (*compiled.insert_prefetch, *compiled.update_prefetch)]
    unset += [name for name, bind in compiled.binds.items() if bind.required and name not in names]
    if unset:
        raise TypeError(f"{', '.join(unset)} must be given: nobody fills it in here")
    makers = {
        name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()
    }
    order: dict[str, int] = {}

    def place(found: re.Match[str]) -> str:
        return "%" if found[2] else f"${order.setdefault(found[1], len(order) + 1)}"

    text = _PLACE.sub(place, str(compiled))
    constants = {
        name: _as_text(value, makers[name]) for name, value in compiled.params.items() if name not in names
    }
    columns = [] if compiled._result_columns is None else compiled._result_columns
    readers = [
        (at, reader)
        for at, column in enumerate(columns)
        if (reader := column.type.dialect_impl(dialect).result_processor(dialect, _DOUBLE)) is not None
    ]
    keys = [column.keyname for column in columns]
    named = namedtuple("Row", keys, rename=True)  # type: ignore[misc]  # Known when it is written only.
    return _Written(text, constants, tuple((name, makers[name]) for name in order), named, tuple(readers))


def _as_text(value: Any, make: Reader) -> bytes | None:
    if make is not None:
        value = make(value)
    return _TEXTS[type(value)](value)


def _text(value: str) -> bytes:
    if "\x00" in value:
        raise psycopg.DataError("a text cannot hold NUL")
    return value.encode()


def _json(value: Json) -> bytes:
    return json.dumps(value.obj).encode()


_TEXTS: Mapping[type, Callable[[Any], bytes | None]] = {
    NoneType: lambda _: None,
    str: _text,
    bool: lambda value: b"t" if value else b"f",
    int: lambda value: str(value).encode(),
    float: lambda value: repr(value).encode(),
    UUID: lambda value: value.hex.encode(),
    datetime: lambda value: value.isoformat().encode(),
    date: lambda value: value.isoformat().encode(),
    Json: _json,
    Jsonb: _json,
}
