"""Everything that is in a database, to be compared with itself: a replay must not leave a trace."""

import hashlib
from typing import Any

import sqlalchemy as sa


def books(url: str) -> dict[str, str]:
    """Return a digest of every table's rows, in no particular order."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        found = {name: _digest(connection, name) for name in names}
    engine.dispose()
    return found


def _digest(connection: sa.Connection, table: str) -> str:
    rows = sorted(_line(row) for row in connection.execute(sa.text(f'SELECT * FROM "{table}"')))
    return f"{len(rows)} rows, {hashlib.sha256(b''.join(rows)).hexdigest()[:12]}"


def _line(row: Any) -> bytes:
    return repr(tuple(row)).encode()


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Name the tables that have changed."""
    return [
        f"{table}: {before[table]} became {after[table]}" for table in before if before[table] != after[table]
    ]
