"""The caller's leg: from the first ring to the goodbye."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.callbacks.bounds import zone_for
from callcenter.calls import queries as calls
from callcenter.calls.actions import add_event, start_inbound
from callcenter.calls.models import Call, Leg
from callcenter.configuration import Configuration, believed, configuration, find_configuration, of_revision
from callcenter.customers.rules import Recognition, is_doubted
from callcenter.jobs import Work
from callcenter.lines.models import Line
from callcenter.phone_numbers import canonical
from callcenter.routing.queries import offers_of_call
from callcenter.switchboard import rooms
from callcenter.switchboard.ahead import Ahead, ask_ahead
from callcenter.switchboard.answers import CallerDesks
from callcenter.switchboard.chain import hold_subject
from callcenter.switchboard.driver import HANG_UP, Addresses, compose, converse, note
from callcenter.switchboard.evidence import room_of
from callcenter.switchboard.facts import LineNow, line_now, zone_of
from callcenter.switchboard.known import Known, known_by
from ivr.flow import advance
from ivr.hearing import Arrived, Heard, Summoned, TalkEnded

BASE = "/twilio/voice"
ARRIVED = "arrived"


@dataclass(frozen=True)
class Ring:
    """Who phones which line: the caller as the carrier wrote him, as a number, and what is known of him.

    `is_new` says that nothing was told of this call before.
    """

    from_raw: str
    to_raw: str
    number: str | None
    line: Line | None
    known: Known
    is_new: bool


def arrive(
    work: Work, session: Session, *, sid: str, from_raw: str, to_raw: str, at: datetime, attestation: str = ""
) -> str:
    """Answer the first webhook of a call: one call, one leg, the greeting of its line.

    `attestation` is what the carrier says of the caller's number (StirVerstat), empty where it says nothing.
    A greeting asks the centre nothing more, so it is thought of before there are rows, which are then written
    as they stand after it.
    """
    ring = read_ring(session, sid, from_raw, to_raw, attestation)
    now = line_now(session, ring.line, at) if ring.line else None
    stage = "greeting" if now is None or now.hours.open else "closed"
    heard = _arrived(session, ring, now, at)
    greeting = advance(None, heard)
    if greeting.ask is None and ring.is_new:
        said = compose(greeting, heard, [], _addresses(work), 1, first=True)
        call_id = _start(session, sid, ring, at, stage, greeting.step.to_json(), turn=1, is_new=True)
        note(session, call_id, sid, ARRIVED, said, at)
        return said.document
    return _arrive_in_parts(work, session, sid, ring, stage, heard, at)


def _arrive_in_parts(
    work: Work, session: Session, sid: str, ring: Ring, stage: str, heard: Heard, at: datetime
) -> str:
    """Answer a first webhook that is no longer the first, or whose conversation begins with a question."""
    call, leg, is_new = open_call(session, sid, ring, at)
    if not is_new:
        said = calls.stored_document(session, sid, ARRIVED)
        if said is not None or call.ended_at is not None:
            return said or HANG_UP
    call.stage = stage
    return _converse(work, session, call, leg, ring.line, ARRIVED, heard, at)


def _arrived(session: Session, ring: Ring, now: LineNow | None, at: datetime) -> Arrived:
    """Tell the conversation who phones where; on a number that is no line of ours only the number counts."""
    number, known = ring.number, ring.known
    if now is None:
        return Arrived(line=None, hours=None, number=number)
    told = (now.facts, now.hours, number, known.name, known.ticket, known.ticket_kind)
    if known.promised is None or ring.line is None:
        return Arrived(*told)
    zone, _ = zone_for(session, ring.line.id, ring.number, at)
    promised, their_now = known.promised.astimezone(zone), now.hours.now.astimezone(zone)
    return Arrived(*told, promised, asked=True, their_now=their_now, chosen=known.chosen)


def read_ring(session: Session, sid: str, from_raw: str, to_raw: str, attestation: str = "") -> Ring:
    """Return who phones which line, in one statement, which also proves the configuration it was read by.

    A number that the carrier does not vouch for is as good as none (decision 61).

    Where the configuration has changed since this process read it, everything is read once more.
    """
    home = believed(session) or find_configuration(session)
    number = canonical(from_raw, home.centre.country) if home else None
    line = _line_called(home, to_raw) if home else None
    revision, told_before, known = known_by(session, sid, number, from_raw, line.id if line else None)
    if home is not of_revision(session, revision):
        return read_ring(session, sid, from_raw, to_raw, attestation)
    if number and is_doubted(attestation, attested_only=line is not None and line.attested_only):
        number, known = None, Known(recognition=Recognition("doubted", known.recognition.candidates))
    return Ring(from_raw, to_raw, number, line, known, is_new=not told_before)


def find_line(session: Session, to_raw: str) -> Line | None:
    """Return the line that was called, None when the number is not one of ours."""
    home = find_configuration(session)
    return _line_called(home, to_raw) if home else None


def _line_called(home: Configuration, to_raw: str) -> Line | None:
    """The carrier writes our numbers as we do; only what it writes otherwise has to be understood."""
    return home.line_of(to_raw) or home.line_of(canonical(to_raw, home.centre.country))


def open_call(session: Session, sid: str, ring: Ring, at: datetime) -> tuple[Call, Leg, bool]:
    """Make the rows of an inbound call, or return those that are there, the leg locked; True if they are new.

    A status that comes before its call makes them too: nothing that the carrier says is dropped.
    """
    is_new = _start(session, sid, ring, at) is not None
    leg = calls.leg_by_sid(session, sid, lock=True)
    assert leg is not None  # noqa: S101  It was there, or was made, in this very moment.
    return calls.call_by_sid(session, sid), leg, is_new


def _start(
    session: Session,
    sid: str,
    ring: Ring,
    at: datetime,
    stage: str = "greeting",
    step: dict[str, Any] | None = None,
    turn: int = 0,
    *,
    is_new: bool = False,
) -> UUID | None:
    line = ring.line
    call_id = start_inbound(
        session,
        sid=sid,
        line_id=line.id if line else None,
        customer_id=ring.known.customer_id,
        callback_id=ring.known.callback_id,
        from_number=ring.number,
        from_raw=ring.from_raw,
        to_number=line.number if line else ring.to_raw,
        day=at.astimezone(zone_of(session, line)).date(),
        at=at,
        stage=stage,
        step=step,
        turn=turn,
        is_new=is_new,
    )
    if call_id is not None:
        detail = {"line": line.key if line else None, **ring.known.recognition.detail()}
        add_event(session, call_id=call_id, leg_sid=sid, key="call", kind="arrived", at=at, detail=detail)
    return call_id


def call_of(
    session: Session, *, sid: str, from_raw: str, to_raw: str, at: datetime, attestation: str = ""
) -> tuple[Call, Leg]:
    """Return a call of which something else than its arrival is told, made if it was never told of before."""
    return open_call(session, sid, read_ring(session, sid, from_raw, to_raw, attestation), at)[:2]


def go_on(
    work: Work,
    session: Session,
    *,
    sid: str,
    key: str,
    heard: Heard,
    at: datetime,
    to_raw: str = "",
    inside_queue: bool = False,
) -> str:
    """Answer a later webhook of a call; a call that has ended hears only the hang-up.

    `to_raw` is the number that was called, as the carrier wrote it: it tells what the caller may have chosen.
    `inside_queue` says that the address is one of the carrier's queue.
    """
    asked = calls.ask_leg_and_call(session, sid, key)
    ahead = ask_ahead(session, sid, to_raw, heard, at)
    found = asked()
    return _go_on(work, session, *found, key, heard, at, ahead, inside_queue) if found else HANG_UP


def _go_on(
    work: Work,
    session: Session,
    leg: Leg,
    call: Call,
    known: str | None,
    key: str,
    heard: Heard,
    at: datetime,
    ahead: Ahead | None = None,
    inside_queue: bool = False,
) -> str:
    if known is not None or call.ended_at is not None:
        return known or HANG_UP
    if call.stage == "greeting":
        call.stage = "menu"
    line = configuration(session).lines[call.line_id] if call.line_id else None
    if isinstance(heard, TalkEnded):
        heard = rooms.hear_of_end(session, call, hold_subject(session, "call", call.id), heard, at)
    return _converse(work, session, call, leg, line, key, heard, at, ahead, inside_queue)


def summon(work: Work, session: Session, *, sid: str, connection: int, at: datetime) -> str:
    """Answer a caller whom we redirected into the room of an accepted offer."""
    key = f"summon-{connection}"
    found = calls.take_leg_and_call(session, sid, key)
    if found is None:
        return HANG_UP
    offer = next((o for o in offers_of_call(session, found[1].id) if o.connection == connection), None)
    room = room_of(offer) if offer is not None and offer.state in ("accepted", "joined") else ""
    return _go_on(work, session, *found, key, Summoned(connection, room), at)


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
    ahead: Ahead | None = None,
    inside_queue: bool = False,
) -> str:
    return converse(
        session,
        leg,
        key=key,
        heard=heard,
        desks=CallerDesks(session, call, leg, line, at, ahead or Ahead()),
        addresses=_addresses(work),
        at=at,
        inside_queue=inside_queue,
    )


def _addresses(work: Work) -> Addresses:
    return Addresses(work.public_url, BASE)
