"""When a callback is due, which times may be chosen, when he may be rung, what follows a try: pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from callcenter.calendars.rules import HORIZON, Hours, is_open, next_opening
from callcenter.promises.rules import CLOCK, LAST_HOURS, Limit, due_by, last_hours

OPEN = ("booked", "waiting", "agent")
CHANGEABLE = ("booked", "waiting")
TRYING = ("waiting", "agent")
# The caller needs a moment to hang up before the phone may ring again.
CALLER_HANGS_UP = timedelta(seconds=20)
# A customer who phones in himself is not rung while he is on the line; it is looked again so often.
WHILE_ON_THE_LINE = timedelta(seconds=10)
# A promise that is being carried out when the line closes is carried out; a night's rest is a night's rest.
AFTER_CLOSING = timedelta(minutes=10)
# The carrier would not place it (429, its fault, a queue that does not move): it is asked again so soon.
NOT_PLACED_REST = timedelta(seconds=60)
# While nobody knows whether an earlier call to the number lives, it is looked at again so often.
UNRESOLVED_REST = timedelta(seconds=30)
# A call lasts four hours at most: nobody is rung while the one lives in which he was promised another.
LONGEST_CALL = timedelta(hours=5)
# So long before the time at which an agent calls back at the latest, one is looked for (HL-7, CP-4).
CONSULTED, COMPLAINED = timedelta(minutes=10), timedelta(hours=4)
# Times that people agree on, by the customer's own clock: half past nine, and three in the afternoon.
USUAL_TIMES = (time(9, 30), time(15))
# So many times may be chosen beside "as soon as possible": a key each, and nobody remembers more.
MOST_CHOICES = 2
# A later time is worth offering only if it is so much later than the usual promise.
WORTH_WAITING = timedelta(minutes=30)
# So long the line must stay open after a time that was chosen: the customer has to be reached and heard.
ROOM_TO_TALK = timedelta(minutes=30)
DAYS_AHEAD = 14
# Whoever was missed is tried again after a pause, which is doubled with each try, so often at most.
MOST_DOUBLINGS = 3
# Who has asked for a call so lately, or has chosen about this time for it, is awake, whatever the hour is.
AWAKE_FOR = timedelta(hours=2)


@dataclass(frozen=True)
class Quiet:
    """The hours in which a customer's phone is left alone, by the clock of his zone; none where both agree.

    They run from one full hour to another, over midnight where the first is the later one. About each of the
    moments `awake` he is awake: when he asked for the call, and the time that he chose. `phoned` finds
    moments that are looked up at night only.
    """

    zone: ZoneInfo
    from_hour: int
    until_hour: int
    awake: tuple[datetime, ...] = ()
    phoned: Callable[[], tuple[datetime, ...]] = tuple

    def holds(self, at: datetime) -> bool:
        """Say whether the phone is left alone at an instant."""
        if not self._is_night(at.astimezone(self.zone).hour):
            return False
        return not any(abs(at - moment) <= AWAKE_FOR for moment in (*self.awake, *self.phoned()))

    def _is_night(self, hour: int) -> bool:
        if self.from_hour <= self.until_hour:
            return self.from_hour <= hour < self.until_hour
        return hour >= self.from_hour or hour < self.until_hour

    def ends(self, at: datetime) -> datetime:
        """Return when the quiet hours end that hold at an instant."""
        local = at.astimezone(self.zone)
        ending = datetime.combine(local.date(), time(self.until_hour % 24), self.zone)
        return (ending if ending > local else ending + timedelta(days=1)).astimezone(at.tzinfo)


def next_chance(hours: Hours, quiet: Quiet, at: datetime) -> datetime | None:
    """Return the first instant from `at` on at which the line is open and the customer not asleep.

    Where the line's hours and the customer's day never meet, the line's hours count alone.
    """
    return _when_both(hours, quiet, at) or next_opening(hours, at)


def _when_both(hours: Hours, quiet: Quiet, at: datetime) -> datetime | None:
    """Return the first instant at which the line is open and the customer awake, None if they never meet."""
    chance = next_opening(hours, at)
    for _ in range(2 * DAYS_AHEAD):
        if chance is None or not quiet.holds(chance):
            return chance
        chance = next_opening(hours, quiet.ends(chance))
    return None


def may_ring(hours: Hours, quiet: Quiet, at: datetime) -> bool:
    """Say whether a customer may be rung: the line is open, or has only just closed, and he is awake."""
    if not (is_open(hours, at) or is_open(hours, at - AFTER_CLOSING)):
        return False
    return not quiet.holds(at) or _when_both(hours, quiet, at) is None


def matter_of(customer_id: UUID | None, skill_id: UUID) -> str | None:
    """Return the matter of a call: the person and what he wants; None of somebody whom nobody knows."""
    return f"{customer_id.hex}:{skill_id.hex}" if customer_id else None


@dataclass(frozen=True)
class Agreed:
    """What a callback promises, and when we first try. While it awaits a call's end, both may yet move."""

    limit: Limit
    first_try: datetime
    due_at: datetime
    counted_from: datetime
    awaits_call_id: UUID | None = None


