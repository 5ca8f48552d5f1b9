"""Who waits, who is asked, who has it: every move is one conditional change of a locked row.

Agent states are a timeline: one present state a person, every change kept (HL-13). Lock order
everywhere: a caller's leg, callback, call, wait, offer, an agent's leg, agent state.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.dialing import actions as dialing
from callcenter.errors import Invalid, Missing, Sentence
from callcenter.jobs import later
from callcenter.notices.actions import announce
from callcenter.routing import moves, queries
from callcenter.routing.models import WAIT_LIVE, AgentState, AgentStateChange, Offer, Wait
from callcenter.routing.queries import Claimed
from callcenter.routing.rules import CHOSEN, ON_A_CALL, RESERVED, RESERVED_AT_MOST
from callcenter.statements import Write, as_inserted, locked, table_of, take

SWITCHBOARD = "switchboard"
TALK_ENDED = "talk_ended"
_ADD_WAIT = Write(
    lambda insert: insert(table_of(Wait)).on_conflict_do_nothing(
        index_elements=[Wait.subject_kind, Wait.subject_id], index_where=WAIT_LIVE
    )
)
_ADD_CHANGE = Write(lambda insert: insert(table_of(AgentStateChange)))
_ADD_OFFER = Write(lambda insert: insert(table_of(Offer)))
_IS_OFFERED = Write(
    lambda _: (
        sa.update(table_of(Wait))
        .where(table_of(Wait).c.id == sa.bindparam("wait"))
        .values(state="offered", connection=sa.bindparam("number"))
    )
)


class Told(NamedTuple):
    """What a caller was last told: position from 1, the longest wait in seconds, the agents on duty."""

    told_position: int | None = None
    told_high: int | None = None
    told_agents: int | None = None


NOTHING_TOLD = Told()


def set_agent_state(
    session: Session, agent_id: UUID, state: str, reason: str | None, at: datetime, actor: str
) -> AgentState:
    """Set what an agent chooses: available, break (with a reason), offline.

    While a phone rings or a call goes on the choice is kept and comes true afterwards.
    """
    if state not in CHOSEN:
        raise Invalid("state", Sentence("{!r} is not one of {}", state, ", ".join(CHOSEN)))
    if state == "break" and not reason:
        raise Invalid("reason", "a break needs a reason (HL-13)")
    row = _locked(session, agent_id)
    if row.state in ON_A_CALL:
        row.after, row.reason = state, reason
        row.version += 1
        return row
    _enter(session, row, state, reason, at, actor)
    return row


def _locked(session: Session, agent_id: UUID) -> AgentState:
    row = queries.lock_agent_state(session, agent_id)
    if row is None:
        raise Missing("agent", agent_id)
    return row


def _enter(
    session: Session,
    row: AgentState,
    state: str,
    reason: str | None,
    at: datetime,
    actor: str = SWITCHBOARD,
    *,
    until: datetime | None = None,
    after: str | None = None,
) -> None:
    """Move to a state and write it into the timeline; becoming available looks for whoever waits."""
    row.state, row.reason, row.since, row.until, row.after = state, reason, at, until, after
    row.version += 1
    if state == "available" and row.free_since is None:
        row.free_since = at
    if state in ("break", "offline", "wrap_up", "talking"):
        row.free_since = None
    _note_change(session, row.agent_id, state, reason, at, actor)
    if state == "available":
        later(session, "match", "all")


def _note_change(
    session: Session, agent_id: UUID, state: str, reason: str | None, at: datetime, actor: str
) -> None:
    """Write a state into the agent's timeline, and say so."""
    values = {
        "id": ids.new(), "agent_id": agent_id, "state": state, "reason": reason, "at": at, "actor": actor,
    }  # fmt: skip
    _ADD_CHANGE.send(session, values)
    announce(session, "agent", agent_id, at)


def _move(
    session: Session,
    move: moves.Move,
    agent_id: UUID,
    at: datetime,
    *,
    until: datetime | None = None,
    reason: str | None = None,
) -> None:
    """Lock what an agent does, write the change into the timeline and move, without reading the row."""
    take(session, queries.LOCK_STATE, {"agent": agent_id})
    values = {"agent": agent_id, "now": at}
    session.execute(move.note, values | {"new_id": ids.new(), "who": SWITCHBOARD, "why": reason})
    session.execute(move.update, values | {"till": until, "why": reason})
    announce(session, "agent", agent_id, at)


def occupy_agent(session: Session, agent_id: UUID, state: str, at: datetime) -> None:
    """The agent's phone rings, or the agent talks."""
    _move(session, moves.RING if state == "ringing" else moves.TALK, agent_id, at)


def free_agent(session: Session, agent_id: UUID, at: datetime) -> None:
    """The agent is free again at once, keeps the place among the idle, or does what was chosen meanwhile."""
    _move(session, moves.FREE, agent_id, at)
    later(session, "match", "all")


