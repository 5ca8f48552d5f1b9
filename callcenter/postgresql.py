"""Connections to PostgreSQL on which nobody waits without need.

A round trip costs a caller more than most statements do. So a transaction is one pipeline (PostgreSQL
manual, "Pipeline Mode"): BEGIN, and every INSERT, UPDATE and DELETE that returns nothing, travel with the
next statement whose rows somebody wants, or with COMMIT. What PostgreSQL has against a statement is
raised by the next one that is waited for, at the latest by COMMIT, which then has kept nothing.
"""

import re
import select
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self, cast

import psycopg
import sqlalchemy as sa
from psycopg.pq import TransactionStatus
from sqlalchemy.sql.compiler import SQLCompiler

NOBODY_WAITS = "/* nobody waits */"
"""Marks a SELECT whose rows nobody wants: one that only takes locks."""
_WAITS_FOR_NOBODY = re.compile(
    rf"(?!.*\bRETURNING\b)(INSERT|UPDATE|DELETE|SELECT {re.escape(NOBODY_WAITS)})\s", re.DOTALL
)
# Statements are prepared at their second use, and all that a process has are kept.
_PREPARE_AFTER = 1
_PREPARED_MOST = 500
_COLLECTED_MOST = 100


class _Patient(psycopg.Pipeline):
    """A pipeline that puts statements on the wire together, when somebody waits for one of them."""

    _collects = False

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Send nothing meanwhile, unless very much has been collected."""
        self._collects = len(self.command_queue) < _COLLECTED_MOST
        try:
            yield
        finally:
            self._collects = False

    def _communicate_gen(self) -> Any:
        return iter(()) if self._collects else super()._communicate_gen()


class PipelinedCursor(psycopg.Cursor[Any]):
    """Runs a statement: waits for its rows if it has any, else for nothing."""

    _conn: "Pipelined"

    def execute(self, query: str, params: Any = None, **how: Any) -> Self:  # type: ignore[override]
        """Send BEGIN if it is due, then the statement; wait where waiting is worth anything."""
        self._conn.begin(query)
        try:
            with self._conn.pipe.collecting():
                super().execute(query, params, **how)
        except psycopg.Error:
            self._conn.calm_down()
            raise
        if self._conn.is_awaited(query):
            self._conn.settle()
        return self

    def executemany(  # type: ignore[override]
        self, query: str, params_seq: Any, *, returning: bool = False
    ) -> None:
        """Send BEGIN if it is due, then the statement for every set of parameters, and wait."""
        self._conn.begin(query)
        try:
            super().executemany(query, params_seq, returning=returning)
        except psycopg.Error:
            self._conn.calm_down()
            raise
        self._conn.settle()


class Pipelined(psycopg.Connection[Any]):
    """A connection that is in pipeline mode all its life; only one thread uses it at a time.

    `autocommit` is psycopg's, which is always on underneath: BEGIN and COMMIT are sent here.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cursor_factory = PipelinedCursor
        self._commits_itself = self._begun = self._has_savepoint = False
        self._pipeline = self.pipe = _Patient(self)
        self.pipe.__enter__()

    @classmethod
    def connect(cls, *words: Any, **named: Any) -> Self:
        """Connect; what is said here of prepared statements is what psycopg's own `connect` takes."""
        connection = super().connect(*words, **named, prepare_threshold=_PREPARE_AFTER)
        connection.prepared_max = _PREPARED_MOST
        return connection

    @property
    def autocommit(self) -> bool:
        """Say whether every statement is a transaction of its own."""
        return self._commits_itself

    @autocommit.setter
    def autocommit(self, value: bool) -> None:
        self._commits_itself = value

    def begin(self, query: str) -> None:
        """Send BEGIN before the first statement of a transaction, without waiting."""
        if not self._begun and not self._commits_itself:
            self._begun, self._has_savepoint = True, False
            self._send("BEGIN")
        self._has_savepoint = self._has_savepoint or query.startswith("SAVEPOINT")

    def calm_down(self) -> None:
        """After a statement has failed, end this pipeline: what comes next is heard again."""
        with suppress(psycopg.Error):
            self.settle()

    def is_awaited(self, query: str) -> bool:
        """Say whether to wait for a statement: for its rows, or for its fault, which a savepoint undoes."""
        return self._has_savepoint or _WAITS_FOR_NOBODY.match(query) is None

    def settle(self) -> None:
        """Wait until everything that was sent has been answered; raise the first thing that went wrong."""
        self.pipe.sync()

    def commit(self) -> None:
        """Commit what was begun; raise what went wrong before, and then nothing was kept."""
        if self._begun:
            self._send("COMMIT")
            self.settle()
            self._begun = False

    def rollback(self) -> None:
        """Undo what was begun, whatever became of statements that nobody has waited for.

        psycopg forgets all prepared statements at its own ROLLBACK, which is right after a fault alone:
        whoever only reads ends so every time.
        """
        if self._begun:
            self.calm_down()
            if self.info.transaction_status == TransactionStatus.INTRANS:
                self._send("ROLLBACK")
                self.settle()
            else:
                super().rollback()
            self._begun = False

    def _send(self, command: str) -> None:
        with self.pipe.collecting():
            psycopg.Cursor(self).execute(command, prepare=False)


def is_dead(connection: psycopg.Connection[Any]) -> bool:
    """Say whether the server has left a resting connection, without asking it.

    Nobody speaks on a connection that rests; one that has something to read was told that it ends.
    """
    if connection.closed:
        return True
    watch = select.poll()
    watch.register(connection.fileno(), select.POLLIN)
    return bool(watch.poll(0))


@dataclass(frozen=True)
class _Written:
    """A statement in the words of a back end, and how its values become what the driver takes."""

    text: str
    constants: Mapping[str, Any]
    makers: tuple[tuple[str, Callable[[Any], Any] | None], ...]


@lru_cache(maxsize=1000)
def _written(statement: sa.ClauseElement, names: tuple[str, ...], dialect: sa.Dialect) -> _Written:
    compiled = cast(SQLCompiler, statement.compile(dialect=dialect, column_keys=list(names)))
    if unset := [column.name for column in compiled.insert_prefetch]:
        raise TypeError(f"{', '.join(unset)} must be given: nobody fills it in here")
    makers = {
        name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()
    }
    constants = {
        name: value if (make := makers[name]) is None else make(value)
        for name, value in compiled.params.items()
        if name not in names
    }
    return _Written(str(compiled), constants, tuple((name, makers[name]) for name in names if name in makers))


def post(connection: sa.Connection, statement: sa.ClauseElement, values: Mapping[str, Any]) -> None:
    """Hand a statement whose rows nobody wants to the driver itself."""
    written = _written(statement, tuple(values), connection.dialect)
    bound = dict(written.constants)
    for name, make in written.makers:
        bound[name] = values[name] if make is None else make(values[name])
    connection.connection.cursor().execute(written.text, bound)
