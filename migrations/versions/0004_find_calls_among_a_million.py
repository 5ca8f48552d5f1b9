"""Find calls among a million.

Safety rule: the release before this one goes on serving calls on the new schema. Add only; a new column is
nullable or has a server default; what is dropped or renamed has been unused for a release; an index on a
large table is made concurrently, in a step of its own.

The two indexes that go are the beginnings of two that come.
"""

from alembic import op

from migrations.safety import bounded, drop_index, make_index

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

LAST_FOUR = {"postgresql": '"right"({0}, 4)', "sqlite": "substr({0}, -4)"}
MADE = (
    ("ix_calls_agent_id_started_at", "calls", ("agent_id", "started_at", "id"), None),
    ("ix_calls_outcome_started_at", "calls", ("outcome", "started_at", "id"), None),
    ("ix_offers_line_id_ended_at", "offers", ("line_id", "ended_at"), None),
    ("ix_callbacks_call_id", "callbacks", ("call_id",), None),
    ("ix_carrier_orders_sid", "carrier_orders", ("sid",), None),
    ("ix_ring_measures_agent_id_day", "ring_measures", ("agent_id", "day"), None),
    ("ix_ring_measures_call_id_estimated", "ring_measures", ("call_id",), "source = 'estimated'"),
)
REPLACED = (
    ("ix_calls_agent_id", "calls", ("agent_id",)),
    ("ix_calls_outcome", "calls", ("outcome",)),
)


def upgrade() -> None:
    """Take the schema to this step."""
    bounded(lock_seconds=3, statement_seconds=60)
    last_four = LAST_FOUR[op.get_bind().dialect.name]
    for name, table, columns, where in MADE:
        make_index(name, table, columns, where=where)
    for column in ("from_number", "to_number"):
        make_index(f"ix_calls_{column}_last_four", "calls", (last_four.format(column),))
    for name, _, _ in REPLACED:
        drop_index(name)


def downgrade() -> None:
    """Take the schema back to the step before."""
    bounded(lock_seconds=3, statement_seconds=60)
    for name, table, columns in REPLACED:
        make_index(name, table, columns)
    for column in ("to_number", "from_number"):
        drop_index(f"ix_calls_{column}_last_four")
    for name, _, _, _ in reversed(MADE):
        drop_index(name)
