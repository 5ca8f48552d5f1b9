"""Connections to PostgreSQL on which nobody waits without need.

A round trip costs a caller more than most statements do. So a transaction is one pipeline (PostgreSQL
manual, "Pipeline Mode"): BEGIN, and every INSERT, UPDATE and DELETE that returns nothing, travel with the
next statement whose rows somebody wants, or with COMMIT. What PostgreSQL has against a statement is
raised by the next one that is waited for, at the latest by COMMIT, which then has kept nothing.
"""

import re
import select
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, lru_cache, partial
from typing import Any, Self

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import PipelineAborted, error_from_result
from psycopg.generators import send
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

NOBODY_WAITS = "/* nobody waits */"
"""Marks a SELECT whose rows nobody wants: one that only takes locks."""
_WAITS_FOR_NOBODY = re.compile(
    rf"(?!.*\bRETURNING\b)(INSERT|UPDATE|DELETE|SELECT {re.escape(NOBODY_WAITS)})\s", re.DOTALL
)
_ADDS_ROWS = re.compile(
    r"INSERT INTO \w+ \([^()]*\) VALUES (?!.*\b(RETURNING|ON CONFLICT|SELECT)\b)", re.DOTALL
)
_PARAMETER = re.compile(r"\$(\d+)")
_MERGED_MOST = 12
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
        """Put all that was collected on the wire at once.

        psycopg asks the kernel before each command whether it may be written, and writes it by itself: a
        system call or two for each, between which another thread gets its turn, and the server a packet.
        """
        if self._collects:
            return iter(())
        if len(self.command_queue) > 1:
            together = tuple(self.command_queue)
            self.command_queue.clear()
            self.command_queue.append(partial(_call_each, together))
        return self._sends_all()

    def _sends_all(self) -> Any:
        """Wait until the last byte has left: psycopg tries once, and then waits for answers to all of it."""
        yield from super()._communicate_gen()
        yield from send(self.pgconn)


def _call_each(commands: tuple[Callable[[], None], ...]) -> None:
    for command in commands:
        command()


@cache
def adds_rows(text: str) -> bool:
    """Say whether a statement only adds rows of given values: what stands beside it does not matter then."""
    return _ADDS_ROWS.match(text) is not None


@lru_cache(maxsize=500)
def merged(texts: tuple[str, ...]) -> str:
    """Return one statement that adds the rows of several, whose values follow each other.

    Rows that refer to each other may be added by one statement: references are checked at its end.
    """
    parts, taken = [], 0
    for text in texts:
        parts.append(_PARAMETER.sub(partial(_counted_on, taken), text))
        taken += max((int(each) for each in _PARAMETER.findall(text)), default=0)
    beside = ", ".join(f"added_{place} AS ({part})" for place, part in enumerate(parts[:-1]))
    return f"WITH {beside} {parts[-1]}"


def _counted_on(taken: int, found: re.Match[str]) -> str:
    return f"${int(found[1]) + taken}"


class Answer:
    """What a statement by name is answered with; the pipeline hands it over as it does to a cursor."""

    result: PGresult | None = None

    def _check_results(self, results: list[PGresult]) -> None:
        for each in results:
            if each.status == ExecStatus.FATAL_ERROR:
                raise error_from_result(each)
            if each.status == ExecStatus.PIPELINE_ABORTED:
                raise PipelineAborted("pipeline aborted")

    def _set_results(self, results: list[PGresult]) -> None:
        self.result = results[-1]


