"""Small faults planted in the product, which the judges must see."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from callcenter import worker
from callcenter.calendars import rules
from callcenter.callbacks import actions as callbacks
from callcenter.callbacks import queries
from callcenter.callbacks.models import Callback
from callcenter.carrier.port import CarrierError, Placement
from callcenter.carrier.twilio import TwilioCarrier
from callcenter.clock_process import SelfRinging, Ticker
from callcenter.dialing import actions as dialing
from callcenter.dialing.models import Attempt, CarrierOrder
from callcenter.dialing.rules import GIVEN_LOST_AFTER, SENDING_LOST_AFTER
from callcenter.jobs import _RUNG, Work
from callcenter.routing.models import Wait
from callcenter.switchboard import jobs, outcomes, placing, sweeps
from callcenter.switchboard.progress import customer_missed
from callcenter.worker import URGENT, KeepsOne


@contextmanager
def silenced(name: str) -> Iterator[None]:
    """Let one sweep find nothing."""
    quiet = tuple(each for each in sweeps.SWEEPS if each.name != name)
    with patch("callcenter.clock_process.SWEEPS", quiet):
        yield


def dead_senders_are_left() -> Any:
    """An attempt whose worker died while sending stays so."""
    return silenced("dead_senders")


def lost_bells_are_left() -> Any:
    """What nobody has taken up is not rung again."""
    return silenced("lost_bells")


@contextmanager
def places_before_it_commits() -> Iterator[None]:
    """The carrier is asked inside the transaction that takes the attempt: commit and request are swapped."""
    claims, places = dialing.claim, TwilioCarrier.place
    answers = dict[str, str | CarrierError]()

    def claims_and_places(session: Any, attempt_id: Any, at: Any) -> Attempt | None:
        attempt = claims(session, attempt_id, at)
        if attempt is not None:
            work = worker._works[-1]
            placement = placing.placement(work, attempt)
            answers.pop(placement.url, None)  # What a worker had heard who died of it died with him.
            try:
                answers[placement.url] = work.carrier.place(placement)
            except CarrierError as fault:
                answers[placement.url] = fault
        return attempt

    def has_placed(carrier: TwilioCarrier, placement: Placement) -> str:
        answer = answers.pop(placement.url, None)
        if isinstance(answer, CarrierError):
            raise answer
        return places(carrier, placement) if answer is None else answer

    with patch.object(dialing, "claim", claims_and_places), patch.object(TwilioCarrier, "place", has_placed):
        yield


@contextmanager
def takes_again() -> Iterator[None]:
    """An attempt that somebody has taken is taken by the next one, too."""

    def takes(work: Work, attempt_id: Any) -> placing.Claimed | None:
        at, takeable = work.at(), Attempt.state.in_(("intent", "sending"))
        with work.transaction() as session:
            taken = sa.update(Attempt).where(Attempt.id == attempt_id, takeable)
            attempt = session.execute(
                taken.values(state="sending", sent_at=at, lease_until=at + SENDING_LOST_AFTER).returning(
                    Attempt
                )
            ).scalar_one_or_none()
            return (
                None if attempt is None else placing.Claimed(attempt, 0, placing._detection(session, attempt))
            )

    with patch.object(placing, "_claim", takes):
        yield


@contextmanager
def gives_again() -> Iterator[None]:
    """An order is carried out by whoever is rung for it, whatever has become of it."""

    def claims(session: Any, order_id: Any, at: Any) -> CarrierOrder | None:
        taken = (
            sa.update(CarrierOrder)
            .where(CarrierOrder.id == order_id)
            .values(state="given", bell_at=at + GIVEN_LOST_AFTER)
        )
        return session.execute(taken.returning(CarrierOrder)).scalar_one_or_none()

    with patch.object(dialing, "claim_order", claims):
        yield


@contextmanager
def starts_again() -> Iterator[None]:
    """A callback that waits already gives up its place for another whenever somebody rings for it."""
    real = callbacks.start_callback

    def starts(session: Any, callback_id: Any, at: Any) -> bool:
        waiting = sa.update(Callback).where(Callback.id == callback_id, Callback.state == "waiting")
        session.execute(waiting.values(state="booked"))
        place = sa.update(Wait).where(Wait.subject_id == callback_id, Wait.state == "waiting")
        session.execute(place.values(state="left", ended_at=at))
        return real(session, callback_id, at)

    with patch.object(jobs, "start_due_callback", starts):
        yield


@contextmanager
def due_callbacks_are_left() -> Iterator[None]:
    """A callback whose bell was rung is not looked for again."""
    rung: set[Any] = set()

    def once(session: Any, at: Any) -> list[Any]:
        due = [each for each in queries.due_callbacks(session, at) if each not in rung]
        rung.update(due)
        return due

    with patch.object(sweeps, "due_callbacks", once):
        yield


@contextmanager
def the_clock_rings_only() -> Iterator[None]:
    """The clock does not do the work itself while Redis is away."""
    with patch.object(SelfRinging, "ring", lambda bell, *told: bell._bell.ring(*told)):
        yield


@contextmanager
def unknown_is_not_placed() -> Iterator[None]:
    """An answer that proves nothing counts as a refusal."""
    with patch.object(outcomes, "unknown", outcomes.not_placed):
        yield


@contextmanager
def one_listing_is_enough() -> Iterator[None]:
    """A single listing, five seconds after the request, settles an unknown attempt."""
    with (
        patch.object(jobs, "LISTING_AFTER", (timedelta(seconds=5),)),
        patch.object(jobs, "listings_due", lambda *_: 1),
    ):
        yield


@contextmanager
def unknown_targets_are_free() -> Iterator[None]:
    """A number may be rung while an earlier call to it is unknown, and its promise is taken up at once."""
    real = outcomes.unknown

    def gives_up(session: Any, attempt: Attempt, reason: str, at: Any, fence: Any = None) -> None:
        real(session, attempt, reason, at, fence)
        current = session.get_one(Attempt, attempt.id)
        if attempt.purpose_kind == "callback" and current.state == "unknown":
            current.target = f"{current.target} before"
            customer_missed(session, attempt.purpose_id, "unknown", at)
            session.execute(
                sa.update(Callback)
                .where(Callback.id == attempt.purpose_id, Callback.state == "booked")
                .values(next_try_at=at)
            )

    with patch.object(outcomes, "unknown", gives_up):
        yield


def never_too_late() -> Any:
    """A worker sends, however long ago it has taken the attempt."""
    return patch.object(placing, "may_send", lambda *_: True)


def stale_orders_are_given() -> Any:
    """A worker gives an order, however long ago it has taken it."""
    return patch.object(jobs, "may_give", lambda *_: True)


@contextmanager
def stale_retries() -> Iterator[None]:
    """Whoever could not give an order lets it be given again, whatever has become of it."""

    def retries(session: Any, order: CarrierOrder, reason: str, at: Any) -> None:
        row = session.get_one(CarrierOrder, order.id)
        row.state, row.tries, row.bell_at = "pending", row.tries + 1, at

    with patch.object(dialing, "retry_order", retries):
        yield


@contextmanager
def callbacks_are_looked_for_seldom() -> Iterator[None]:
    """The clock looks for callbacks whose time has come once a minute."""
    seldom = tuple(
        replace(each, every=60) if each.name == "callbacks_due" else each for each in sweeps.SWEEPS
    )
    with patch("callcenter.clock_process.SWEEPS", seldom):
        yield


@contextmanager
def the_clock_rings_everything() -> Iterator[None]:
    """A worker does not ring whom its job has chosen, and the clock gives such a bell a minute."""
    with (
        patch.object(KeepsOne, "ring", lambda bell, *told: told[0] == URGENT or bell.bell.ring(*told)),
        patch.object(dialing, "BELL_PATIENCE", timedelta(minutes=1)),
    ):
        yield


def agents_do_not_come_back() -> Any:
    """Who has written his notes stays away."""
    return silenced("returning_agents")


@contextmanager
def due_is_not_looked_at_again() -> Iterator[None]:
    """A worker starts whatever it is told to start: the clock has looked at the time."""
    real = jobs.start_due_callback

    def starts(session: Any, callback_id: Any, at: Any) -> bool:
        row = session.get_one(Callback, callback_id)
        row.next_try_at = min(at, row.next_try_at)
        return real(session, callback_id, at)

    with patch.object(jobs, "start_due_callback", starts):
        yield


@contextmanager
def sweeps_wait_for_their_time() -> Iterator[None]:
    """After the clock was set back, a sweep waits until its time has come again."""

    def is_due(ticker: Ticker, name: str, _every: float, now: float) -> bool:
        return now >= ticker._next.get(name, 0.0)

    with patch.object(Ticker, "_is_due", is_due):
        yield


@contextmanager
def zones_keep_their_offset() -> Iterator[None]:
    """A wall time is reckoned with the offset that the zone had the day before."""

    def instant(zone: ZoneInfo, day: date, minute: int) -> datetime:
        day += timedelta(days=minute // (24 * 60))
        wall = datetime.combine(day, time(minute // 60 % 24, minute % 60), zone)
        offset = (wall - timedelta(days=1)).utcoffset()
        return (wall.replace(tzinfo=UTC) - offset) if offset is not None else wall

    with patch.object(rules, "_instant", instant):
        yield


@contextmanager
def whoever_comes_first_leaves() -> Iterator[None]:
    """Customers' calls leave in the order in which workers come to them, the last wanted first."""
    rings = dialing.ring_bells

    def backwards(session: Any, at: Any) -> None:
        rings(session, at)
        session.info.get(_RUNG, []).reverse()

    with (
        patch.object(placing, "others_come_first", lambda *_: False),
        patch.object(sweeps, "ring_bells", backwards),
    ):
        yield
