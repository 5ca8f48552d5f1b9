"""Who acts when several could: a lease saves work and never guards correctness."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from callcenter.db import Base, upsert


class Lease(Base):
    """The holder of a named role until an instant."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    owner: Mapped[str] = mapped_column(sa.String(80))
    until: Mapped[datetime]


def take_lease(session: Session, *, name: str, owner: str, seconds: float, at: datetime) -> bool:
    """Take or renew the lease; False while another owner holds it.

    Nobody takes a lease for longer than its length: one that seems to last longer was taken before the
    clock was set back, and is free.
    """
    until = at + timedelta(seconds=seconds)
    taken = (
        upsert(session, Lease)
        .values(name=name, owner=owner, until=until)
        .on_conflict_do_update(
            index_elements=[Lease.name],
            set_={"owner": owner, "until": until},
            where=sa.or_(Lease.owner == owner, Lease.until < at, Lease.until > until),
        )
        .returning(Lease.name)
    )
    return session.execute(taken).first() is not None
