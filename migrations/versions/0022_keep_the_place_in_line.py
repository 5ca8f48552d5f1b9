"""Keep a callback's original place in line, and since when it stands there.

Safety rule: the release before this one goes on serving calls on the new schema. Add only; a new column is
nullable or has a server default; what is dropped or renamed has been unused for a release; an index on a
large table is made concurrently, in a step of its own.
"""

import sqlalchemy as sa
from alembic import op

from migrations.safety import bounded

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

COLUMNS = ("arrived_at", "waiting_since")


def upgrade() -> None:
    """Take the schema to this step."""
    bounded(lock_seconds=3, statement_seconds=60)
    for name in COLUMNS:
        op.add_column("callbacks", sa.Column(name, sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Take the schema back to the step before."""
    bounded(lock_seconds=3, statement_seconds=60)
    for name in COLUMNS:
        op.drop_column("callbacks", name)
