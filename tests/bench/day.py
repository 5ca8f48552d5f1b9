"""Row: how long callers wait on simulated days, beside Erlang C.

The product's own routing decides who gets whom, on its own rows: callers enter the line, `match` offers them,
agents accept at once and are back at once after the talk. Time is simulated, telephones are left out: what
Erlang's formula knows of is all there is. The days are compared caller by caller with an ideal queue of the
same arrivals and talks, whose mean wait is Erlang's exactly. Their difference, added to the formula, has none
of the noise of days that happened to be busy; the bare mean stands beside it with its confidence interval.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from math import sqrt
from statistics import fmean, stdev
from uuid import UUID

import sqlalchemy as sa

from callcenter.jobs import perform
from callcenter.routing import actions as routing
from callcenter.routing import queries
from callcenter.routing.models import Offer, Wait
from callcenter.switchboard import jobs as _jobs  # noqa: F401  Importing it names `match`.
from callcenter.switchboard.offers import accept_offer
from tests.bench.erlang import Caller, Centre, day, ideal_waits
from tests.bench.figures import spread
from tests.bench.goals import ERLANG, Row
from tests.bench.ground import Ground
from tests.prove.routing.ground import Room, room, stands_in_line

CENTRE = Centre(agents=5, occupancy=0.8, mean_talk=300.0)
APART = timedelta(days=2)
SURE = 2.045
"""Student's t for 95 % of both sides at 30 days."""


def measure(ground: Ground, days: int, calls: int, seed: int) -> list[Row]:
    """Let the days happen; return the row."""
    erlang = CENTRE.mean_wait()
    real, ideal = [], []
    with room(ground.database("erlang"), CENTRE.agents) as floor:
        for number in range(days):
            callers = day(CENTRE, calls, seed + number)
            real.append(fmean(counted(callers, waits_of(floor, callers))))
            ideal.append(fmean(counted(callers, ideal_waits(CENTRE, callers))))
    apart = [mine - perfect for mine, perfect in zip(real, ideal, strict=True)]
    off = abs(fmean(apart)) / erlang * 100
    half = SURE * stdev(real) / sqrt(days)
    beside = {
        "mean_wait_s": fmean(real), "erlang_c_s": erlang, "ideal_queue_s": fmean(ideal),
        "confidence_from_s": fmean(real) - half, "confidence_to_s": fmean(real) + half,
        "days": days, "calls_a_day": calls,
    }  # fmt: skip
    inside = "inside" if abs(fmean(real) - erlang) <= half else "outside"
    said = (
        f"Erlang C: {erlang:.1f} s, {inside} the bare mean {fmean(real):.1f} ± {half:.1f} s of "
        f"{days} days of {calls} calls"
    )
    return [Row(ERLANG, spread([off]), said, beside=beside)]


def counted(callers: Sequence[Caller], waits: Sequence[float]) -> list[float]:
    """Return the waits of those who arrived in the day."""
    return [wait for caller, wait in zip(callers, waits, strict=True) if caller.counted]


def waits_of(floor: Room, callers: Sequence[Caller]) -> list[float]:
    """Let a day happen in the product, and return the seconds that its rows say each caller waited."""
    floor.time.at += APART
    happening = _Day(floor, callers, floor.time.at)
    happening.run()
    with floor.work.db.reading() as session:
        asked = sa.select(Wait.id, Wait.entered_at, Wait.ended_at).where(Wait.exit == "answered")
        met = {id: (ended - entered).total_seconds() for id, entered, ended in session.execute(asked).all()}
    return [met[wait] for wait in happening.waits]


@dataclass
class _Day:
    """What is still to come, by its time."""

    floor: Room
    callers: Sequence[Caller]
    begins: datetime
    waits: list[UUID] = field(default_factory=list)
    _to_come: list[tuple[float, int, UUID | None]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)
    _talks: dict[UUID, float] = field(default_factory=dict)

    def run(self) -> None:
        """Let everybody arrive and everybody's talk end."""
        for caller in self.callers:
            self._plan(caller.at, None)
        while self._to_come:
            at, _, offer_id = heapq.heappop(self._to_come)
            self.floor.time.at = self.begins + timedelta(seconds=at)
            if offer_id is None:
                self._arrive()
            else:
                self._end(offer_id)
            self._match(at)

    def _plan(self, at: float, offer_id: UUID | None) -> None:
        heapq.heappush(self._to_come, (at, next(self._numbers), offer_id))

    def _arrive(self) -> None:
        with self.floor.work.transaction() as session:
            floor = self.floor
            wait = stands_in_line(session, floor.line_id, floor.skill_id, floor.work.at())
        self._talks[wait.id] = self.callers[len(self.waits)].talk
        self.waits.append(wait.id)

    def _end(self, offer_id: UUID) -> None:
        """The talk is over; the agent needs no time for notes, and the clock sees it at once."""
        at = self.floor.work.at()
        with self.floor.work.transaction() as session:
            offer = queries.offer_by_id(session, offer_id)
            assert offer is not None
            routing.end_offer(session, offer, "completed", timedelta(0), at)
        with self.floor.work.transaction() as session:
            routing.end_due_states(session, at)

    def _match(self, at: float) -> None:
        """Perform what was rung for matching, and let whoever is asked accept; nobody's phone is rung."""
        rung, self.floor.bell.rung = self.floor.bell.rung, []
        if ("match", "all") not in rung:
            return
        perform(self.floor.work, "match", "all")
        with self.floor.work.db.reading() as session:
            asked = session.execute(sa.select(Offer.id, Offer.wait_id).where(Offer.state == "ringing")).all()
        for offer_id, wait_id in asked:
            self._accept(offer_id)
            self._plan(at + self._talks[wait_id], offer_id)
        self.floor.bell.rung.clear()

    def _accept(self, offer_id: UUID) -> None:
        at = self.floor.work.at()
        with self.floor.work.transaction() as session:
            offer = accept_offer(session, offer_id, at)
            assert offer is not None
            routing.join(session, offer, queries.lock_wait(session, offer.wait_id), at)
            routing.stop_ringing(session, offer, at)
