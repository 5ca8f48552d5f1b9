"""Ways in which somebody may tamper with the ledger who gets past its guards."""

from collections.abc import Callable, Mapping
from random import Random

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.ledger.models import LedgerEntry, LedgerSeal
from callcenter.ledger.queries import digest_of, head
from callcenter.ledger.rules import NOTHING_BEFORE

Tamper = Callable[[Session, Random], None]


def without_guards(session: Session) -> None:
    """Be the owner of the schema for this transaction: nothing else gets past the guards."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("SET LOCAL session_replication_role = replica"))
        return
    triggers = session.scalars(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
    for name in triggers:
        session.execute(sa.text(f"DROP TRIGGER {name}"))


def _sealed(session: Session, dice: Random) -> tuple[LedgerSeal, LedgerEntry]:
    at = dice.randint(1, head(session).sequence - 1)
    seal = session.get_one(LedgerSeal, at)
    return seal, session.get_one(LedgerEntry, seal.entry_id)


def _set(name: str, value: Callable[[LedgerEntry, Random], object]) -> Tamper:
    def tamper(session: Session, dice: Random) -> None:
        _, entry = _sealed(session, dice)
        setattr(entry, name, value(entry, dice))

    return tamper


def _removed(session: Session, dice: Random) -> None:
    seal, entry = _sealed(session, dice)
    session.delete(seal)
    session.flush()
    session.delete(entry)


def _entry_removed(session: Session, dice: Random) -> None:
    session.execute(sa.delete(LedgerEntry).where(LedgerEntry.id == _sealed(session, dice)[1].id))


def _digest(session: Session, dice: Random) -> None:
    seal, _ = _sealed(session, dice)
    seal.digest = "f" * 64


def _swapped(session: Session, dice: Random) -> None:
    one, entry = _sealed(session, dice)
    other = session.get_one(LedgerEntry, session.get_one(LedgerSeal, one.sequence + 1).entry_id)
    entry.actor, other.actor = other.actor + "x", entry.actor


def _inserted(session: Session, dice: Random) -> None:
    seal, entry = _sealed(session, dice)
    new = LedgerEntry(
        id=ids.new(), at=entry.at, actor="agent:nobody", action="call.read", subject_kind="call",
        subject_id="x", detail={},
    )  # fmt: skip
    session.add(new)
    session.flush()
    seal.entry_id = new.id


def _cut(session: Session, dice: Random) -> None:
    keep = dice.randint(1, head(session).sequence - 1)
    gone = sa.select(LedgerSeal.entry_id).where(LedgerSeal.sequence > keep)
    entries = list(session.scalars(gone))
    session.execute(sa.delete(LedgerSeal).where(LedgerSeal.sequence > keep))
    session.execute(sa.delete(LedgerEntry).where(LedgerEntry.id.in_(entries)))


def _made_anew(session: Session, dice: Random) -> None:
    _, entry = _sealed(session, dice)
    entry.actor = "agent:somebody-else"
    session.flush()
    digest = NOTHING_BEFORE
    for seal in session.scalars(sa.select(LedgerSeal).order_by(LedgerSeal.sequence)).all():
        digest = digest_of(digest, seal.sequence, session.get_one(LedgerEntry, seal.entry_id))
        seal.digest = digest


TAMPERINGS: Mapping[str, Tamper] = {
    "another actor": _set("actor", lambda entry, _: entry.actor + "x"),
    "another action": _set("action", lambda entry, _: entry.action[:-1] + "?"),
    "another subject": _set("subject_id", lambda _, dice: str(dice.random())),
    "another kind": _set("subject_kind", lambda *_: "ticket"),
    "another time": _set("at", lambda entry, _: entry.at.replace(microsecond=entry.at.microsecond ^ 1)),
    "another detail": _set("detail", lambda entry, _: {**entry.detail, "reason": "none"}),
    "an entry removed": _removed,
    "an entry removed behind its seal": _entry_removed,
    "a digest changed": _digest,
    "two entries exchanged": _swapped,
    "an entry put in another's place": _inserted,
    "the end cut off": _cut,
    "the whole chain made anew": _made_anew,
}
