"""Accounts: make them, let them in, sign them out; every step is written into the ledger.

A password is hashed before a transaction begins: it takes a tenth of a second, and on SQLite everybody
would wait for it.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from math import ceil
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.access.models import Account, Kiosk, SignIn, SignInTries
from callcenter.access.queries import account_named, find_account
from callcenter.access.rules import (
    IDLE,
    LONGEST,
    MOST_TRIES,
    SECRET_BYTES,
    TRIES_WINDOW,
    Visitor,
    account_name,
    check_role,
    digest,
)
from callcenter.db import upsert
from callcenter.errors import Conflict, Invalid, Missing, Sentence
from callcenter.ledger.actions import write

MOST_BROWSER = 120


def add_account(
    session: Session,
    *,
    name: str,
    display_name: str,
    role: str,
    password_hash: str,
    at: datetime,
    actor: str,
    agent_id: UUID | None = None,
    must_change: bool = True,
) -> Account:
    """Make an account; raise Invalid for a name or role that cannot be, Conflict for a name that is taken."""
    kept = account_name(name)
    check_role(role, agent_id)
    if find_account(session, kept) is not None:
        raise Conflict(Sentence("There is an account {} already.", kept))
    made = Account(
        name=kept,
        display_name=display_name.strip()[:80] or kept,
        role=role,
        agent_id=agent_id,
        password_hash=password_hash,
        must_change=must_change,
        created_at=at,
    )
    session.add(made)
    write(session, actor, "account.added", "account", kept, at, {"role": role})
    return made


def set_password(
    session: Session,
    name: str,
    password_hash: str,
    *,
    at: datetime,
    actor: str,
    must_change: bool = False,
    but: UUID | None = None,
) -> Account:
    """Set a password and sign out every browser but one; raise Missing."""
    account = account_named(session, name)
    account.password_hash, account.must_change = password_hash, must_change
    _end(session, account.id, at, but)
    write(session, actor, "account.password", "account", name, at, {"by_other": must_change})
    return account


def disable(session: Session, name: str, *, at: datetime, actor: str) -> Account:
    """Let an account in no more, at once; raise Missing, or Invalid for the last administrator."""
    account = account_named(session, name)
    if account.disabled_at is None:
        if account.role == "admin" and _others(session, account) == 0:
            raise Invalid("name", "is the last administrator: make another one first")
        account.disabled_at = at
        _end(session, account.id, at)
        write(session, actor, "account.disabled", "account", name, at)
    return account


def enable(session: Session, name: str, *, at: datetime, actor: str) -> Account:
    """Let an account in again; raise Missing."""
    account = account_named(session, name)
    if account.disabled_at is not None:
        account.disabled_at = None
        write(session, actor, "account.enabled", "account", name, at)
    return account


def _others(session: Session, account: Account) -> int:
    """Count the other administrators; locked, so that two cannot disable each other at once."""
    found = session.scalars(
        sa.select(Account.id)
        .where(Account.role == "admin", Account.disabled_at.is_(None))
        .order_by(Account.id)
        .with_for_update()
    )
    return len(set(found) - {account.id})


def prefer(
    session: Session, account_id: UUID, *, language: str | None = None, theme: str | None = None
) -> None:
    """Remember the language or the theme that somebody chose; a theme of "" follows the system again."""
    chosen = {"language": language, "theme": theme}
    chosen = {name: value or None for name, value in chosen.items() if value is not None}
    session.execute(sa.update(Account).where(Account.id == account_id).values(**chosen))


def sign_in(session: Session, account: Account, browser: str, at: datetime) -> str:
    """Sign a browser in and return its secret, this once."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    session.add(
        SignIn(
            digest=digest(secret),
            account_id=account.id,
            browser=browser[:MOST_BROWSER],
            created_at=at,
            seen_at=at,
        )
    )
    write(session, f"account:{account.name}", "account.signed_in", "account", account.name, at)
    return secret


