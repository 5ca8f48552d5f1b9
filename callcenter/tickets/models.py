"""Tickets (工单): every contact that wants something, numbered by day (TK-1, TK-7)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from callcenter import ids
from callcenter.db import Base


class Ticket(Base):
    """One matter of one customer. `number` is date and sequence of the day: 261121001.

    `first_owner_agent_id` is whoever took it first and stays (HL-17); while nobody has owned it, the agent
    of its call is.
    """

    __tablename__ = "tickets"
    __table_args__ = (sa.Index("ix_tickets_created_at_id", "created_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    number: Mapped[str] = mapped_column(sa.String(12), unique=True)
    kind: Mapped[str] = mapped_column(sa.String(12))
    channel: Mapped[str] = mapped_column(sa.String(12))
    state: Mapped[str] = mapped_column(sa.String(10))
    line_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("lines.id"))
    call_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("calls.id"), index=True)
    customer_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("customers.id"), index=True)
    owner_agent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("agents.id"))
    first_owner_agent_id: Mapped[UUID | None]
    language: Mapped[str | None] = mapped_column(sa.String(10))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    emergency: Mapped[bool] = mapped_column(default=False, server_default=sa.false())


class TicketWords(Base):
    """What people wrote on a ticket: personal data, erasable without touching the ticket."""

    __tablename__ = "ticket_words"

    ticket_id: Mapped[UUID] = mapped_column(sa.ForeignKey("tickets.id"), primary_key=True)
    subject: Mapped[str | None] = mapped_column(sa.String(200))
    problem: Mapped[str | None] = mapped_column(sa.Text)
    solution: Mapped[str | None] = mapped_column(sa.Text)


class TicketEvent(Base):
    """One thing that happened to a ticket; `note` may hold words of people and can be emptied."""

    __tablename__ = "ticket_events"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    ticket_id: Mapped[UUID] = mapped_column(sa.ForeignKey("tickets.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(sa.String(80))
    detail: Mapped[dict[str, Any]]
    note: Mapped[str | None] = mapped_column(sa.Text)


class TicketCounter(Base):
    """The last sequence number given out on a day in the centre's zone."""

    __tablename__ = "ticket_counters"

    centre_key: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int]
