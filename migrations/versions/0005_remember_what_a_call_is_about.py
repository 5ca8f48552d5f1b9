"""Remember what a call is about and what a waiting caller was told.

Safety rule: the release before this one goes on serving calls on the new schema. Add only; a new column is
nullable or has a server default; what is dropped or renamed has been unused for a release; an index on a
large table is made concurrently, in a step of its own.
"""

import sqlalchemy as sa
from alembic import op

from migrations.safety import bounded

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ADDED = (
    ("calls", "ticket_id", sa.Uuid(), {"nullable": True}),
    ("calls", "callback_id", sa.Uuid(), {"nullable": True}),
    ("lines", "speech", sa.Boolean(), {"nullable": False, "server_default": sa.false()}),
    ("waits", "told_agents", sa.Integer(), {"nullable": True}),
)


def upgrade() -> None:
    """Take the schema to this step."""
    bounded(lock_seconds=3, statement_seconds=60)
    for table, column, kind, options in ADDED:
        op.add_column(table, sa.Column(column, kind, **options))


def downgrade() -> None:
    """Take the schema back to the step before."""
    bounded(lock_seconds=3, statement_seconds=60)
    for table, column, _kind, _options in reversed(ADDED):
        op.drop_column(table, column)
