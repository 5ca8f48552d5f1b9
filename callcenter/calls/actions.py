"""Recording a call: events once, states forward only, one outcome at the end."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.calls import queries, rules
from callcenter.calls.models import Call, CallEvent, CallWords, Leg, Lookback, Recording
from callcenter.db import upsert
from callcenter.notices.actions import announce
from callcenter.statements import Query, Write, as_inserted, table_of

_LEG_OF_SID = ("id", "sid", "role", "state", "created_at", "checked_at", "turn", "step")
_ADD_CALL = Write(lambda insert: insert(table_of(Call)).on_conflict_do_nothing())
_ADD_NEW_CALL = Write(lambda insert: insert(table_of(Call)))
_ADD_NEW_LEG = Write(lambda insert: insert(table_of(Leg)))
_ADD_LEG = Write(lambda insert: insert(table_of(Leg)).on_conflict_do_nothing())
_ADD_LEG_OF_SID = Query(
    lambda insert: (
        insert(table_of(Leg))
        .from_select(
            [*_LEG_OF_SID, "call_id"],
            sa.select(
                *(sa.bindparam(name, type_=table_of(Leg).c[name].type) for name in _LEG_OF_SID), Call.id
            ).where(Call.sid == sa.bindparam("sid")),
        )
        .on_conflict_do_nothing()
        .returning(table_of(Leg).c.call_id)
    )
)
_ADD_EVENT = Write(lambda insert: insert(table_of(CallEvent)))
_ADD_EVENT_ONCE = Query(
    lambda insert: insert(table_of(CallEvent)).on_conflict_do_nothing().returning(table_of(CallEvent).c.id)
)
_ADD_WORDS = Write(lambda insert: insert(table_of(CallWords)))


def start_inbound(
    session: Session,
    *,
    sid: str,
    line_id: UUID | None,
    customer_id: UUID | None,
    from_number: str | None,
    from_raw: str,
    to_number: str,
    day: date,
    at: datetime,
    callback_id: UUID | None = None,
    stage: str = "greeting",
    step: Mapping[str, Any] | None = None,
    turn: int = 0,
    is_new: bool = False,
) -> UUID | None:
    """Make a caller's call and leg; return the call's id, None when another webhook has made them before.

    Then no other webhook of this call was ever answered. `callback_id` is the promised call that the caller
    is owed; `step` and `turn` are where the conversation stands once this webhook is answered. `is_new` says
    that this transaction has looked for the SID in vain: then nobody waits to hear whether the rows could be
    made, and one who makes the same in this very moment lets one of the two fail, at COMMIT at the latest.
    """
    call = _new_call(
        sid=sid, direction="inbound", line_id=line_id, customer_id=customer_id, from_number=from_number,
        from_raw=from_raw, to_number=to_number, day=day, at=at, callback_id=callback_id, stage=stage,
    )  # fmt: skip
    leg = _new_leg(sid=sid, role="caller", state="ringing", at=at)
    if is_new:
        _ADD_NEW_CALL.send(session, call)
        _ADD_NEW_LEG.send(session, leg | {"call_id": call["id"], "turn": turn, "step": step})
        announce(session, "call", call["id"], at)
        return cast(UUID, call["id"])
    _ADD_CALL.send(session, call)
    made_for = _ADD_LEG_OF_SID.scalar(session, leg | {"turn": turn, "step": step})
    call_id: UUID = call["id"]
    if made_for != call_id:
        return None
    announce(session, "call", call_id, at)
    return call_id


def start_outbound(
    session: Session,
    *,
    line_id: UUID,
    customer_id: UUID | None,
    from_number: str,
    to_number: str,
    day: date,
    at: datetime,
) -> Call:
    """Make the row of a call that we place; its SID becomes known when the carrier has answered."""
    values = _new_call(
        sid=None, direction="outbound", line_id=line_id, customer_id=customer_id, from_number=from_number,
        from_raw=from_number, to_number=to_number, day=day, at=at, stage="greeting",
    )  # fmt: skip
    _ADD_CALL.send(session, values)
    announce(session, "call", values["id"], at)
    return as_inserted(session, Call, values)


def _new_call(*, from_raw: str, to_number: str, at: datetime, **values: Any) -> dict[str, Any]:
    return values | {
        "id": ids.new(), "from_raw": from_raw[:120], "to_number": to_number[:120],
        "started_at": at, "outcome": "open", "promised": False, "message_left": False,
    }  # fmt: skip


def _new_leg(*, at: datetime, **values: Any) -> dict[str, Any]:
    return values | {"id": ids.new(), "created_at": at, "checked_at": at, "turn": 0}


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
    values = _new_leg(sid=sid, role=role, state=state, at=at)
    _ADD_LEG.send(session, values | {"call_id": call_id, "agent_id": agent_id, "attempt_id": attempt_id})
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
) -> bool:
    """Append an event; False when it is there already: a repetition is no second event."""
    event = _new_event(call_id, leg_sid, key, kind, at, recorded_at, detail)
    return bool(_ADD_EVENT_ONCE.rows(session, event))


def add_event(
    session: Session,
    *,
    call_id: UUID | None,
    leg_sid: str,
    key: str,
    kind: str,
    at: datetime,
    detail: Mapping[str, Any],
    words: Mapping[str, Any] | None = None,
    recorded_at: datetime | None = None,
) -> None:
    """Append an event that is not there yet, behind a lock, with what was heard and said at it."""
    event = _new_event(call_id, leg_sid, key, kind, at, recorded_at or at, detail)
    _ADD_EVENT.send(session, event)
    if words is not None:
        _ADD_WORDS.send(session, {"event_id": event["id"], **words})


def _new_event(
    call_id: UUID | None,
    leg_sid: str,
    key: str,
    kind: str,
    at: datetime,
    recorded_at: datetime,
    detail: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "id": ids.new(), "call_id": call_id, "leg_sid": leg_sid, "key": key[:60], "kind": kind, "at": at,
        "recorded_at": recorded_at, "detail": dict(detail),
    }  # fmt: skip


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


def forget_meeting(session: Session, call: Call, *, short_call_seconds: int, at: datetime) -> None:
    """Agent and customer have not met after all: an ended call gets the outcome it has without."""
    if call.left_queue_at == call.joined_at:
        call.left_queue_at = None
    call.joined_at = call.agent_id = None
    call.stage = "connecting"
    if call.ended_at is None:
        return
    if call.queued_at is not None and call.left_queue_at is None:
        call.left_queue_at = max(call.ended_at, call.queued_at)
    outbound = call.direction == "outbound"
    call.outcome = "not_reached" if outbound else rules.outcome_of(_facts(call, short_call_seconds))
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
