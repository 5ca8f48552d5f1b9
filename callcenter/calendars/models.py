"""Opening hours as rows: weekly periods and the days that differ."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from callcenter import ids
from callcenter.db import Base
from callcenter.revision import Configured


class Calendar(Configured, Base):
    """A named set of opening hours in one zone.

    `holidays` is the ISO 3166 code of the official calendar that it follows, None for none;
    `confirmed_years` are those of it that the centre's file calls settled.
    """

    __tablename__ = "calendars"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    key: Mapped[str] = mapped_column(sa.String(40), unique=True)
    timezone: Mapped[str] = mapped_column(sa.String(60))
    holidays: Mapped[str | None] = mapped_column(sa.String(20))
    confirmed_years: Mapped[list[Any] | None]


class CalendarPeriod(Configured, Base):
    """Open from one minute of the weekday (Monday is 0) to another; 1440 is midnight at the day's end."""

    __tablename__ = "calendar_periods"
    __table_args__ = (
        sa.CheckConstraint(
            "opens_minute >= 0 AND opens_minute < closes_minute AND closes_minute <= 1440", name="order"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    calendar_id: Mapped[UUID] = mapped_column(sa.ForeignKey("calendars.id"), index=True)
    weekday: Mapped[int] = mapped_column(sa.SmallInteger)
    opens_minute: Mapped[int] = mapped_column(sa.SmallInteger)
    closes_minute: Mapped[int] = mapped_column(sa.SmallInteger)


class CalendarDay(Configured, Base):
    """A date on which the centre's file overrides everything: no periods, or its own: [[540, 1080], …]."""

    __tablename__ = "calendar_days"
    __table_args__ = (sa.UniqueConstraint("calendar_id", "day"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    calendar_id: Mapped[UUID] = mapped_column(sa.ForeignKey("calendars.id"))
    day: Mapped[date]
    name: Mapped[str] = mapped_column(sa.String(80))
    periods: Mapped[list[Any]]