class PipelinedCursor(psycopg.Cursor[Any]):
    """Runs a statement: waits for its rows if it has any, else for nothing."""

    _conn: "Pipelined"

    def execute(self, query: str, params: Any = None, **how: Any) -> Self:  # type: ignore[override]
        """Send BEGIN if it is due, then the statement; wait where waiting is worth anything."""
        self._conn.begin(query)
        self._conn.add_rows()
        self._conn.stay()
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
        self._conn.add_rows()
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
        self._travels = False
        self._fault: psycopg.Error | None = None
        self._named: dict[str, bytes] = {}
        self._names = 0
        self._added: list[tuple[str, Sequence[bytes | None]]] = []
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

    def set(self, what: str) -> None:
        """Set something for as long as this connection lives, before anything was begun on it."""
        self._send(f"SET {what}")
        self.settle()

    def begin(self, query: str) -> None:
        """Send BEGIN before the first statement of a transaction, without waiting."""
        if not self._begun and not self._commits_itself:
            self._begun, self._has_savepoint = True, False
            self._send("BEGIN")
        self._has_savepoint = self._has_savepoint or query.startswith("SAVEPOINT")

    def post(self, text: str, values: Sequence[bytes | None]) -> None:
        """Send a statement that is prepared under a name, with values as text; nobody waits for its rows."""
        self._put(text, values, None)
        if self._has_savepoint:
            self._settle_or_calm_down()

    def ask(self, text: str, values: Sequence[bytes | None]) -> Answer:
        """Send a statement that is prepared under a name; `rows_of` waits for its rows."""
        answer = Answer()
        self._put(text, values, answer)
        if self._has_savepoint:
            self._settle_or_calm_down()
        return answer

    def rows_of(self, answer: Answer) -> list[tuple[Any, ...]]:
        """Return the rows of what was asked, waiting for them and for all that was sent, if need be."""
        if answer.result is None:
            self._receive()
        if answer.result is None:
            raise psycopg.InterfaceError("what was asked belongs to a transaction that is over")
        loads = Transformer(self)
        loads.set_pgresult(answer.result)
        return loads.load_rows(0, answer.result.ntuples, tuple)

    def send_off(self) -> None:
        """Let what was asked travel now, and its answers come back: `rows_of` will hardly have to wait.

        What goes wrong is told by `rows_of`.
        """
        self.add_rows()
        if self.pipe.command_queue:
            self.pipe.command_queue.append(self.pgconn.send_flush_request)
            self._travels = True
            try:
                with self.lock:
                    self.wait(self.pipe._communicate_gen())
            except psycopg.Error as fault:
                self._fault = fault

    def stay(self) -> None:
        """Something else is asked for, and has to be waited for with the rest."""
        self._travels = False

    def _receive(self) -> None:
        """Wait for what travels already, else for everything."""
        if not self._travels or self._fault:
            self._settle_or_calm_down()
            return
        self._travels = False
        try:
            with self.lock:
                self.wait(self.pipe._fetch_gen(flush=False))
        except psycopg.Error:
            self.calm_down()
            raise

    def _settle_or_calm_down(self) -> None:
        try:
            self.settle()
        except psycopg.Error:
            self.calm_down()
            raise

    def _put(self, text: str, values: Sequence[bytes | None], answer: Answer | None) -> None:
        """Lay a statement upon the pipeline; rows that are added one after the other are added together."""
        self.begin(text)
        if answer is None and not self._has_savepoint and adds_rows(text):
            self._added.append((text, values))
            if len(self._added) == _MERGED_MOST:
                self.add_rows()
            return
        self.add_rows()
        self._lay(text, values, answer)

    def add_rows(self) -> None:
        """Lay upon the pipeline what adds the rows that were collected, before anything else is."""
        added, self._added = self._added, []
        if len(added) == 1 or len(self._named) > _PREPARED_MOST:
            for text, values in added:
                self._lay(text, values, None)
        elif added:
            together = merged(tuple(text for text, _ in added))
            self._lay(together, [value for _, values in added for value in values], None)

    def _lay(self, text: str, values: Sequence[bytes | None], answer: Answer | None) -> None:
        """Lay a statement upon the pipeline, and before it what prepares it, where it is new here."""
        name = self._named.get(text)
        if name is None:
            name = self._named[text] = f"ours_{self._names}".encode()
            self._names += 1
            self._enqueue(partial(self.pgconn.send_prepare, name, text.encode()), None)
        self._enqueue(partial(self.pgconn.send_query_prepared, name, values), answer)
        self._travels = False

    def _enqueue(self, command: Any, answer: Any) -> None:
        self.pipe.command_queue.append(command)
        self.pipe.result_queue.append(None if answer is None else (answer, None))

    def _deallocate(self, name: bytes | None) -> Any:
        """All names are forgotten at once where psycopg forgets its own: after a fault."""
        if name is None:
            self._named.clear()
        return super()._deallocate(name)

    def calm_down(self) -> None:
        """After a statement has failed, end this pipeline: what comes next is heard again.

        A statement that was to be prepared behind it has not been.
        """
        self._named.clear()
        self._added.clear()
        with suppress(psycopg.Error):
            self.settle()

    def is_awaited(self, query: str) -> bool:
        """Say whether to wait for a statement: for its rows, or for its fault, which a savepoint undoes."""
        return self._has_savepoint or _WAITS_FOR_NOBODY.match(query) is None

    def settle(self) -> None:
        """Wait until everything that was sent has been answered; raise the first thing that went wrong."""
        self.add_rows()
        self._travels = False
        first, self._fault = self._fault, None
        try:
            self.pipe.sync()
        except psycopg.Error as fault:
            raise first or fault from None
        if first is not None:
            raise first

    def commit(self) -> None:
        """Commit what was begun; raise what went wrong before, and then nothing was kept."""
        if self._begun:
            if self.info.transaction_status == TransactionStatus.INERROR:
                raise psycopg.errors.InFailedSqlTransaction("a fault was passed over: nothing can be kept")
            self.add_rows()
            self._send("COMMIT")
            self.settle()
            self._begun = False

    def rollback(self) -> None:
        """Undo what was begun, whatever became of statements that nobody has waited for.

        psycopg forgets all prepared statements at its own ROLLBACK, which is right after a fault alone:
        whoever only reads ends so every time.
        """
        self._added.clear()
        if self._begun:
            with suppress(psycopg.Error):
                self.settle()
            if self.info.transaction_status == TransactionStatus.INTRANS:
                self._send("ROLLBACK")
                self.settle()
            else:
                self._named.clear()
                super().rollback()
            self._begun = False

    def _send(self, command: str) -> None:
        self._enqueue(partial(self.pgconn.send_query_params, command.encode(), None), None)


def is_dead(connection: psycopg.Connection[Any]) -> bool:
    """Say whether the server has left a resting connection, without asking it.

    Nobody speaks on a connection that rests; one that has something to read was told that it ends.
    """
    if connection.closed:
        return True
    watch = select.poll()
    watch.register(connection.fileno(), select.POLLIN)
    return bool(watch.poll(0))
