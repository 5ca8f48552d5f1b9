"""Recording a call: events once, states forward only, one outcome at the end."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.calls import queries, rules
from callcenter.calls.models import Call, CallEvent, CallWords, Leg, Lookback, Recording
from callcenter.db import upsert
from callcenter.notices.actions import announce


def start_call(
    session: Session,
    *,
    sid: str | None,
    direction: str,
    line_id: UUID | None,
    customer_id: UUID | None,
    from_number: str | None,
    from_raw: str,
    to_number: str,
    day: date,
    at: datetime,
    callback_id: UUID | None = None,
) -> Call:
    """Make the call's row, or return the one another webhook of this SID has made.

    `callback_id` is the promised call that its caller is owed.
    """
    values = {
        "id": ids.new(), "sid": sid, "direction": direction, "line_id": line_id, "customer_id": customer_id,
        "from_number": from_number, "from_raw": from_raw[:120], "to_number": to_number[:120],
        "stage": "greeting", "day": day, "started_at": at,
        "outcome": "open", "promised": False, "message_left": False, "callback_id": callback_id,
    }  # fmt: skip
    session.execute(upsert(session, Call).values(**values).on_conflict_do_nothing())
    where = Call.sid == sid if sid else Call.id == values["id"]
    call = session.execute(sa.select(Call).where(where)).scalar_one()
    if call.id == values["id"]:
        announce(session, "call", call.id, at)
    return call


def start_leg(
    session: Session,
    *,
    sid: str,
    call_id: UUID | None,
    role: str,
    state: str,
    at: datetime,
    agent_id: UUID | None = None,
    attempt_id: UUID | None = None,
) -> Leg:
    """Make the leg's row or return the one that is there, locked: webhooks of one leg go one by one."""
    values = {
        "id": ids.new(), "sid": sid, "call_id": call_id, "role": role, "state": state, "created_at": at,
        "checked_at": at, "agent_id": agent_id, "attempt_id": attempt_id, "turn": 0,
    }  # fmt: skip
    session.execute(upsert(session, Leg).values(**values).on_conflict_do_nothing())
    leg = queries.leg_by_sid(session, sid, lock=True)
    assert leg is not None  # noqa: S101  It was inserted in this very transaction.
    return leg


def record_event(
    session: Session,
    *,
    call_id: UUID | None,
    leg_sid: str,
    key: str,
    kind: str,
    at: datetime,
    recorded_at: datetime,
    detail: Mapping[str, Any],
    heard: Mapping[str, Any] | None = None,
    answers: list[Any] | None = None,
    document: str | None = None,
) -> bool:
    """Append an event; False when it is there already: a repetition is no second event."""
    event_id = ids.new()
    added = session.execute(
        upsert(session, CallEvent)
        .values(
            id=event_id,
            call_id=call_id,
            leg_sid=leg_sid,
            key=key[:60],
            kind=kind,
            at=at,
            recorded_at=recorded_at,
            detail=dict(detail),
        )
        .on_conflict_do_nothing()
        .returning(CallEvent.id)
    ).first()
    if added is None:
        return False
    if heard is not None or document is not None:
        words = {"event_id": event_id, "heard": heard, "answers": answers, "document": document}
        session.execute(sa.insert(CallWords).values(**words))
    return True


def move_leg(leg: Leg, status: str, at: datetime) -> bool:
    """Apply the carrier's report of a status at its own time stamp; True when the leg's state changed."""
    reported = rules.STATE_OF_STATUS[status]
    column = rules.stamp_column(reported)
    if column != "created_at":
        setattr(leg, column, rules.earliest(getattr(leg, column), at))
    before = leg.state
    leg.state = rules.next_state(before, reported)
    return leg.state != before


def end_call(session: Session, call: Call, *, short_call_seconds: int, at: datetime) -> bool:
    """Close the call with its one outcome; False when it was closed before."""
    if call.ended_at is not None:
        return False
    call.ended_at = at
    if call.queued_at is not None and call.left_queue_at is None:
        call.left_queue_at = max(at, call.queued_at)
    call.outcome = rules.outcome_of(_facts(call, short_call_seconds))
    announce(session, "call", call.id, at)
    return True


def reconsider_outcome(session: Session, call: Call, *, short_call_seconds: int, at: datetime) -> None:
    """A message arrived after the end: the call still has exactly one outcome, now the right one.

    Nobody is told twice: what the carrier says again changes nothing.
    """
    outcome = rules.outcome_of(_facts(call, short_call_seconds))
    if call.ended_at is not None and outcome != call.outcome:
        call.outcome = outcome
        announce(session, "call", call.id, at)


def end_outbound(session: Session, call: Call, outcome: str, at: datetime) -> bool:
    """Close a call that we placed: answered, not_reached, or failed; False when it was closed before."""
    if call.ended_at is not None:
        return False
    call.ended_at = at
    call.outcome = outcome
    announce(session, "call", call.id, at)
    return True


def _facts(call: Call, short_call_seconds: int) -> rules.CallFacts:
    return rules.CallFacts(
        joined=call.joined_at is not None,
        promised=call.promised,
        message_left=call.message_left,
        fault=call.fault,
        stage=call.stage,
        queued_at=call.queued_at,
        left_queue_at=call.left_queue_at,
        short_call=timedelta(seconds=short_call_seconds),
    )


def take_look(
    session: Session, name: str, *, every: timedelta, back: timedelta, at: datetime
) -> datetime | None:
    """Return from when on the carrier's lists are to be read, None when somebody has looked just now.

    The first look of an installation begins now: what was before it is not ours.
    """
    first = upsert(session, Lookback).values(name=name, first_at=at, until=at, asked_at=at)
    session.execute(first.on_conflict_do_nothing())
    taken = (
        sa.update(Lookback)
        .where(Lookback.name == name, sa.or_(Lookback.asked_at <= at - every, Lookback.asked_at > at))
        .values(asked_at=at)
        .returning(Lookback.first_at, Lookback.until)
    )
    row = session.execute(taken).first()
    return max(row.first_at, row.until - back) if row else None


def note_look(session: Session, name: str, at: datetime) -> None:
    """Note that everything that began before is known now."""
    session.execute(sa.update(Lookback).where(Lookback.name == name, Lookback.until < at).values(until=at))


def keep_recording(
    session: Session, *, sid: str, call_id: UUID | None, kind: str, seconds: int | None, at: datetime
) -> None:
    """Remember a recording by its SID; a second report may add its length."""
    values = {
        "id": ids.new(),
        "sid": sid,
        "call_id": call_id,
        "kind": kind,
        "seconds": seconds,
        "created_at": at,
    }
    session.execute(
        upsert(session, Recording)
        .values(**values)
        .on_conflict_do_update(index_elements=[Recording.sid], set_={"seconds": seconds})
    )
