"""Small faults planted in the product, which the judges must see."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from callcenter import worker
from callcenter.callbacks import actions as callbacks
from callcenter.callbacks import queries
from callcenter.callbacks.models import Callback
from callcenter.carrier.port import CarrierError, Placement
from callcenter.carrier.twilio import TwilioCarrier
from callcenter.clock_process import SelfRinging
from callcenter.dialing import actions as dialing
from callcenter.dialing.models import Attempt, CarrierOrder
from callcenter.jobs import Work
from callcenter.switchboard import jobs, outcomes, sweeps
from callcenter.switchboard.progress import customer_missed


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
            placement = jobs._placement(work, attempt)
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

    def takes(work: Work, attempt_id: Any) -> Attempt | None:
        with work.transaction() as session:
            taken = sa.update(Attempt).where(
                Attempt.id == attempt_id, Attempt.state.in_(("intent", "sending"))
            )
            return session.execute(
                taken.values(state="sending", sent_at=work.at()).returning(Attempt)
            ).scalar_one_or_none()

    with patch.object(jobs, "_claim", takes):
        yield


@contextmanager
def gives_again() -> Iterator[None]:
    """An order is carried out by whoever is rung for it, whatever has become of it."""

    def claims(session: Any, order_id: Any, at: Any) -> CarrierOrder | None:
        taken = sa.update(CarrierOrder).where(CarrierOrder.id == order_id).values(state="given", bell_at=at)
        return session.execute(taken.returning(CarrierOrder)).scalar_one_or_none()

    with patch.object(dialing, "claim_order", claims):
        yield


@contextmanager
def starts_again() -> Iterator[None]:
    """A callback takes a place in line each time that somebody rings for it."""
    real = callbacks.start_callback

    def starts(session: Any, callback_id: Any, at: Any) -> bool:
        session.execute(
            sa.update(Callback)
            .where(Callback.id == callback_id, Callback.state == "waiting")
            .values(state="booked")
        )
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

    def gives_up(session: Any, attempt: Attempt, reason: str, at: Any) -> None:
        real(session, attempt, reason, at)
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
