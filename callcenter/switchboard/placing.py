"""Placing a call: INTENT -> SENDING, the request, and what came of it (dialing protocol, 1 to 4).

No transaction spans the request. Whatever forbids a call is looked at again before it is sent; a call that is
refused was certainly not placed.
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from callcenter.callbacks.bounds import forbidden_now
from callcenter.callbacks.queries import callback_by_id
from callcenter.calls.queries import leg_by_sid
from callcenter.carrier.port import TERMINAL, Ambiguous, CallGone, CarrierDown, NotPlaced, Placement
from callcenter.configuration import configuration
from callcenter.dialing import actions as dialing
from callcenter.dialing import gate
from callcenter.dialing.models import Attempt
from callcenter.dialing.queries import attempt_by_id, others_come_first
from callcenter.dialing.rules import QUEUED_MOST, may_send, signature
from callcenter.jobs import Work, job
from callcenter.phone_numbers import keys_to_press, may_dial, without_extension
from callcenter.staff.models import Agent
from callcenter.switchboard import outcomes
from callcenter.switchboard.placed import leg_of_attempt
from callcenter.switchboard.progress import reconciled

log = structlog.get_logger()
# Callers wait for an agent's phone; a customer who is called back does not know yet that he is.
A_MOMENT = timedelta(seconds=1)
LEASE_OVER = "lease_over"


class Claimed(NamedTuple):
    """An attempt that is ours to send, and how often the carrier has failed in a row before it.

    `detection` is how the carrier listens for a machine.
    """

    attempt: Attempt
    failures: int
    detection: str


class Refused(Exception):
    """The call may not be placed; what was claimed and counted for it goes with the transaction."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Waits(Exception):
    """The call may not be placed yet; what was claimed and counted for it goes with the transaction."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        super().__init__(str(until))


@job
def place_attempt(work: Work, attempt_id: str) -> None:
    """INTENT -> SENDING, committed; then the request; then what came of it (dialing protocol, 1 to 3)."""
    claimed = _claim(work, UUID(attempt_id))
    if claimed is None:
        return
    attempt = claimed.attempt
    try:
        sid = _send(work, claimed)
    except NotPlaced as refusal:
        with work.transaction() as session:
            if refusal.retry and refusal.reason != LEASE_OVER:
                gate.carrier_fails(session, work.at())
            outcomes.not_placed(
                session, attempt, refusal.reason, work.at(), attempt.fence, costs_a_try=not refusal.retry
            )
    except Ambiguous as doubt:
        log.warning("attempt.unknown", attempt=attempt_id, reason=str(doubt))
        with work.transaction() as session:
            gate.carrier_fails(session, work.at())
            outcomes.unknown(session, attempt, str(doubt), work.at(), attempt.fence)
    else:
        bind_placed(work, attempt, sid)
        if claimed.failures:
            with work.transaction() as session:
                gate.carrier_works(session, work.at())


def _claim(work: Work, attempt_id: UUID) -> Claimed | None:
    """Claim an attempt that is still wanted and still allowed; both are checked again here.

    It is claimed by one conditional change, and not locked before: whoever stops the ringing locks what it is
    for, and then takes the intent back.
    """
    at = work.at()
    try:
        with work.transaction() as session:
            return _claimed(session, attempt_id, at)
    except Refused as refusal:
        log.warning("attempt.refused", attempt=str(attempt_id), reason=refusal.reason)
        with work.transaction() as session:
            outcomes.refused(session, attempt_id, refusal.reason, at)
    except Waits as waits:
        with work.transaction() as session:
            dialing.wait_until(session, attempt_id, waits.until)
    return None


def _claimed(session: Session, attempt_id: UUID, at: datetime) -> Claimed | None:
    attempt = attempt_by_id(session, attempt_id)
    if attempt is None or attempt.state != "intent":
        return None
    if not outcomes.is_wanted(session, attempt):
        dialing.settle_intent(session, attempt_id, "withdrawn", at)
        return None
    forbidden = _forbidden(session, attempt, at)
    if forbidden is not None:
        raise Refused(forbidden)
    if attempt.purpose_kind != "offer" and others_come_first(session, attempt, at):
        raise Waits(at + A_MOMENT)
    claimed = dialing.claim(session, attempt_id, at)
    if claimed is None:
        return None
    reached = gate.count(session, claimed, at)
    if reached is not None:
        raise Refused(reached)
    failures = gate.pass_gate(session, at)
    if failures is None:
        raise Waits(gate.opens_again(session, at))
    return Claimed(claimed, failures, _detection(session, claimed))


def _forbidden(session: Session, attempt: Attempt, at: datetime) -> str | None:
    """Return why nobody may be rung there now: the allow-list, or a customer's night (protocol, 8)."""
    home = configuration(session).centre
    if not may_dial(attempt.to_address, home.dial_prefixes, home.sip_domains):
        return outcomes.NOT_ALLOWED
    if attempt.to_address.startswith("client:") and not _is_an_agents(session, attempt.to_address):
        return outcomes.NOT_ALLOWED
    callback = callback_by_id(session, attempt.purpose_id) if attempt.purpose_kind == "callback" else None
    return forbidden_now(session, callback, at) if callback is not None else None


