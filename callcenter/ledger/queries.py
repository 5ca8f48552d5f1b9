"""Reading the chain: its head, what is not in it yet, and whether it still holds."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.ledger.models import LedgerEntry, LedgerSeal
from callcenter.ledger.rules import NOTHING_BEFORE, SEALED_WITHIN, Fault, Head, canonical, chained

AT_ONCE = 1000
_SEALED = sa.exists().where(LedgerSeal.entry_id == LedgerEntry.id)


def head(session: Session) -> Head:
    """Return how far the chain has come; place 0 before the first entry."""
    newest = sa.select(LedgerSeal.sequence, LedgerSeal.digest).order_by(LedgerSeal.sequence.desc()).limit(1)
    row = session.execute(newest).first()
    return Head(row.sequence, row.digest) if row else Head(0, NOTHING_BEFORE)


def unsealed(session: Session, since: datetime | None, limit: int) -> Sequence[LedgerEntry]:
    """Return entries that have no place yet, the oldest first; with `since` only those from then on."""
    recent = [LedgerEntry.at >= since] if since is not None else []
    found = sa.select(LedgerEntry).where(~_SEALED, *recent).order_by(LedgerEntry.at, LedgerEntry.id)
    return session.scalars(found.limit(limit)).all()


def digest_of(before: str, sequence: int, entry: LedgerEntry) -> str:
    """Return the digest of an entry at its place behind another."""
    told = canonical(
        entry.id, entry.at, entry.actor, entry.action, entry.subject_kind, entry.subject_id, entry.detail
    )
    return chained(before, sequence, told)


def faults(session: Session, heads: Iterable[Head], at: datetime) -> Iterator[Fault]:
    """Yield what is wrong with the chain, in the order of its places; it is read as a stream.

    `heads` were exported earlier: only against them can a chain that was cut short, or made anew as a whole,
    be told from the true one.
    """
    known = {one.sequence: one.digest for one in heads}
    before, expected = NOTHING_BEFORE, 1
    for seal, entry in _chain(session):
        while expected < seal.sequence:
            yield Fault("removed", expected)
            expected += 1
        if entry is None:
            yield Fault("removed", seal.sequence, str(seal.entry_id))
        elif digest_of(before, seal.sequence, entry) != seal.digest:
            yield Fault("changed", seal.sequence, str(seal.entry_id))
        if known.pop(seal.sequence, seal.digest) != seal.digest:
            yield Fault("rewritten", seal.sequence, str(seal.entry_id))
        before, expected = seal.digest, seal.sequence + 1
    for sequence in sorted(sequence for sequence in known if sequence > 0):
        yield Fault("truncated", sequence)
    late = sa.select(LedgerEntry.id).where(~_SEALED, LedgerEntry.at < at - SEALED_WITHIN)
    for entry_id in session.scalars(late.order_by(LedgerEntry.at).limit(AT_ONCE)):
        yield Fault("unsealed", None, str(entry_id))


def _chain(session: Session) -> Iterator[tuple[LedgerSeal, LedgerEntry | None]]:
    """Read every place with its entry, a thousand at a time."""
    place = 0
    while True:
        part = (
            sa.select(LedgerSeal, LedgerEntry)
            .outerjoin(LedgerEntry, LedgerEntry.id == LedgerSeal.entry_id)
            .where(LedgerSeal.sequence > place)
            .order_by(LedgerSeal.sequence)
            .limit(AT_ONCE)
        )
        rows = session.execute(part).all()
        if not rows:
            return
        for row in rows:
            yield row.LedgerSeal, row.LedgerEntry
        place = rows[-1].LedgerSeal.sequence
        session.expunge_all()
