"""Tell of a promise who made it, about which ticket, since when it counts, how it ended, and what was moved.

Safety rule: the release before this one goes on serving calls on the new schema. Add only; a new column is
nullable or has a server default; what is dropped or renamed has been unused for a release; an index on a
large table is made concurrently, in a step of its own.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.safety import bounded

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

OF_PROMISES = (
    ("made_by", sa.String(80)),
    ("line_id", sa.Uuid()),
    ("ticket_id", sa.Uuid()),
    ("counted_from", sa.DateTime(timezone=True)),
    ("awaits_call_id", sa.Uuid()),
    ("next_alert_at", sa.DateTime(timezone=True)),
    ("settled_by", sa.String(80)),
    ("reason", sa.String(60)),
)


def upgrade() -> None:
    """Take the schema to this step."""
    bounded(lock_seconds=3, statement_seconds=60)
    for name, type_ in OF_PROMISES:
        op.add_column("promises", sa.Column(name, type_, nullable=True))
    op.add_column("tickets", sa.Column("first_owner_agent_id", sa.Uuid(), nullable=True))
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.add_column("lines", sa.Column("policies", json, nullable=True))
    op.create_table(
        "promise_moves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("promise_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("from_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consent", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.String(200), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_promise_moves"),
        sa.ForeignKeyConstraint(["promise_id"], ["promises.id"], name="fk_promise_moves_promise_id"),
    )
    op.create_index("ix_promise_moves_promise_id", "promise_moves", ["promise_id"])
    op.create_table(
        "promise_alerts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("promise_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.String(12), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by", sa.String(80), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_promise_alerts"),
        sa.ForeignKeyConstraint(["promise_id"], ["promises.id"], name="fk_promise_alerts_promise_id"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_promise_alerts_agent_id"),
        sa.UniqueConstraint("promise_id", "step", "due_at", name="uq_promise_alerts_promise_id_step_due_at"),
    )
    op.create_index("ix_promise_alerts_at", "promise_alerts", ["at"])


def downgrade() -> None:
    """Take the schema back to the step before."""
    bounded(lock_seconds=3, statement_seconds=60)
    op.drop_table("promise_alerts")
    op.drop_table("promise_moves")
    op.drop_column("lines", "policies")
    op.drop_column("tickets", "first_owner_agent_id")
    for name, _ in reversed(OF_PROMISES):
        op.drop_column("promises", name)
