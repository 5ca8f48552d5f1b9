"""Pace the calls that we place, and pause while the carrier fails.

Safety rule: the release before this one goes on serving calls on the new schema. Add only; a new column is
nullable or has a server default; what is dropped or renamed has been unused for a release; an index on a
large table is made concurrently, in a step of its own.
"""

import sqlalchemy as sa
from alembic import op

from migrations.safety import bounded

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the schema to this step."""
    bounded(lock_seconds=3, statement_seconds=60)
    op.create_table(
        "dial_gates",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_dial_gates"),
    )


def downgrade() -> None:
    """Take the schema back to the step before."""
    bounded(lock_seconds=3, statement_seconds=60)
    op.drop_table("dial_gates")
