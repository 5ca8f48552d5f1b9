"""What hangs together, locked in the one order that everybody keeps, and read in one round trip.

The locks are taken without waiting for each of them, then everything is read: what is read is ours. Who asks
again in the same transaction has it already.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from callcenter import ids
from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call, CallEvent, CallWords, Leg
from callcenter.configuration import of_revision
from callcenter.customers.models import Customer
from callcenter.dialing.models import Attempt
from callcenter.revision import REVISION
from callcenter.routing import queries
from callcenter.routing.models import Offer, Wait
from callcenter.staff.models import Agent
from callcenter.statements import Write, held, hold, locks, table_of, take


@dataclass(frozen=True, eq=False)
class Chain:
    """One offer, or the lack of one, with all that it hangs on; callback, call, wait and offer are locked.

    `agent_leg` and `other_leg` are of the agent and of the customer. `attempt` and `leg` are what was asked
    about beside it, `said` the document that the leg was given under a key, `noted` whether an event of that
    key is there.
    """

    callback: Callback | None
    call: Call | None
    wait: Wait | None
    offer: Offer | None
    agent_leg: Leg | None
    other_leg: Leg | None
    attempt: Attempt | None
    leg: Leg | None
    said: str | None
    noted: bool


@dataclass(frozen=True)
class About:
    """Whose webhook it is: a leg by its SID, the key of what it tells, the attempt that it came from."""

    sid: str | None = None
    key: str | None = None
    attempt: UUID | None = None


NOBODY = About()
_KNOWN = "chain"
_OFFER, _SUBJECT = (sa.bindparam(name, type_=sa.Uuid()) for name in ("offer", "subject"))
_SID, _KEY = (sa.bindparam(name, type_=sa.String()) for name in ("sid", "key"))
_THIS = Offer.id == _OFFER
_OF_CALLBACK = sa.and_(Wait.subject_kind == "callback", Wait.subject_id == Callback.id)
_OF_OFFER = (
    locks(
        sa.select(Callback.id).join(Wait, _OF_CALLBACK).join(Offer, Offer.wait_id == Wait.id).where(_THIS),
        Callback,
    ),
    locks(sa.select(Call.id).join(Offer, Offer.call_id == Call.id).where(_THIS), Call),
    locks(sa.select(Wait.id).join(Offer, Offer.wait_id == Wait.id).where(_THIS), Wait),
    locks(sa.select(Offer.id).where(_THIS), Offer),
)
_HAS_OFFER = sa.exists().where(Offer.wait_id == Wait.id, queries.OFFER_IS_LIVE).correlate(Wait)
_GOES_ON = sa.or_(queries.WAIT_IS_LIVE, _HAS_OFFER)


def _of_subject(kind: str) -> tuple[sa.Select[Any], ...]:
    """Return what locks the waits that go on about a subject, and their offers."""
    mine = sa.and_(Wait.subject_kind == kind, Wait.subject_id == _SUBJECT)
    return (
        locks(sa.select(Wait.id).where(mine, _GOES_ON), Wait),
        locks(
            sa.select(Offer.id).join(Wait, Wait.id == Offer.wait_id).where(mine, queries.OFFER_IS_LIVE), Offer
        ),
    )


_LOCKS = {
    "callback": (
        locks(sa.select(Callback.id).where(Callback.id == _SUBJECT), Callback),
        locks(
            sa.select(Call.id).join(Callback, Callback.call_id == Call.id).where(Callback.id == _SUBJECT),
            Call,
        ),
        *_of_subject("callback"),
    ),
    "call": (locks(sa.select(Call.id).where(Call.id == _SUBJECT), Call), *_of_subject("call")),
}
_LEG = locks(sa.select(Leg.id).where(Leg.sid == _SID), Leg)
_CUSTOMERS_LEG = locks(sa.select(Leg.id).where(Leg.sid == _SID, Leg.role != "agent"), Leg)
_NEW_LEG = ("id", "sid", "state", "created_at", "checked_at", "turn")
_ADD_LEG = Write(
    lambda insert: (
        insert(table_of(Leg))
        .from_select(
            [*_NEW_LEG, "role", "call_id", "agent_id", "attempt_id"],
            sa.select(
                *(sa.bindparam(name, type_=table_of(Leg).c[name].type) for name in _NEW_LEG),
                sa.case((Attempt.purpose_kind == "offer", "agent"), else_="customer"),
                sa.func.coalesce(Offer.call_id, Callback.call_id),
                Offer.agent_id,
                Attempt.id,
            )
            .select_from(Attempt)
            .outerjoin(Offer, sa.and_(Attempt.purpose_kind == "offer", Offer.id == Attempt.purpose_id))
            .outerjoin(
                Callback, sa.and_(Attempt.purpose_kind == "callback", Callback.id == Attempt.purpose_id)
            )
            .where(Attempt.id == sa.bindparam("attempt", type_=sa.Uuid()), Attempt.sid == _SID),
        )
        .on_conflict_do_nothing()
    )
)
_AgentLeg, _OtherLeg, _ItsLeg = (aliased(Leg, name=name) for name in ("agent_leg", "other_leg", "its_leg"))
_EVENT = sa.and_(CallEvent.leg_sid == _SID, CallEvent.key == _KEY)
_SAID = (
    sa.select(CallWords.document)
    .join(CallEvent, CallEvent.id == CallWords.event_id)
    .where(_EVENT)
    .scalar_subquery()
)


def _reading(start: sa.Select[Any]) -> sa.Select[Any]:
    """Return what reads the rest; agent and customer are kept in the session's memory, too."""
    is_agents = sa.and_(_AgentLeg.role == "agent", _AgentLeg.sid == sa.func.coalesce(Offer.leg_sid, _SID))
    is_others = sa.and_(_OtherLeg.call_id == Call.id, _OtherLeg.role.in_(("caller", "customer")))
    return (
        start.outerjoin(Agent, Agent.id == Offer.agent_id)
        .outerjoin(Customer, Customer.id == sa.func.coalesce(Call.customer_id, Callback.customer_id))
        .outerjoin(_AgentLeg, is_agents)
        .outerjoin(_OtherLeg, is_others)
        .outerjoin(_ItsLeg, _ItsLeg.sid == _SID)
        .outerjoin(Attempt, Attempt.id == sa.bindparam("attempt", type_=sa.Uuid()))
        .execution_options(populate_existing=True)
    )


