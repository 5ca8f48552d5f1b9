"""The customers and the numbers they phone from (CU-1, CU-2)."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from callcenter import ids
from callcenter.db import Base

HAS_EXTENSION = sa.text("switchboard IS NOT NULL")


class Customer(Base):
    """One record a customer; nameless until somebody has asked."""

    __tablename__ = "customers"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    name: Mapped[str | None] = mapped_column(sa.String(80))
    organisation: Mapped[str | None] = mapped_column(sa.String(160))
    language: Mapped[str | None] = mapped_column(sa.String(10))
    created_at: Mapped[datetime]


class CustomerNumber(Base):
    """A number a customer phones from; several customers may share one, so it names nobody by itself.

    `switchboard` is the number in front of an extension, None where there is none: its callers show no more.
    """

    __tablename__ = "customer_numbers"
    __table_args__ = (
        sa.UniqueConstraint("customer_id", "canonical"),
        sa.Index(
            "ix_customer_numbers_switchboard",
            "switchboard",
            sqlite_where=HAS_EXTENSION,
            postgresql_where=HAS_EXTENSION,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    customer_id: Mapped[UUID] = mapped_column(sa.ForeignKey("customers.id"))
    canonical: Mapped[str] = mapped_column(sa.String(40), index=True)
    raw: Mapped[str] = mapped_column(sa.String(60))
    switchboard: Mapped[str | None] = mapped_column(sa.String(40))
