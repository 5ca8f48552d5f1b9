"""Reading agents and what they master."""

from collections import defaultdict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.errors import Missing
from callcenter.organisation.models import Skill
from callcenter.staff.models import Agent, AgentSkill


def agent(session: Session, agent_id: UUID) -> Agent:
    """Return one agent, retired or not; raise Missing."""
    found = session.get(Agent, agent_id)
    if found is None:
        raise Missing("agent", agent_id)
    return found


def agent_by_key(session: Session, key: str) -> Agent | None:
    """Return the agent that the centre's file calls by this key, retired or not."""
    return session.scalars(sa.select(Agent).where(Agent.key == key)).one_or_none()


def agents(session: Session) -> list[Agent]:
    """Return the active agents, by key."""
    return list(session.scalars(sa.select(Agent).where(Agent.active).order_by(Agent.key)))


def all_agents(session: Session) -> list[Agent]:
    """Return every agent who ever was, by key."""
    return list(session.scalars(sa.select(Agent).order_by(Agent.key)))


def skills_of(session: Session, agent_id: UUID) -> dict[str, int]:
    """Return an agent's levels by skill key; 1 is best."""
    return skills_by_agent(session, [agent_id])[agent_id]


def skills_by_agent(session: Session, agent_ids: list[UUID]) -> dict[UUID, dict[str, int]]:
    """Return the levels of several agents by skill key, in one query; nobody is missing."""
    rows = session.execute(
        sa.select(AgentSkill.agent_id, Skill.key, AgentSkill.level)
        .join(Skill, Skill.id == AgentSkill.skill_id)
        .where(AgentSkill.agent_id.in_(agent_ids))
        .order_by(Skill.key)
    )
    levels: dict[UUID, dict[str, int]] = defaultdict(dict)
    for agent_id, key, level in rows:
        levels[agent_id][key] = level
    return {agent_id: levels[agent_id] for agent_id in agent_ids}


def agents_with_skill(session: Session, skill_id: UUID) -> list[tuple[Agent, int]]:
    """Return the active agents who master a skill with their levels, best first."""
    rows = session.execute(
        sa.select(Agent, AgentSkill.level)
        .join(AgentSkill, AgentSkill.agent_id == Agent.id)
        .where(AgentSkill.skill_id == skill_id, Agent.active)
        .order_by(AgentSkill.level, Agent.key)
    )
    return [(agent, level) for agent, level in rows]
