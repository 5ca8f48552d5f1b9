"""Who may use the API."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from callcenter import ids
from callcenter.db import JSON, Base


class Token(Base):
    """An API token: only the SHA-256 of its secret is kept, the prefix names it in logs and lists."""

    __tablename__ = "tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    prefix: Mapped[str] = mapped_column(sa.String(16), unique=True)
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    role: Mapped[str] = mapped_column(sa.String(20))
    agent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("agents.id"))
    name: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class IdempotencyKey(Base):
    """A create that carried an Idempotency-Key: the same key gets the same answer."""

    __tablename__ = "idempotency_keys"

    key: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    request_digest: Mapped[str] = mapped_column(sa.String(64))
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
