"""Customers who are rung first: their turn comes, they press the key, they hold the line, an agent is found.

The place in line is that of the day they asked. For each customer who is rung one free agent is reserved, so
that nobody is fetched to the phone for whom there is no one: nobody who came later takes that agent away.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.callbacks.actions import agent_found, miss_callback, place_in_line
from callcenter.callbacks.models import SUBJECT, Callback
from callcenter.callbacks.queries import callback_by_id
from callcenter.calls.models import Call
from callcenter.calls.queries import call_by_id
from callcenter.configuration import configuration
from callcenter.dialing import actions as dialing
from callcenter.routing.actions import enter_line, leave_line, note_told, release_agent, reserve_agent
from callcenter.routing.matching import offer_to_reserved
from callcenter.routing.queries import claim, live_wait, outlook_of_callback
from callcenter.switchboard.answers import tell_place
from callcenter.switchboard.chain import hold_subject
from callcenter.switchboard.rooms import CUSTOMER_RINGS_SECONDS, outbound_call
from ivr import asks

RUNG = "customer_rung"


def ring_first(session: Session, callback_id: UUID, at: datetime) -> bool:
    """Ring the customer whose turn it is, and reserve an agent for him; False if it is not now."""
    hold_subject(session, SUBJECT, callback_id)
    callback = callback_by_id(session, callback_id, lock=True)
    wait = live_wait(session, SUBJECT, callback_id, lock=True)
    if callback is None or callback.state != "waiting" or wait is None or wait.state != "waiting":
        return False
    agent = claim(session, wait, at)
    if agent is None:
        return False
    reserve_agent(session, agent.agent_id, callback_id, at)
    leave_line(session, wait, RUNG, at)
    return _ring(session, callback, at)


def _ring(session: Session, callback: Callback, at: datetime) -> bool:
    line = configuration(session).lines[callback.line_id]
    attempt_id = dialing.intend(
        session,
        purpose_kind=SUBJECT,
        purpose_id=callback.id,
        target=callback.number,
        to_address=callback.number,
        from_number=line.number,
        timeout_seconds=CUSTOMER_RINGS_SECONDS,
        at=at,
    )
    if attempt_id is None:
        release_agent(session, callback.id, at)
        miss_callback(session, callback, "number_busy_with_us", at)
        return False
    agent_found(session, callback, outbound_call(session, callback, line, at).id, at)
    return True


def hold_line(session: Session, callback: Callback, call: Call, at: datetime) -> asks.Answer:
    """The customer has pressed the key: the agent who was kept for him is rung, else he is next in line."""
    ahead = outlook_of_callback(
        session, callback.id, callback.line_id, at, callback.skill_id, callback.language
    )
    if not ahead.on_duty:
        return asks.NobodyThere()
    queued, told = tell_place(ahead)
    wait = enter_line(
        session,
        subject_kind=SUBJECT,
        subject_id=callback.id,
        call_id=call.id,
        line_id=callback.line_id,
        skill_id=callback.skill_id,
        language=callback.language,
        at=at,
        entered_at=place_in_line(callback, at),
        told=told,
        on_line=True,
    )
    offer_to_reserved(session, wait, at)
    return queued


def how_long(session: Session, callback: Callback, at: datetime) -> asks.Answer:
    """Tell a customer who holds the line how long it still takes."""
    ahead = outlook_of_callback(
        session, callback.id, callback.line_id, at, callback.skill_id, callback.language
    )
    if ahead.wait is None or not ahead.on_duty:
        return asks.NobodyThere()
    queued, told = tell_place(ahead)
    note_told(ahead.wait, told)
    return queued


def is_rung_first(session: Session, callback: Callback) -> bool:
    """Say whether the customer of a callback that is being made was rung before any agent was asked."""
    wait = live_wait(session, SUBJECT, callback.id)
    return callback.state == "agent" and (wait is None or wait.on_line)


def call_of(session: Session, callback: Callback) -> Call | None:
    """Return the call in which the customer is being reached."""
    return call_by_id(session, callback.call_id, lock=True) if callback.call_id is not None else None
