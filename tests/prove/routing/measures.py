"""C4: what is measured of a ring is what happened, however it is told; what is not known is said so.

Each call's truth is drawn first: when the phone rang, who picked up, how it ended. The carrier's reports
are shuffled and partly repeated, `ringing` is lost in 5 %; the product measures. The oracle reads nothing but
the truth: rings of five seconds, three of them allowed, stamps in whole seconds (HL-1, numbers.md).
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

from callcenter.calls.models import Leg
from callcenter.calls.rules import TERMINAL
from callcenter.dialing.queries import attempt_for
from callcenter.routing import actions as routing
from callcenter.routing import matching, queries
from callcenter.standards import actions as standards
from callcenter.standards.queries import Scope
from callcenter.standards.queries import standards as figures_of
from callcenter.standards.rules import LegStamps, RingFacts
from callcenter.switchboard import offers, placing, progress
from tests.prove.routing.ground import Room, ask, room, stands_in_line
from tests.prove.verdict import Proof, Trial, Verdict

FULL = 10_000
RINGING_LOST, REPEATED = 0.05, 0.2
CYCLE, ALLOWED = 5, 3
FATES = ("accepted",) * 5 + ("rung_out", "declined", "busy", "failed", "voicemail", "withdrawn")
DAY_BEGINS = timedelta(hours=1)


@dataclass(frozen=True)
class Truth:
    """What happened to one agent's phone, in seconds after it was asked to ring; None for what did not."""

    fate: str
    initiated: float
    ringing: float | None
    answered: float | None
    ended: float
    ringing_told: bool


@dataclass(frozen=True)
class Answer:
    """What the records must say of a ring."""

    source: str
    verdict: str
    rings: int | None
    judged: bool
    within: bool | None


def draw(chance: random.Random) -> Truth:
    """Draw the truth of one call."""
    fate = chance.choice(FATES)
    initiated = chance.uniform(0.1, 2.0)
    rang = initiated + chance.uniform(0.1, 3.0)
    after = rang + chance.uniform(0.2, 24.0)
    told = chance.random() >= RINGING_LOST
    if fate in ("busy", "failed"):
        return Truth(fate, initiated, None, None, rang, told)
    answered = after if fate in ("accepted", "voicemail") else None
    ended = after + chance.uniform(5, 60) if answered else after
    return Truth(fate, initiated, rang, answered, ended, told)


