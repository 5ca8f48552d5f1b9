"""Keep closed days: their reports, each agent's share, the rows behind; and what a line is judged by.

Safety rule: the release before this one goes on serving calls on the new schema. Add only; a new column is
nullable or has a server default; what is dropped or renamed has been unused for a release; an index on a
large table is made concurrently, in a step of its own.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.safety import bounded

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)
STANDS = sa.text("superseded_at IS NULL")


def upgrade() -> None:
    """Take the schema to this step."""
    bounded(lock_seconds=3, statement_seconds=60)
    op.create_table(
        "day_reports",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("part", sa.String(10), nullable=False),
        sa.Column("place", sa.String(32), nullable=False),
        sa.Column("line_id", sa.Uuid(), sa.ForeignKey("lines.id", name="fk_day_reports_line_id")),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("closed_at", INSTANT, nullable=False),
        sa.Column("superseded_at", INSTANT),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("reason", sa.String(200)),
        *(
            sa.Column(name, DOCUMENT, nullable=False)
            for name in ("formulas", "tally", "identity", "differences")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_day_reports"),
        sa.UniqueConstraint("part", "place", "day", "version", name="uq_day_reports_part_place_day_version"),
    )
    op.create_index(
        "uq_day_reports_current",
        "day_reports",
        ["part", "place", "day"],
        unique=True,
        sqlite_where=STANDS,
        postgresql_where=STANDS,
    )
    op.create_table(
        "agent_tallies",
        _of_report("agent_tallies"),
        sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("agents.id", name="fk_agent_tallies_agent_id")),
        sa.Column("tally", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("report_id", "agent_id", name="pk_agent_tallies"),
    )
    op.create_table(
        "day_books",
        _of_report("day_books"),
        sa.Column("kind", sa.String(10)),
        sa.Column("book", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("report_id", "kind", name="pk_day_books"),
    )
    variant = sa.Column("service_level_variant", sa.String(20), server_default="negative", nullable=False)
    op.add_column("lines", variant)


def _of_report(table: str) -> sa.Column[object]:
    key = sa.ForeignKey("day_reports.id", name=f"fk_{table}_report_id")
    return sa.Column("report_id", sa.Uuid(), key)


def downgrade() -> None:
    """Take the schema back to the step before."""
    bounded(lock_seconds=3, statement_seconds=60)
    op.drop_column("lines", "service_level_variant")
    op.drop_table("day_books")
    op.drop_table("agent_tallies")
    op.drop_table("day_reports")
