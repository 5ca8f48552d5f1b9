"""The example centre, opened for tests: its file applied, its people by their keys."""

from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from callcenter import revision
from callcenter.center.actions import apply_centre
from callcenter.center.reading import parse
from callcenter.jobs import Work
from callcenter.routing.actions import set_agent_state
from callcenter.staff.models import Agent
from callcenter.statements import act_at_last
from callcenter.tables import metadata

FILE = Path(__file__).parent.parent / "examples" / "xinghe.toml"
HOTLINE = "+862155550100"
GUANGZHOU = "+862055550200"
CHENGDU = "+862855550300"
AT: Final = object()
"""Stands for the time at which the file was applied."""


_written: dict[sa.Table, list[dict[str, Any]]] = {}
"""The rows that applying the file has written; applying takes many times as long as writing them again."""
_ANYTHING = sa.select(sa.or_(*(sa.exists().select_from(table) for table in metadata.sorted_tables)))


def open_centre(work: Work) -> None:
    """Make the centre what the example's file says; everybody is offline."""
    at = work.at()
    with work.transaction() as session:
        connection = session.connection()
        empty = not connection.scalar(_ANYTHING)
        if empty and _written:
            _write_again(connection, at)
            return
        apply_centre(session, parse(FILE.read_text(), FILE.name), at)
        if empty:
            act_at_last(session)
            _remember(connection, at)


def _remember(connection: sa.Connection, at: datetime) -> None:
    """Keep what stands in a database that was empty before; numbers that it gives itself are not kept."""
    for table in metadata.sorted_tables:
        given = {column.name for column in table.primary_key if isinstance(column.type, sa.Integer)}
        rows = [
            {name: AT if value == at else value for name, value in row.items() if name not in given}
            for row in connection.execute(sa.select(table).order_by(*table.primary_key)).mappings()
        ]
        if rows:
            _written[table] = rows


def _write_again(connection: sa.Connection, at: datetime) -> None:
    for table, rows in _written.items():
        values = [{name: at if value is AT else value for name, value in row.items()} for row in rows]
        connection.execute(table.insert(), values)
    revision.move(connection)


def agent_id(work: Work, key: str) -> UUID:
    """Return an agent's id."""
    with work.db.reading() as session:
        return session.scalars(sa.select(Agent.id).where(Agent.key == key)).one()


def address(work: Work, key: str) -> str:
    """Return where an agent is rung."""
    with work.db.reading() as session:
        return session.scalars(sa.select(Agent.address).where(Agent.key == key)).one()


def log_in(work: Work, *keys: str) -> None:
    """Make agents available, a second apart so that the first is the longest idle."""
    for key in keys:
        with work.transaction() as session:
            set_agent_state(session, agent_id(work, key), "available", None, work.at(), "test")


def log_out(work: Work, *keys: str) -> None:
    """Send agents home; who is on a call goes afterwards."""
    for key in keys:
        with work.transaction() as session:
            set_agent_state(session, agent_id(work, key), "offline", None, work.at(), "test")
