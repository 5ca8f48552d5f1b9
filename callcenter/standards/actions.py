"""Measure the rings of offers; close days for good, and count them anew only where somebody asks for it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.calendars.models import Calendar
from callcenter.calls.models import Call, Leg
from callcenter.db import upsert
from callcenter.dialing.models import Attempt
from callcenter.errors import Conflict, Sentence
from callcenter.ledger.actions import write
from callcenter.lines.models import Line
from callcenter.lines.rules import PROFILE_VERSION, cadence
from callcenter.notices.actions import announce
from callcenter.routing.models import Offer
from callcenter.standards.closing import Draft, differences, draft, versions
from callcenter.standards.models import AgentTally, DayBook, DayReport, RingMeasure
from callcenter.standards.queries import PARTS, closed_places
from callcenter.standards.rows import Row, unpack
from callcenter.standards.rules import LegStamps, RingFacts, fate_of, measure_ring
from callcenter.standards.tallies import of_json
from callcenter.statements import Write, at_most, locked, table_of

_OFFER = (
    sa.select(Offer, Line.cadence_country, Line.rings_target, Calendar.timezone, Call.day)
    .join(Line, Line.id == Offer.line_id)
    .join(Calendar, Calendar.id == Line.calendar_id)
    .outerjoin(Call, Call.id == Offer.call_id)
    .where(Offer.id == sa.bindparam("id"))
    .with_for_update(of=Offer, key_share=True)
)
_LEG = sa.select(Leg).where(Leg.sid == sa.bindparam("sid"))
_LEG_OF_ATTEMPT = (
    sa.select(Leg)
    .join(Attempt, Attempt.id == Leg.attempt_id)
    .where(Attempt.purpose_kind == "offer", Attempt.purpose_id == sa.bindparam("offer_id"))
    .order_by(Leg.created_at)
    .limit(at_most(1))
)


def _measured_again(insert: Any) -> Any:
    """One measure an offer: the later one takes the place of the earlier, which keeps its id."""
    made = insert(table_of(RingMeasure))
    newer = {name: made.excluded[name] for name in _MEASURED}
    return made.on_conflict_do_update(index_elements=["offer_id"], set_=newer)


_MEASURED = sorted(set(table_of(RingMeasure).columns.keys()) - {"id", "offer_id"})
_MEASURE = Write(_measured_again)


def measure_offer(session: Session, offer_id: UUID, at: datetime) -> RingFacts | None:
    """Measure an offer that was accepted or has ended, anew from the stamps its leg has now.

    None while it still rings, or when there is no such offer. Doing it again changes nothing unless a
    stamp has arrived meanwhile; the offer is locked, so that whoever measures last has read last.
    """
    row = session.execute(_OFFER, {"id": offer_id}).first()
    if row is None or row.Offer.state == "ringing":
        return None
    leg = _leg_of(session, row.Offer)
    profile = cadence(row.cadence_country)
    facts = _judge(row.Offer, leg, profile.cycle_seconds, row.rings_target)
    _keep(session, row, leg, facts, cycle=profile.cycle_seconds)
    if row.Offer.call_id is not None:
        announce(session, "call", row.Offer.call_id, at)
    return facts


def _leg_of(session: Session, offer: Offer) -> Leg | None:
    """Find the leg by its SID, or by its attempt when `ringing`, which names it, never came."""
    if offer.leg_sid is not None:
        return session.scalars(_LEG, {"sid": offer.leg_sid}).first()
    return session.scalars(_LEG_OF_ATTEMPT, {"offer_id": offer.id}).first()


def _judge(offer: Offer, leg: Leg | None, cycle: float, limit_rings: int) -> RingFacts:
    stamps = (
        LegStamps(leg.initiated_at, leg.ringing_at, leg.answered_at, leg.ended_at, leg.state)
        if leg
        else LegStamps()
    )
    fate = fate_of(offer.state, offer.accepted_at is not None, stamps)
    return measure_ring(fate, stamps, cycle_seconds=cycle, limit_rings=limit_rings)


def _keep(session: Session, row: Any, leg: Leg | None, facts: RingFacts, *, cycle: float) -> None:
    offer: Offer = row.Offer
    began = (leg and leg.ringing_at) or offer.made_at
    measure = {
        "leg_id": leg.id if leg else None, "call_id": offer.call_id, "line_id": offer.line_id,
        "agent_id": offer.agent_id, "day": row.day or offer.made_at.astimezone(ZoneInfo(row.timezone)).date(),
        "at": began, "profile": row.cadence_country, "profile_version": PROFILE_VERSION,
        "cycle_seconds": cycle, "limit_rings": row.rings_target, "source": facts.source,
        "verdict": facts.verdict, "ring_seconds": facts.seconds, "rings": facts.rings,
        "judged": facts.judged, "within": facts.within, "borderline": facts.borderline,
    }  # fmt: skip
    _MEASURE.send(session, {"id": ids.new(), "offer_id": offer.id, **measure})


CLOCK = "clock"


def close_day(session: Session, found: Draft, at: datetime) -> bool:
    """Keep the first report of a day; False when there is one already: a closed day is never changed."""
    return _keep_report(session, found, version=1, at=at, actor=CLOCK, reason=None, changed=[])


def _keep_report(
    session: Session,
    found: Draft,
    *,
    version: int,
    at: datetime,
    actor: str,
    reason: str | None,
    changed: list[Any],
) -> bool:
    report_id = ids.new()
    values = {
        "id": report_id, "part": found.part, "place": found.place, "line_id": found.line_id,
        "day": found.day, "version": version, "closed_at": at, "actor": actor, "reason": reason,
        "formulas": versions(found.part), "tally": found.tally().as_json(),
        "identity": found.identity.as_json(), "differences": changed,
    }  # fmt: skip
    kept = upsert(session, DayReport).values(**values).on_conflict_do_nothing().returning(DayReport.id)
    if session.execute(kept).first() is None:
        return False
    shares = [
        {"report_id": report_id, "agent_id": agent, "tally": tally.as_json()}
        for agent, tally in found.shares().items()
    ]
    books = [{"report_id": report_id, "kind": kind, "book": book} for kind, book in found.books().items()]
    for table, rows in ((AgentTally, shares), (DayBook, books)):
        if rows:
            session.execute(sa.insert(table), rows)
    return True


@dataclass(frozen=True)
class Recomputed:
    """One part of a line's day, counted anew: its version now, and what differs from the one before."""

    part: str
    line_id: UUID | None
    day: date
    version: int
    differences: list[Any]


