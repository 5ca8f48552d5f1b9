"""Work that follows commits: orders, matching, measuring, asking. Each re-checks its row and may run twice.

No transaction spans a request to the carrier.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from callcenter.callbacks.actions import start_callback as start_due_callback
from callcenter.calls.queries import leg_by_id
from callcenter.calls.rules import leg_is_past
from callcenter.carrier.port import (
    TERMINAL,
    CallGone,
    CarrierCall,
    CarrierDown,
    CarrierError,
)
from callcenter.configuration import configuration
from callcenter.dialing import actions as dialing
from callcenter.dialing.models import Attempt, CarrierOrder
from callcenter.dialing.queries import attempt_by_id, has_rival, sids_bound
from callcenter.dialing.rules import (
    CLOCK_SKEW,
    LIST_PATIENCE,
    LISTING_AFTER,
    NEEDS_HUMAN,
    SECOND,
    listings_due,
    may_give,
    signature,
)
from callcenter.jobs import Work, job
from callcenter.phone_numbers import without_extension
from callcenter.routing.matching import offer_next
from callcenter.routing.queries import offer_by_id
from callcenter.standards.actions import measure_offer as measure
from callcenter.switchboard import lookback as _lookback  # noqa: F401  Importing it names its job.
from callcenter.switchboard import outcomes
from callcenter.switchboard import placing as _placing  # noqa: F401  Importing it names its job.
from callcenter.switchboard.calling_back import ring_first
from callcenter.switchboard.people import hand_to_person
from callcenter.switchboard.progress import reconciled

log = structlog.get_logger()
MOST_MATCHES = 200


@job
def carry_out(work: Work, order_id: str) -> None:
    """Give an order to the carrier; repeating it is harmless, a call that is gone is no incident."""
    with work.transaction() as session:
        order = dialing.claim_order(session, UUID(order_id), work.at())
        if order is not None and outcomes.was_obeyed(session, order):
            dialing.finish_order(session, order.id, "done", "found obeyed", work.at())
            return
    if order is None or not may_give(order.bell_at, work.at()):
        return  # Who was stopped since he took it leaves it to the next one.
    try:
        _give(work, order)
    except CallGone as gone:
        with work.transaction() as session:
            dialing.finish_order(session, order.id, "gone", str(gone)[:200], work.at())
            outcomes.order_came_too_late(session, order, work.at())
    except CarrierError as fault:
        with work.transaction() as session:
            dialing.retry_order(session, order, str(fault), work.at())
    else:
        with work.transaction() as session:
            dialing.finish_order(session, order.id, "done", None, work.at())


def _give(work: Work, order: CarrierOrder) -> None:
    if order.key.startswith(SECOND):
        _stop(work, order.sid)
        return
    if order.verb == "hang_up":
        work.carrier.hang_up(order.sid)
        return
    path = order.path or ""
    if "{token}" in path:
        attempt_id = UUID(path.split("/")[3])
        path = path.replace("{token}", signature(work.secret_key, attempt_id))
    work.carrier.redirect(order.sid, f"{work.public_url}{path}")


def _stop(work: Work, sid: str) -> None:
    """Cancel a call that waits or rings, and hang up one that was picked up meanwhile."""
    work.carrier.cancel(sid)
    with suppress(CallGone):
        work.carrier.hang_up(sid)


@job
def match(work: Work, _every: str) -> None:
    """Offer waiting callers to free agents until there is no such pair, each in a transaction of its own.

    A customer who is rung first is rung in a second one: his callback is locked before his place in line.
    """
    for _ in range(MOST_MATCHES):
        with work.transaction() as session:
            served = offer_next(session, work.at())
        if served is None:
            return
        if served.rings_first is not None:
            with work.transaction() as session:
                ring_first(session, served.rings_first, work.at())


@job
def measure_offer(work: Work, offer_id: str) -> None:
    """Measure an offer's rings from the carrier's stamps (HL-1)."""
    with work.transaction() as session:
        offer = offer_by_id(session, UUID(offer_id))
        if offer is not None and offer.state != "ringing":
            measure(session, offer.id, work.at())


@job
def start_callback(work: Work, callback_id: str) -> None:
    """A callback's time has come: it takes its place in the line."""
    with work.transaction() as session:
        start_due_callback(session, UUID(callback_id), work.at())


