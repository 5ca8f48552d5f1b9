"""Find promises by their ticket, those that are to be told of, and those that wait for a hang-up.

Safety rule: the release before this one goes on serving calls on the new schema. Add only; a new column is
nullable or has a server default; what is dropped or renamed has been unused for a release; an index on a
large table is made concurrently, in a step of its own.
"""

from migrations.safety import bounded, drop_index, make_index

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the schema to this step."""
    bounded(lock_seconds=3, statement_seconds=60)
    make_index("ix_promises_ticket_id", "promises", ("ticket_id",))
    make_index("ix_promises_due_at_id", "promises", ("due_at", "id"))
    # Only what is still owed is in the next two: they stay small, however long the past becomes.
    make_index("ix_promises_next_alert_at", "promises", ("next_alert_at",), where="next_alert_at IS NOT NULL")
    make_index(
        "ix_promises_awaits_call_id", "promises", ("awaits_call_id",), where="awaits_call_id IS NOT NULL"
    )


def downgrade() -> None:
    """Take the schema back to the step before."""
    bounded(lock_seconds=3, statement_seconds=60)
    for name in ("awaits_call_id", "next_alert_at", "due_at_id", "ticket_id"):
        drop_index(f"ix_promises_{name}")