def recompute_day(
    session: Session, day: date, line_id: UUID | None, at: datetime, *, actor: str, reason: str
) -> list[Recomputed]:
    """Count a closed day anew, of one line or of all; what differs is a new version with its differences.

    What comes to the same keeps its version. Raise Conflict when nothing of the day is closed.
    """
    closed = [(part, line) for part in PARTS for line in closed_places(session, part, day)]
    if line_id is not None:
        closed = [(part, line) for part, line in closed if line == line_id]
    if not closed:
        raise Conflict(
            Sentence("The day {} is not closed: what it shows now is counted anew each time.", day)
        )
    found = [_recompute(session, part, line, day, at, actor, reason) for part, line in closed]
    detail = {
        "line": str(line_id) if line_id else None,
        "changed": sum(bool(one.differences) for one in found),
    }
    write(session, actor, "standards.recompute", "day", day, at, detail)
    return found


def _recompute(
    session: Session, part: str, line_id: UUID | None, day: date, at: datetime, actor: str, reason: str
) -> Recomputed:
    found = draft(session, part, line_id, day, at)
    statement = sa.select(DayReport).where(
        DayReport.part == part, DayReport.place == found.place, DayReport.day == day
    )
    standing = session.scalars(locked(statement.where(DayReport.superseded_at.is_(None)))).first()
    if standing is None:
        _keep_report(session, found, version=1, at=at, actor=actor, reason=reason, changed=[])
        return Recomputed(part, line_id, day, 1, [])
    _keep_carriers_word(found, standing)
    rows = _rows_of(session, standing)
    changed = differences(of_json(standing.tally), found.tally(), (rows, found.rows), part)
    if found.identity.as_json() != standing.identity:
        changed.append({"identity": [standing.identity, found.identity.as_json()]})
    if not changed and standing.formulas == versions(part):
        return Recomputed(part, line_id, day, standing.version, [])
    standing.superseded_at = at
    session.flush()
    version = standing.version + 1
    _keep_report(session, found, version=version, at=at, actor=actor, reason=reason[:200], changed=changed)
    return Recomputed(part, line_id, day, version, changed)


def _keep_carriers_word(found: Draft, standing: DayReport) -> None:
    """What the carrier's list said when the day was closed is not asked again."""
    if standing.identity["listed"] is not None:
        found.identity.listed = standing.identity["listed"]
        found.identity.unlisted = set(standing.identity["unlisted"])


def _rows_of(session: Session, report: DayReport) -> list[Row]:
    books = sa.select(DayBook).where(DayBook.report_id == report.id)
    everything = (1 << 64) - 1
    return [
        row
        for book in session.scalars(books)
        for row in unpack(book.book, book.kind, report.day, report.line_id, everything)
    ]
