"""What the carrier reports beside the conversation: legs, conferences, recordings, in any order, any number
of times.

Time stamps are the carrier's own; the order of arrival means nothing (telephony.md, section 3).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.callbacks.actions import miss_callback
from callcenter.callbacks.bounds import NOBODY_FREE, put_off_callback
from callcenter.callbacks.models import Callback
from callcenter.callbacks.queries import callback_by_id
from callcenter.calls import queries as calls
from callcenter.calls.actions import (
    add_event,
    end_call,
    end_outbound,
    keep_recording,
    move_leg,
    reconsider_outcome,
    record_event,
)
from callcenter.calls.models import Leg
from callcenter.calls.rules import TERMINAL
from callcenter.carrier.port import CarrierCall
from callcenter.dialing import actions as dialing
from callcenter.dialing.models import Attempt
from callcenter.jobs import later
from callcenter.routing.actions import leave_line, release_agent
from callcenter.routing.models import Offer
from callcenter.routing.queries import live_offer_of_wait, live_wait
from callcenter.switchboard import inbound, offers, rooms
from callcenter.switchboard.answers import message_ticket
from callcenter.switchboard.chain import hold_room, hold_subject
from callcenter.switchboard.evidence import forget, notice_key
from callcenter.switchboard.facts import short_call_seconds
from callcenter.switchboard.placed import leg_of_attempt
from callcenter.switchboard.unheard import take_back
from callcenter.switchboard.unmet import reconsider_call

GAVE_UP = frozenset({"no-answer", "canceled"})
MESSAGE_ENDS = ("machine", "no_key")
"""Endings of a called customer's leg at which a message is said, where the line leaves one."""
MAY_BE_KEPT = ("apology commit", "fallback")
"""Faults after which the turn that nobody heard may have been committed."""


@dataclass(frozen=True)
class Report:
    """One status of one leg: the carrier's stamp (`at`) and when it reached us (`received_at`)."""

    sid: str
    status: str
    at: datetime
    received_at: datetime
    detail: dict[str, Any]


def placed_leg(session: Session, attempt_id: UUID, report: Report) -> None:
    """Apply a status callback of a leg that we placed."""
    found = leg_of_attempt(session, attempt_id, report.sid, report.received_at, _key(report))
    if found is None or not _note(session, found.leg, report, noted=found.noted):
        return
    attempt, leg = found.attempt, found.leg
    moved, was_settled = move_leg(leg, report.status, report.at), attempt.state == "ended"
    if report.status in TERMINAL and moved:
        dialing.end_attempt(session, attempt.id, report.status, report.received_at)
    if attempt.purpose_kind == "offer":
        _agent_leg(session, attempt, leg, report, moved=moved)
    elif report.status in TERMINAL and moved and not was_settled:
        # Of a call that the list has told of already, the customer may be rung again by now.
        _customer_leg_ended(session, attempt, leg, report.received_at)


def _key(report: Report) -> str:
    return f"status:{report.status}"


def _note(session: Session, leg: Leg, report: Report, *, noted: bool | None) -> bool:
    """Write the report down; False when it is a repetition. `noted` says so, None where nobody has looked."""
    told: dict[str, Any] = {
        "call_id": leg.call_id, "leg_sid": leg.sid, "key": _key(report), "kind": "status", "at": report.at,
        "recorded_at": report.received_at, "detail": {"status": report.status, **report.detail},
    }  # fmt: skip
    if noted is None:
        return record_event(session, **told)
    if not noted:
        add_event(session, **told)
    return not noted


def _agent_leg(session: Session, attempt: Attempt, leg: Leg, report: Report, *, moved: bool) -> None:
    """Move the offer with its leg; every stamp may change what is measured of its rings."""
    if report.status in TERMINAL and moved:
        offers.agent_leg_ended(session, attempt.purpose_id, leg, report.received_at)
    elif report.status == "ringing":
        offers.agent_rings(session, attempt.purpose_id, leg, report.received_at)
    elif report.status == "in-progress":
        offers.agent_picks_up(session, attempt.purpose_id, report.received_at)
    later(session, "measure_offer", attempt.purpose_id)


def _customer_leg_ended(session: Session, attempt: Attempt, leg: Leg, at: datetime) -> None:
    """The customer we called back is gone: reached, or to be tried again."""
    reason = {"completed": "not_accepted", "no-answer": "no_answer"}.get(leg.state, leg.state)
    memory = (leg.step or {}).get("memory", {})
    if memory.get("ending") == "machine":
        reason = "voicemail"
    if (leg.step or {}).get("name") == "holding":
        reason = "hung_up"
    message_left = bool(memory.get("leaves")) and memory.get("ending") in MESSAGE_ENDS
    if leg.call_id is not None and leg.ended_at is not None:
        reconsider_call(session, calls.call_by_id(session, leg.call_id, lock=True), leg.ended_at, at)
    if memory.get("ending") == NOBODY_FREE:
        customer_not_rung(session, attempt.purpose_id, NOBODY_FREE, at)
    else:
        customer_missed(session, attempt.purpose_id, reason, at, message_left=message_left)


