"""Bound the calls that we place: a lease on each claim, and what was placed today.

Safety rule: the release before this one goes on serving calls on the new schema. Add only; a new column is
nullable or has a server default; what is dropped or renamed has been unused for a release; an index on a
large table is made concurrently, in a step of its own.
"""

import sqlalchemy as sa
from alembic import op

from migrations.safety import bounded

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the schema to this step."""
    bounded(lock_seconds=3, statement_seconds=60)
    op.add_column("attempts", sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "dial_counts",
        sa.Column("scope", sa.String(12), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", "day", name="pk_dial_counts"),
    )


def downgrade() -> None:
    """Take the schema back to the step before."""
    bounded(lock_seconds=3, statement_seconds=60)
    op.drop_table("dial_counts")
    op.drop_column("attempts", "lease_until")
