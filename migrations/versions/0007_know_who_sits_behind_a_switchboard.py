"""Know who sits behind a switchboard: its number beside each number with an extension.

Safety rule: the release before this one goes on serving calls on the new schema. Add only; a new column is
nullable or has a server default; what is dropped or renamed has been unused for a release; an index on a
large table is made concurrently, in a step of its own.
"""

import sqlalchemy as sa
from alembic import op

from migrations.safety import bounded

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

HAS_EXTENSION = sa.text("switchboard IS NOT NULL")
# What stands before `;ext=`; only customers whom somebody has entered with an extension have one.
FILL = {
    "postgresql": "UPDATE customer_numbers SET switchboard = split_part(canonical, ';', 1) "
    "WHERE canonical LIKE '%;ext=%'",
    "sqlite": "UPDATE customer_numbers SET switchboard = substr(canonical, 1, instr(canonical, ';') - 1) "
    "WHERE canonical LIKE '%;ext=%'",
}


def upgrade() -> None:
    """Take the schema to this step; the index covers the few numbers with an extension only."""
    bounded(lock_seconds=3, statement_seconds=60)
    op.add_column("customer_numbers", sa.Column("switchboard", sa.String(40), nullable=True))
    op.execute(FILL[op.get_bind().dialect.name])
    op.create_index(
        "ix_customer_numbers_switchboard",
        "customer_numbers",
        ["switchboard"],
        sqlite_where=HAS_EXTENSION,
        postgresql_where=HAS_EXTENSION,
    )


def downgrade() -> None:
    """Take the schema back to the step before."""
    bounded(lock_seconds=3, statement_seconds=60)
    op.drop_index("ix_customer_numbers_switchboard", "customer_numbers")
    op.drop_column("customer_numbers", "switchboard")
