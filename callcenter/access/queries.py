"""Whose token is this?"""

import hmac
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.access.models import Token
from callcenter.access.rules import Principal, digest, is_valid, prefix_of
from callcenter.staff.models import Agent

_TOKEN = (
    sa.select(Token, Agent.key, Agent.active)
    .outerjoin(Agent, Agent.id == Token.agent_id)
    .where(Token.prefix == sa.bindparam("prefix"))
)


def authenticate(session: Session, presented: str, at: datetime) -> Principal | None:
    """Return whom a presented token stands for, None when it is unknown, revoked, expired or its agent left.

    The prefix is public and looked up; what is secret is compared in constant time.
    """
    row = session.execute(_TOKEN, {"prefix": prefix_of(presented) or ""}).first()
    expected = row[0].digest if row else digest("")
    if not hmac.compare_digest(expected, digest(presented)) or row is None:
        return None
    token, agent_key, agent_active = row
    if agent_active is False or not is_valid(token.revoked_at, token.expires_at, at):
        return None
    return Principal(token.prefix, token.role, token.agent_id, agent_key)


def tokens(session: Session) -> Sequence[sa.Row[Token, str]]:
    """Return every token with its agent's key (None without one), the newest first."""
    return session.execute(
        sa.select(Token, Agent.key)
        .outerjoin(Agent, Agent.id == Token.agent_id)
        .order_by(Token.created_at.desc())
    ).all()