def known(truth: Truth, asked: datetime) -> Answer:
    """Work out what must be said, from the truth alone."""
    began = truth.ringing if truth.ringing_told else None
    stop = truth.answered if truth.answered is not None else truth.ended
    measured = began is not None
    first = began if began is not None else truth.initiated
    seconds = int((_stamp(asked, stop) - _stamp(asked, first)).total_seconds())
    verdict = {"failed": "unreachable", "voicemail": "not_accepted"}.get(truth.fate, truth.fate)
    if verdict == "withdrawn" and seconds < CYCLE * ALLOWED:
        verdict = "withdrawn_early"
    judged = measured and verdict not in ("withdrawn_early", "busy", "unreachable")
    within: bool | None = False if judged else None
    if verdict == "accepted":
        within = True if seconds < CYCLE * ALLOWED else (False if measured else None)
    if not measured:
        return Answer("estimated", verdict, None, judged, within)
    return Answer("measured", verdict, seconds // CYCLE + 1, judged, within)


def _stamp(asked: datetime, seconds: float) -> datetime:
    return (asked + timedelta(seconds=seconds)).replace(microsecond=0)


def prove(trial: Trial) -> Verdict:
    """Let the calls happen one after the other, then compare every measure, and the rate, with the oracle."""
    chance = random.Random(trial.seed)
    expected: dict[str, Answer] = {}
    verdict = Verdict(trial.of(FULL, 12))
    with room(trial.database, 1, rings_timeout=5, rings_target=ALLOWED) as floor:
        floor.time.at = floor.time.at.replace(hour=0, minute=0) - DAY_BEGINS
        first = floor.time.at
        for _ in range(verdict.trials):
            truth = draw(chance)
            asked, offer_id = _happens(floor, truth, chance)
            expected[offer_id.hex] = known(truth, asked)
        _judge_rate(floor, first, expected, verdict)
    _judge(trial.database, expected, verdict)
    lost = sum(answer.source == "estimated" for answer in expected.values())
    verdict.measured = {"shown as estimated": lost, "judged": sum(a.judged for a in expected.values())}
    return verdict


def _happens(floor: Room, truth: Truth, chance: random.Random) -> tuple[datetime, UUID]:
    """Let one caller wait, one phone ring as the truth has it, and everything be told in some order."""
    work = floor.work
    with work.transaction() as session:
        wait_id = stands_in_line(session, floor.line_id, floor.skill_id, work.at()).id
        matching.offer_next(session, work.at())
    with work.transaction() as session:
        offer = queries.live_offer_of_wait(session, wait_id)
        assert offer is not None
        attempt = attempt_for(session, "offer", offer.id)
        assert attempt is not None
    placing.place_attempt(work, str(attempt.id))
    asked, sid = floor.time.at, floor.twin.placed[-1].sid
    early, late = _told(truth, chance)
    for status in early:
        _tell(floor, attempt.id, sid, status, truth, asked)
    floor.time.at = asked + timedelta(seconds=truth.answered or truth.ended)
    _act(floor, truth, offer.id, wait_id)
    floor.time.at = asked + timedelta(seconds=truth.ended)
    for status in late:
        _tell(floor, attempt.id, sid, status, truth, asked)
    _clear_up(floor, wait_id)
    return asked, offer.id


_LAST = {
    "accepted": "completed", "rung_out": "no-answer", "voicemail": "completed", "busy": "busy",
    "failed": "failed",
}  # fmt: skip


def _told(truth: Truth, chance: random.Random) -> tuple[list[str], list[str]]:
    """Return the statuses in the order of their arrival, before and after what the people did."""
    reports = ["initiated"]
    reports += ["ringing"] if truth.ringing is not None and truth.ringing_told else []
    reports += ["in-progress"] if truth.answered is not None else []
    reports += [status for status in reports if chance.random() < REPEATED]
    chance.shuffle(reports)
    cut = chance.randint(0, len(reports))
    late = [*reports[cut:], _LAST.get(truth.fate, "canceled")]
    chance.shuffle(late)
    return reports[:cut], late


def _tell(floor: Room, attempt_id: UUID, sid: str, status: str, truth: Truth, asked: datetime) -> None:
    """Report one status under the carrier's stamp."""
    at = {"initiated": truth.initiated, "ringing": truth.ringing, "in-progress": truth.answered}
    seconds = at.get(status, truth.ended)
    assert seconds is not None
    report = progress.Report(sid, status, _stamp(asked, seconds), floor.time.at, {})
    with floor.work.transaction() as session:
        progress.placed_leg(session, attempt_id, report)
    _measure(floor)


def _act(floor: Room, truth: Truth, offer_id: UUID, wait_id: UUID) -> None:
    """Let agent, caller or our own timer do what ends the ring."""
    at = floor.time.at
    with floor.work.transaction() as session:
        if truth.fate == "accepted":
            offers.accept_offer(session, offer_id, at)
        elif truth.fate == "declined":
            offers.decline_offer(session, offer_id, at)
        elif truth.fate == "withdrawn":
            routing.leave_line(session, queries.lock_wait(session, wait_id), "hung_up", at)


def _clear_up(floor: Room, wait_id: UUID) -> None:
    """The caller goes, the agent is free for the next one."""
    with floor.work.transaction() as session:
        wait = queries.lock_wait(session, wait_id)
        if wait.state != "left":
            routing.leave_line(session, wait, "hung_up", floor.time.at)
    with floor.work.transaction() as session:
        for agent_id in floor.agents:
            routing.set_agent_state(session, agent_id, "available", None, floor.time.at, "proof")
    _measure(floor)
    floor.time.moves(seconds=1)


def _measure(floor: Room) -> None:
    """Let the jobs that measure run, and no other."""
    floor.bell.rung = [each for each in floor.bell.rung if each[0] == "measure_offer"]
    floor.bell.drain(floor.work)


_ROWS = "SELECT offer_id, source, verdict, rings, judged, within FROM ring_measures"


def _judge(url: str, expected: dict[str, Answer], verdict: Verdict) -> None:
    """Each offer has one measure, and it says what the oracle says."""
    found: dict[str, Answer] = {}
    for offer_id, source, fate, rings, judged, within in ask(url, _ROWS):
        told = Answer(source, fate, rings, bool(judged), None if within is None else bool(within))
        found[str(offer_id).replace("-", "")] = told
    for offer_id, answer in expected.items():
        if found.get(offer_id) != answer:
            verdict.failed(f"offer {offer_id}: {found.get(offer_id)} instead of {answer}")


def _judge_rate(floor: Room, first: datetime, expected: dict[str, Answer], verdict: Verdict) -> None:
    """The figure that supervisors read counts what was measured, and nothing else (HL-1)."""
    judged = [answer for answer in expected.values() if answer.judged]
    within = sum(answer.within is True for answer in judged)
    scope = Scope(first.date(), floor.time.at.date() + timedelta(days=1), first.tzinfo)  # type: ignore[arg-type]
    with floor.work.db.reading() as session:
        figures, _ = figures_of(session, scope, floor.time.at)
    (rate,) = [each for each in figures if each.id == "three_rings"]
    if (rate.numerator, rate.denominator) != (within, len(judged)):
        verdict.failed(f"the rate is {rate.numerator}/{rate.denominator}, not {within}/{len(judged)}")


@contextmanager
def late_is_dropped() -> Iterator[None]:
    """Take no stamp that arrives after the end."""
    real = progress.move_leg

    def drops(leg: Leg, status: str, at: datetime) -> bool:
        return False if leg.state in TERMINAL else real(leg, status, at)

    with patch.object(progress, "move_leg", drops):
        yield


@contextmanager
def estimates_count() -> Iterator[None]:
    """Judge a ring whose `ringing` never came as if it had been measured."""
    real = standards.measure_ring

    def judges(fate: str, leg: LegStamps, **how: Any) -> RingFacts:
        return real(fate, replace(leg, ringing_at=leg.ringing_at or leg.initiated_at), **how)

    with patch.object(standards, "measure_ring", judges):
        yield


@contextmanager
def arrival_counts() -> Iterator[None]:
    """Believe the time at which a report arrived instead of the carrier's stamp."""
    real = progress.placed_leg

    def believes(session: Any, attempt_id: UUID, report: progress.Report) -> None:
        real(session, attempt_id, replace(report, at=report.received_at))

    with patch.object(progress, "placed_leg", believes):
        yield


PROOF = Proof(
    id="C4",
    promise="rings are measured as they were, and what is not known is shown as not known",
    prove=prove,
    mutants={
        "late stamps dropped": late_is_dropped,
        "estimates judged": estimates_count,
        "time of arrival": arrival_counts,
    },
    small=0.001,
)
