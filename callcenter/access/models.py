"""Who may use the API, and who signs in to the pages."""

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


class Account(Base):
    """Somebody who signs in; disabled rather than deleted, for the ledger goes on naming him or her.

    `agent_id` is whom he or she is at the telephone. Language and theme are None while nothing was chosen.
    """

    __tablename__ = "accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    name: Mapped[str] = mapped_column(sa.String(64), unique=True)
    display_name: Mapped[str] = mapped_column(sa.String(80))
    role: Mapped[str] = mapped_column(sa.String(20))
    agent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("agents.id"))
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    must_change: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str | None] = mapped_column(sa.String(12))
    theme: Mapped[str | None] = mapped_column(sa.String(12))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class SignIn(Base):
    """A browser that is signed in: its cookie holds the secret of which only the digest is kept."""

    __tablename__ = "sign_ins"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    browser: Mapped[str] = mapped_column(sa.String(120))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]


class SignInTries(Base):
    """How often somebody has tried to sign in as an account, or from an address, since `began_at`."""

    __tablename__ = "sign_in_tries"

    key: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    count: Mapped[int]
    began_at: Mapped[datetime] = mapped_column(index=True)


class Kiosk(Base):
    """A link that shows the wallboard on a screen where nobody signs in; whoever has the link reads it."""

    __tablename__ = "kiosks"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(80))
    revoked_at: Mapped[datetime | None]
