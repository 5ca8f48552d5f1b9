"""A centre with one line, one agent and one customer who is owed a call: short verbs for placing calls."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from callcenter import ids
from callcenter.callbacks.models import Callback
from callcenter.carrier.twin import Twin
from callcenter.dialing import actions as dialing
from callcenter.dialing.models import Attempt
from callcenter.jobs import Work
from callcenter.organisation.queries import centre
from callcenter.promises.actions import promise
from callcenter.routing.models import AgentState, Offer, Wait
from callcenter.staff.models import Agent
from callcenter.switchboard import jobs  # noqa: F401  Importing it names the jobs.
from tests.doubles import RememberingBell, SettableTime
from tests.factories import calls as made
from tests.factories import centre as centres

CUSTOMER = "+8613800138000"
LINE = "+862155550100"


@dataclass
class Desk:
    """Everything that a call to be placed needs."""

    work: Work
    twin: Twin
    bell: RememberingBell
    time: SettableTime
    line_id: UUID
    skill_id: UUID

    def policy(self, **numbers: Any) -> None:
        """Set the centre's numbers for this test."""
        with self.work.transaction() as session:
            home = centre(session)
            home.policies = home.policies | numbers

    def owes(self, number: str = CUSTOMER, *, state: str = "agent", minutes: int = 60) -> UUID:
        """A call is owed, due in so many minutes; its agent waits already."""
        at = self.work.at()
        with self.work.transaction() as session:
            callback = Callback(
                id=ids.new(), number=number, line_id=self.line_id, skill_id=self.skill_id, language="zh-CN",
                state=state, created_at=at, created_by="test", due_at=at + timedelta(minutes=minutes),
                next_try_at=at, tries=1 if state == "agent" else 0,
            )  # fmt: skip
            session.add(callback)
            session.flush()
            promise(
                session, rule="HL-8", subject_kind="callback", subject_id=callback.id,
                due_at=callback.due_at, grace=timedelta(minutes=10), why={}, at=at,
            )  # fmt: skip
        return callback.id

    def customer(self, number: str = CUSTOMER, callback_id: UUID | None = None) -> UUID:
        """A customer is to be rung; return the attempt. The bell has been rung and is not answered yet."""
        callback_id = callback_id or self.owes(number)
        return self._intends("callback", callback_id, number, number)

    def agent(self, key: str = "wang", address: str | None = None) -> UUID:
        """An agent is to be rung for a caller who waits; return the attempt."""
        at = self.work.at()
        with self.work.transaction() as session:
            agent = session.scalar(sa.select(Agent).where(Agent.key == key)) or centres.agent(session, key)
            if address is not None:
                agent.address = address
            state = session.get(AgentState, agent.id) or AgentState(agent_id=agent.id, since=at, version=1)
            state.state = "ringing"
            session.add(state)
            call = made.call(session, session.get_one(centres.Line, self.line_id), at)
            wait = Wait(
                id=ids.new(), subject_kind="call", subject_id=call.id, call_id=call.id, line_id=self.line_id,
                skill_id=self.skill_id, language="zh-CN", priority=0, entered_at=at, state="offered",
                connection=1,
            )  # fmt: skip
            session.add(wait)
            session.flush()
            offer = Offer(
                id=ids.new(), wait_id=wait.id, agent_id=agent.id, line_id=self.line_id, call_id=call.id,
                connection=1, state="ringing", made_at=at, ring_until=at + timedelta(seconds=45),
            )  # fmt: skip
            session.add(offer)
            session.flush()
        return self._intends("offer", offer.id, f"agent:{agent.id}", agent.address)

    def _intends(self, kind: str, purpose_id: UUID, target: str, address: str) -> UUID:
        with self.work.transaction() as session:
            attempt_id = dialing.intend(
                session, purpose_kind=kind, purpose_id=purpose_id, target=target, to_address=address,
                from_number=LINE, timeout_seconds=40, at=self.work.at(),
            )  # fmt: skip
        assert attempt_id is not None
        return attempt_id

    def read(self, attempt_id: UUID) -> Attempt:
        """Return an attempt as it stands."""
        with self.work.db.reading() as session:
            return session.get_one(Attempt, attempt_id)

    def told(self, attempt_id: UUID) -> tuple[str, str | None]:
        """Return an attempt's state and reason."""
        attempt = self.read(attempt_id)
        return attempt.state, attempt.reason

    def callback(self, attempt_id: UUID) -> Callback:
        """Return the callback that an attempt is for."""
        with self.work.db.reading() as session:
            return session.get_one(Callback, self.read(attempt_id).purpose_id)

    def rows(self, model: Any) -> list[Any]:
        """Look straight into a table."""
        with self.work.db.reading() as session:
            return list(session.scalars(sa.select(model)))

    def drain(self) -> None:
        """Perform what was rung."""
        self.bell.drain(self.work)


@pytest.fixture
def desk(work: Work, twin: Twin, bell: RememberingBell, time: SettableTime) -> Desk:
    """A centre that may dial China, open around the clock."""
    with work.transaction() as session:
        centres.centre(session)
        line = centres.line(session, number=LINE)
        skill_id = centres.skill(session)
    return Desk(work, twin, bell, time, line.id, skill_id)
