"""A line with a skill, and agents in it: short verbs so that a test reads as what happens."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from callcenter.carrier.twin import Twin
from callcenter.jobs import Work
from callcenter.routing import actions, queries
from callcenter.routing.models import AgentState, Offer, Wait
from callcenter.staff.models import Agent, AgentSkill
from callcenter.switchboard import jobs, offers, sweeps  # noqa: F401  Importing jobs names them.
from tests.doubles import RememberingBell, SettableTime
from tests.factories import calls, centre


@dataclass
class Floor:
    """The room: agents who log in, callers who wait, phones that ring."""

    work: Work
    twin: Twin
    bell: RememberingBell
    time: SettableTime
    line_id: UUID
    skill_id: UUID

    def agent(self, key: str, *, level: int = 1, languages: tuple[str, ...] = ("zh-CN",)) -> UUID:
        """Hire an agent and log him in."""
        with self.work.transaction() as session:
            made = centre.agent(session, key)
            made.languages = list(languages)
            session.add(AgentSkill(agent_id=made.id, skill_id=self.skill_id, level=level))
            session.add(AgentState(agent_id=made.id, state="offline", since=self.work.at(), version=1))
        self.sets(made.id, "available")
        return made.id

    def sets(self, agent_id: UUID, state: str, reason: str | None = None) -> None:
        """Let an agent choose a state."""
        with self.work.transaction() as session:
            actions.set_agent_state(session, agent_id, state, reason, self.work.at(), "test")
        self.bell.drain(self.work)

    def caller(self, language: str = "zh-CN", priority: int = 0) -> UUID:
        """Let somebody phone and wait; return the wait."""
        with self.work.transaction() as session:
            line = session.get_one(centre.Line, self.line_id)
            call = calls.call(session, line, self.work.at())
            wait = actions.enter_line(
                session, subject_kind="call", subject_id=call.id, call_id=call.id, line_id=self.line_id,
                skill_id=self.skill_id, language=language, priority=priority, at=self.work.at(),
            )  # fmt: skip
        self.bell.drain(self.work)
        return wait.id

    def offers(self) -> list[Offer]:
        """Every offer so far, in order."""
        with self.work.db.reading() as session:
            return list(session.scalars(sa.select(Offer).order_by(Offer.made_at, Offer.id)))

    def rung(self) -> list[str]:
        """The keys of the agents whose phones ring now."""
        with self.work.db.reading() as session:
            statement = sa.select(Agent.key).join(Offer, Offer.agent_id == Agent.id)
            return list(session.scalars(statement.where(Offer.state == "ringing").order_by(Offer.made_at)))

    def state(self, agent_id: UUID) -> str:
        """What an agent does now."""
        with self.work.db.reading() as session:
            return session.scalars(sa.select(AgentState.state).where(AgentState.agent_id == agent_id)).one()

    def wait_state(self, wait_id: UUID) -> str:
        """Where a caller stands."""
        with self.work.db.reading() as session:
            return session.scalars(sa.select(Wait.state).where(Wait.id == wait_id)).one()

    def accepts(self, offer: Offer) -> bool:
        """Let the agent press the key."""
        with self.work.transaction() as session:
            won = offers.accept_offer(session, offer.id, self.work.at()) is not None
        self.bell.drain(self.work)
        return won

    def declines(self, offer: Offer) -> bool:
        """Let the agent press the other key."""
        with self.work.transaction() as session:
            declined = offers.decline_offer(session, offer.id, self.work.at())
        self.bell.drain(self.work)
        return declined

    def leaves(self, wait_id: UUID) -> None:
        """Let the caller go."""
        with self.work.transaction() as session:
            actions.leave_line(session, queries.lock_wait(session, wait_id), "hung_up", self.work.at())
        self.bell.drain(self.work)

    def legs_end(self) -> None:
        """Let the carrier report every leg that we hung up as ended."""
        from callcenter.dialing.actions import settle
        from callcenter.dialing.models import Attempt

        ended = [given.sid for given in self.twin.orders if given.verb == "hang_up"]
        with self.work.transaction() as session:
            for attempt_id in session.scalars(sa.select(Attempt.id).where(Attempt.sid.in_(ended))).all():
                settle(session, attempt_id, "ended", "canceled", self.work.at())

    def seconds_pass(self, seconds: int) -> None:
        """Let the clock tick through so many seconds."""
        for _ in range(seconds):
            self.time.moves(seconds=1)
            for sweep in (sweeps.ring_timeouts, sweeps.returning_agents, sweeps.waiting_subjects):
                sweep(self.work)
            self.bell.drain(self.work)
            self.legs_end()

    def passes(self, **by: float) -> None:
        """Let time pass at once, without ticks."""
        self.time.at += timedelta(**by)


@pytest.fixture
def floor(work: Work, twin: Twin, bell: RememberingBell, time: SettableTime) -> Iterator[Floor]:
    """A centre with one line and one skill."""
    with work.transaction() as session:
        centre.centre(session)
        line = centre.line(session)
        skill_id = centre.skill(session)
    yield Floor(work, twin, bell, time, line.id, skill_id)
