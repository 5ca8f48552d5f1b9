"""An attempt's result, handed to what it was for: the offer or the callback."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.callbacks.bounds import NOT_PLACED
from callcenter.callbacks.queries import callback_by_id
from callcenter.calls.models import CallEvent
from callcenter.carrier.port import TERMINAL, CarrierCall
from callcenter.dialing import actions as dialing
from callcenter.dialing import gate
from callcenter.dialing.models import Attempt, CarrierOrder
from callcenter.dialing.queries import attempt_by_id
from callcenter.dialing.rules import CAPPED_REST
from callcenter.routing.actions import leave_line
from callcenter.routing.queries import offer_by_id
from callcenter.routing.rules import UNKNOWN_REST
from callcenter.switchboard.chain import hold_subject
from callcenter.switchboard.offers import fail_offer
from callcenter.switchboard.placed import leg_of_attempt
from callcenter.switchboard.progress import customer_missed, customer_not_rung, free_waiting_agent
from callcenter.switchboard.rooms import lock_offer, send_agent_away

# A phone that cannot be rung now (429, a carrier fault) may be tried again soon.
NOT_PLACED_REST = timedelta(seconds=15)
# The allow-list, or an agent who is no more: that will not change by itself.
NOT_ALLOWED = "not_allowed"
# After the last ring a customer needs a moment to hear who calls and to press the key.
PICKS_UP_AND_PRESSES = timedelta(seconds=20)


def is_wanted(session: Session, attempt: Attempt) -> bool:
    """Say whether what the attempt is for still wants it: caller or agent may have gone meanwhile."""
    if attempt.purpose_kind == "callback":
        callback = callback_by_id(session, attempt.purpose_id)
        return callback is not None and callback.state == "agent"
    offer = offer_by_id(session, attempt.purpose_id)
    return offer is not None and offer.state in ("ringing", "accepted")


def not_placed(
    session: Session,
    attempt: Attempt,
    reason: str,
    at: datetime,
    fence: int | None = None,
    *,
    costs_a_try: bool = True,
) -> None:
    """Certainly no call was made: the next agent, or a later try. `fence` is the owner's who says so.

    Whom the carrier would not ring now, though it could, has not been tried.
    """
    if not dialing.settle(session, attempt.id, "not_placed", reason[:200], at, fence):
        return
    if attempt.purpose_kind == "callback" and not costs_a_try:
        customer_not_rung(session, attempt.purpose_id, NOT_PLACED, at)
    else:
        _tell_that_none_was_made(session, attempt, at)
    gate.give_back(session, attempt)


def refused(session: Session, attempt_id: UUID, reason: str, at: datetime) -> None:
    """The centre may not place this call now: what it was for is locked before its intent."""
    attempt = attempt_by_id(session, attempt_id)
    if attempt is None:
        return
    if attempt.purpose_kind == "offer":
        lock_offer(session, attempt.purpose_id)
    else:
        hold_subject(session, "callback", attempt.purpose_id)
    if not dialing.settle_intent(session, attempt_id, reason, at):
        return
    if reason == NOT_ALLOWED:
        _tell_that_none_was_made(session, attempt, at)
    elif attempt.purpose_kind == "offer":
        fail_offer(session, attempt.purpose_id, reason, at, CAPPED_REST)
    else:
        customer_not_rung(session, attempt.purpose_id, reason, at)


def _tell_that_none_was_made(session: Session, attempt: Attempt, at: datetime) -> None:
    if attempt.purpose_kind == "offer":
        fail_offer(session, attempt.purpose_id, "not_placed", at, NOT_PLACED_REST)
    else:
        customer_missed(session, attempt.purpose_id, "not_placed", at)


def never_left(session: Session, attempt: Attempt, at: datetime) -> None:
    """The call was cancelled in the carrier's queue: no phone has rung, and nobody has missed anything."""
    if attempt.purpose_kind == "offer":
        fail_offer(session, attempt.purpose_id, "never_rung", at, NOT_PLACED_REST)
    else:
        customer_not_rung(session, attempt.purpose_id, NOT_PLACED, at)


