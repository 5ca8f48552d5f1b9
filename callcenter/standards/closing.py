"""A day's report as it is about to be kept, and how it differs from the one before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.calls.models import Call
from callcenter.carrier.port import CarrierCall
from callcenter.standards.figures import Figure, figures
from callcenter.standards.formulas import FORMULAS
from callcenter.standards.identity import Identity
from callcenter.standards.queries import facts_of, home_zone, place_name, places_of
from callcenter.standards.rows import SETS, Row, pack
from callcenter.standards.tallies import Tally, count
from callcenter.standards.windows import Place, Window

MOST_ROWS_TOLD = 500


@dataclass(frozen=True)
class Draft:
    """What one day of one line came to, in one part of its report."""

    part: str
    line_id: UUID | None
    day: date
    rows: list[Row]
    identity: Identity

    @property
    def place(self) -> str:
        """Return how reports call its line."""
        return place_name(self.line_id)

    def tally(self) -> Tally:
        """Return the counts of the whole."""
        return count(self.rows)

    def shares(self) -> Mapping[UUID, Tally]:
        """Return the counts of each agent's own."""
        own: dict[UUID, list[Row]] = {}
        for row in self.rows:
            if row.agent is not None:
                own.setdefault(row.agent, []).append(row)
        return {agent: count(rows) for agent, rows in own.items()}

    def books(self) -> Mapping[str, bytes]:
        """Return the rows of each kind, packed."""
        kinds: dict[str, list[Row]] = {}
        for row in sorted(self.rows, key=lambda row: (row.at, row.id)):
            kinds.setdefault(row.kind, []).append(row)
        return {kind: pack(rows) for kind, rows in kinds.items()}


def draft(session: Session, part: str, line_id: UUID | None, day: date, at: datetime) -> Draft:
    """Count one day of one line anew from the rows that everything happened in."""
    home = home_zone(session)
    place = Place(home) if line_id is None else _place(session, line_id)
    facts = facts_of(session, Window({line_id: place}, day, day, at, home), part)
    return Draft(part, line_id, day, facts.rows, facts.identity)


def versions(part: str) -> dict[str, int]:
    """Return the formula versions by which a part is counted."""
    return {formula.id: formula.version for formula in FORMULAS.values() if formula.part == part}


def reconcile(session: Session, found: Draft, listed: Iterable[CarrierCall]) -> None:
    """Compare a day's calls with the carrier's own list of the days around it (identity, numbers.md).

    Each of ours is in the list; each of the list that began on the day is known here, whatever its day.
    """
    place = Place(home_zone(session)) if found.line_id is None else _place(session, found.line_id)
    calls = {call.sid: call for call in listed if call.direction == "inbound"}
    begun = {
        sid for sid, call in calls.items()
        if call.started_at and call.started_at.astimezone(place.zone).date() == found.day
    }  # fmt: skip
    ours = set(session.scalars(sa.select(Call.sid).where(*_of_day(found), Call.sid.is_not(None))))
    known = set(session.scalars(sa.select(Call.sid).where(Call.sid.in_(begun))))
    found.identity.listed = len(begun | (ours & calls.keys()))
    found.identity.unlisted = {sid for sid in (ours - calls.keys()) | (begun - known) if sid}


def _of_day(found: Draft) -> tuple[sa.ColumnElement[bool], ...]:
    return Call.direction == "inbound", Call.line_id == found.line_id, Call.day == found.day


def _place(session: Session, line_id: UUID) -> Place:
    return places_of(session, frozenset({line_id}))[line_id]


def differences(before: Tally, after: Tally, rows: tuple[list[Row], list[Row]], part: str) -> list[Any]:
    """Return what changed: figures with both values, then the rows behind them, at most so many."""
    formulas = [formula for formula in FORMULAS.values() if formula.part == part]
    changed = [
        _told_figure(old, new)
        for old, new in zip(figures(before, formulas), figures(after, formulas), strict=True)
        if old != new
    ]
    return [*changed, *_changed_rows(*rows)[:MOST_ROWS_TOLD]]


def _told_figure(old: Figure, new: Figure) -> dict[str, Any]:
    told = {name: [getattr(old, name), getattr(new, name)] for name in ("numerator", "denominator", "value")}
    parts = {} if old.parts == new.parts else {"parts": [dict(old.parts), dict(new.parts)]}
    return {"figure": new.id, **told, **parts}


def _changed_rows(before: list[Row], after: list[Row]) -> list[dict[str, Any]]:
    old, new = ({(row.kind, row.id): row for row in rows} for rows in (before, after))
    told = []
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key), new.get(key)
        if was is None or now is None or _counted(was) != _counted(now):
            told.append(_told(was, now))
    return told


def _counted(row: Row) -> tuple[object, ...]:
    return row.mask, row.ms, row.second_ms, row.agent, row.call


def _told(was: Row | None, now: Row | None) -> dict[str, Any]:
    row = now or was
    assert row is not None  # noqa: S101  One of them is there, otherwise there is no difference.
    sets = [_sets(each) for each in (was, now)]
    return {
        "kind": row.kind,
        "id": str(row.id),
        "call": str(row.call) if row.call else None,
        "left": sorted(sets[0] - sets[1]),
        "entered": sorted(sets[1] - sets[0]),
        "ms": [was.ms if was else None, now.ms if now else None],
    }


def _sets(row: Row | None) -> set[str]:
    return {name for name in SETS[row.kind] if row.has(name)} if row else set()
