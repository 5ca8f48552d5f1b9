"""Owe a customer one call about a matter, whichever number it goes to.

Safety rule: the release before this one goes on serving calls on the new schema. Add only; a new column is
nullable or has a server default; what is dropped or renamed has been unused for a release; an index on a
large table is made concurrently, in a step of its own.
"""

from migrations.safety import bounded, drop_index, make_index

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

OPEN = "state IN ('booked', 'waiting', 'agent')"


def upgrade() -> None:
    """Take the schema to this step."""
    bounded(lock_seconds=3, statement_seconds=60)
    make_index("uq_callbacks_matter_open", "callbacks", ("matter",), where=OPEN, unique=True)


def downgrade() -> None:
    """Take the schema back to the step before."""
    bounded(lock_seconds=3, statement_seconds=60)
    drop_index("uq_callbacks_matter_open")
