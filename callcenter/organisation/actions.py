"""Setting the centre, its branches and its skills, each matched by its key."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from callcenter.organisation.models import Branch, Centre, Skill
from callcenter.organisation.queries import branch_by_key, find_centre, skill_by_key


def set_centre(
    session: Session,
    *,
    key: str,
    name: str,
    timezone: str,
    country: str,
    dial_prefixes: Sequence[str],
    sip_domains: Sequence[str],
    policies: Mapping[str, Any],
) -> Centre:
    """Create this installation's centre or change it."""
    centre = find_centre(session) or Centre(key=key)
    centre.name, centre.timezone, centre.country = name, timezone, country
    centre.dial_prefixes, centre.sip_domains = list(dial_prefixes), list(sip_domains)
    centre.policies = dict(policies)
    session.add(centre)
    session.flush()
    return centre


def set_branch(session: Session, *, key: str, names: Mapping[str, str], head_office: bool) -> Branch:
    """Create a branch or change it; names by language."""
    branch = branch_by_key(session, key) or Branch(key=key)
    branch.names, branch.head_office = dict(names), head_office
    session.add(branch)
    session.flush()
    return branch


def set_skill(session: Session, *, key: str, names: Mapping[str, str]) -> Skill:
    """Create a skill or change it; names by language."""
    skill = skill_by_key(session, key) or Skill(key=key)
    skill.names = dict(names)
    session.add(skill)
    session.flush()
    return skill
