"""What counted as a meeting and was none: what was done for it is taken back.

Two who were given one room's document have met, as far as is known (evidence.py). An end that the carrier
tells late, at its own stamp, may show that one had gone before the other came: the verdict is then what it
would have been, had everything been told in its order.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from callcenter.callbacks.actions import miss_callback, reopen_callback
from callcenter.callbacks.phoning import part_again
from callcenter.calls.actions import forget_meeting
from callcenter.calls.models import Call
from callcenter.calls.rules import TERMINAL
from callcenter.routing import actions as routing
from callcenter.routing import queries
from callcenter.routing.models import Offer, Wait
from callcenter.switchboard.chain import Chain, chain_of, hold_offer
from callcenter.switchboard.evidence import A_MOMENT, left_at, met_by_documents, met_in_room
from callcenter.switchboard.facts import short_call_seconds


def undo_meeting(session: Session, offer: Offer, wait: Wait, at: datetime) -> None:
    """They entered one room and the agent was gone in the same moment: nobody was answered, nothing kept."""
    call = session.get_one(Call, offer.call_id)
    routing.part(offer, wait)
    _forget(session, call, wait, at)


def reconsider_meeting(
    session: Session, offer: Offer, wait: Wait, left: datetime | None, at: datetime
) -> None:
    """Take a talk back that is over, if what is known by now shows that there was none.

    `left` is when one of them left, as was told just now; None if it is for all that is known to say. While
    the customer lives, his own webhooks tell him where he stands, and nothing is taken back.
    """
    if offer.reason != routing.TALK_ENDED or not _hardly_met(offer.joined_at, left):
        return
    chain = chain_of(session, offer)
    call, agent, other = chain.call, chain.agent_leg, chain.other_leg
    if call is None or agent is None or other is None or other.state not in TERMINAL:
        return
    if call.joined_at == offer.joined_at and _were_apart(session, offer, at):
        gone = left_at(session, offer, other, at)
        _take_back(session, chain, gone, at, lost=left_at(session, offer, agent, at) <= gone)


def reconsider_call(session: Session, call: Call, left: datetime, at: datetime) -> None:
    """Do the same when the customer's end is told last: he may have left in the moment in which he came."""
    if not _hardly_met(call.joined_at, left):
        return
    for offer in queries.offers_of_call(session, call.id):
        found = hold_offer(session, offer.id) if offer.joined_at == call.joined_at else None
        if found is not None:
            reconsider_meeting(session, *found, left, at)


def _hardly_met(met: datetime | None, left: datetime | None) -> bool:
    return met is not None and (left is None or left < met + A_MOMENT)


def _were_apart(session: Session, offer: Offer, at: datetime) -> bool:
    told = met_in_room(session, offer)
    return told is False or (told is None and met_by_documents(session, offer, at) is None)


def _take_back(session: Session, chain: Chain, gone: datetime, at: datetime, *, lost: bool) -> None:
    """Close offer and wait as they would have been; `lost` says that it was the agent who had gone first."""
    offer, wait, call = chain.offer, chain.wait, chain.call
    assert offer is not None and wait is not None and call is not None  # noqa: S101  There was a talk.
    exit_ = "hung_up"
    _forget(session, call, wait, at)
    if chain.callback is not None:
        exit_ = "agent_lost" if lost else "not_accepted"
        miss_callback(session, chain.callback, exit_, at)
    reason = "agent_lost" if lost else "caller_gone"
    routing.take_back_talk(session, offer, wait, at, reason=reason, exit_=exit_, left_at=gone)


def _forget(session: Session, call: Call, wait: Wait, at: datetime) -> None:
    """Nobody was answered; a promise that the meeting had kept is owed still."""
    forget_meeting(session, call, short_call_seconds=short_call_seconds(session, call), at=at)
    if wait.subject_kind == "callback":
        reopen_callback(session, wait.subject_id)
    if call.callback_id is not None:
        part_again(session, call.callback_id)