@job
def reconcile_leg(work: Work, leg_id: str) -> None:
    """Ask the carrier about a leg that has been silent, and apply its end if it has ended."""
    with work.db.reading() as session:
        leg = leg_by_id(session, UUID(leg_id))
    if leg is None or leg.state in TERMINAL:
        return
    try:
        call = work.carrier.fetch(leg.sid)
    except CallGone:
        if not leg_is_past(leg.role, leg.state, leg.created_at, work.at()):
            return
        call = CarrierCall(leg.sid, "failed", "", "", "", None, None)
    except CarrierDown as fault:
        log.warning("leg.unreconciled", call_sid=leg.sid, reason=str(fault))
        return
    with work.transaction() as session:
        reconciled(session, leg, call, work.at())


@job
def resolve_attempt(work: Work, attempt_id: str) -> None:
    """Ask the carrier's list about an attempt of which nobody knows (dialing protocol, 5)."""
    at = work.at()
    with work.db.reading() as session:
        attempt = attempt_by_id(session, UUID(attempt_id))
    if attempt is None or attempt.state != "unknown" or attempt.sent_at is None:
        return
    with work.transaction() as session:
        outcomes.nobody_comes(session, attempt, at)
    if listings_due(attempt.sent_at, at) <= attempt.empty_listings:
        return
    try:
        listed = _listed(work, attempt.to_address, attempt.sent_at, at)
    except CarrierDown as fault:
        log.warning("attempt.list_unavailable", attempt=attempt_id, reason=str(fault))
        if at >= attempt.sent_at + LIST_PATIENCE:
            _without_list(work, attempt.id)
        return
    _judge(work, attempt, listed)


def _without_list(work: Work, attempt_id: UUID) -> None:
    """The list could not be had in time: a person finds out about a customer; an agent's phone is silent."""
    at = work.at()
    with work.transaction() as session:
        current = attempt_by_id(session, attempt_id, lock=True)
        if current is None or current.state != "unknown" or current.reason == NEEDS_HUMAN:
            return
        if current.purpose_kind == "callback":
            hand_to_person(session, current, "list_unavailable", at)
        else:
            dialing.settle(session, current.id, "ended", "silent by now", at)


def _listed(work: Work, to_address: str, since: datetime, at: datetime) -> list[CarrierCall]:
    """List the calls to the dialled number on every UTC day from the request to now."""
    number = without_extension(to_address)
    days = range((at.date() - since.date()).days + 1)
    listed = [work.carrier.list_calls(to=number, day=since.date() + timedelta(days=day)) for day in days]
    return list({call.sid: call for calls in listed for call in calls}.values())


def _judge(work: Work, attempt: Attempt, listed: list[CarrierCall]) -> None:
    """No such call twice: it was never made. One: it is ours. Several of either: a person decides."""
    at = work.at()
    assert attempt.sent_at is not None  # noqa: S101  Checked by the caller; mypy cannot see it.
    since = attempt.sent_at - CLOCK_SKEW
    with work.transaction() as session:
        current = attempt_by_id(session, attempt.id, lock=True)
        if current is None or current.state != "unknown" or current.reason == NEEDS_HUMAN:
            return
        found = _ours(session, attempt, listed, since)
        is_customers = current.purpose_kind == "callback"
        if len(found) > 1 or (found and is_customers and has_rival(session, current)):
            hand_to_person(session, current, "several_calls", at)
        elif found:
            outcomes.found_in_list(session, current, found[0], at)
        elif dialing.note_empty_listing(session, current) >= len(LISTING_AFTER):
            _not_in_the_list(session, current, at)


def _not_in_the_list(session: Session, attempt: Attempt, at: datetime) -> None:
    """Two complete listings show no call: it was never made; a strict centre lets a person say so."""
    if attempt.purpose_kind == "callback" and configuration(session).policies.strict_dialing:
        hand_to_person(session, attempt, "strict", at)
    else:
        outcomes.not_placed(session, attempt, "two listings show no call", at, costs_a_try=False)


def _ours(
    session: Session, attempt: Attempt, listed: list[CarrierCall], since: datetime
) -> list[CarrierCall]:
    """Return the calls of a listing that could be this attempt's: its numbers, its time, nobody else's."""
    bound = sids_bound(session, [call.sid for call in listed])
    return [
        call
        for call in listed
        if call.sid not in bound
        and call.from_number == attempt.from_number
        and (call.started_at is None or call.started_at >= since)
    ]
