"""An offer with what it is about, locked in the one order that everybody keeps, in one round trip.

The locks are taken without waiting for each of them, then everything is read: what is read is ours. Who asks
again in the same transaction has it already.
"""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call
from callcenter.configuration import of_revision
from callcenter.customers.models import Customer
from callcenter.db import held, hold, locks, take
from callcenter.revision import REVISION
from callcenter.routing.models import Offer, Wait
from callcenter.staff.models import Agent

# Keeps agent and customer in the session's memory, where `session.get` finds them.
_SEEN = "chain"
_THIS = Offer.id == sa.bindparam("offer", type_=sa.Uuid())
_OF_CALLBACK = sa.and_(Wait.subject_kind == "callback", Wait.subject_id == Callback.id)
_CHAIN = (
    locks(
        sa.select(Callback.id).join(Wait, _OF_CALLBACK).join(Offer, Offer.wait_id == Wait.id).where(_THIS),
        Callback,
    ),
    locks(sa.select(Call.id).join(Offer, Offer.call_id == Call.id).where(_THIS), Call),
    locks(sa.select(Wait.id).join(Offer, Offer.wait_id == Wait.id).where(_THIS), Wait),
    locks(sa.select(Offer.id).where(_THIS), Offer),
)
_READ = (
    sa.select(Offer, Wait, Agent, Call, Callback, Customer, REVISION.label("revision"))
    .join(Wait, Wait.id == Offer.wait_id)
    .join(Agent, Agent.id == Offer.agent_id)
    .outerjoin(Call, Call.id == Offer.call_id)
    .outerjoin(Callback, _OF_CALLBACK)
    .outerjoin(Customer, Customer.id == sa.func.coalesce(Call.customer_id, Callback.customer_id))
    .where(_THIS)
    .execution_options(populate_existing=True)
)


def hold_offer(session: Session, offer_id: UUID) -> tuple[Offer, Wait] | None:
    """Lock callback, call, wait and offer, in this order, and return the last two; None for no offer."""
    mine = held(session, Offer, offer_id)
    if mine is not None:
        return mine, session.get_one(Wait, mine.wait_id)
    session.flush()
    for lock in _CHAIN:
        take(session, lock, {"offer": offer_id})
    row = session.execute(_READ, {"offer": offer_id}).one_or_none()
    if row is None:
        return None
    of_revision(session, row.revision)
    session.info[_SEEN] = row
    for each in (row.Callback, row.Call, row.Wait, row.Offer):
        if each is not None:
            hold(session, each.id, each)
    return row.Offer, row.Wait
