"""Lay the ground: every table of the first release.

Safety rule: the release before this one goes on serving calls on the new schema. Add only; a new column is
nullable or has a server default; what is dropped or renamed has been unused for a release; an index on a
large table is made concurrently, in a step of its own.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.safety import bounded

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")
COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
ground = sa.MetaData(naming_convention=NAMES)


def key(name: str, kind: Any, *rest: Any) -> sa.Column[Any]:
    """A column of the primary key."""
    return sa.Column(name, kind, *rest, primary_key=True)


def needed(name: str, kind: Any, *rest: Any, **options: Any) -> sa.Column[Any]:
    """A column that always has a value."""
    return sa.Column(name, kind, *rest, nullable=False, **options)


def optional(name: str, kind: Any, *rest: Any, **options: Any) -> sa.Column[Any]:
    """A column that may be empty."""
    return sa.Column(name, kind, *rest, nullable=True, **options)


def unique_while(name: str, condition: str, *columns: str) -> sa.Index:
    """An index that forbids doubles among the rows of a condition, on both back ends."""
    where = sa.text(condition)
    return sa.Index(name, *columns, unique=True, sqlite_where=where, postgresql_where=where)


sa.Table(
    "attempts",
    ground,
    key("id", sa.Uuid),
    needed("purpose_kind", sa.String(12)),
    needed("purpose_id", sa.Uuid),
    needed("target", sa.String(160)),
    needed("to_address", sa.String(120)),
    needed("from_number", sa.String(40)),
    needed("timeout_seconds", sa.Integer),
    needed("state", sa.String(12)),
    optional("reason", sa.String(200)),
    needed("fence", sa.Integer),
    optional("sid", sa.String(34), unique=True),
    needed("created_at", INSTANT),
    needed("bell_at", INSTANT),
    optional("sent_at", INSTANT),
    optional("settled_at", INSTANT),
    needed("empty_listings", sa.Integer),
    sa.Index("ix_attempts_purpose", "purpose_kind", "purpose_id"),
    sa.Index("ix_attempts_state_bell_at", "state", "bell_at"),
    unique_while(
        "uq_attempts_target_unresolved",
        "state IN ('intent', 'sending', 'unknown', 'live')",
        "target",
    ),
)
sa.Table(
    "branches",
    ground,
    key("id", sa.Uuid),
    needed("key", sa.String(40), unique=True),
    needed("names", DOCUMENT),
    needed("head_office", sa.Boolean),
)
sa.Table(
    "calendars",
    ground,
    key("id", sa.Uuid),
    needed("key", sa.String(40), unique=True),
    needed("timezone", sa.String(60)),
)
sa.Table(
    "carrier_orders",
    ground,
    key("id", sa.Uuid),
    needed("key", sa.String(80), unique=True),
    needed("verb", sa.String(10)),
    needed("sid", sa.String(34)),
    optional("path", sa.String(200)),
    needed("state", sa.String(10)),
    needed("tries", sa.Integer),
    needed("created_at", INSTANT),
    needed("bell_at", INSTANT),
    optional("done_at", INSTANT),
    optional("reason", sa.String(200)),
    sa.Index("ix_carrier_orders_state_bell_at", "state", "bell_at"),
)
sa.Table(
    "centres",
    ground,
    key("id", sa.Uuid),
    needed("key", sa.String(40), unique=True),
    needed("name", sa.String(120)),
    needed("timezone", sa.String(60)),
    needed("country", sa.String(2)),
    needed("dial_prefixes", DOCUMENT),
    needed("sip_domains", DOCUMENT),
    needed("policies", DOCUMENT),
)
sa.Table(
    "customers",
    ground,
    key("id", sa.Uuid),
    optional("name", sa.String(80)),
    optional("organisation", sa.String(160)),
    optional("language", sa.String(10)),
    needed("created_at", INSTANT),
)
sa.Table(
    "idempotency_keys",
    ground,
    key("key", sa.String(120)),
    needed("request_digest", sa.String(64)),
    needed("answer", DOCUMENT),
    needed("created_at", INSTANT),
)
sa.Table(
    "leases",
    ground,
    key("name", sa.String(40)),
    needed("owner", sa.String(80)),
    needed("until", INSTANT),
)
sa.Table(
    "ledger",
    ground,
    key("id", sa.Uuid),
    needed("at", INSTANT, index=True),
    needed("actor", sa.String(80)),
    needed("action", sa.String(40)),
    needed("subject_kind", sa.String(20)),
    needed("subject_id", sa.String(60), index=True),
    needed("detail", DOCUMENT),
)
sa.Table(
    "notices",
    ground,
    key("id", COUNTED),
    needed("type", sa.String(20)),
    needed("subject_id", sa.String(40)),
    needed("at", INSTANT, index=True),
)
sa.Table(
    "skills",
    ground,
    key("id", sa.Uuid),
    needed("key", sa.String(40), unique=True),
    needed("names", DOCUMENT),
)
sa.Table(
    "ticket_counters",
    ground,
    key("centre_key", sa.String(40)),
    key("day", sa.Date),
    needed("last", sa.Integer),
)
sa.Table(
    "agents",
    ground,
    key("id", sa.Uuid),
    needed("key", sa.String(40), unique=True),
    needed("name", sa.String(80)),
    needed("branch_id", sa.Uuid, sa.ForeignKey("branches.id")),
    needed("languages", DOCUMENT),
    needed("address", sa.String(120)),
    needed("address_raw", sa.String(120)),
    needed("active", sa.Boolean),
)
sa.Table(
    "calendar_days",
    ground,
    key("id", sa.Uuid),
    needed("calendar_id", sa.Uuid, sa.ForeignKey("calendars.id")),
    needed("day", sa.Date),
    needed("name", sa.String(80)),
    needed("periods", DOCUMENT),
    sa.UniqueConstraint("calendar_id", "day"),
)
sa.Table(
    "calendar_periods",
    ground,
    key("id", sa.Uuid),
    needed("calendar_id", sa.Uuid, sa.ForeignKey("calendars.id"), index=True),
    needed("weekday", sa.SmallInteger),
    needed("opens_minute", sa.SmallInteger),
    needed("closes_minute", sa.SmallInteger),
    sa.CheckConstraint(
        "opens_minute >= 0 AND opens_minute < closes_minute AND closes_minute <= 1440",
        name="order",
    ),
)
sa.Table(
    "customer_numbers",
    ground,
    key("id", sa.Uuid),
    needed("customer_id", sa.Uuid, sa.ForeignKey("customers.id")),
    needed("canonical", sa.String(40), index=True),
    needed("raw", sa.String(60)),
    sa.UniqueConstraint("customer_id", "canonical"),
)
sa.Table(
    "lines",
    ground,
    key("id", sa.Uuid),
    needed("key", sa.String(40), unique=True),
    needed("number", sa.String(40), unique=True),
    needed("number_raw", sa.String(60)),
    needed("branch_id", sa.Uuid, sa.ForeignKey("branches.id")),
    needed("calendar_id", sa.Uuid, sa.ForeignKey("calendars.id")),
    needed("organisation", DOCUMENT),
    needed("product", DOCUMENT),
    needed("languages", DOCUMENT),
    needed("menu", DOCUMENT),
    needed("cadence_country", sa.String(2)),
    needed("rings_timeout", sa.Integer),
    needed("rings_target", sa.Integer),
    needed("short_call_seconds", sa.Integer),
    needed("callback_offer_after_seconds", sa.Integer),
    needed("service_level_seconds", sa.Integer),
    needed("recording_notice", sa.Boolean),
    needed("active", sa.Boolean),
)
sa.Table(
    "agent_skills",
    ground,
    key("agent_id", sa.Uuid, sa.ForeignKey("agents.id")),
    key("skill_id", sa.Uuid, sa.ForeignKey("skills.id")),
    needed("level", sa.SmallInteger),
)
sa.Table(
    "agent_state_changes",
    ground,
    key("id", sa.Uuid),
    needed("agent_id", sa.Uuid, sa.ForeignKey("agents.id")),
    needed("state", sa.String(12)),
    optional("reason", sa.String(60)),
    needed("at", INSTANT),
    needed("actor", sa.String(80)),
    sa.Index("ix_agent_state_changes_agent_id_at", "agent_id", "at"),
)
sa.Table(
    "agent_states",
    ground,
    key("agent_id", sa.Uuid, sa.ForeignKey("agents.id")),
    needed("state", sa.String(12)),
    optional("reason", sa.String(60)),
    needed("since", INSTANT),
    optional("until", INSTANT, index=True),
    optional("after", sa.String(12)),
    optional("free_since", INSTANT),
    needed("version", sa.Integer),
)
sa.Table(
    "calls",
    ground,
    key("id", sa.Uuid),
    optional("sid", sa.String(34), unique=True),
    needed("direction", sa.String(10)),
    optional("line_id", sa.Uuid, sa.ForeignKey("lines.id")),
    optional("customer_id", sa.Uuid, sa.ForeignKey("customers.id")),
    optional("from_number", sa.String(40), index=True),
    needed("from_raw", sa.String(120)),
    needed("to_number", sa.String(120)),
    optional("language", sa.String(10)),
    needed("stage", sa.String(12)),
    needed("day", sa.Date, index=True),
    needed("started_at", INSTANT),
    optional("queued_at", INSTANT),
    optional("joined_at", INSTANT),
    optional("left_queue_at", INSTANT),
    optional("ended_at", INSTANT),
    optional("agent_id", sa.Uuid, sa.ForeignKey("agents.id"), index=True),
    needed("outcome", sa.String(24), index=True),
    needed("promised", sa.Boolean),
    needed("message_left", sa.Boolean),
    optional("fault", sa.String(60)),
    sa.Index("ix_calls_line_id_started_at", "line_id", "started_at", "id"),
    sa.Index("ix_calls_started_at_id", "started_at", "id"),
)
sa.Table(
    "promises",
    ground,
    key("id", sa.Uuid),
    needed("rule", sa.String(10)),
    needed("subject_kind", sa.String(12)),
    needed("subject_id", sa.Uuid),
    optional("customer_id", sa.Uuid, sa.ForeignKey("customers.id")),
    optional("owner_agent_id", sa.Uuid, sa.ForeignKey("agents.id")),
    needed("made_at", INSTANT),
    needed("due_at", INSTANT),
    needed("grace_seconds", sa.Integer),
    needed("state", sa.String(10)),
    optional("settled_at", INSTANT),
    needed("why", DOCUMENT),
    sa.UniqueConstraint("subject_kind", "subject_id", "rule"),
    sa.Index("ix_promises_state_due_at", "state", "due_at"),
)
sa.Table(
    "tokens",
    ground,
    key("id", sa.Uuid),
    needed("prefix", sa.String(16), unique=True),
    needed("digest", sa.String(64), unique=True),
    needed("role", sa.String(20)),
    optional("agent_id", sa.Uuid, sa.ForeignKey("agents.id")),
    needed("name", sa.String(80)),
    needed("created_at", INSTANT),
    optional("expires_at", INSTANT),
    optional("revoked_at", INSTANT),
)
sa.Table(
    "call_events",
    ground,
    key("id", sa.Uuid),
    optional("call_id", sa.Uuid, sa.ForeignKey("calls.id")),
    needed("leg_sid", sa.String(34)),
    needed("key", sa.String(60)),
    needed("kind", sa.String(24)),
    needed("at", INSTANT),
    needed("recorded_at", INSTANT),
    needed("detail", DOCUMENT),
    sa.UniqueConstraint("leg_sid", "key"),
    sa.Index("ix_call_events_call_id_at", "call_id", "at"),
)
sa.Table(
    "legs",
    ground,
    key("id", sa.Uuid),
    needed("sid", sa.String(34), unique=True),
    optional("call_id", sa.Uuid, sa.ForeignKey("calls.id"), index=True),
    needed("role", sa.String(10)),
    optional("agent_id", sa.Uuid, sa.ForeignKey("agents.id")),
    optional("attempt_id", sa.Uuid, index=True),
    needed("state", sa.String(12)),
    needed("created_at", INSTANT),
    optional("initiated_at", INSTANT),
    optional("ringing_at", INSTANT),
    optional("answered_at", INSTANT),
    optional("ended_at", INSTANT),
    needed("checked_at", INSTANT, index=True),
    optional("step", DOCUMENT),
    needed("turn", sa.Integer),
)
sa.Table(
    "recordings",
    ground,
    key("id", sa.Uuid),
    needed("sid", sa.String(34), unique=True),
    optional("call_id", sa.Uuid, sa.ForeignKey("calls.id"), index=True),
    needed("kind", sa.String(12)),
    optional("seconds", sa.Integer),
    needed("created_at", INSTANT),
)
sa.Table(
    "tickets",
    ground,
    key("id", sa.Uuid),
    needed("number", sa.String(12), unique=True),
    needed("kind", sa.String(12)),
    needed("channel", sa.String(12)),
    needed("state", sa.String(10)),
    optional("line_id", sa.Uuid, sa.ForeignKey("lines.id")),
    optional("call_id", sa.Uuid, sa.ForeignKey("calls.id"), index=True),
    optional("customer_id", sa.Uuid, sa.ForeignKey("customers.id"), index=True),
    optional("owner_agent_id", sa.Uuid, sa.ForeignKey("agents.id")),
    optional("language", sa.String(10)),
    needed("created_at", INSTANT),
    needed("updated_at", INSTANT),
    optional("closed_at", INSTANT),
    needed("version", sa.Integer),
    sa.Index("ix_tickets_created_at_id", "created_at", "id"),
)
sa.Table(
    "waits",
    ground,
    key("id", sa.Uuid),
    needed("subject_kind", sa.String(12)),
    needed("subject_id", sa.Uuid),
    optional("call_id", sa.Uuid, sa.ForeignKey("calls.id"), index=True),
    needed("line_id", sa.Uuid, sa.ForeignKey("lines.id")),
    needed("skill_id", sa.Uuid, sa.ForeignKey("skills.id")),
    needed("language", sa.String(10)),
    needed("priority", sa.Integer),
    needed("entered_at", INSTANT),
    needed("state", sa.String(10)),
    optional("exit", sa.String(20)),
    optional("ended_at", INSTANT),
    needed("connection", sa.Integer),
    optional("told_position", sa.Integer),
    optional("told_high", sa.Integer),
    sa.Index("ix_waits_state_entered_at", "state", "entered_at"),
    unique_while(
        "uq_waits_subject_live",
        "state IN ('waiting', 'offered', 'won')",
        "subject_kind",
        "subject_id",
    ),
)
sa.Table(
    "call_words",
    ground,
    key("event_id", sa.Uuid, sa.ForeignKey("call_events.id")),
    optional("heard", DOCUMENT),
    optional("answers", DOCUMENT),
    optional("document", sa.Text),
)
sa.Table(
    "callbacks",
    ground,
    key("id", sa.Uuid),
    needed("number", sa.String(40), index=True),
    needed("line_id", sa.Uuid, sa.ForeignKey("lines.id")),
    needed("skill_id", sa.Uuid, sa.ForeignKey("skills.id")),
    needed("language", sa.String(10)),
    optional("customer_id", sa.Uuid, sa.ForeignKey("customers.id")),
    optional("origin_call_id", sa.Uuid, sa.ForeignKey("calls.id"), index=True),
    optional("ticket_id", sa.Uuid, sa.ForeignKey("tickets.id"), index=True),
    optional("call_id", sa.Uuid, sa.ForeignKey("calls.id")),
    needed("state", sa.String(12)),
    optional("reason", sa.String(60)),
    needed("created_at", INSTANT),
    needed("created_by", sa.String(80)),
    needed("due_at", INSTANT),
    needed("next_try_at", INSTANT),
    needed("tries", sa.Integer),
    optional("settled_at", INSTANT),
    sa.Index("ix_callbacks_state_next_try_at", "state", "next_try_at"),
    unique_while(
        "uq_callbacks_number_line_id_open",
        "state IN ('booked', 'waiting', 'agent')",
        "number",
        "line_id",
    ),
)
sa.Table(
    "offers",
    ground,
    key("id", sa.Uuid),
    needed("wait_id", sa.Uuid, sa.ForeignKey("waits.id"), index=True),
    needed("agent_id", sa.Uuid, sa.ForeignKey("agents.id")),
    needed("line_id", sa.Uuid, sa.ForeignKey("lines.id")),
    optional("call_id", sa.Uuid, sa.ForeignKey("calls.id"), index=True),
    needed("connection", sa.Integer),
    needed("state", sa.String(12)),
    optional("reason", sa.String(60)),
    optional("leg_sid", sa.String(34), index=True),
    needed("made_at", INSTANT),
    needed("ring_until", INSTANT),
    optional("accepted_at", INSTANT),
    optional("joined_at", INSTANT),
    optional("ended_at", INSTANT),
    sa.Index("ix_offers_state_ring_until", "state", "ring_until"),
    unique_while("uq_offers_agent_live", "state IN ('ringing', 'accepted', 'joined')", "agent_id"),
    unique_while("uq_offers_wait_live", "state IN ('ringing', 'accepted', 'joined')", "wait_id"),
)
sa.Table(
    "ticket_events",
    ground,
    key("id", sa.Uuid),
    needed("ticket_id", sa.Uuid, sa.ForeignKey("tickets.id"), index=True),
    needed("kind", sa.String(20)),
    needed("at", INSTANT),
    needed("actor", sa.String(80)),
    needed("detail", DOCUMENT),
    optional("note", sa.Text),
)
sa.Table(
    "ticket_words",
    ground,
    key("ticket_id", sa.Uuid, sa.ForeignKey("tickets.id")),
    optional("subject", sa.String(200)),
    optional("problem", sa.Text),
    optional("solution", sa.Text),
)
sa.Table(
    "ring_measures",
    ground,
    key("id", sa.Uuid),
    needed("offer_id", sa.Uuid, sa.ForeignKey("offers.id"), unique=True),
    optional("leg_id", sa.Uuid, sa.ForeignKey("legs.id")),
    optional("call_id", sa.Uuid, sa.ForeignKey("calls.id"), index=True),
    needed("line_id", sa.Uuid, sa.ForeignKey("lines.id")),
    needed("agent_id", sa.Uuid, sa.ForeignKey("agents.id")),
    needed("day", sa.Date),
    needed("at", INSTANT),
    needed("profile", sa.String(8)),
    needed("profile_version", sa.Integer),
    needed("cycle_seconds", sa.Double),
    needed("limit_rings", sa.Integer),
    needed("source", sa.String(10)),
    needed("verdict", sa.String(16)),
    optional("ring_seconds", sa.Double),
    optional("rings", sa.Integer),
    needed("judged", sa.Boolean),
    optional("within", sa.Boolean),
    needed("borderline", sa.Boolean),
    sa.Index("ix_ring_measures_line_id_day", "line_id", "day"),
)


def upgrade() -> None:
    """Take the schema to this step."""
    bounded(lock_seconds=3, statement_seconds=60)
    ground.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Take the schema back to nothing."""
    bounded(lock_seconds=3, statement_seconds=60)
    ground.drop_all(op.get_bind(), checkfirst=False)
