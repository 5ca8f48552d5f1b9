"""Whose token is this, and who looks at a page?"""

import hmac
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.access.models import Account, Kiosk, SignIn, Token
from callcenter.access.rules import (
    IDLE,
    KIOSK,
    LONGEST,
    Principal,
    Visitor,
    digest,
    is_signed_in,
    is_valid,
    prefix_of,
)
from callcenter.db import UtcDateTime
from callcenter.errors import Missing
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


_VISITOR = (
    sa.select(SignIn, Account, Agent.key, Agent.active)
    .join(Account, Account.id == SignIn.account_id)
    .outerjoin(Agent, Agent.id == Account.agent_id)
    .where(SignIn.digest == sa.bindparam("digest"))
)


def visitor_of(session: Session, secret: str, at: datetime) -> tuple[Visitor, datetime] | None:
    """Return whose browser carries this secret and when it was last seen.

    None when it is unknown, ended, idle for too long, its account disabled or its agent gone.
    """
    row = session.execute(_VISITOR, {"digest": digest(secret)}).first()
    if row is None:
        return None
    sign_in, account, agent_key, agent_active = row
    if account.disabled_at is not None or agent_active is False:
        return None
    if not is_signed_in(sign_in.created_at, sign_in.seen_at, sign_in.ended_at, at):
        return None
    visitor = Visitor(
        account.name,
        account.role,
        account.agent_id,
        agent_key,
        account_id=account.id,
        sign_in_id=sign_in.id,
        display_name=account.display_name,
        language=account.language,
        theme=account.theme,
        must_change=account.must_change,
    )
    return visitor, sign_in.seen_at


def kiosk_of(session: Session, secret: str) -> Visitor | None:
    """Return the kiosk whose link holds this secret, None for an unknown or revoked one."""
    found = session.scalar(sa.select(Kiosk).where(Kiosk.digest == digest(secret), Kiosk.revoked_at.is_(None)))
    return Visitor(found.id.hex, KIOSK, display_name=found.name) if found else None


def kiosks(session: Session) -> list[Kiosk]:
    """Return the kiosks whose links work, the newest first."""
    return list(
        session.scalars(sa.select(Kiosk).where(Kiosk.revoked_at.is_(None)).order_by(Kiosk.created_at.desc()))
    )


def account_named(session: Session, name: str) -> Account:
    """Return an account by its name; raise Missing."""
    found = find_account(session, name)
    if found is None:
        raise Missing("account", name)
    return found


def find_account(session: Session, name: str) -> Account | None:
    """Return an account by its name, disabled or not."""
    return session.scalar(sa.select(Account).where(Account.name == name))


def accounts(session: Session, at: datetime) -> Sequence[sa.Row[Account, str, int, datetime]]:
    """Return every account by name: its agent's key, how many browsers are signed in, when it was seen."""
    living = sa.and_(SignIn.ended_at.is_(None), SignIn.seen_at > at - IDLE, SignIn.created_at > at - LONGEST)
    visits = (
        sa.select(
            SignIn.account_id,
            sa.func.sum(sa.case((living, 1), else_=0)).label("browsers"),
            sa.func.max(SignIn.seen_at, type_=UtcDateTime()).label("seen_at"),
        )
        .group_by(SignIn.account_id)
        .subquery()
    )
    count = sa.func.coalesce(visits.c.browsers, 0).label("browsers")
    return session.execute(
        sa.select(Account, Agent.key, count, visits.c.seen_at)
        .outerjoin(Agent, Agent.id == Account.agent_id)
        .outerjoin(visits, visits.c.account_id == Account.id)
        .order_by(Account.name)
    ).all()


def browsers(session: Session, account_id: UUID, at: datetime) -> list[SignIn]:
    """Return the browsers in which an account is signed in now, the last seen first."""
    found = session.scalars(
        sa.select(SignIn)
        .where(SignIn.account_id == account_id, SignIn.ended_at.is_(None), SignIn.seen_at > at - IDLE)
        .order_by(SignIn.seen_at.desc())
    )
    return [each for each in found if is_signed_in(each.created_at, each.seen_at, each.ended_at, at)]
