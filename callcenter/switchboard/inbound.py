"""The caller's leg: from the first ring to the goodbye."""

from datetime import datetime

from sqlalchemy.orm import Session

from callcenter.calls import queries as calls
from callcenter.calls.actions import record_event, start_call, start_leg
from callcenter.calls.models import Call, Leg
from callcenter.jobs import Work
from callcenter.lines.models import Line
from callcenter.lines.queries import line_by_number
from callcenter.organisation.queries import find_centre
from callcenter.phone_numbers import canonical
from callcenter.routing.queries import offers_of_call
from callcenter.switchboard import rooms
from callcenter.switchboard.answers import CallerDesks
from callcenter.switchboard.driver import HANG_UP, Addresses, converse
from callcenter.switchboard.evidence import room_of
from callcenter.switchboard.facts import LineNow, home_zone, line_now
from callcenter.switchboard.known import Known, known_by
from ivr.hearing import Arrived, Heard, Summoned, TalkEnded

BASE = "/twilio/voice"
ARRIVED = "arrived"


def arrive(work: Work, session: Session, *, sid: str, from_raw: str, to_raw: str, at: datetime) -> str:
    """Answer the first webhook of a call: one call, one leg, the greeting of its line."""
    line = find_line(session, to_raw)
    now = line_now(session, line, at) if line else None
    number = _number_of(session, from_raw)
    known = known_by(session, number, from_raw, line.id if line else None)
    call, leg = open_call(
        session, sid=sid, line=line, now=now, from_raw=from_raw, to_raw=to_raw, at=at, known=known
    )
    said = calls.stored_document(session, sid, ARRIVED)
    if said is not None or call.ended_at is not None:
        return said or HANG_UP
    if now is not None and not now.hours.open:
        call.stage = "closed"
    heard = _arrived(number, now, known)
    return _converse(work, session, call, leg, line, ARRIVED, heard, at)


def _arrived(number: str | None, now: LineNow | None, known: Known) -> Arrived:
    """Tell the conversation who phones where; on a number that is no line of ours only the number counts."""
    if now is None:
        return Arrived(line=None, hours=None, number=number)
    promised = known.promised.astimezone(now.zone) if known.promised else None
    return Arrived(now.facts, now.hours, number, known.name, known.ticket, known.ticket_kind, promised)


def _number_of(session: Session, from_raw: str) -> str | None:
    home = find_centre(session)
    return canonical(from_raw, home.country) if home else None


def find_line(session: Session, to_raw: str) -> Line | None:
    """Return the line that was called, None when the number is not one of ours."""
    home = find_centre(session)
    number = canonical(to_raw, home.country) if home else None
    return line_by_number(session, number) if number else None


def open_call(
    session: Session,
    *,
    sid: str,
    line: Line | None,
    from_raw: str,
    to_raw: str,
    at: datetime,
    now: LineNow | None = None,
    known: Known | None = None,
) -> tuple[Call, Leg]:
    """Make the rows of an inbound call, or return those that are there, the leg locked.

    A status that comes before its call makes them too: nothing that the carrier says is dropped.
    """
    number = _number_of(session, from_raw)
    known = known or known_by(session, number, from_raw, line.id if line else None)
    now = now or (line_now(session, line, at) if line else None)
    zone = now.zone if now else home_zone(session)
    call = start_call(
        session,
        sid=sid,
        direction="inbound",
        line_id=line.id if line else None,
        customer_id=known.customer_id,
        callback_id=known.callback_id,
        from_number=number,
        from_raw=from_raw,
        to_number=line.number if line else to_raw,
        day=at.astimezone(zone).date(),
        at=at,
    )
    leg = start_leg(session, sid=sid, call_id=call.id, role="caller", state="ringing", at=at)
    record_event(
        session,
        call_id=call.id,
        leg_sid=sid,
        key="call",
        kind="arrived",
        at=at,
        recorded_at=at,
        detail={"line": line.key if line else None, **known.recognition.detail()},
    )
    return call, leg


def go_on(work: Work, session: Session, *, sid: str, key: str, heard: Heard, at: datetime) -> str:
    """Answer a later webhook of a call; a call that has ended hears only the hang-up."""
    leg = calls.leg_by_sid(session, sid, lock=True)
    if leg is None or leg.call_id is None:
        return HANG_UP
    known = calls.stored_document(session, sid, key)
    if known is not None:
        return known
    call = calls.call_by_id(session, leg.call_id, lock=True)
    if call.ended_at is not None:
        return HANG_UP
    if call.stage == "greeting":
        call.stage = "menu"
    line = session.get(Line, call.line_id) if call.line_id else None
    if isinstance(heard, TalkEnded):
        heard = rooms.hear_of_end(session, call, heard, at)
    return _converse(work, session, call, leg, line, key, heard, at)


def summon(work: Work, session: Session, *, sid: str, connection: int, at: datetime) -> str:
    """Answer a caller whom we redirected into the room of an accepted offer."""
    leg = calls.leg_by_sid(session, sid, lock=True)
    if leg is None or leg.call_id is None:
        return HANG_UP
    offer = next((o for o in offers_of_call(session, leg.call_id) if o.connection == connection), None)
    room = room_of(offer) if offer is not None and offer.state in ("accepted", "joined") else ""
    return go_on(work, session, sid=sid, key=f"summon-{connection}", heard=Summoned(connection, room), at=at)


def requeue(work: Work, session: Session, *, sid: str, connection: int, at: datetime) -> str:
    """Answer a caller whose agent was lost before they met: back into the line, in the same place."""
    key = f"requeue-{connection}"
    return go_on(work, session, sid=sid, key=key, heard=TalkEnded("not_joined"), at=at)


def _converse(
    work: Work,
    session: Session,
    call: Call,
    leg: Leg,
    line: Line | None,
    key: str,
    heard: Heard,
    at: datetime,
) -> str:
    return converse(
        session,
        leg,
        key=key,
        heard=heard,
        desks=CallerDesks(session, call, leg, line, at),
        addresses=Addresses(work.public_url, BASE),
        at=at,
    )
