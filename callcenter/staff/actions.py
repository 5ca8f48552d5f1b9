"""Setting and retiring agents, each matched by a key."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.staff.models import Agent, AgentSkill
from callcenter.staff.queries import agent_by_key


def set_agent(
    session: Session,
    *,
    key: str,
    name: str,
    branch_id: UUID,
    languages: Sequence[str],
    address: str | None,
    address_raw: str,
    skills: Mapping[UUID, int],
) -> Agent:
    """Create an agent or change one; levels by skill id. A retired agent becomes active again.

    No address means the agent's browser, `client:` and the agent's own id in hex, the only form that a
    Twilio client identity may have (alphanumeric, no hyphens).
    """
    agent = agent_by_key(session, key) or Agent(id=ids.new(), key=key)
    agent.name, agent.branch_id, agent.languages = name, branch_id, list(languages)
    agent.address, agent.address_raw = address or f"client:{agent.id.hex}", address_raw
    agent.active = True
    session.add(agent)
    session.flush()
    _replace_skills(session, agent.id, skills)
    return agent


def retire_agent(session: Session, key: str) -> None:
    """Take an agent out of service; calls and offers keep referring to him or her."""
    session.execute(sa.update(Agent).where(Agent.key == key).values(active=False))


def _replace_skills(session: Session, agent_id: UUID, skills: Mapping[UUID, int]) -> None:
    session.execute(sa.delete(AgentSkill).where(AgentSkill.agent_id == agent_id))
    session.add_all(
        AgentSkill(agent_id=agent_id, skill_id=skill_id, level=level) for skill_id, level in skills.items()
    )
    session.flush()
