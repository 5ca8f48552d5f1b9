"""Waiting for what another process or thread does: as short as it takes, and never in vain."""

import threading
from collections.abc import Callable

import sqlalchemy as sa

from callcenter.db import Database

_LOCKED_OUT = """
    SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
"""


def until(condition: Callable[[], bool], seconds: float = 20, *, every: float = 0.02) -> None:
    """Ask again and again, `every` so many seconds; raise TimeoutError when it never became true."""
    pause = threading.Event()
    for _ in range(int(seconds / every)):
        if condition():
            return
        pause.wait(every)
    raise TimeoutError(f"nothing happened within {seconds} s")


def until_somebody_is_locked_out(database: Database, or_done: Callable[[], bool] = lambda: False) -> None:
    """Wait until a transaction on PostgreSQL waits for another one, or did not have to."""

    def locked_out() -> bool:
        with database.reading() as session:
            return bool(session.execute(sa.text(_LOCKED_OUT)).scalar_one())

    until(lambda: or_done() or locked_out())
