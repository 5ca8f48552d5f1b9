"""Reading the centre, its branches, its skills, its policies."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.errors import Missing
from callcenter.organisation.models import Branch, Centre, Skill
from callcenter.organisation.rules import Policies


def find_centre(session: Session) -> Centre | None:
    """Return this installation's centre, None before the first `callcenter apply`."""
    return session.scalars(sa.select(Centre).order_by(Centre.id)).first()


def centre(session: Session) -> Centre:
    """Return this installation's centre; raise Missing before the first `callcenter apply`."""
    found = find_centre(session)
    if found is None:
        raise Missing("centre", "yet: run `callcenter apply FILE`")
    return found


def policies(session: Session) -> Policies:
    """Return the handbook's numbers as the centre has set them; raise Missing without a centre."""
    return Policies.model_validate(centre(session).policies)


def branches(session: Session) -> list[Branch]:
    """Return every branch, by key."""
    return list(session.scalars(sa.select(Branch).order_by(Branch.key)))


def branch(session: Session, branch_id: UUID) -> Branch:
    """Return one branch; raise Missing."""
    found = session.get(Branch, branch_id)
    if found is None:
        raise Missing("branch", branch_id)
    return found


def branch_by_key(session: Session, key: str) -> Branch | None:
    """Return the branch that the centre's file calls by this key."""
    return session.scalars(sa.select(Branch).where(Branch.key == key)).one_or_none()


def skills(session: Session) -> list[Skill]:
    """Return every skill, by key."""
    return list(session.scalars(sa.select(Skill).order_by(Skill.key)))


def skill_by_key(session: Session, key: str) -> Skill | None:
    """Return the skill that the centre's file calls by this key."""
    return session.scalars(sa.select(Skill).where(Skill.key == key)).one_or_none()
