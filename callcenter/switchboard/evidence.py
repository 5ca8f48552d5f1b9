"""What proves that agent and customer were in one room, or that one of them was alone there.

Both enter the conference of the same name, and whoever leaves it ends it: two who entered the same instance
(ConferenceSid) have met, and one who entered a later instance found nobody. Where notices are lost, the
documents that were given out are the proof, if both stayed a moment.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.calls.models import CallEvent, Leg
from callcenter.calls.queries import customer_leg, leg_by_sid
from callcenter.routing.models import Offer

# Two who were in one room for less than this have not met; the carrier's stamps have whole seconds.
A_MOMENT = timedelta(seconds=2)


def room_of(offer: Offer) -> str:
    """Return the conference's name: the offer is one connection of one subject."""
    return f"room-{offer.id.hex}"


def met_in_room(session: Session, offer: Offer) -> bool | None:
    """Say what the notices prove: they met, the customer came after the agent had left, or nothing yet."""
    other = customer_leg(session, offer.call_id) if offer.call_id else None
    theirs = notice(session, offer, "participant-join", other.sid) if other else None
    if theirs is None or not _instance(theirs):
        return None
    if notice(session, offer, "conference-start", _instance(theirs)) is not None:
        return True
    ours = notice(session, offer, "participant-join", offer.leg_sid)
    if ours is None or not _instance(ours):
        return None
    if _instance(ours) == _instance(theirs):
        return True
    return False if ours.at < theirs.at else None


def notice(session: Session, offer: Offer, event: str, sid: str | None) -> CallEvent | None:
    """Return the carrier's notice about the offer's room: of a leg, or of an instance of the room."""
    statement = sa.select(CallEvent).where(
        CallEvent.leg_sid == sid, CallEvent.key == f"{event}:{room_of(offer)}"[:60]
    )
    return session.execute(statement).scalar_one_or_none()


def _instance(event: CallEvent) -> str:
    return str(event.detail.get("instance") or "")


def joined_at(session: Session, offer: Offer, at: datetime) -> datetime:
    """Return when the second of the two entered, by the carrier's stamps as far as they are known."""
    other = customer_leg(session, offer.call_id) if offer.call_id else None
    sids = (offer.leg_sid, other.sid if other else None)
    stamps = [found.at for sid in sids if (found := notice(session, offer, "participant-join", sid))]
    return max(stamps, default=at)


def met_by_documents(session: Session, offer: Offer, at: datetime) -> datetime | None:
    """Return when the second of them was given the room, None if one was not, or one left at once."""
    agent = leg_by_sid(session, offer.leg_sid) if offer.leg_sid else None
    other = customer_leg(session, offer.call_id) if offer.call_id else None
    if agent is None or other is None:
        return None
    entered = (entered_at(session, agent.sid), entered_at(session, other.sid, offer))
    if entered[0] is None or entered[1] is None:
        return None
    met = max(entered[0], entered[1])
    left = min(left_at(session, offer, leg, at) for leg in (agent, other))
    return met if met + A_MOMENT <= left else None


def left_at(session: Session, offer: Offer, leg: Leg, at: datetime) -> datetime:
    """Return when a leg left the room, by the carrier's stamps; now, if it says nothing yet."""
    left = notice(session, offer, "participant-leave", leg.sid)
    stamps = [stamp for stamp in (leg.ended_at, left.at if left else None) if stamp is not None]
    return min(stamps, default=at)


def entered_at(session: Session, sid: str | None, offer: Offer | None = None) -> datetime | None:
    """Return when a leg was given a room's document; of a caller, the room of this very offer."""
    given = sa.select(sa.func.min(CallEvent.at)).where(
        CallEvent.leg_sid == sid,
        CallEvent.kind == "turn",
        CallEvent.detail["step"].as_string() == "talking",
    )
    if offer is not None and _is_caller(session, sid):
        given = given.where(CallEvent.key == f"summon-{offer.connection}")
    entered: datetime | None = session.execute(given).scalar_one()
    return entered


def _is_caller(session: Session, sid: str | None) -> bool:
    return session.execute(sa.select(Leg.role).where(Leg.sid == sid)).scalar_one_or_none() == "caller"
