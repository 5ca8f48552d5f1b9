"""Let a calendar follow its country's holidays and make-up workdays.

Safety rule: the release before this one goes on serving calls on the new schema. Add only; a new column is
nullable or has a server default; what is dropped or renamed has been unused for a release; an index on a
large table is made concurrently, in a step of its own.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.safety import bounded

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the schema to this step: a calendar that names no country follows none, as before."""
    bounded(lock_seconds=3, statement_seconds=60)
    op.add_column("calendars", sa.Column("holidays", sa.String(20), nullable=True))
    document = sa.JSON().with_variant(JSONB(), "postgresql")
    op.add_column("calendars", sa.Column("confirmed_years", document, nullable=True))


def downgrade() -> None:
    """Take the schema back to the step before."""
    bounded(lock_seconds=3, statement_seconds=60)
    op.drop_column("calendars", "confirmed_years")
    op.drop_column("calendars", "holidays")
