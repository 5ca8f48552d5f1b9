"""A thread of each web process: brings home what was spooled, and remembers what each line speaks.

Both may be done by any number of processes at once and may be killed anywhere: what is brought home twice
changes nothing, and a file goes only after its commit.
"""

import threading
from collections import Counter
from pathlib import Path

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter import metrics
from callcenter.errors import Unavailable
from callcenter.jobs import Work
from callcenter.lines.models import Line
from callcenter.spool import Spool
from callcenter.web.apology import Tongues
from callcenter.web.kept import Kept, bring_home

log = structlog.get_logger()
EVERY_SECONDS = 2.0
LONGEST_SECONDS = 15.0
RELEARN_ROUNDS = 30
STOP_SECONDS = 2.0
MOST_TRIES = 5
"""A file that could not be used so often, while the database takes others, is put aside."""
# What a database in good health has against a file's content.
_OF_THE_FILE = (sa.exc.DataError, sa.exc.IntegrityError)


class Recovery:
    """Looks into the spool every two seconds; less and less often while the database takes nothing."""

    def __init__(self, work: Work, spool: Spool, tongues: Tongues) -> None:
        self._work = work
        self._spool = spool
        self._tongues = tongues
        self._stop = threading.Event()
        self._rounds = 0
        self._tries = Counter[str]()
        self._thread = threading.Thread(target=self._run, name="recovery", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the file in hand; a database that hangs is not waited for."""
        self._stop.set()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        pause = EVERY_SECONDS
        while not self._stop.is_set():
            try:
                well = self.look()
            except Exception:  # A bug here must not end the thread: what is kept stays kept.
                log.exception("recovery.failed")
                well = False
            pause = EVERY_SECONDS if well else min(2 * pause, LONGEST_SECONDS)
            self._stop.wait(pause)

    def look(self) -> bool:
        """Do everything that is due once; False when the database did not take it."""
        try:
            if self._rounds % RELEARN_ROUNDS == 0:
                self._spool.remove_drafts()
                self._learn()
            self._rounds += 1
            for path in self._spool.files():
                self._take(path)
        except (SQLAlchemyError, Unavailable) as fault:
            log.warning("recovery.waits", reason=type(fault).__name__)
            return False
        return True

    def _learn(self) -> None:
        with self._work.db.reading() as session:
            rows = session.execute(sa.select(Line.number, Line.languages)).all()
        self._tongues.learn({row.number: row.languages for row in rows})

    def _take(self, path: Path) -> None:
        """Bring one file home; one that cannot be waits for the next round and does not stop the others."""
        content = self._spool.read(path)
        if content is None:
            return
        try:
            kept = Kept.from_json(content)
            with self._work.transaction() as session:
                bring_home(session, kept, self._work.at())
        except Exception as fault:  # A file that cannot be used must not keep the others from coming home.
            if isinstance(fault, (SQLAlchemyError, Unavailable)) and not isinstance(fault, _OF_THE_FILE):
                raise
            self._failed(path)
            return
        self._tries.pop(path.name, None)
        self._spool.forget(path)
        metrics.SPOOLED.labels(kept.kind, "brought_home").inc()
        log.info("recovery.brought_home", kind=kept.kind, call_sid=kept.call_sid)

    def _failed(self, path: Path) -> None:
        """Tell why a file could not be used, once; the last try puts it aside."""
        self._tries[path.name] += 1
        if self._tries[path.name] == 1:
            log.exception("recovery.file_failed", file=path.name)
        if self._tries[path.name] >= MOST_TRIES:
            del self._tries[path.name]
            self._spool.put_aside(path)