def sign_out(session: Session, visitor: Visitor, at: datetime) -> None:
    """Sign one browser out."""
    mine = sa.and_(SignIn.id == visitor.sign_in_id, SignIn.ended_at.is_(None))
    session.execute(sa.update(SignIn).where(mine).values(ended_at=at))
    write(session, visitor.actor, "account.signed_out", "account", visitor.prefix, at)


def sign_out_everywhere(
    session: Session, name: str, *, at: datetime, actor: str, but: UUID | None = None
) -> int:
    """Sign every browser of an account out but one; return how many there were. Raise Missing."""
    ended = _end(session, account_named(session, name).id, at, but)
    write(session, actor, "account.signed_out_everywhere", "account", name, at, {"browsers": ended})
    return ended


def _end(session: Session, account_id: UUID, at: datetime, but: UUID | None = None) -> int:
    living = [SignIn.account_id == account_id, SignIn.ended_at.is_(None)]
    if but is not None:
        living.append(SignIn.id != but)
    ended = sa.update(SignIn).where(*living).values(ended_at=at).returning(SignIn.id)
    return len(session.execute(ended).all())


def seen(session: Session, sign_in_id: UUID, at: datetime) -> None:
    """Remember that a browser was seen."""
    session.execute(sa.update(SignIn).where(SignIn.id == sign_in_id, SignIn.seen_at < at).values(seen_at=at))


def count_try(session: Session, name: str, address: str, at: datetime) -> int:
    """Count a try before it is made, so that many at once count too; return the seconds to wait, 0 for none.

    Names are counted whether or not they are accounts: what is told of both is the same.
    """
    waits = [_count(session, kind, key, at) for kind, key in _tried(name, address)]
    return max(waits)


def forgive_try(session: Session, name: str, address: str) -> None:
    """Take a try back that was right; what was wrong before it with this account is forgotten."""
    (_, account), (_, place) = _tried(name, address)
    session.execute(sa.delete(SignInTries).where(SignInTries.key == account))
    session.execute(
        sa.update(SignInTries).where(SignInTries.key == place).values(count=SignInTries.count - 1)
    )


def _tried(name: str, address: str) -> Iterable[tuple[str, str]]:
    account = sha256(name.encode()).hexdigest()
    return ("account", f"account:{account}"), ("address", f"address:{address[:60]}")


def _count(session: Session, kind: str, key: str, at: datetime) -> int:
    insert = upsert(session, SignInTries).values(key=key, count=1, began_at=at)
    over = SignInTries.began_at <= at - TRIES_WINDOW
    counted = insert.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "count": sa.case((over, 1), else_=SignInTries.count + 1),
            "began_at": sa.case((over, insert.excluded.began_at), else_=SignInTries.began_at),
        },
    ).returning(SignInTries.count, SignInTries.began_at)
    count, began = session.execute(counted).one()
    return ceil((began + TRIES_WINDOW - at).total_seconds()) if count > MOST_TRIES[kind] else 0


def open_kiosk(session: Session, name: str, *, at: datetime, actor: str) -> str:
    """Make a wallboard's link and return its secret, this once."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    session.add(Kiosk(digest=digest(secret), name=name.strip()[:80], created_at=at, created_by=actor))
    write(session, actor, "kiosk.opened", "kiosk", name, at)
    return secret


def close_kiosk(session: Session, kiosk_id: UUID, *, at: datetime, actor: str) -> Kiosk:
    """Let a wallboard's link work no more; raise Missing."""
    kiosk = session.get(Kiosk, kiosk_id)
    if kiosk is None:
        raise Missing("kiosk", kiosk_id)
    if kiosk.revoked_at is None:
        kiosk.revoked_at = at
        write(session, actor, "kiosk.closed", "kiosk", kiosk.name, at)
    return kiosk


def forget_sign_ins(session: Session, at: datetime) -> None:
    """Forget tries whose window is over, and browsers that were seen last longer ago than one can be in."""
    session.execute(sa.delete(SignInTries).where(SignInTries.began_at <= at - TRIES_WINDOW))
    session.execute(sa.delete(SignIn).where(SignIn.seen_at < at - IDLE - LONGEST))
