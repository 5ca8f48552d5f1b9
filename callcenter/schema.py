"""How far a schema is: the steps that this code knows, and the one that a database has reached."""

from pathlib import Path

import sqlalchemy as sa

import migrations

STEPS = Path(migrations.__file__).parent
_REACHED = sa.text("SELECT version_num FROM alembic_version")


def head() -> str:
    """Return the revision that this code needs: the number that begins the last step's file name."""
    return max(path.name.partition("_")[0] for path in (STEPS / "versions").glob("[0-9]*.py"))


def current(engine: sa.Engine) -> str | None:
    """Return the revision that a database is at; None where it has never been migrated."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        reached: str | None = connection.scalar(_REACHED)
        return reached
