"""What the conversation is told about a line: configuration and opening hours as plain values."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callcenter.calendars import rules as calendar_rules
from callcenter.calls.models import Call
from callcenter.configuration import Configuration, configuration
from callcenter.lines.models import Line
from callcenter.lines.rules import SHORT_CALL_SECONDS, skill_of
from callcenter.organisation.models import Branch
from ivr.hearing import Hours, LineFacts, MenuItem


@dataclass(frozen=True)
class LineNow:
    """A line as it stands at an instant; `zone` is its calendar's."""

    facts: LineFacts
    hours: Hours
    zone: ZoneInfo

    def day(self, at: datetime) -> date:
        """Return the local date of an instant: the day a call belongs to."""
        return at.astimezone(self.zone).date()


def line_facts(session: Session, line: Line) -> LineFacts:
    """Return what the script needs to know of a line."""
    return _facts(line, configuration(session).branches[line.branch_id])


@lru_cache(maxsize=256)
def _facts(line: Line, branch: Branch) -> LineFacts:
    """The rows are the configuration's own, which nobody changes: the same two always tell the same."""
    return LineFacts(
        key=line.key,
        head_office=branch.head_office,
        organisation=line.organisation,
        branch=branch.names,
        product=line.product,
        languages=tuple(line.languages),
        menu=tuple(MenuItem(item["key"], item["choice"]) for item in line.menu),
        recording_notice=line.recording_notice,
        speech=line.speech,
    )


def line_now(session: Session, line: Line, at: datetime) -> LineNow:
    """Return a line's facts and whether it is open, in its own zone."""
    calendar = configuration(session).hours[line.calendar_id]
    zone = ZoneInfo(calendar.zone)
    opening = calendar_rules.next_opening(calendar, at)
    hours = Hours(
        open=calendar_rules.is_open(calendar, at),
        now=at.astimezone(zone),
        next_opening=opening.astimezone(zone) if opening else None,
    )
    return LineNow(line_facts(session, line), hours, zone)


def zone_of(session: Session, line: Line | None) -> ZoneInfo:
    """Return the zone of a line's calendar, and the centre's for calls that reach no line."""
    home = configuration(session)
    return ZoneInfo(home.hours[line.calendar_id].zone) if line else home.zone


def short_call_seconds(session: Session, call: Call) -> int:
    """Return below which wait an abandoned call counts as a short one."""
    line = configuration(session).lines[call.line_id] if call.line_id else None
    return line.short_call_seconds if line else SHORT_CALL_SECONDS


def skill_for(session: Session, line: Line, choice: str) -> UUID:
    """Return the skill a choice asks for; where the menu does not say, the first skill it names."""
    return skill_in(configuration(session), line, choice)


def skill_in(home: Configuration, line: Line, choice: str) -> UUID:
    """Return what `skill_for` does, by a configuration that is at hand."""
    named = skill_of(line.menu, choice) or skill_of(line.menu, "agent")
    key = named or next(item["skill"] for item in line.menu if item.get("skill"))
    return home.skills[key]
