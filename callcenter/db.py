"""The database, the same on SQLite and PostgreSQL: one transaction a request or job."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from callcenter.postgresql import Pipelined, is_dead
from callcenter.sqlite import WriterLock
from callcenter.statements import ASIDE, act_at_last, post_changes, take_back

TURN_WAIT_SECONDS = 2.0
OPENED_AHEAD, ASIDE_AHEAD = 30, 10
"""Of forty and ten: so many are in use with twenty webhooks a second and a database half a second away."""
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Instant = datetime | sa.BindParameter[datetime]
"""A time in a condition: known, or given when the statement is run."""


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An instant: aware in Python, UTC in the database on both back ends."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuse a naive time instead of guessing its zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return aware UTC; SQLite forgets the zone that was written."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables; constraint names are fixed so that migrations can name them on both back ends."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        list[str]: JSON,
    }


class LastFour(FunctionElement[str]):
    """The last four characters of a text: what an index can find of "ends with"."""

    inherit_cache = True
    type = sa.String(4)


@compiles(LastFour)
def _right(element: LastFour, compiler: SQLCompiler, **options: Any) -> str:
    return f'"right"({compiler.process(element.clauses, **options)}, 4)'


@compiles(LastFour, "sqlite")
def _from_the_end(element: LastFour, compiler: SQLCompiler, **options: Any) -> str:
    return f"substr({compiler.process(element.clauses, **options)}, -4)"


def upsert(session: Session, table: type[Base]) -> Any:
    """Return the dialect's INSERT that knows ON CONFLICT; both dialects share its shape."""
    return (
        postgresql_insert(table) if session.get_bind().dialect.name == "postgresql" else sqlite_insert(table)
    )


class SecondsBetween(FunctionElement[float]):
    """The seconds from one column's instant to another's, in either dialect's words."""

    inherit_cache = True
    type = sa.Float()


@compiles(SecondsBetween, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **how: Any) -> str:
    start, end = (compiler.process(clause, **how) for clause in element.clauses)
    return f"EXTRACT(EPOCH FROM ({end} - {start}))::DOUBLE PRECISION"


@compiles(SecondsBetween, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **how: Any) -> str:
    start, end = (compiler.process(clause, **how) for clause in element.clauses)
    return f"((julianday({end}) - julianday({start})) * 86400.0)"


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Durable and concurrent: WAL, every commit on disk, foreign keys checked; we say BEGIN ourselves."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=2000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    """A writer says so at once, otherwise two readers that turn writers deadlock."""
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _connect_pipelined(_dialect: Any, _record: Any, words: list[Any], named: dict[str, Any]) -> Any:
    return Pipelined.connect(*words, **named, autocommit=True)


def _refuse_dead(connection: Any, _record: Any, _proxy: Any) -> None:
    """A connection that died in the pool is replaced before anybody uses it, without a round trip."""
    if is_dead(connection):
        raise sa.exc.DisconnectionError("the server has closed this connection")


# libpq, "Parameter Key Words": a server that vanished without a word holds a thread for half a minute, where
# the kernel's own patience is a quarter of an hour. One that lives and is slow is waited for.
_ALIVE: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


# For what is done in a transaction of its own beside another one: a moment each, so that few serve many.
_ASIDE: dict[str, Any] = {
    "isolation_level": "AUTOCOMMIT", "pool_size": 10, "max_overflow": 0, "pool_timeout": 2.0,
}  # fmt: skip


def make_engine(url: str, **options: Any) -> sa.Engine:
    """Return an engine for either back end, prepared as every process needs it."""
    if not url.startswith("sqlite"):
        alive = {**_ALIVE, **options.pop("connect_args", {})}
        sizes = {"pool_size": 40, "max_overflow": 0}
        engine = sa.create_engine(url, **{**sizes, **options, "connect_args": alive})
        event.listen(engine, "checkout", _refuse_dead)
        return engine
    engine = sa.create_engine(url, connect_args={"check_same_thread": False, "timeout": 2}, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _bound_waiting(engine: sa.Engine, seconds: float) -> None:
    """Let no statement wait longer for a lock, so that no rollback waits for it either."""

    def bound(connection: Any, _record: Any) -> None:
        connection.set(f"lock_timeout = {round(seconds * 1000)}")

    event.listen(engine, "connect", bound)


def _pipeline(engine: sa.Engine) -> None:
    """Let transactions travel as pipelines; rows that changed are then counted by RETURNING alone."""
    event.listen(engine, "do_connect", _connect_pipelined)
    engine.dialect.supports_sane_rowcount = engine.dialect.supports_sane_multi_rowcount = False


def _kept_nothing(fault: BaseException, *, is_done: bool) -> bool:
    """Say whether a transaction that failed has certainly kept nothing, in a database that answers.

    Where the way to it broke while COMMIT was under way (`is_done`), nobody knows.
    """
    if isinstance(fault, sa.exc.DBAPIError):
        return isinstance(fault, sa.exc.IntegrityError)
    return not is_done


class _Session(Session):
    """A session that writes."""


event.listen(_Session, "before_flush", post_changes)


class Database:
    """Where transactions come from. Actions get a session and never commit.

    `lock_wait_seconds` bounds how long a statement waits for somebody else's lock on PostgreSQL, where it
    would wait for ever; it then raises OperationalError. `turn_wait_seconds` bounds how long a writer waits
    for his turn on SQLite; `transaction` then raises Unavailable.
    """

    def __init__(
        self,
        url: str,
        *,
        lock_wait_seconds: float | None = None,
        turn_wait_seconds: float = TURN_WAIT_SECONDS,
    ) -> None:
        self.url = url
        self.kept: dict[type, Any] = {}
        """What this process has read and keeps; every transaction proves anew that it still stands."""
        self.engine, self._aside = make_engine(url), None
        if not url.startswith("sqlite"):
            self._aside = make_engine(url, **_ASIDE)
            for engine in (self.engine, self._aside):
                _pipeline(engine)
                if lock_wait_seconds is not None:
                    _bound_waiting(engine, lock_wait_seconds)
        self._write_engine = self.engine.execution_options(writing=True)
        path = self.engine.url.database
        self._writer = (
            WriterLock(Path(f"{path}.lock"), wait_seconds=turn_wait_seconds)
            if url.startswith("sqlite") and path
            else None
        )

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session; commit at the end of the block, roll back when it raises."""
        info = {"kept": self.kept, ASIDE: self._aside}
        with (
            self._turn(),
            _Session(self._write_engine, expire_on_commit=False, info=info) as session,
        ):
            is_done = False
            try:
                with session.begin():
                    yield session
                    act_at_last(session)
                    is_done = True
            except BaseException as fault:  # It is raised again; what was done aside is taken back first.
                if _kept_nothing(fault, is_done=is_done):
                    take_back(session)
                raise

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session for reading; it never waits for a writer and is rolled back."""
        with Session(self.engine, info={"kept": self.kept}) as session:
            yield session

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._writer is None:
            yield
        else:
            with self._writer.held():
                yield

    def open_ahead(self) -> None:
        """Open connections before anybody needs them, which takes several round trips each.

        Where the database does not answer yet, they are opened when they are needed.
        """
        if self._aside is None:
            return
        with suppress(sa.exc.SQLAlchemyError), ExitStack() as opened:
            for engine, count in ((self.engine, OPENED_AHEAD), (self._aside, ASIDE_AHEAD)):
                for _ in range(count):
                    opened.enter_context(engine.connect())

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()
        if self._aside is not None:
            self._aside.dispose()
