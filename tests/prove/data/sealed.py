"""D2: the ledger cannot be altered silently: every tampering is found, whatever it is.

Whoever tampers owns the schema and gets past its guards; a head was exported before. Each tampering is tried
on the same chain, judged, and rolled back.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from unittest.mock import patch

from sqlalchemy.orm import Session

from callcenter.db import Database
from callcenter.ledger import queries, rules
from callcenter.ledger.actions import seal, write
from callcenter.ledger.queries import faults, head
from callcenter.ledger.rules import Head
from tests.ledger.tampering import TAMPERINGS, without_guards
from tests.prove.verdict import Proof, Trial, Verdict

TAMPERED, ENTRIES = 1_000, 200
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def prove(trial: Trial) -> Verdict:
    """Tamper again and again, each kind in turn, and look whether the chain tells."""
    count, dice = trial.of(TAMPERED, 2 * len(TAMPERINGS)), Random(trial.seed)
    verdict, tried = Verdict(count), Counter[str]()
    database = Database(trial.database)
    exported = _written(database, dice)
    with database.reading() as session:
        if list(faults(session, [exported], NOW)):
            verdict.failed("the chain does not hold before anybody has touched it")
    for n in range(count):
        name = list(TAMPERINGS)[n % len(TAMPERINGS)]
        tried[name] += 1
        if not _is_found(database, name, dice, exported):
            verdict.failed(f"nobody noticed: {name}")
    verdict.counts["tampered"] = dict(tried)
    database.dispose()
    return verdict


def _written(database: Database, dice: Random) -> Head:
    with database.transaction() as session:
        for n in range(ENTRIES):
            detail = {"reason": f"{dice.random()}", "n": n}
            at = NOW + timedelta(seconds=n)
            write(session, f"agent:{n % 7}", "call.read", "call", f"call-{n}", at, detail)
    with database.transaction() as session:
        seal(session, NOW, everything=True)
        return head(session)


class _Undone(Exception):
    """Nothing of a tampering stays."""


def _is_found(database: Database, name: str, dice: Random, exported: Head) -> bool:
    found = False
    try:
        with database.transaction() as session:
            without_guards(session)
            TAMPERINGS[name](session, dice)
            session.flush()
            found = any(True for _ in faults(session, [exported], NOW))
            raise _Undone
    except _Undone:
        return found


@contextmanager
def details_are_not_covered() -> Iterator[None]:
    """The digest leaves out what was noted beside who and what."""

    def blind(*told: Any) -> bytes:
        return rules.canonical(*told[:-1], {})

    with patch.object(queries, "canonical", blind):
        yield


@contextmanager
def places_are_not_covered() -> Iterator[None]:
    """Each entry is digested by itself: no chain, only a list."""
    with patch.object(queries, "chained", lambda _before, _place, entry: rules.chained("", 0, entry)):
        yield


@contextmanager
def heads_are_not_looked_at() -> Iterator[None]:
    """The chain is held against itself alone."""
    real = queries.faults

    def alone(session: Session, _heads: Any, at: datetime) -> Any:
        return real(session, [], at)

    with patch(f"{__name__}.faults", alone):
        yield


PROOF = Proof(
    id="D2",
    promise="the ledger cannot be altered silently: every tampering is found",
    prove=prove,
    mutants={
        "details are not covered": details_are_not_covered,
        "places are not covered": places_are_not_covered,
        "heads are not looked at": heads_are_not_looked_at,
    },
    small=0.002,
)
