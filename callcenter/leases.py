"""Who acts when several could: a lease saves work and never guards correctness."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from callcenter.db import Base, UtcDateTime
from callcenter.statements import Query, table_of


class Lease(Base):
    """The holder of a named role until an instant."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    owner: Mapped[str] = mapped_column(sa.String(80))
    until: Mapped[datetime]


def _take(insert: Any) -> Any:
    """Take the row that is free, that was ours, or that somebody took before the clock was set back."""
    taken = insert(table_of(Lease))
    mine = {name: taken.excluded[name] for name in ("owner", "until")}
    free = sa.or_(
        Lease.owner == mine["owner"],
        Lease.until < sa.bindparam("at", type_=UtcDateTime()),
        Lease.until > mine["until"],
    )
    return taken.on_conflict_do_update(index_elements=["name"], set_=mine, where=free).returning(Lease.name)


_TAKE = Query(_take)


def take_lease(session: Session, *, name: str, owner: str, seconds: float, at: datetime) -> bool:
    """Take or renew the lease; False while another owner holds it.

    Nobody takes a lease for longer than its length: one that seems to last longer was taken before the
    clock was set back, and is free.
    """
    given = {"name": name, "owner": owner, "until": at + timedelta(seconds=seconds), "at": at}
    return bool(_TAKE.rows(session, given))