_ENTITIES: tuple[Any, ...] = (
    Callback, Call, Wait, Offer, Agent, Customer, _AgentLeg, _OtherLeg, _ItsLeg, Attempt,
)  # fmt: skip
_ALL = sa.select(
    *_ENTITIES, REVISION.label("revision"), _SAID.label("said"), sa.exists().where(_EVENT).label("noted"),
)  # fmt: skip
_READ_OFFER = _reading(
    _ALL.select_from(Offer)
    .join(Wait, Wait.id == Offer.wait_id)
    .outerjoin(Call, Call.id == Offer.call_id)
    .outerjoin(Callback, _OF_CALLBACK)
    .where(_THIS)
)
_NEWEST = (sa.case((queries.WAIT_IS_LIVE, 0), else_=1), Offer.id.desc())
_READ = {
    "callback": _reading(
        _ALL.select_from(Callback)
        .outerjoin(Call, Call.id == Callback.call_id)
        .outerjoin(Wait, sa.and_(_OF_CALLBACK, _GOES_ON))
        .outerjoin(Offer, sa.and_(Offer.wait_id == Wait.id, queries.OFFER_IS_LIVE))
        .where(Callback.id == _SUBJECT)
    ).order_by(*_NEWEST),
    "call": _reading(
        _ALL.select_from(Call)
        .outerjoin(
            Wait, sa.and_(Wait.subject_kind == "call", Wait.subject_id == Call.id, _GOES_ON)
        )
        .outerjoin(Offer, sa.and_(Offer.wait_id == Wait.id, queries.OFFER_IS_LIVE))
        .outerjoin(Callback, sa.false())
        .where(Call.id == _SUBJECT)
    ).order_by(*_NEWEST),
}  # fmt: skip


def hold_offer(session: Session, offer_id: UUID) -> tuple[Offer, Wait] | None:
    """Lock callback, call, wait and offer, in this order, and return the last two; None for no offer."""
    mine = held(session, Offer, offer_id)
    if mine is not None:
        return mine, session.get_one(Wait, mine.wait_id)
    chain = _hold_offer(session, offer_id, NOBODY)
    return (chain.offer, chain.wait) if chain and chain.offer and chain.wait else None


