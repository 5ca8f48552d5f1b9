"""A line: one hotline number and how it is answered."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from callcenter import ids
from callcenter.db import Base
from callcenter.revision import Configured


class Line(Configured, Base):
    """A hotline number with its script, menu, hours and numbers of its own.

    `menu` is a list of {"key", "choice", "skill"}; names are {"zh-CN": …, "en-US": …}; the first of
    `languages` greets; `speech` lets callers say their choice, `attested_only` believes only the
    numbers that the carrier vouches for. When a customer is called back, `callback_detects_machine` has the
    carrier listen for one, and `callback_leaves_message` leaves it a message; `callback_first` says who is
    rung first, `agent` or `customer`. `policies` are the time limits that the line has of its own. Times are
    seconds, rings are counted by the cadence of `cadence_country`.
    """

    __tablename__ = "lines"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    key: Mapped[str] = mapped_column(sa.String(40), unique=True)
    number: Mapped[str] = mapped_column(sa.String(40), unique=True)
    number_raw: Mapped[str] = mapped_column(sa.String(60))
    branch_id: Mapped[UUID] = mapped_column(sa.ForeignKey("branches.id"))
    calendar_id: Mapped[UUID] = mapped_column(sa.ForeignKey("calendars.id"))
    organisation: Mapped[dict[str, Any]]
    product: Mapped[dict[str, Any]]
    languages: Mapped[list[str]]
    menu: Mapped[list[Any]]
    cadence_country: Mapped[str] = mapped_column(sa.String(2))
    rings_timeout: Mapped[int]
    rings_target: Mapped[int]
    short_call_seconds: Mapped[int]
    callback_offer_after_seconds: Mapped[int]
    service_level_seconds: Mapped[int]
    service_level_variant: Mapped[str] = mapped_column(
        sa.String(20), default="negative", server_default="negative"
    )
    recording_notice: Mapped[bool]
    speech: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    attested_only: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    callback_detects_machine: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    callback_leaves_message: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    callback_first: Mapped[str] = mapped_column(sa.String(10), default="agent", server_default="agent")
    policies: Mapped[dict[str, Any] | None]
    active: Mapped[bool] = mapped_column(default=True)
