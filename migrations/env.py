"""How alembic runs here: on the connection that `callcenter.migrate` hands over.

On PostgreSQL each step is a transaction of its own, which a step may leave to make an index while calls are
written; on SQLite all of them are the one that is there already.
"""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from callcenter.db import UtcDateTime
from callcenter.tables import metadata


def render(kind: str, item: Any, draft: AutogenContext) -> str | Literal[False]:
    """Write our own types down as what they are in the database: history must not import today's code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, sa.JSON):
        draft.imports.add("from sqlalchemy.dialects.postgresql import JSONB")
        return 'sa.JSON().with_variant(JSONB(), "postgresql")'
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
    transaction_per_migration=True,
    compare_server_default=True,
    render_item=render,
)
with context.begin_transaction():
    context.run_migrations()
