"""What keeps a migration from stopping the hotline while it runs."""

from collections.abc import Sequence

from alembic import op


def bounded(*, lock_seconds: int = 3, statement_seconds: int = 60) -> None:
    """Give up rather than hold up: on PostgreSQL no lock is awaited, no statement runs, for longer.

    A migration that waits for a table's lock stops everybody who comes after it; failing and trying again
    in a quieter moment does not. SQLite has one writer anyway.
    """
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"SET LOCAL lock_timeout = '{lock_seconds}s'")
        op.execute(f"SET LOCAL statement_timeout = '{statement_seconds}s'")


def make_index(
    name: str, table: str, columns: Sequence[str], *, where: str | None = None, unique: bool = False
) -> None:
    """Make an index while calls are written: on PostgreSQL concurrently, outside the step's transaction.

    Columns may be function calls. A step with this does nothing else: what it did before is
    committed. An index that an interrupted attempt left invalid is made anew.
    """
    made = f"ON {table} ({', '.join(columns)})" + (f" WHERE {where}" if where else "")
    kind = "UNIQUE INDEX" if unique else "INDEX"
    if op.get_bind().dialect.name != "postgresql":
        op.execute(f"CREATE {kind} {name} {made}")
        return
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.execute(f"CREATE {kind} CONCURRENTLY {name} {made}")


def drop_index(name: str) -> None:
    """Drop an index without waiting for whoever reads its table."""
    if op.get_bind().dialect.name != "postgresql":
        op.execute(f"DROP INDEX {name}")
        return
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