def _is_an_agents(session: Session, address: str) -> bool:
    """Say whether a browser is the one of an agent who works here."""
    known = sa.select(sa.exists().where(Agent.address == address, Agent.active))
    return bool(session.scalar(known))


def _detection(session: Session, attempt: Attempt) -> str:
    """Return how the carrier listens for a machine: only at a customer's, and only where the line says so.

    Behind a switchboard the extension is pressed first, and a machine's greeting is that of the switchboard.
    """
    if attempt.purpose_kind != "callback" or keys_to_press(attempt.to_address):
        return ""
    line = configuration(session).line_of(attempt.from_number)
    if line is None or not line.callback_detects_machine:
        return ""
    return "DetectMessageEnd" if line.callback_leaves_message else "Enable"


def _send(work: Work, claimed: Claimed) -> str:
    """Place the call and return its SID; whoever has slept through half of the lease had better not."""
    if not may_send(claimed.attempt.lease_until, work.at()):
        raise NotPlaced(LEASE_OVER)
    return work.carrier.place(placement(work, claimed.attempt, claimed.detection))


def placement(work: Work, attempt: Attempt, detection: str = "") -> Placement:
    """Return what is asked of the carrier: its addresses carry the attempt's id and the proof of it."""
    proof = f"{attempt.id}/{signature(work.secret_key, attempt.id)}"
    return Placement(
        to=without_extension(attempt.to_address),
        from_number=attempt.from_number,
        url=f"{work.public_url}/twilio/leg/{proof}",
        status_url=f"{work.public_url}/twilio/progress/{proof}",
        fallback_url=f"{work.public_url}/twilio/fallback/leg",
        timeout_seconds=attempt.timeout_seconds,
        send_digits=keys_to_press(attempt.to_address),
        detection=detection,
    )


def bind_placed(work: Work, attempt: Attempt, sid: str) -> None:
    """Tie the SID to its attempt and know its leg; a phone that should not ring any more is hung up."""
    with work.transaction() as session:
        leg_of_attempt(session, attempt.id, sid, work.at())


@job
def check_queued(work: Work, attempt_id: str) -> None:
    """Look at a call that may wait in the carrier's queue (dialing protocol, 7).

    While it does, nothing else of ours is added; after 30 s it is cancelled. No webhook tells of that, so it
    is over when the carrier says so.
    """
    at = work.at()
    with work.transaction() as session:
        attempt = attempt_by_id(session, UUID(attempt_id))
        leg = leg_by_sid(session, attempt.sid) if attempt is not None and attempt.sid else None
        if attempt is None or leg is None or attempt.state != "live" or leg.state != "queued":
            return
        leg.checked_at = at
    try:
        call = work.carrier.fetch(leg.sid)
        if call.status == "queued" and at >= leg.created_at + QUEUED_MOST:
            log.warning("attempt.stayed_queued", call_sid=leg.sid, queue_seconds=call.queue_seconds)
            work.carrier.cancel(leg.sid)
            call = work.carrier.fetch(leg.sid)
    except (CallGone, CarrierDown) as fault:
        log.warning("attempt.queue_unknown", call_sid=leg.sid, reason=str(fault))
        return
    with work.transaction() as session:
        if call.status == "queued":
            gate.hold_gate(session, min(call.queue_seconds, QUEUED_MOST.total_seconds()), at)
        elif call.status in TERMINAL:
            if call.status == "canceled":
                outcomes.never_left(session, attempt, at)
            reconciled(session, leg, call, at)
