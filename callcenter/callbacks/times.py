"""What is promised: by which rule, at which of the times that a number may be called."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callcenter.calendars.rules import Hours, is_open, next_opening
from callcenter.callbacks import rules
from callcenter.callbacks.bounds import hours_of, quiet_hours, zone_for
from callcenter.configuration import configuration
from callcenter.errors import Conflict, Invalid, Sentence
from callcenter.promises import rules as promised

PROMISE = "HL-8"


@dataclass(frozen=True)
class Choice:
    """When a number may be called: at the latest `soonest`, or at one of the `others`, which are in `zone`.

    `abroad` says that this is the customer's own zone and not the line's.
    """

    soonest: datetime
    zone: ZoneInfo
    abroad: bool
    others: list[datetime] = field(default_factory=list)


def agreed_for(
    session: Session,
    line_id: UUID,
    number: str,
    at: datetime,
    *,
    rule: str = PROMISE,
    asked_for: datetime | None = None,
    start: datetime | None = None,
    awaits_call_id: UUID | None = None,
) -> rules.Agreed:
    """Return what is promised by a rule, and when we first try; raise Conflict when it cannot be kept.

    Who asks is awake: where a first try must wait for his morning all the same, the promise moves with it.
    """
    known = configuration(session)
    limit = promised.limit_of(rule, known.policies_of(line_id), given=asked_for is not None)
    hours, quiet = hours_of(session, line_id), quiet_hours(session, line_id, number, at, at)
    zone = known.zone_of(line_id)
    if asked_for is not None:
        _check_time(hours, zone, asked_for, at)
    agreed = rules.agree(limit, hours, quiet, at, start or at, zone, asked_for, awaits_call_id)
    if agreed is None:
        raise Conflict("The line has no opening hours in the coming year: nothing can be promised.")
    if agreed.due_at <= at:
        raise Conflict(Sentence("The time limit of {} is over already: give a time by HL-8.", rule))
    return agreed


def _check_time(hours: Hours, zone: ZoneInfo, asked_for: datetime, at: datetime) -> None:
    """A time that is given has not passed, and the line is open then: on a holiday nobody calls."""
    if asked_for <= at:
        raise Invalid("due_at", "this time has passed; give a time in the future")
    if is_open(hours, asked_for):
        return
    opens = next_opening(hours, asked_for)
    if opens is None:
        raise Conflict("The line has no opening hours in the coming year: nothing can be promised.")
    when = f"{opens.astimezone(zone):%Y-%m-%d %H:%M}"
    raise Invalid("due_at", Sentence("the line is closed at this time; it opens again at {}", when))


def why_of(session: Session, line_id: UUID, limit: promised.Limit) -> dict[str, object]:
    """Return what a promise keeps of the limit by which it was counted."""
    known = configuration(session)
    return limit.as_why(known.calendars[known.lines[line_id].calendar_id])


def choice_for(session: Session, line_id: UUID, number: str, at: datetime) -> Choice | None:
    """Return when a number may be called; None for a line without opening hours in the coming year."""
    zone, abroad = zone_for(session, line_id, number, at)
    try:
        soonest = agreed_for(session, line_id, number, at).due_at
    except Conflict:
        return None
    others = rules.choices(hours_of(session, line_id), quiet_hours(session, line_id, number, at), soonest)
    return Choice(soonest, zone, abroad, others)


def is_on_offer(session: Session, line_id: UUID, number: str, chosen: datetime, at: datetime) -> bool:
    """Say whether a time that a customer was offered can still be promised."""
    quiet = quiet_hours(session, line_id, number, at)
    return rules.is_on_offer(hours_of(session, line_id), quiet, chosen, at)