def rest_agent(session: Session, agent_id: UUID, reason: str, at: datetime, until: datetime) -> None:
    """The agent missed an offer: not asked again until then, and back by himself."""
    _move(session, moves.REST, agent_id, at, until=until, reason=reason)


def reserve_agent(session: Session, agent_id: UUID, subject_id: UUID, at: datetime) -> None:
    """Keep the agent who was just claimed for a customer who is rung first; he is free by himself later."""
    _move(session, moves.RESERVE, agent_id, at, until=at + RESERVED_AT_MOST, reason=_kept_for(subject_id))


def release_agent(session: Session, subject_id: UUID, at: datetime) -> None:
    """Free the agent who was kept for a customer, if he still is."""
    row = kept_for(session, subject_id)
    if row is not None:
        _enter(session, row, row.after or "available", None, at)


def kept_for(session: Session, subject_id: UUID) -> AgentState | None:
    """Return what the agent does who is kept for a customer, locked; None if nobody is."""
    kept = sa.select(AgentState).where(
        AgentState.state == RESERVED, AgentState.reason == _kept_for(subject_id)
    )
    return session.scalars(locked(kept)).first()


def _kept_for(subject_id: UUID) -> str:
    return f"callback {subject_id}"


def wrap_up_agent(session: Session, agent_id: UUID, at: datetime, until: datetime) -> None:
    """After the conversation: notes, bounded in time (HL-12)."""
    _move(session, moves.WRAP_UP, agent_id, at, until=until)


def end_due_states(session: Session, at: datetime) -> None:
    """Bring back everyone whose wrap-up or rest is over."""
    due = sa.select(AgentState).where(AgentState.until <= at)
    for row in session.execute(locked(due, skip_locked=True)).scalars():
        _enter(session, row, row.after or "available", None, at)


def enter_line(
    session: Session,
    *,
    subject_kind: str,
    subject_id: UUID,
    call_id: UUID | None,
    line_id: UUID,
    skill_id: UUID,
    language: str,
    at: datetime,
    entered_at: datetime | None = None,
    priority: int = 0,
    is_new: bool = False,
    told: Told = NOTHING_TOLD,
    on_line: bool = False,
) -> Wait:
    """Put a caller or a due callback into the line, once; `entered_at` keeps an earlier place.

    `is_new` says that the subject is locked and was seen not to wait: nobody else can have put it there.
    `told` is what is said of place and wait with it, `on_line` that a called customer holds the line.
    """
    values = {
        "id": ids.new(), "subject_kind": subject_kind, "subject_id": subject_id, "call_id": call_id,
        "line_id": line_id, "skill_id": skill_id, "language": language, "priority": priority,
        "entered_at": entered_at or at, "state": "waiting", "connection": 0, "on_line": on_line,
        **told._asdict(),
    }  # fmt: skip
    queries.forget_wait(session, subject_kind, subject_id)
    _ADD_WAIT.send(session, values)
    if is_new:
        wait = as_inserted(session, Wait, values)
    else:
        found = queries.live_wait(session, subject_kind, subject_id, lock=True)
        assert found is not None  # noqa: S101  It was inserted in this very transaction.
        wait = found
        note_told(wait, told)
    seek(session, wait, at)
    return wait


def note_told(wait: Wait, told: Told) -> None:
    """Remember what somebody in line was told: the next time must not be worse without a reason."""
    for name, value in told._asdict().items():
        if value is not None:
            setattr(wait, name, value)


def seek(session: Session, wait: Wait, at: datetime) -> None:
    """Look for agents once this transaction has committed."""
    announce(session, "queue", wait.id, at)
    later(session, "match", "all")


def leave_line(session: Session, wait: Wait, reason: str, at: datetime) -> Offer | None:
    """Take a subject out of the line; return the offer that was live, withdrawn if nobody had accepted it."""
    offer = queries.live_offer_of_wait(session, wait.id)
    wait.state = "left"
    wait.exit = reason
    wait.ended_at = at
    session.flush()  # Whoever asks for this line next must find that nobody waits here.
    announce(session, "queue", wait.id, at)
    if offer is not None and offer.state == "ringing":
        close_offer(session, offer, "withdrawn", reason, at)
        stop_ringing(session, offer, at)
        free_agent(session, offer.agent_id, at)
    return offer


def close_offer(session: Session, offer: Offer, state: str, reason: str | None, at: datetime) -> None:
    """End an offer; its ring is measured after the commit, when the carrier's stamps are there."""
    offer.state = state
    offer.reason = reason
    offer.ended_at = at
    announce(session, "agent", offer.agent_id, at)
    later(session, "measure_offer", offer.id)


