"""Bringing the first in line to the best free agent: one job, one pair, one transaction."""

import math
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.configuration import configuration
from callcenter.dialing import actions as dialing
from callcenter.lines.models import Line
from callcenter.lines.rules import cadence
from callcenter.routing import queries
from callcenter.routing.actions import kept_for, lose_offer, make_offer
from callcenter.routing.models import Wait
from callcenter.routing.queries import Claimed
from callcenter.routing.rules import BACKSTOP, CUSTOMER, ring_allowance
from callcenter.staff.models import Agent


class Served(NamedTuple):
    """Whose turn it was: `rings_first` is the callback whose customer is rung before any agent is asked."""

    wait_id: UUID
    rings_first: UUID | None = None


def offer_next(session: Session, at: datetime) -> Served | None:
    """Offer the first in line to the best free agent and ring; None when there is no such pair.

    A callback on a line that rings its customers first is only named: nobody is claimed for it yet.
    """
    wait = queries.lock_first(session, at)
    if wait is None:
        return None
    line = configuration(session).lines[wait.line_id]
    if wait.subject_kind == "callback" and not wait.on_line and line.callback_first == CUSTOMER:
        return Served(wait.id, wait.subject_id)
    agent = queries.claim(session, wait, at)
    if agent is None:
        return None
    _offer(session, wait, agent, line, at)
    return Served(wait.id)


def offer_to_reserved(session: Session, wait: Wait, at: datetime) -> bool:
    """Offer a customer who holds the line to the agent who was kept for him; False if he is not any more."""
    row = kept_for(session, wait.subject_id)
    if row is None:
        return False
    row.state, row.reason, row.since, row.until = "ringing", None, at, None
    row.version += 1
    session.flush()
    address = session.get_one(Agent, row.agent_id).address
    _offer(session, wait, Claimed(row.agent_id, address, 1), configuration(session).lines[wait.line_id], at)
    return True


def _offer(session: Session, wait: Any, agent: Claimed, line: Line, at: datetime) -> None:
    allowance = ring_allowance(line.rings_timeout, cadence(line.cadence_country).cycle_seconds)
    offer_id = make_offer(session, wait, agent, at + allowance + BACKSTOP, at)
    _ring_agent(session, offer_id, agent, line, allowance, at)


def _ring_agent(
    session: Session, offer_id: UUID, agent: Claimed, line: Line, allowance: timedelta, at: datetime
) -> None:
    """Ask for the agent's phone to be rung; one that may still be ringing lets the agent rest instead."""
    attempt_id = dialing.intend(
        session,
        purpose_kind="offer",
        purpose_id=offer_id,
        target=f"agent:{agent.agent_id}",
        to_address=agent.address,
        from_number=line.number,
        timeout_seconds=math.ceil(allowance.total_seconds()) + 5,
        at=at,
    )
    if attempt_id is None:
        found = queries.lock_offer(session, offer_id)
        assert found is not None  # noqa: S101  It was inserted in this very transaction.
        lose_offer(session, *found, "failed", "still_ringing", at, timedelta(seconds=10))
