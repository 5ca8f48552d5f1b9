"""Let people sign in: accounts, the browsers that are signed in, tries, and links for wallboards.

Safety rule: the release before this one goes on serving calls on the new schema. Add only; a new column is
nullable or has a server default; what is dropped or renamed has been unused for a release; an index on a
large table is made concurrently, in a step of its own.
"""

import sqlalchemy as sa
from alembic import op

from migrations.safety import bounded

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

MADE = ("kiosks", "sign_in_tries", "sign_ins", "accounts")


def upgrade() -> None:
    """Take the schema to this step."""
    bounded(lock_seconds=3, statement_seconds=60)
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("display_name", sa.String(80), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(12), nullable=True),
        sa.Column("theme", sa.String(12), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("name", name="uq_accounts_name"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_accounts_agent_id"),
    )
    _signed_in()
    op.create_table(
        "kiosks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_kiosks"),
        sa.UniqueConstraint("digest", name="uq_kiosks_digest"),
    )


def _signed_in() -> None:
    """Make the tables of browsers and of tries."""
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("browser", sa.String(120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ins"),
        sa.UniqueConstraint("digest", name="uq_sign_ins_digest"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_sign_ins_account_id"),
    )
    op.create_index("ix_sign_ins_account_id", "sign_ins", ["account_id"])
    op.create_index("ix_sign_ins_seen_at", "sign_ins", ["seen_at"])
    op.create_table(
        "sign_in_tries",
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_sign_in_tries"),
    )
    op.create_index("ix_sign_in_tries_began_at", "sign_in_tries", ["began_at"])


def downgrade() -> None:
    """Take the schema back to the step before."""
    bounded(lock_seconds=3, statement_seconds=60)
    for table in MADE:
        op.drop_table(table)
