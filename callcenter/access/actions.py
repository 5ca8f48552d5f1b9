"""Give out tokens and take them back; let a create happen once."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.access.models import IdempotencyKey, Token
from callcenter.access.rules import PREFIX_BYTES, SECRET_BYTES, check_role, digest
from callcenter.db import upsert
from callcenter.errors import Missing
from callcenter.ledger.actions import write

# A client that has had no answer for so long asks what came of it instead.
KEY_LIFE = timedelta(days=7)


def issue_token(
    session: Session,
    *,
    role: str,
    name: str,
    at: datetime,
    actor: str,
    agent_id: UUID | None = None,
    expires_at: datetime | None = None,
) -> str:
    """Make a token and return it whole, this once; raise Invalid for a role that cannot be."""
    check_role(role, agent_id)
    prefix = _prefix()
    presented = f"cc_{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    session.add(
        Token(
            prefix=prefix,
            digest=digest(presented),
            role=role,
            name=name,
            agent_id=agent_id,
            created_at=at,
            expires_at=expires_at,
        )
    )
    write(session, actor, "token.issued", "token", prefix, at, {"role": role})
    return presented


def revoke_token(session: Session, prefix: str, *, at: datetime, actor: str) -> Token:
    """End a token at once; an earlier end stays. Raise Missing for an unknown prefix."""
    token = session.scalar(sa.select(Token).where(Token.prefix == prefix))
    if token is None:
        raise Missing("token", prefix)
    if token.revoked_at is None:
        token.revoked_at = at
        write(session, actor, "token.revoked", "token", prefix, at)
    return token


def _prefix() -> str:
    """Forty random bits as eight characters of Crockford's alphabet, which has no look-alikes."""
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    number = secrets.randbits(8 * PREFIX_BYTES)
    return "".join(alphabet[number >> shift & 31] for shift in range(0, 8 * PREFIX_BYTES, 5))


def claim_key(session: Session, key: str, request_digest: str, at: datetime) -> IdempotencyKey | None:
    """Take an idempotency key for this transaction; return its row when it was taken before.

    A rival with the same key waits for the first one's commit; a rollback gives the key back.
    """
    values = {"key": key, "request_digest": request_digest, "answer": {}, "created_at": at}
    taken = session.execute(
        upsert(session, IdempotencyKey)
        .values(**values)
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    ).first()
    return session.get_one(IdempotencyKey, key) if taken is None else None


def forget_keys(session: Session, at: datetime) -> int:
    """Forget the keys that nobody repeats any more; return how many there were."""
    old = sa.delete(IdempotencyKey).where(IdempotencyKey.created_at < at - KEY_LIFE)
    return len(session.execute(old.returning(IdempotencyKey.key)).all())


def keep_answer(session: Session, key: str, answer: Mapping[str, Any]) -> None:
    """Keep what was answered, to give it again."""
    session.execute(sa.update(IdempotencyKey).where(IdempotencyKey.key == key).values(answer=dict(answer)))
