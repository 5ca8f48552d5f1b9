"""Statements that are sent often: built once, locks taken without waiting, rows that are the session's own.

On PostgreSQL they go past what SQLAlchemy does for each execution, which costs more than sending them; on
SQLite they are executed as any other.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any, TypeVar, cast

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import DeclarativeBase, InstanceState, Mapper, Session, make_transient_to_detached
from sqlalchemy.orm.attributes import instance_dict, manager_of_class, set_committed_value

from callcenter.postgresql import NOBODY_WAITS
from callcenter.prepared import ask, post, send_off, text_of

_HELD, _WIRE, ASIDE, _UNDO, _LAST = "held", "wire", "aside", "undo", "last"
Row = TypeVar("Row", bound=DeclarativeBase)
Locked = TypeVar("Locked", bound=sa.Select[*tuple[Any, ...]])


def table_of(model: type[DeclarativeBase]) -> sa.Table:
    """Return a model's table: statements about it cost less than statements about the model."""
    return cast(sa.Table, model.__table__)


class Query:
    """A statement whose rows are wanted, built once for each back end: building costs more than sending.

    `build` is given the dialect's `insert`. Values are passed by name, and rows have their columns by name;
    on PostgreSQL nothing is prepared anew that was prepared before, and no entity can be asked for.
    What the session has not flushed is not seen.
    """

    def __init__(self, build: Callable[[Any], Any]) -> None:
        self._on = {"postgresql": build(postgresql_insert), "sqlite": build(sqlite_insert)}

    def rows(self, session: Session, values: Mapping[str, Any]) -> Sequence[Any]:
        """Execute it with these values; return all rows."""
        return self.ask(session, values)()

    def aside(self, session: Session, values: Mapping[str, Any]) -> Sequence[Any]:
        """Execute it in a transaction of its own, which stays whatever becomes of this one; return its rows.

        What this transaction has asked for travels meanwhile. On SQLite, where one writes at a time, it is
        part of this transaction.
        """
        engine: sa.Engine | None = session.info.get(ASIDE)
        if engine is None:
            return self.rows(session, values)
        if session.in_transaction():
            send_off(wire(session))
        with engine.connect() as connection:
            return self._asked(connection, values)()

    def ask(self, session: Session, values: Mapping[str, Any]) -> Callable[[], Sequence[Any]]:
        """Execute it; return what waits for its rows. What is asked meanwhile is answered with it."""
        return self._asked(wire(session), values)

    def _asked(self, connection: sa.Connection, values: Mapping[str, Any]) -> Callable[[], Sequence[Any]]:
        statement = self._on[connection.dialect.name]
        if connection.dialect.name != "postgresql":
            found = connection.execute(statement, values).all()
            return lambda: found
        asked = _translated(connection, statement, values, lambda: ask(connection, statement, values))
        return lambda: _translated(connection, statement, values, asked)

    def scalar(self, session: Session, values: Mapping[str, Any]) -> Any:
        """Execute it; return the first column of its one row, None where there is none."""
        rows = self.rows(session, values)
        return rows[0][0] if rows else None


def _translated(
    connection: sa.Connection, statement: Any, values: Mapping[str, Any], act: Callable[[], Any]
) -> Any:
    """Return what is done; a fault of the driver's is as everybody above expects it, and tells no value."""
    try:
        return act()
    except psycopg.Error as fault:
        text = text_of(connection, statement, values)
        raise sa.exc.DBAPIError.instance(text, None, fault, psycopg.Error, hide_parameters=True) from fault


def undo_with(session: Session, undo: Callable[[], None]) -> None:
    """Take back with this transaction what it has let be done aside, should it fail; as well as that goes."""
    if session.info.get(ASIDE) is None:
        return  # It is part of this transaction anyway.
    session.info.setdefault(_UNDO, []).append(undo)


def take_back(session: Session) -> None:
    """A transaction has certainly kept nothing: take back what it has let be done aside."""
    for undo in session.info.pop(_UNDO, []):
        with suppress(sa.exc.SQLAlchemyError):
            undo()


def at_last(session: Session, act: Callable[[], None]) -> None:
    """Do something at the end of this transaction, after everything else that it does."""
    session.info.setdefault(_LAST, []).append(act)


def act_at_last(session: Session) -> None:
    """The transaction is about to commit: do what was left for its end; of one rolled back, nothing."""
    for act in session.info.pop(_LAST, []):
        if session.in_transaction():
            act()


def wire(session: Session) -> sa.Connection:
    """Return the one connection of a session's transaction: to ask for it each time costs a little.

    In a savepoint it has to be asked for, since that is what sends the savepoint.
    """
    if session.in_nested_transaction():
        return session.connection()
    found: sa.Connection | None = session.info.get(_WIRE)
    if found is None:
        found = session.info[_WIRE] = session.connection()
    return found


def at_most(rows: int) -> sa.ColumnElement[int]:
    """Return a LIMIT as PostgreSQL plans with it: written into the statement.

    SQLAlchemy would send it as a parameter. A plan that knows no number takes a tenth of the rows to be asked
    for, looks worse than one that does, and so the statement is planned anew each time.
    """
    return sa.literal_column(str(rows), sa.Integer)


