"""Find whoever is free and whoever waits in the order in which they come.

Safety rule: the release before this one goes on serving calls on the new schema. Add only; a new column is
nullable or has a server default; what is dropped or renamed has been unused for a release; an index on a
large table is made concurrently, in a step of its own.
"""

from alembic import op

from migrations.safety import bounded, drop_index, make_index

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BY_PRIORITY = {"postgresql": "(0 - priority)", "sqlite": "0 - priority"}


def upgrade() -> None:
    """Take the schema to this step."""
    bounded(lock_seconds=3, statement_seconds=60)
    # Only who waits or is free is in them: they stay small, however long the past becomes.
    first = (BY_PRIORITY[op.get_bind().dialect.name], "entered_at", "id")
    make_index("ix_waits_in_line", "waits", first, where="state = 'waiting'")
    make_index(
        "ix_agent_states_idle", "agent_states", ("free_since", "agent_id"), where="state = 'available'"
    )


def downgrade() -> None:
    """Take the schema back to the step before."""
    bounded(lock_seconds=3, statement_seconds=60)
    drop_index("ix_agent_states_idle")
    drop_index("ix_waits_in_line")
