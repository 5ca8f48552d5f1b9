"""What is counted besides calls: agents' legs and talks, and the callbacks that were promised."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call
from callcenter.dialing.models import Attempt
from callcenter.promises.models import Promise
from callcenter.routing.models import AgentStateChange, Offer
from callcenter.standards.models import RingMeasure
from callcenter.standards.rows import Row, mask, milliseconds
from callcenter.standards.rules import ACCEPTED, APART, ESTIMATED, JUDGEABLE, MEASURED, PUBLIC_HOTLINE_SECONDS
from callcenter.standards.windows import Window, calls_in

# Columns instead of entities: a day has thousands of them.
_OF_RING = tuple(
    getattr(RingMeasure, name)
    for name in (
        "offer_id", "day", "line_id", "agent_id", "call_id", "at", "judged", "within", "ring_seconds",
        "verdict", "source", "borderline", "limit_rings", "cycle_seconds",
    )
)  # fmt: skip
_OF_TALK = (Offer.id, Offer.line_id, Offer.agent_id, Offer.call_id, Offer.joined_at, Offer.ended_at)


def is_first_offer() -> sa.ColumnElement[bool]:
    """Say that an Offer is the first one of its call: there is no earlier one."""
    earlier = aliased(Offer)
    before = sa.or_(
        earlier.made_at < Offer.made_at,
        sa.and_(earlier.made_at == Offer.made_at, earlier.id < Offer.id),
    )
    return ~sa.exists().where(earlier.call_id == Offer.call_id, before)


def legs(session: Session, window: Window) -> list[Row]:
    """Return the agents' legs that were rung (HL-1)."""
    statement = (
        sa.select(*_OF_RING, Call.direction, Call.queued_at, Call.outcome, Call.started_at)
        .add_columns(sa.and_(Call.id.is_not(None), is_first_offer()).label("first"))
        .join(Offer, Offer.id == RingMeasure.offer_id)
        .outerjoin(Call, Call.id == RingMeasure.call_id)
        .where(RingMeasure.day.between(window.first, window.last), window.in_places(RingMeasure.line_id))
    )
    return [_leg(row, row) for row in session.execute(statement)]


def _leg(row: Any, ring: Any) -> Row:
    judged, within, seconds = ring.judged, bool(ring.within), ring.ring_seconds
    such, estimated = ring.verdict in JUDGEABLE, ring.source == ESTIMATED
    accepted = judged and ring.verdict == ACCEPTED and seconds is not None
    answered = row.direction == "inbound" and row.queued_at is not None and row.outcome == "answered"
    soon = accepted and seconds is not None and seconds < PUBLIC_HOTLINE_SECONDS
    truths = {
        "judged": judged, "within": judged and within, "within_15_seconds": soon,
        "first_judged": row.first and judged, "first_within": row.first and judged and within,
        "measurable": such, "measured": such and ring.source == MEASURED,
        "borderline": judged and ring.borderline, "estimated": such and estimated,
        "estimated_within": such and estimated and within, "rang": accepted and answered,
        "limit_differs": judged and ring.limit_rings * ring.cycle_seconds != PUBLIC_HOTLINE_SECONDS,
        **{name: ring.verdict == name for name in APART},
    }  # fmt: skip
    names = [name for name, true in truths.items() if true]
    ms = None if seconds is None else round(seconds * 1000)
    began = row.started_at or ring.at
    return Row(
        "leg", ring.offer_id, ring.day, ring.line_id, ring.agent_id, ring.call_id, began,
        mask("leg", names), ms,
    )  # fmt: skip


def talks(session: Session, window: Window) -> list[Row]:
    """Return the conversations that are over, with the wrap-up that followed each (HL-12)."""
    wrapped, following = aliased(AgentStateChange), aliased(AgentStateChange)
    next_change = (
        sa.select(sa.func.min(following.at))
        .where(following.agent_id == Offer.agent_id, following.at > Offer.ended_at)
        .scalar_subquery()
    )
    has_wrapped = sa.exists().where(
        wrapped.agent_id == Offer.agent_id, wrapped.at == Offer.ended_at, wrapped.state == "wrap_up"
    )
    statement = (
        sa.select(*_OF_TALK, Call.day, Call.started_at)
        .add_columns(has_wrapped.label("wrapped"), next_change.label("until"))
        .join(Call, Call.id == Offer.call_id)
        .where(
            Offer.state == "ended",
            Offer.joined_at.is_not(None),
            Offer.ended_at.is_not(None),
            *calls_in(window),
        )
    )
    return [_talk(window, row) for row in session.execute(statement)]


def _talk(window: Window, offer: Any) -> Row:
    wrap_up = milliseconds(offer.ended_at, offer.until or window.at) if offer.wrapped else 0
    return Row(
        "talk", offer.id, offer.day, offer.line_id, offer.agent_id, offer.call_id, offer.started_at,
        mask("talk", ["handled"]), milliseconds(offer.joined_at, offer.ended_at), wrap_up,
    )  # fmt: skip


def promised_callbacks(session: Session, window: Window) -> list[Row]:
    """Return the callbacks that were due (HL-7, HL-8): the window is over, or they were settled before.

    One that its customer cancelled is in no base.
    """
    tried = (
        sa.select(sa.func.min(Attempt.sent_at))
        .where(Attempt.purpose_kind == "callback", Attempt.purpose_id == Callback.id)
        .where(Attempt.state != "not_placed")
        .scalar_subquery()
    )
    statement = (
        sa.select(Callback, Promise.state.label("promise"), Promise.due_at.label("owed_at"))
        .add_columns(Promise.grace_seconds, tried.label("tried_at"), Call.started_at.label("arrived_at"))
        .join(Promise, Promise.subject_id == Callback.id)
        .outerjoin(Call, Call.id == Callback.origin_call_id)
        .where(
            # Named in the statement: the few of them have an index of their own.
            Promise.subject_kind == sa.literal_column("'callback'"),
            Promise.state != "cancelled",
            Promise.due_at >= window.begins(),
            Promise.due_at < window.ends(),
            window.in_places(Callback.line_id),
        )
    )
    rows = (_callback(window, row, row.Callback) for row in session.execute(statement))
    return [row for row in rows if row is not None and window.holds(row.day)]


def _callback(window: Window, row: Any, callback: Callback) -> Row | None:
    ends = row.owed_at.timestamp() + row.grace_seconds
    if row.promise == "open" and ends >= window.at.timestamp():
        return None
    reached, attempted = row.promise == "kept", row.tried_at is not None and row.tried_at.timestamp() <= ends
    lateness = "owed" if callback.settled_at is None else "late"
    by_agent = callback.created_by.startswith("agent:")
    met = callback.settled_at if callback.state == "kept" and callback.origin_call_id else None
    truths = {
        "due": True, "attempted": attempted, "reached": reached,
        "not_reachable": row.promise == "broken", lateness: row.promise in ("open", "late"),
        "agents_due": by_agent, "agents_attempted": by_agent and attempted,
        "agents_reached": by_agent and reached, "met": met is not None,
    }  # fmt: skip
    names = [name for name, true in truths.items() if true]
    ms = milliseconds(row.arrived_at, met) if met is not None else None
    return Row(
        "callback", callback.id, window.day_of(callback.line_id, row.owed_at), callback.line_id, None,
        callback.origin_call_id, row.owed_at, mask("callback", names), ms,
    )  # fmt: skip