def customer_missed(
    session: Session, callback_id: UUID, reason: str, at: datetime, *, message_left: bool = False
) -> None:
    """Close the placed call; the agent who waits is told, and the callback is tried again or given up."""
    callback = close_try(session, callback_id, reason, at)
    if callback is not None and callback.state == "agent":
        miss_callback(session, callback, reason, at, message_left=message_left)


def customer_not_rung(session: Session, callback_id: UUID, reason: str, at: datetime) -> None:
    """No call may be made now: the agent who waits is told, and it is made when it may be."""
    callback = close_try(session, callback_id, reason, at)
    if callback is not None and callback.state == "agent":
        put_off_callback(session, callback, reason, at)


def close_try(session: Session, callback_id: UUID, reason: str, at: datetime) -> Callback | None:
    """Close the placed call and tell the agent who waits; return the callback, locked."""
    hold_subject(session, "callback", callback_id)
    callback = callback_by_id(session, callback_id, lock=True)
    if callback is None:
        return None
    _note_meeting(session, callback, at)
    if callback.state == "agent" and live_wait(session, "callback", callback.id) is None:
        release_agent(session, callback.id, at)
    if callback.call_id is not None:
        call = calls.call_by_id(session, callback.call_id, lock=True)
        end_outbound(session, call, "answered" if call.joined_at else "not_reached", at)
    free_waiting_agent(session, callback, reason, at)
    return callback


def _note_meeting(session: Session, callback: Callback, at: datetime) -> None:
    """The notices of a meeting may be lost; the promise is kept all the same, and the talk is over now."""
    wait = live_wait(session, "callback", callback.id, lock=True)
    offer = live_offer_of_wait(session, wait.id) if wait else None
    if offer is not None and rooms.note_meeting(session, offer, at):
        rooms.finish_talk(session, offer, at)


def free_waiting_agent(session: Session, callback: Callback, reason: str, at: datetime) -> None:
    """Tell the agent who waits for the customer, or is rung for him, that nobody will come."""
    wait = live_wait(session, "callback", callback.id, lock=True)
    if wait is None or not (wait.on_line or wait.state == "won"):
        return
    offer = live_offer_of_wait(session, wait.id)
    leave_line(session, wait, reason, at)
    if offer is not None and offer.state == "accepted":
        rooms.send_agent_away(session, offer, at)


def inbound_call(
    session: Session, report: Report, *, from_raw: str, to_raw: str, attestation: str = ""
) -> None:
    """Apply the final status of a caller's leg; a status without a call makes its row (decision 5)."""
    taken = calls.take_leg_and_call(session, report.sid, _key(report))
    leg = taken[0] if taken else calls.leg_by_sid(session, report.sid, lock=True)
    if leg is None:
        leg = inbound.call_of(
            session,
            sid=report.sid,
            from_raw=from_raw,
            to_raw=to_raw,
            at=report.received_at,
            attestation=attestation,
        )[1]
    chains = hold_subject(session, "call", leg.call_id, leg.sid, _key(report)) if leg.call_id else []
    noted = chains[0].noted if chains else None
    if not _note(session, leg, report, noted=noted) or not move_leg(leg, report.status, report.at):
        return
    if report.status in TERMINAL and leg.call_id is not None:
        end_inbound(session, leg.call_id, report)


def end_inbound(session: Session, call_id: UUID, report: Report) -> None:
    """The caller is gone: whatever rang or waited for this call is freed, and the call gets its outcome."""
    call = calls.call_by_id(session, call_id, lock=True)
    if report.status == "failed" and call.fault is None:
        call.fault = "carrier"
    offers.caller_gone(session, call, report.received_at)
    reconsider_call(session, call, report.at, report.received_at)
    ended_at = max(report.at, call.started_at)
    end_call(session, call, short_call_seconds=short_call_seconds(session, call), at=ended_at)


def conference(
    session: Session,
    *,
    event: str,
    room: str,
    instance: str,
    sid: str,
    sequence: str,
    at: datetime,
    received_at: datetime,
) -> None:
    """Apply a conference event: the agent's entry calls the caller in, the caller's starts the talk.

    A name may be used again once its conference has ended; `instance` is the carrier's SID of this one.
    """
    key = notice_key(event, room)
    offer_id = rooms.offer_id_of(room)
    chain = hold_room(session, offer_id, sid, key) if offer_id else None
    leg = chain.leg if chain else calls.leg_by_sid(session, sid)
    told: dict[str, Any] = {
        "call_id": leg.call_id if leg else None, "leg_sid": sid, "key": key, "kind": "conference", "at": at,
        "recorded_at": received_at, "detail": {"event": event, "sequence": sequence, "instance": instance},
    }  # fmt: skip
    if chain is None:
        record_event(session, **told)
    elif not chain.noted and chain.offer is not None:
        add_event(session, **told)
        forget(session, chain.offer)
        _in_room(session, chain.offer, event, leg, at, received_at)