def agree(
    limit: Limit,
    hours: Hours,
    quiet: Quiet,
    at: datetime,
    start: datetime,
    zone: ZoneInfo,
    asked_for: datetime | None,
    awaits_call_id: UUID | None,
) -> Agreed | None:
    """Return what is promised: the time asked for, else what the rule says, counted from `start`.

    Working time counts from when the customer wakes, where the first try waits for that. None where the hours
    never come.
    """
    if asked_for is not None:
        return Agreed(limit, asked_for, asked_for, at)
    if limit.basis == CLOCK:
        first: datetime | None = after_hang_up(timedelta(minutes=limit.minutes or 0), start)[0]
    elif limit.basis == LAST_HOURS:
        first = _in_the_last_hours(hours, quiet, start, limit.days or 0, zone)
    else:
        first = first_try(hours, quiet, at)
        start = first if first is not None and _waits_for_morning(hours, first, at) else start
    due = due_by(limit, hours, start, zone)
    if due is None or first is None:
        return None
    first = at + LONGEST_CALL if awaits_call_id else max(first, at)
    return Agreed(limit, first, due, start, awaits_call_id)


def after_hang_up(within: timedelta, ended_at: datetime) -> tuple[datetime, datetime]:
    """Return when an agent is looked for, and by when the customer has been called, after a hang-up."""
    return ended_at + within - min(CONSULTED, within / 2), ended_at + within


def _in_the_last_hours(
    hours: Hours, quiet: Quiet, start: datetime, days: int, zone: ZoneInfo
) -> datetime | None:
    """Return when we first try in the last hours: when the customer is awake, if he is before they close."""
    opens, closes = last_hours(hours, start, days, zone)
    if opens is None or closes is None:
        return None
    first = max(opens, closes - COMPLAINED)
    awake = next_chance(hours, quiet, first)
    return awake if awake is not None and awake < closes else first


def first_try(hours: Hours, quiet: Quiet, at: datetime) -> datetime | None:
    """Return when we first try where no time was asked for: at once, else at the next chance."""
    soon = at + CALLER_HANGS_UP
    return soon if is_open(hours, soon) and not quiet.holds(soon) else next_chance(hours, quiet, soon)


def _waits_for_morning(hours: Hours, first: datetime, at: datetime) -> bool:
    """Say whether a first try is later than the line's hours alone would have it."""
    opening = next_opening(hours, at + CALLER_HANGS_UP)
    return opening is not None and first > opening


def choices(hours: Hours, quiet: Quiet, soonest: datetime) -> list[datetime]:
    """Return the times that a customer may choose instead of `soonest`, the usual promise (FU-5).

    Each lies within the line's hours and outside the customer's quiet ones: the usual times of the day, or,
    on a day on which the line is open at neither, half an hour after it has opened.
    """
    found: list[datetime] = []
    first = soonest.astimezone(quiet.zone).date()
    for day in (first + timedelta(days=ahead) for ahead in range(DAYS_AHEAD)):
        found += [at for at in _times_of(hours, quiet, day) if at >= soonest + WORTH_WAITING]
        if len(found) >= MOST_CHOICES:
            break
    return found[:MOST_CHOICES]


def _times_of(hours: Hours, quiet: Quiet, day: date) -> list[datetime]:
    usual = [datetime.combine(day, usual, quiet.zone) for usual in USUAL_TIMES]
    return [at for at in usual if _suits(hours, quiet, at)] or list(_after_opening(hours, quiet, day))


def _after_opening(hours: Hours, quiet: Quiet, day: date) -> Iterator[datetime]:
    """Yield half an hour after the day's first opening, where that suits."""
    opening = next_opening(hours, datetime.combine(day, time(), quiet.zone))
    if opening is not None and quiet.holds(opening):
        opening = next_opening(hours, quiet.ends(opening))
    after = opening.astimezone(quiet.zone) + ROOM_TO_TALK if opening else None
    if after is not None and after.date() == day and _suits(hours, quiet, after):
        yield after


def _suits(hours: Hours, quiet: Quiet, at: datetime) -> bool:
    last = at + ROOM_TO_TALK - timedelta(minutes=1)
    return is_open(hours, at) and is_open(hours, last) and not quiet.holds(at)


def is_on_offer(hours: Hours, quiet: Quiet, chosen: datetime, at: datetime) -> bool:
    """Say whether a time that was chosen can still be promised: what was offered may have passed since."""
    return at < chosen < at + HORIZON and is_open(hours, chosen) and not quiet.holds(chosen)


def put_off(
    hours: Hours, quiet: Quiet, again: datetime, due: datetime, grace: timedelta
) -> tuple[datetime | None, bool]:
    """Return when to act again at `again` or at the first chance after it, and whether that is in time."""
    chance = next_chance(hours, quiet, again)
    return chance, chance is not None and chance <= due + grace


def after_failed_try(
    tries: int, most: int, hours: Hours, quiet: Quiet, at: datetime, spacing: timedelta
) -> datetime | None:
    """Return when to try again, None after the last try (FU-2: at another time).

    Each pause is twice the one before, so that the tries spread over the day: 30, 60, 120, 240 minutes.
    """
    if tries >= most:
        return None
    return next_chance(hours, quiet, at + spacing * 2 ** min(max(tries - 1, 0), MOST_DOUBLINGS))
