"""Making the centre what its file says. Nothing is ever deleted: history refers to it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter import revision
from callcenter.calendars import actions as calendars
from callcenter.calendars.models import Calendar
from callcenter.calendars.queries import calendar_by_key
from callcenter.center.file import AgentEntry, BranchEntry, CalendarEntry, CentreFile, LineEntry, SkillEntry
from callcenter.center.queries import difference
from callcenter.center.rules import Change
from callcenter.center.wanted import agent_address, centre_columns, line_columns
from callcenter.errors import Missing
from callcenter.lines import actions as lines
from callcenter.organisation import actions as organisation
from callcenter.organisation.models import Branch, Skill
from callcenter.organisation.queries import branch_by_key, skill_by_key
from callcenter.routing.actions import set_agent_state
from callcenter.routing.models import AgentState
from callcenter.staff import actions as staff
from callcenter.staff.models import Agent
from callcenter.staff.queries import agent_by_key

ACTOR = "centre file"


_Keyed = TypeVar("_Keyed", CalendarEntry, BranchEntry, SkillEntry, LineEntry, AgentEntry)


def apply_centre(session: Session, file: CentreFile, at: datetime) -> list[Change]:
    """Make the centre what the file says and return what changed; a second time that is nothing.

    Lines and agents that the file no longer has are retired. New agents are offline until they say otherwise.
    Raise Conflict when this installation serves another centre.
    """
    done = difference(session, file)
    for change in done:
        if change.verb == "retired":
            _retire(session, change, at)
        else:
            _SETTERS[change.kind](session, file, change.key, at)
    session.flush()
    # Even where nothing differs: an older release may have written these rows without moving the revision.
    revision.move(session.connection())
    return done


def _set_centre(session: Session, file: CentreFile, key: str, at: datetime) -> None:
    organisation.set_centre(session, key=key, **centre_columns(file))


def _set_calendar(session: Session, file: CentreFile, key: str, at: datetime) -> None:
    entry = _entry(file.calendars, key)
    calendars.set_calendar(session, key=key, hours=entry.hours(file.centre.timezone))


def _set_branch(session: Session, file: CentreFile, key: str, at: datetime) -> None:
    entry = _entry(file.branches, key)
    organisation.set_branch(session, key=key, names=entry.names.by_language(), head_office=entry.head_office)


def _set_skill(session: Session, file: CentreFile, key: str, at: datetime) -> None:
    entry = _entry(file.skills, key)
    organisation.set_skill(session, key=key, names=entry.names.by_language())


def _set_line(session: Session, file: CentreFile, key: str, at: datetime) -> None:
    entry = _entry(file.lines, key)
    lines.set_line(
        session,
        key=key,
        branch_id=_id(branch_by_key, session, entry.branch),
        calendar_id=_id(calendar_by_key, session, entry.calendar),
        **line_columns(entry, file),
    )


def _set_agent(session: Session, file: CentreFile, key: str, at: datetime) -> None:
    entry = _entry(file.agents, key)
    address, written = agent_address(entry, file)
    agent = staff.set_agent(
        session,
        key=key,
        name=entry.name,
        branch_id=_id(branch_by_key, session, entry.branch),
        languages=entry.languages,
        address=address,
        address_raw=written,
        skills={_id(skill_by_key, session, skill): level for skill, level in entry.skills.items()},
    )
    if session.get(AgentState, agent.id) is None:
        session.add(AgentState(agent_id=agent.id, state="offline", since=at))
        session.flush()
        set_agent_state(session, agent.id, "offline", None, at, ACTOR)


def _retire(session: Session, change: Change, at: datetime) -> None:
    if change.kind == "line":
        lines.retire_line(session, change.key)
        return
    staff.retire_agent(session, change.key)
    set_agent_state(session, _id(agent_by_key, session, change.key), "offline", "retired", at, ACTOR)


def _entry(entries: Sequence[_Keyed], key: str) -> _Keyed:
    return next(entry for entry in entries if entry.key == key)


def _id(
    find: Callable[[Session, str], Calendar | Branch | Skill | Agent | None], session: Session, key: str
) -> UUID:
    """Return the id of what a key refers to; the file's checks have seen that it is there."""
    found = find(session, key)
    if found is None:
        raise Missing("entry", key)
    return found.id


_SETTERS: dict[str, Callable[[Session, CentreFile, str, datetime], None]] = {
    "centre": _set_centre,
    "calendar": _set_calendar,
    "branch": _set_branch,
    "skill": _set_skill,
    "line": _set_line,
    "agent": _set_agent,
}
