"""Waits and the offers made about them."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from callcenter.calls.models import Call, Leg
from callcenter.routing.models import AgentState, Offer, Wait
from callcenter.staff.models import Agent
from tests.factories import added
from tests.factories.centre import skill


def wait(session: Session, call: Call, at: datetime, **other: Any) -> Wait:
    """A caller in line."""
    values = {
        "subject_kind": "call", "subject_id": call.id, "call_id": call.id, "line_id": call.line_id,
        "skill_id": skill(session), "language": "zh-CN", "entered_at": at, "state": "waiting",
    }  # fmt: skip
    return added(session, Wait(**values | other))


def offer(
    session: Session, wait: Wait, agent: Agent, at: datetime, leg: Leg | None = None, **other: Any
) -> Offer:
    """An offer that rings, or is in the `state` that is said."""
    values = {
        "wait_id": wait.id, "agent_id": agent.id, "line_id": wait.line_id, "call_id": wait.call_id,
        "connection": 1, "state": "ringing", "leg_sid": leg.sid if leg else None, "made_at": at,
        "ring_until": at + timedelta(seconds=45),
    }  # fmt: skip
    return added(session, Offer(**values | other))


def state(session: Session, agent: Agent, name: str, at: datetime, **other: Any) -> AgentState:
    """What an agent does."""
    return added(session, AgentState(agent_id=agent.id, state=name, since=at, **other))
