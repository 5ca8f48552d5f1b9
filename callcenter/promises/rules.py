"""The states of a promise, when one is due by which rule, and who is told of it when: pure.

open -> kept | late | broken | cancelled. A late one is still owed: it may yet be fulfilled (and stays
late) or be given up (broken).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from callcenter.calendars.rules import Hours, add_working, last_opening, next_opening, start_of_work
from callcenter.organisation.rules import Policies

OWED = ("open", "late")
STEPS = WARNING, OWNER, DUTY_MANAGER, SUPERVISOR = ("warning", "owner", "duty_manager", "supervisor")
# How a rule counts: on the clock, in working time, to the time that was given, to the end of a day, to the
# start of the next working day, to the last hours that are open within so many days.
CLOCK, WORKING, GIVEN, DAY_END, NEXT_DAY, LAST_HOURS = (
    "clock", "working", "given", "day_end", "next_day", "last_hours",
)  # fmt: skip
CALLS = ("HL-7", "HL-8", "CP-4")
"""What is owed by these rules is a call: a callback keeps it."""
ANSWERS = ("HL-9", "TK-3", "CP-2", "FU-5")
"""What is owed by these rules is an answer: the solved ticket keeps it."""
REPLY = "FU-5"
REQUEST = "request"
"""The subject of what an agent promises about a ticket: one of its own each time (decision 91)."""
RULES = ("HL-7", "HL-8", "HL-9", "HL-10", "HL-11", "TK-3", "CP-2", "CP-4", "FU-5")


@dataclass(frozen=True)
class Limit:
    """How a rule counts, and how much; `rule` is the one that asked."""

    rule: str
    basis: str
    minutes: int | None = None
    days: int | None = None

    def as_why(self, calendar: str | None) -> dict[str, object]:
        """Return what a promise keeps of it."""
        why = {"rule": self.rule, "basis": self.basis, "minutes": self.minutes, "days": self.days}
        return {name: value for name, value in {**why, "calendar": calendar}.items() if value is not None}


def limit_of(rule: str, numbers: Policies, *, given: bool = False) -> Limit:
    """Return how a rule of the handbook counts, by a line's numbers; `given` when a time was asked for."""
    if given or rule == REPLY:
        return Limit(rule, GIVEN)
    limits: Mapping[str, Limit] = {
        "HL-7": Limit(rule, CLOCK, minutes=numbers.consult_callback_minutes),
        "HL-8": Limit(rule, WORKING, minutes=numbers.callback_within_minutes),
        "HL-9": Limit(rule, WORKING, minutes=numbers.answer_within_working_hours * 60),
        "HL-10": Limit(rule, WORKING, minutes=numbers.visit_request_minutes),
        "HL-11": Limit(rule, NEXT_DAY),
        "TK-3": Limit(rule, WORKING, minutes=numbers.answer_within_working_hours * 60),
        "CP-2": Limit(rule, DAY_END, days=numbers.complaint_result_days),
        "CP-4": Limit(rule, LAST_HOURS, days=numbers.complaint_callback_days),
    }
    return limits[rule]


def due_by(limit: Limit, hours: Hours | None, start: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when something is due that counts from `start`, None when the hours never come.

    Without hours working time is the clock's. `zone` bounds days. A time that was given needs no reckoning.
    """
    if limit.basis == DAY_END:
        return end_of_day(start, limit.days or 0, zone)
    amount = timedelta(minutes=limit.minutes or 0)
    if hours is None:
        return start + (amount or timedelta(days=limit.days or 1))
    if limit.basis == WORKING:
        return add_working(hours, start, amount)
    if limit.basis == NEXT_DAY:
        return start_of_work(hours, start)
    if limit.basis == LAST_HOURS:
        return last_hours(hours, start, limit.days or 0, zone)[1]
    return start + amount


def last_hours(
    hours: Hours, start: datetime, days: int, zone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    """Return the last opening, with its end, up to the end of the day so many days later.

    Where none is left in that time, the next one that comes: nobody is called when nobody is there.
    """
    found = last_opening(hours, start, end_of_day(start, days, zone))
    if found is not None:
        return found
    opens = next_opening(hours, start)
    return (opens, opens + timedelta(hours=1)) if opens else (None, None)


def end_of_day(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the last second of this day, or of the day so many days later, in UTC."""
    day: date = at.astimezone(zone).date() + timedelta(days=days + 1)
    return datetime.combine(day, time.min, zone).astimezone(UTC) - timedelta(seconds=1)


def state_when_kept(due_at: datetime, grace: timedelta, at: datetime) -> str:
    """Return `kept` up to the due time and its grace, `late` after it."""
    return "kept" if at <= due_at + grace else "late"


def state_when_dropped(due_at: datetime, grace: timedelta, at: datetime) -> str:
    """Return `cancelled` for what is no longer wanted in time, `broken` for what was not done by its time."""
    return "cancelled" if at <= due_at + grace else "broken"


def alert_times(
    made_at: datetime, due_at: datetime, grace: timedelta, numbers: Policies
) -> Mapping[str, datetime]:
    """Return when who is told: the owner is warned before the limit, and after half of a short time at once.

    The steps after it count from the end of the grace.
    """
    over = due_at + grace
    half = max((due_at - made_at) / 2, timedelta())
    return {
        WARNING: due_at - min(timedelta(minutes=numbers.warning_minutes), half),
        OWNER: over,
        DUTY_MANAGER: over + timedelta(minutes=numbers.duty_manager_after_minutes),
        SUPERVISOR: over + timedelta(minutes=numbers.supervisor_after_minutes),
    }


def steps_due(times: Mapping[str, datetime], due_at: datetime, at: datetime) -> tuple[str, ...]:
    """Return the steps whose time has come; nobody is warned of a limit that is over already."""
    warned = (WARNING,) if times[WARNING] <= at < due_at else ()
    return warned + tuple(step for step in (OWNER, DUTY_MANAGER, SUPERVISOR) if times[step] < at)


def next_alert(times: Mapping[str, datetime], told: Iterable[str], at: datetime) -> datetime | None:
    """Return when the next step comes that nobody was told of yet, None after the last."""
    left = [times[step] for step in STEPS if step not in told and (step != WARNING or times[step] > at)]
    return min(left, default=None)
