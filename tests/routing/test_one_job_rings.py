"""A worker places the call that its own job has asked for: choosing and ringing are one job, not two.

speed.md: "agent becomes free (commit) -> request to ring leaves for the carrier"; the dialing protocol stays.
"""

from dataclasses import replace
from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import worker
from callcenter.dialing.models import Attempt
from callcenter.dialing.rules import BELL_PATIENCE
from callcenter.switchboard import jobs, placing, sweeps
from tests.routing.conftest import Floor


@pytest.fixture(autouse=True)
def at_work(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process be the floor's worker."""
    monkeypatch.setattr(worker, "_works", [floor.work])


def come_unheard(floor: Floor, callers: int) -> None:
    """So many agents and callers of whom nobody was told yet."""
    floor.bell.dead = True
    for number in range(callers):
        floor.agent(f"agent-{number}")
        floor.caller()
    floor.bell.dead = False


def dialled(floor: Floor) -> list[str]:
    return [placed.placement.to for placed in floor.twin.placed]


def intents(floor: Floor) -> list[tuple[str, str]]:
    """The attempts that nobody has claimed, as the bells that would be rung for them."""
    with floor.work.db.reading() as session:
        ids = session.scalars(sa.select(Attempt.id).where(Attempt.state == "intent")).all()
    return [("place_attempt", str(each)) for each in ids]


def test_who_chooses_an_agent_rings_him(floor: Floor) -> None:
    come_unheard(floor, 1)
    worker.perform("match", "all")
    assert len(dialled(floor)) == 1
    assert (floor.rung(), floor.bell.rung, intents(floor)) == (["agent-0"], [], [])


def test_what_is_left_over_is_rung_for(floor: Floor) -> None:
    come_unheard(floor, 3)
    worker.perform("match", "all")
    assert len(dialled(floor)) == 1
    assert len(floor.bell.rung) == 2
    assert sorted(floor.bell.rung) == sorted(intents(floor))
    floor.bell.drain(floor.work)
    assert len(set(dialled(floor))) == len(dialled(floor)) == 3


# "Jobs leave after commit, carry ids, re-check on arrival": what fails behind a commit takes nothing back.
def test_a_job_that_fails_later_rings_whom_it_had_chosen(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    come_unheard(floor, 2)
    chosen: list[bool] = []
    choose = jobs.offer_next

    def choose_once(session: Session, at: datetime) -> bool:
        if chosen:
            raise ConnectionError("the database is away")
        chosen.append(choose(session, at))
        return True

    monkeypatch.setattr(jobs, "offer_next", choose_once)
    worker.perform("match", "all")
    assert (len(chosen), len(dialled(floor))) == (1, 1)


# reliability.md, B1: a kill at any line; what a dead worker had kept to itself is a bell that was lost.
def test_a_worker_that_dies_between_choosing_and_ringing_is_a_lost_bell(floor: Floor) -> None:
    come_unheard(floor, 1)
    own = worker.KeepsOne(floor.bell)
    jobs.match(replace(floor.work, bell=own), "all")
    assert (dialled(floor), floor.bell.rung) == ([], [])
    floor.time.moves(seconds=BELL_PATIENCE.total_seconds() + 1)
    sweeps.lost_bells(floor.work)
    assert floor.bell.rung == [("place_attempt", own.kept)]
    floor.bell.drain(floor.work)
    assert own.kept is not None
    placing.place_attempt(floor.work, own.kept)
    assert len(dialled(floor)) == 1, "the dead worker was only slow"