def _in_room(
    session: Session, offer: Offer, event: str, leg: Leg | None, stamp: datetime, at: datetime
) -> None:
    by_agent = leg is not None and leg.role == "agent"
    if event == "participant-leave" and by_agent:
        rooms.agent_left(session, offer, at, stamp)
    if event == "participant-join" and by_agent:
        rooms.agent_in_room(session, offer, at)
    if event == "conference-start" or (event == "participant-join" and leg is not None):
        rooms.note_presence(session, offer, at)


def recording(
    session: Session,
    *,
    sid: str,
    call_sid: str,
    seconds: int,
    from_raw: str,
    to_raw: str,
    at: datetime,
    emergency: bool = False,
) -> None:
    """Keep a voice message: it belongs to its call, and its call has a ticket (TK-1).

    A message that was left while no row could be written makes the call's row now, from its address.
    `emergency` marks the ticket of one that was left because we could not answer.
    """
    leg = calls.leg_by_sid(session, call_sid, lock=True)
    if leg is None:
        leg = inbound.call_of(session, sid=call_sid, from_raw=from_raw, to_raw=to_raw, at=at)[1]
    keep_recording(
        session, sid=sid, call_id=leg.call_id if leg else None, kind="message", seconds=seconds, at=at
    )
    if leg is None or leg.call_id is None:
        return
    call = calls.call_by_id(session, leg.call_id, lock=True)
    call.message_left = True
    message_ticket(session, call, seconds, at, emergency=emergency)
    reconsider_outcome(session, call, short_call_seconds=short_call_seconds(session, call), at=at)


def room_recording(session: Session, *, sid: str, room: str, seconds: int, at: datetime) -> None:
    """Keep the recording of a talk with its call."""
    offer = rooms.offer_of_room(session, room)
    if offer is not None:
        keep_recording(session, sid=sid, call_id=offer.call_id, kind="talk", seconds=seconds, at=at)


def fault(
    session: Session,
    *,
    sid: str,
    from_raw: str,
    to_raw: str,
    what: str,
    at: datetime,
    turn: str = "",
    now: datetime | None = None,
    attestation: str = "",
) -> None:
    """Note that a caller met our fault: `what` is `apology`, `fallback` or `found`, and a detail.

    `turn` is the key of the turn that was apologised for: what it has left behind is taken back, `now` if
    that is later than the fault. What the carrier could not use may have been committed, and was never heard.
    """
    call, leg = inbound.call_of(
        session, sid=sid, from_raw=from_raw, to_raw=to_raw, at=at, attestation=attestation
    )
    call.fault = call.fault or what[:60]
    record_event(
        session,
        call_id=call.id,
        leg_sid=leg.sid,
        key=what.replace(" ", ":", 1),
        kind=what.partition(" ")[0],
        at=at,
        recorded_at=at,
        detail={"code": what.partition(" ")[2]},
    )
    if turn:
        take_back(session, leg, turn, now or at, committed=what.startswith(MAY_BE_KEPT))
    reconsider_outcome(session, call, short_call_seconds=short_call_seconds(session, call), at=at)


def found_call(session: Session, call: CarrierCall, at: datetime) -> None:
    """Make the rows of a call that only the carrier's list knows: it came while we could write nothing.

    A caller who hung up before anybody answered met no fault of ours; every other one did.
    """
    if call.started_at is None:
        return
    who, whom, began = call.from_number, call.to, call.started_at
    if call.status in GAVE_UP:
        inbound.call_of(session, sid=call.sid, from_raw=who, to_raw=whom, at=began)
    else:
        fault(session, sid=call.sid, from_raw=who, to_raw=whom, what="found later", at=began)
    if call.status in TERMINAL:
        ended = Report(call.sid, call.status, call.ended_at or at, at, {"source": "found"})
        inbound_call(session, ended, from_raw=call.from_number, to_raw=call.to)


def reconciled(session: Session, leg: Leg, call: CarrierCall, at: datetime) -> None:
    """Apply what the carrier says when asked: a call whose last webhook was lost ends all the same."""
    if call.status not in TERMINAL:
        return
    report = Report(leg.sid, call.status, call.ended_at or at, at, {"source": "reconciled"})
    if leg.attempt_id is not None:
        placed_leg(session, leg.attempt_id, report)
    else:
        inbound_call(session, report, from_raw=call.from_number, to_raw=call.to)
