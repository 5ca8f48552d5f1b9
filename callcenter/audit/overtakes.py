"""Who was served before somebody that had come earlier, and why: read from waits and offers that are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.routing.models import Offer, Wait
from callcenter.routing.rules import DECLINED_REST, Passed
from callcenter.staff.models import Agent, AgentSkill


@dataclass(frozen=True)
class Overtake:
    """Somebody who had come later was given an agent first: when, whose wait it was, and why."""

    at: datetime
    subject_kind: str
    subject_id: UUID
    reason: str


def overtakes_of(
    session: Session, subject_kind: str, subject_id: UUID, since: datetime, at: datetime
) -> list[Overtake]:
    """Return who was served before a subject that had come earlier and stood in line since then."""
    mine = Wait.subject_kind == subject_kind, Wait.subject_id == subject_id
    wait = session.scalars(sa.select(Wait).where(*mine).order_by(Wait.id.desc()).limit(1)).first()
    if wait is None:
        return []
    own = session.scalars(sa.select(Offer).where(Offer.wait_id == wait.id).order_by(Offer.id)).all()
    until = next((offer.made_at for offer in own if offer.accepted_at), wait.ended_at or at)
    later = (
        sa.select(Offer.agent_id, Offer.made_at, Wait.priority, Wait.subject_kind, Wait.subject_id)
        .join(Wait, Wait.id == Offer.wait_id)
        .where(Offer.joined_at.is_not(None), Offer.made_at > since, Offer.made_at < until)
        .where(Wait.line_id == wait.line_id, Wait.entered_at > wait.entered_at)
        .order_by(Offer.made_at)
    )
    skilled = set(session.scalars(sa.select(AgentSkill.agent_id).where(AgentSkill.skill_id == wait.skill_id)))
    spoken = dict(session.execute(sa.select(Agent.id, Agent.languages)).all())
    return [
        Overtake(
            row.made_at, row.subject_kind, row.subject_id, _passed(row, wait, own, skilled, spoken).why()
        )
        for row in session.execute(later)
    ]


def _passed(
    served: Any, wait: Wait, own: Sequence[Offer], skilled: set[UUID], spoken: dict[UUID, list[str]]
) -> Passed:
    chosen, agent = served.made_at, served.agent_id
    return Passed(
        priority=served.priority > wait.priority,
        skill=agent not in skilled,
        language=wait.language not in spoken.get(agent, ()),
        being_offered=any(one.made_at <= chosen < (one.ended_at or chosen.max) for one in own),
        declined=any(
            one.agent_id == agent
            and one.state == "declined"
            and one.ended_at is not None
            and chosen - DECLINED_REST < one.ended_at <= chosen
            for one in own
        ),
    )