def make_offer(
    session: Session, wait: sa.Row[Any], agent: Claimed, ring_until: datetime, at: datetime
) -> UUID:
    """Offer a locked wait to the agent who was claimed for it; return the offer's id."""
    offer_id = ids.new()
    _ADD_OFFER.send(
        session,
        {
            "id": offer_id, "wait_id": wait.id, "agent_id": agent.agent_id, "line_id": wait.line_id,
            "call_id": wait.call_id, "connection": agent.connection, "state": "ringing",
            "made_at": at, "ring_until": ring_until,
        },
    )  # fmt: skip
    _IS_OFFERED.send(session, {"wait": wait.id, "number": agent.connection})
    _note_change(session, agent.agent_id, "ringing", None, at, SWITCHBOARD)
    announce(session, "queue", wait.id, at)
    return offer_id


def rings_now(offer: Offer, ring_until: datetime) -> None:
    """The carrier says that the agent's phone rings: our timer starts at its stamp."""
    if offer.state == "ringing":
        offer.ring_until = ring_until


def win_offer(session: Session, offer: Offer, wait: Wait, at: datetime) -> bool:
    """Give the subject to this agent if it is still his to take: the one decision all rivals meet in."""
    if offer.state != "ringing" or wait.state != "offered" or wait.connection != offer.connection:
        return False
    offer.state = "accepted"
    offer.accepted_at = at
    wait.state = "won"
    occupy_agent(session, offer.agent_id, "talking", at)
    announce(session, "queue", wait.id, at)
    later(session, "measure_offer", offer.id)
    return True


def lose_offer(
    session: Session, offer: Offer, wait: Wait, state: str, reason: str, at: datetime, rest: timedelta
) -> bool:
    """The agent did not take it (declined, missed, failed): he rests, the subject goes to the next one."""
    if offer.state != "ringing":
        return False
    close_offer(session, offer, state, reason, at)
    if rest:
        rest_agent(session, offer.agent_id, reason, at, at + rest)
    else:
        free_agent(session, offer.agent_id, at)
    if wait.state == "offered" and wait.connection == offer.connection:
        wait.state = "waiting"
        seek(session, wait, at)
    return True


def join(session: Session, offer: Offer, wait: Wait, at: datetime) -> bool:
    """Agent and subject have met; False when they had before."""
    if offer.state != "accepted":
        return False
    offer.state = "joined"
    offer.joined_at = at
    if wait.state == "won":
        wait.state = "joined"
        wait.exit = "answered"
        wait.ended_at = at
    announce(session, "queue", wait.id, at)
    return True


def part(offer: Offer, wait: Wait) -> None:
    """They have not met after all: the agent was gone in the moment in which the other came."""
    offer.state, offer.joined_at = "accepted", None
    if wait.state == "joined":
        wait.state, wait.exit, wait.ended_at = "won", None, None


def take_back_talk(
    session: Session, offer: Offer, wait: Wait, at: datetime, *, reason: str, exit_: str, left_at: datetime
) -> None:
    """They had not met, as is known now that all is over: the subject has left, and nothing is to be noted.

    A wrap-up that goes on for it ends; whatever the agent does by now is left alone.
    """
    offer.reason, offer.joined_at = reason, None
    if wait.state == "joined":
        wait.state, wait.exit, wait.ended_at = "left", exit_, max(left_at, wait.entered_at)
    row = _locked(session, offer.agent_id)
    if row.state == "wrap_up" and row.since == offer.ended_at:
        _enter(session, row, row.after or "available", None, at)
    announce(session, "queue", wait.id, at)


def end_offer(session: Session, offer: Offer, reason: str, wrap_up: timedelta, at: datetime) -> bool:
    """The conversation, or what should have become one, is over: wrap-up begins (HL-12)."""
    if offer.state not in ("accepted", "joined"):
        return False
    talked = offer.state == "joined"
    close_offer(session, offer, "ended", reason, at)
    if talked:
        wrap_up_agent(session, offer.agent_id, at, at + wrap_up)
    else:
        free_agent(session, offer.agent_id, at)
    return True


def wait_again(session: Session, wait: Wait, at: datetime) -> None:
    """The agent who had accepted is lost before they met: the subject keeps its place."""
    if wait.state == "won":
        wait.state = "waiting"
        seek(session, wait, at)


def stop_ringing(session: Session, offer: Offer, at: datetime) -> None:
    """Make the phone of a locked offer stop: take the intent back, or order the leg to be hung up.

    A phone whose SID is still out is hung up when the SID arrives: whoever brings it locks the offer first.
    """
    dialing.withdraw_intent(session, "offer", offer.id, at)
    if offer.leg_sid:
        dialing.order(session, key=f"hangup:{offer.leg_sid}", verb="hang_up", sid=offer.leg_sid, at=at)