def hold_room(session: Session, offer_id: UUID, sid: str, key: str) -> Chain | None:
    """Lock an offer's chain for something that is told of its room; a customer's leg is locked first."""
    take(session, _CUSTOMERS_LEG, {"sid": sid})
    return _hold_offer(session, offer_id, About(sid, key))


def hold_placed(session: Session, attempt: Attempt, sid: str, key: str | None, at: datetime) -> Chain | None:
    """Lock what a placed leg is about, and the leg: an agent's last, a customer's first.

    The leg's row is made where the attempt was bound to this SID and has none yet.
    """
    about = About(sid, key, attempt.id)
    if attempt.purpose_kind == "offer":
        return _hold_offer(session, attempt.purpose_id, about, at)
    _take_leg(session, about, at)
    return next(iter(_hold(session, "callback", attempt.purpose_id, about)), None)


def hold_subject(
    session: Session, kind: str, subject_id: UUID, sid: str | None = None, key: str | None = None
) -> list[Chain]:
    """Lock what goes on about a `call` or a `callback`: where it waits comes first, then what was won.

    There is one chain at least, which has no offer where there is none; none for a subject that nobody knows.
    """
    known: list[Chain] | None = session.info.get(_KNOWN, {}).get((kind, subject_id))
    return known if known is not None and sid is None else _hold(session, kind, subject_id, About(sid, key))


def chain_of(session: Session, offer: Offer) -> Chain:
    """Return the chain of an offer, locked by now; the offer must exist."""
    found: Chain | None = session.info.get(_KNOWN, {}).get(offer.id)
    found = found or _hold_offer(session, offer.id, NOBODY)
    assert found is not None  # noqa: S101  Nobody removes offers.
    return found


def _hold_offer(
    session: Session, offer_id: UUID, about: About, new_leg_at: datetime | None = None
) -> Chain | None:
    session.flush()
    for lock in _OF_OFFER:
        take(session, lock, {"offer": offer_id})
    if new_leg_at is not None:
        _take_leg(session, about, new_leg_at)
    row = session.execute(_READ_OFFER, {"offer": offer_id, **_values(about)}).first()
    if row is None:
        return None
    chain = _keep(session, row)
    if chain.wait is not None and chain.offer is not None and chain.offer.state in queries.LIVE_OFFERS:
        queries.remember_offer(session, chain.wait, chain.offer)
    return chain


def _hold(session: Session, kind: str, subject_id: UUID, about: About) -> list[Chain]:
    session.flush()
    for lock in _LOCKS[kind]:
        take(session, lock, {"subject": subject_id})
    rows = session.execute(_READ[kind], {"subject": subject_id, **_values(about)}).all()
    chains = [_keep(session, row) for row in rows]
    waits = [chain.wait for chain in chains if chain.wait and chain.wait.state in queries.LIVE_WAITS]
    queries.remember_wait(session, kind, subject_id, waits[0] if waits else None)
    for chain in chains:
        if chain.wait is not None:
            queries.remember_offer(session, chain.wait, chain.offer)
    session.info[_KNOWN][kind, subject_id] = chains
    return chains


def _values(about: About) -> dict[str, Any]:
    return {"sid": about.sid, "key": about.key, "attempt": about.attempt}


def _take_leg(session: Session, about: About, at: datetime) -> None:
    values = {"id": ids.new(), "state": "queued", "created_at": at, "checked_at": at, "turn": 0}
    _ADD_LEG.send(session, values | {"sid": about.sid, "attempt": about.attempt})
    take(session, _LEG, {"sid": about.sid})


def _keep(session: Session, row: Any) -> Chain:
    """Remember what was read, so that whoever asks again has it."""
    of_revision(session, row.revision)
    _hold_each(session, (row.Callback, row.Call, row.Wait, row.Offer))
    chain = Chain(
        row.Callback, row.Call, row.Wait, row.Offer, row.agent_leg, row.other_leg, row.Attempt, row.its_leg,
        row.said, row.noted,
    )  # fmt: skip
    known = session.info.setdefault(_KNOWN, {})
    known.setdefault("rows", []).append(row)
    if row.Offer is not None:
        known[row.Offer.id] = chain
    return chain


def _hold_each(session: Session, rows: Iterable[Any]) -> None:
    for each in rows:
        if each is not None:
            hold(session, each.id, each)
