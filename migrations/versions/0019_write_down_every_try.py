"""Write down every attempt to reach a customer, and let a line leave messages on machines.

Safety rule: the release before this one goes on serving calls on the new schema. Add only; a new column is
nullable or has a server default; what is dropped or renamed has been unused for a release; an index on a
large table is made concurrently, in a step of its own.
"""

import sqlalchemy as sa
from alembic import op

from migrations.safety import bounded

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

LINE_COLUMNS = ("callback_detects_machine", "callback_leaves_message")


def upgrade() -> None:
    """Take the schema to this step."""
    bounded(lock_seconds=3, statement_seconds=60)
    for name in LINE_COLUMNS:
        op.add_column("lines", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "callback_tries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("callback_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.String(20), nullable=True),
        sa.Column("answered_by", sa.String(20), nullable=True),
        sa.Column("message_left", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["callback_id"], ["callbacks.id"], name="fk_callback_tries_callback_id"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_callback_tries_call_id"),
        sa.PrimaryKeyConstraint("id", name="pk_callback_tries"),
        sa.UniqueConstraint("callback_id", "number", name="uq_callback_tries_callback_id_number"),
    )


def downgrade() -> None:
    """Take the schema back to the step before."""
    bounded(lock_seconds=3, statement_seconds=60)
    op.drop_table("callback_tries")
    for name in LINE_COLUMNS:
        op.drop_column("lines", name)
