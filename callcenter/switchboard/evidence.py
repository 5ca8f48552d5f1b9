"""What proves that agent and customer were in one room, or that one of them was alone there.

Both enter the conference of the same name, and whoever leaves it ends it: two who entered the same instance
(ConferenceSid) have met, and one who entered a later instance found nobody. Where notices are lost, the
documents that were given out are the proof, if both stayed a moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from callcenter.calls.models import CallEvent, Leg
from callcenter.dialing.models import CarrierOrder
from callcenter.routing.models import Offer
from callcenter.switchboard.chain import chain_of

# Two who were in one room for less than this have not met; the carrier's stamps have whole seconds.
A_MOMENT = timedelta(seconds=2)
_SEEN = "evidence"


def room_of(offer: Offer) -> str:
    """Return the conference's name: the offer is one connection of one subject."""
    return f"room-{offer.id.hex}"


@dataclass(frozen=True)
class Notice:
    """What the carrier told of a room: when, by its stamp, and of which instance of it."""

    at: datetime
    instance: str


@dataclass(frozen=True)
class Evidence:
    """All that is known of an offer's room: the two legs, the notices, the documents that led into it.

    `told` are the carrier's notices by event and SID, `given` the moments at which a room's document was
    given, by the leg's SID and the key of the turn, `summons` the state of the order that calls a caller in.
    """

    agent: Leg | None
    other: Leg | None
    told: Mapping[tuple[str, str], Notice]
    given: Mapping[tuple[str, str], datetime]
    summons: str | None

    def notice(self, event: str, sid: str | None) -> Notice | None:
        """Return what was told of a leg, or of an instance of the room."""
        return self.told.get((event, sid or ""))


_SID = sa.bindparam("agent", type_=sa.String()), sa.bindparam("other", type_=sa.String())
_JOINED, _STARTED = aliased(CallEvent, name="joined"), aliased(CallEvent, name="started")
_TALKING = sa.and_(CallEvent.kind == "turn", CallEvent.detail["step"].as_string() == "talking")
_EVENTS = (
    sa.select(
        CallEvent.leg_sid, CallEvent.key, CallEvent.kind, CallEvent.at,
        CallEvent.detail["instance"].as_string().label("instance"),
    ).where(
        CallEvent.leg_sid.in_(_SID),
        sa.or_(CallEvent.key.in_((sa.bindparam("join"), sa.bindparam("leave"))), _TALKING),
    )
).union_all(
    sa.select(_STARTED.leg_sid, _STARTED.key, _STARTED.kind, _STARTED.at, _STARTED.leg_sid)
    .join(_JOINED, _STARTED.leg_sid == _JOINED.detail["instance"].as_string())
    .where(
        _JOINED.leg_sid == sa.bindparam("other"), _JOINED.key == sa.bindparam("join"),
        _STARTED.key == sa.bindparam("start"),
    ),
    sa.select(
        CarrierOrder.sid, CarrierOrder.key, sa.literal("order"), CarrierOrder.created_at, CarrierOrder.state
    ).where(CarrierOrder.key == sa.bindparam("summons")),
)  # fmt: skip


def evidence(session: Session, offer: Offer) -> Evidence:
    """Return what is known of a locked offer's room, in one statement, read once until more is told."""
    seen: dict[object, Evidence] = session.info.setdefault(_SEEN, {})
    if offer.id not in seen:
        seen[offer.id] = _read(session, offer)
    return seen[offer.id]


def forget(session: Session, offer: Offer) -> None:
    """Let the next question read anew: something has just been told of this room."""
    session.info.get(_SEEN, {}).pop(offer.id, None)


def _read(session: Session, offer: Offer) -> Evidence:
    chain, room = chain_of(session, offer), room_of(offer)
    agent, other = chain.agent_leg, chain.other_leg
    values = {
        "agent": agent.sid if agent else None, "other": other.sid if other else None,
        "join": notice_key("participant-join", room), "leave": notice_key("participant-leave", room),
        "start": notice_key("conference-start", room), "summons": f"summon:{offer.id}",
    }  # fmt: skip
    rows = session.execute(_EVENTS, values).all()
    return Evidence(
        agent,
        other,
        told={
            (row.key.partition(":")[0], row.leg_sid): Notice(row.at, row.instance or "")
            for row in rows
            if row.kind == "conference"
        },
        given={(row.leg_sid, row.key): row.at for row in rows if row.kind == "turn"},
        summons=next((row.instance for row in rows if row.kind == "order"), None),
    )


def notice_key(event: str, room: str) -> str:
    """Return the key of a conference's event: it counts once for each leg, or instance, of the room."""
    return f"{event}:{room}"[:60]


def met_in_room(session: Session, offer: Offer) -> bool | None:
    """Say what the notices prove: they met, the customer came after the agent had left, or nothing yet."""
    known = evidence(session, offer)
    theirs = known.notice("participant-join", known.other.sid) if known.other else None
    if theirs is None or not theirs.instance:
        return None
    if known.notice("conference-start", theirs.instance) is not None:
        return True
    ours = known.notice("participant-join", offer.leg_sid)
    if ours is None or not ours.instance:
        return None
    if ours.instance == theirs.instance:
        return True
    return False if ours.at < theirs.at else None


def joined_at(session: Session, offer: Offer, at: datetime) -> datetime:
    """Return when the second of the two entered, by the carrier's stamps as far as they are known."""
    known = evidence(session, offer)
    sids = (offer.leg_sid, known.other.sid if known.other else None)
    stamps = [found.at for sid in sids if (found := known.notice("participant-join", sid))]
    return max(stamps, default=at)


def met_by_documents(session: Session, offer: Offer, at: datetime) -> datetime | None:
    """Return when the second of them was given the room, None if one was not, or one left at once."""
    known = evidence(session, offer)
    if known.agent is None or known.other is None:
        return None
    entered = (agent_entered_at(session, offer), other_entered_at(session, offer))
    if entered[0] is None or entered[1] is None:
        return None
    met = max(entered[0], entered[1])
    left = min(left_at(session, offer, leg, at) for leg in (known.agent, known.other))
    return met if met + A_MOMENT <= left else None


def left_at(session: Session, offer: Offer, leg: Leg, at: datetime) -> datetime:
    """Return when a leg left the room, by the carrier's stamps; now, if it says nothing yet."""
    left = evidence(session, offer).notice("participant-leave", leg.sid)
    stamps = [stamp for stamp in (leg.ended_at, left.at if left else None) if stamp is not None]
    return min(stamps, default=at)


def agent_entered_at(session: Session, offer: Offer) -> datetime | None:
    """Return when the agent was given the room's document."""
    known = evidence(session, offer)
    return _first(known, offer.leg_sid)


def other_entered_at(session: Session, offer: Offer) -> datetime | None:
    """Return when the customer was given it; one who waited on the line may have been in another room."""
    known = evidence(session, offer)
    if known.other is None:
        return None
    sid, called_in = known.other.sid, "summon" if known.other.role == "caller" else "enter"
    if called_in == "summon" or any(key.startswith("enter-") for leg, key in known.given if leg == sid):
        return known.given.get((sid, f"{called_in}-{offer.connection}"))
    return _first(known, sid)


def _first(known: Evidence, sid: str | None) -> datetime | None:
    return min((at for (leg_sid, _), at in known.given.items() if leg_sid == sid), default=None)
