"""Find callbacks by the time at which they are due.

Safety rule: the release before this one goes on serving calls on the new schema. Add only; a new column is
nullable or has a server default; what is dropped or renamed has been unused for a release; an index on a
large table is made concurrently, in a step of its own.
"""

from migrations.safety import bounded, drop_index, make_index

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the schema to this step."""
    bounded(lock_seconds=3, statement_seconds=60)
    make_index("ix_promises_callback_due_at", "promises", ("due_at",), where="subject_kind = 'callback'")


def downgrade() -> None:
    """Take the schema back to the step before."""
    bounded(lock_seconds=3, statement_seconds=60)
    drop_index("ix_promises_callback_due_at")