def unknown(session: Session, attempt: Attempt, reason: str, at: datetime, fence: int | None = None) -> None:
    """A call may have been made: nobody dials this target again before witnesses have spoken."""
    if dialing.settle(session, attempt.id, "unknown", reason[:200], at, fence):
        _tell_that_none_knows(session, attempt, at)


def sender_lost(session: Session, attempt: Attempt, at: datetime) -> None:
    """Whoever was to place the call has let the lease run out: dead, or asleep."""
    if dialing.take_over(session, attempt.id, "the worker died while sending", at):
        _tell_that_none_knows(session, attempt, at)


def _tell_that_none_knows(session: Session, attempt: Attempt, at: datetime) -> None:
    """An agent who waits for a customer goes on waiting: the customer may be about to pick up."""
    if attempt.purpose_kind == "offer":
        rest = timedelta(seconds=attempt.timeout_seconds) + UNKNOWN_REST
        fail_offer(session, attempt.purpose_id, "unknown", at, rest)


def nobody_comes(session: Session, attempt: Attempt, at: datetime) -> None:
    """The customer of an unknown call has had time to pick up: the agent who waits for him is told."""
    over = timedelta(seconds=attempt.timeout_seconds) + PICKS_UP_AND_PRESSES
    if attempt.purpose_kind != "callback" or attempt.sent_at is None or at < attempt.sent_at + over:
        return
    hold_subject(session, "callback", attempt.purpose_id)
    callback = callback_by_id(session, attempt.purpose_id, lock=True)
    current = attempt_by_id(session, attempt.id)
    if callback is not None and current is not None and current.state == "unknown":
        free_waiting_agent(session, callback, "unknown", at)


# In which order a caller, or a customer on the line, is led: into the room of a connection, and out again.
_LEADS = {"summon": ("summon", "requeue"), "requeue": ("summon", "requeue")}
_LEADS |= {"enter": ("enter", "hold"), "hold": ("enter", "hold")}


def was_obeyed(session: Session, order: CarrierOrder) -> bool:
    """Say whether a redirect was obeyed though nobody noted it, or overtaken by a later one.

    Its document was given out, or the caller has been led on since. Giving it again would take people out of
    the room where they talk.
    """
    if order.verb != "redirect":
        return False
    kind, number = (order.path or "").split("/")[-2:]
    given = sa.select(CallEvent.key).where(CallEvent.leg_sid == order.sid)
    if kind not in _LEADS:
        return session.execute(given.where(CallEvent.key == f"{kind}-{number}")).first() is not None
    leads = _LEADS[kind]
    led = given.where(sa.or_(*(CallEvent.key.startswith(f"{lead}-") for lead in leads)))
    mine = (int(number), leads.index(kind))
    return any(_lead(key, leads) >= mine for key in session.execute(led).scalars())


def _lead(key: str, leads: tuple[str, ...]) -> tuple[int, int]:
    kind, _, number = key.partition("-")
    return int(number), leads.index(kind)


def order_came_too_late(session: Session, order: CarrierOrder, at: datetime) -> None:
    """A redirect found its call gone (21220): an agent who waits for that caller is told and freed."""
    kind, _, offer_id = order.key.partition(":")
    if kind != "summon":
        return
    found = lock_offer(session, UUID(offer_id))
    if found is not None and found[0].state == "accepted":
        offer, wait = found
        leave_line(session, wait, "caller_gone", at)
        send_agent_away(session, offer, at)


def found_in_list(session: Session, attempt: Attempt, call: CarrierCall, at: datetime) -> None:
    """The carrier's list shows the call nobody knew of: an agent's phone stops, a customer's is bound."""
    leg_of_attempt(session, attempt.id, call.sid, at)
    if attempt.purpose_kind == "offer":
        dialing.order(session, key=f"hangup:{call.sid}", verb="hang_up", sid=call.sid, at=at)
    if call.status in TERMINAL:
        dialing.settle(session, attempt.id, "ended", f"found in the list as {call.status}", at)
        if attempt.purpose_kind == "callback":
            customer_missed(session, attempt.purpose_id, call.status, at)