class Write:
    """An INSERT, UPDATE or DELETE that returns nothing, built once for each back end.

    On PostgreSQL nobody waits for it, and it goes past everything that SQLAlchemy prepares for statements
    that have rows, which costs more than the statement: what the database has against it is raised by the
    next statement that is waited for, at the latest by COMMIT.
    """

    def __init__(self, build: Callable[[Any], sa.UpdateBase]) -> None:
        self._on = {"postgresql": build(postgresql_insert), "sqlite": build(sqlite_insert)}

    def send(self, session: Session, values: Mapping[str, Any]) -> None:
        """Execute it with these values, named as their columns."""
        connection = wire(session)
        statement = self._on[connection.dialect.name]
        if connection.dialect.name == "postgresql":
            post(connection, statement, values)
        else:
            connection.execute(statement, values)


def as_inserted(session: Session, model: type[Row], values: Mapping[str, Any]) -> Row:
    """Return a row that this transaction has just inserted as the session's own, without reading it back."""
    return _as_own(session, model, {name: values.get(name) for name in _names(sa.inspect(model))})


def as_read(session: Session, model: type[Row], columns: Sequence[Any]) -> Row | None:
    """Return a row that a Query has just read, all columns in the table's order, as the session's own.

    None where an outer join found nothing. What the session knew of it before may be untrue by now: it is
    what was read, except for what this transaction has changed itself and not flushed.
    """
    mapper = sa.inspect(model)
    key = mapper.identity_key_from_primary_key(tuple(columns[at] for at in _places_of_key(mapper)))
    if key[1][0] is None:
        return None
    values = dict(zip(_names(mapper), columns, strict=True))
    known = session.identity_map.get(key)
    if known is None:
        return _as_own(session, model, values)
    changed = sa.inspect(known).committed_state
    for name in values.keys() - changed.keys():
        set_committed_value(known, name, values[name])
    return cast(Row, known)


def _as_own(session: Session, model: type[Row], values: dict[str, Any]) -> Row:
    row: Row = manager_of_class(model).new_instance()
    instance_dict(row).update(values)
    make_transient_to_detached(row)
    session.add(row)
    return row


def post_changes(session: Session, _flushing: Any, _rows: Any) -> None:
    """Write what has changed of rows that are there already, as any other Write is written.

    The unit of work would find out in which order rows come, and count them; that costs more than the rest of
    a turn. Where rows are new or go, it does its work; what is left for it here has no change any more.
    """
    is_simple = not (session.new or session.deleted or session.in_nested_transaction())
    if not is_simple or wire(session).dialect.name != "postgresql":
        return
    for state in sorted(map(sa.inspect, session.dirty), key=_place):
        if state.mapper.dispatch.after_update:
            continue  # Somebody wants to be told, and is by the unit of work.
        changed = {
            name: state.dict[name] for name, was in state.committed_state.items() if state.dict[name] != was
        }
        if changed:
            values = {f"new_{name}": value for name, value in changed.items()}
            keys = dict(zip(_KEYS, state.identity, strict=False))
            _change(state.mapper, tuple(changed)).send(session, values | keys)
        state._commit_all(state.dict, session.identity_map)


def _place(state: InstanceState[Any]) -> tuple[str, str]:
    """Everybody writes rows in one order."""
    return str(state.mapper.local_table), str(state.identity)


_KEYS = ("key_0", "key_1", "key_2")


@lru_cache(maxsize=1000)
def _change(mapper: Mapper[Any], names: tuple[str, ...]) -> Write:
    columns = {name: mapper.columns[name] for name in names}
    change = sa.update(table_of(mapper.class_)).values(
        {column: sa.bindparam(f"new_{name}", type_=column.type) for name, column in columns.items()}
    )
    for place, column in zip(_KEYS, mapper.primary_key, strict=False):
        change = change.where(column == sa.bindparam(place, type_=column.type))
    return Write(lambda _: change)


@cache
def _names(mapper: Mapper[Any]) -> tuple[str, ...]:
    return tuple(mapper.get_property_by_column(column).key for column in mapper.local_table.c)


@cache
def _places_of_key(mapper: Mapper[Any]) -> tuple[int, ...]:
    names = [column.name for column in table_of(mapper.class_).c]
    return tuple(names.index(str(column.key)) for column in mapper.primary_key)


def locked(statement: Locked, **how: Any) -> Locked:
    """Lock the rows of a SELECT and read them again: what the session knew of them may be untrue by now.

    Rows that refer to a locked one may be added meanwhile (FOR NO KEY UPDATE): their foreign key's check
    would otherwise wait for us while we wait for them.
    """
    return statement.with_for_update(key_share=True, **how).execution_options(populate_existing=True)


def locks(statement: sa.Select[Any], *models: type[DeclarativeBase]) -> sa.Select[Any]:
    """Return a SELECT that locks the rows of these models, one model after the other, and is not waited for.

    What is read after it in the same transaction is what the rows are once they are ours.
    """
    return statement.prefix_with(NOBODY_WAITS).with_for_update(key_share=True, of=models)


def take(session: Session, lock: sa.Select[Any], values: Mapping[str, Any]) -> None:
    """Take locks; on SQLite a writer has everything to himself."""
    connection = wire(session)
    if connection.dialect.name == "postgresql":
        post(connection, lock, values)


def hold(session: Session, key: object, row: Row) -> Row:
    """Remember that this transaction has locked a row, and return it."""
    session.info.setdefault(_HELD, {})[type(row), key] = row
    return row


def held(session: Session, model: type[Row], key: object) -> Row | None:
    """Return a row that this transaction has locked before: nobody else can have changed it since."""
    row: Row | None = session.info.get(_HELD, {}).get((model, key))
    return row
