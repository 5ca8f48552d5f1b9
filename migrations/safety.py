"""What keeps a migration from stopping the hotline while it runs."""

from alembic import op


def bounded(*, lock_seconds: int = 3, statement_seconds: int = 60) -> None:
    """Give up rather than hold up: on PostgreSQL no lock is awaited, no statement runs, for longer.

    A migration that waits for a table's lock stops everybody who comes after it; failing and trying again
    in a quieter moment does not. SQLite has one writer anyway.
    """
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"SET LOCAL lock_timeout = '{lock_seconds}s'")
        op.execute(f"SET LOCAL statement_timeout = '{statement_seconds}s'")
