"""The centre's configuration, read once by a process and kept while its revision stands.

Every transaction reads the revision itself, most of them in their first statement: what is kept is used only
where reading it again would give the same. What is returned is shared by threads and is never changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.calendars.models import Calendar
from callcenter.calendars.queries import hours_of
from callcenter.calendars.rules import Hours
from callcenter.errors import Missing
from callcenter.lines.models import Line
from callcenter.organisation.models import Branch, Centre, Skill
from callcenter.organisation.queries import find_centre
from callcenter.organisation.rules import Policies
from callcenter.revision import REVISION

_SEEN, _KEPT = "configuration", "kept"
_ASK = sa.select(REVISION)


@dataclass(frozen=True)
class Configuration:
    """The centre with its branches, lines, opening hours and skills; retired lines are among the lines.

    `skills` are ids by key, `calendars` keys by id.
    """

    revision: str | None
    centre: Centre
    policies: Policies
    zone: ZoneInfo
    branches: Mapping[UUID, Branch]
    lines: Mapping[UUID, Line]
    hours: Mapping[UUID, Hours]
    skills: Mapping[str, UUID]
    calendars: Mapping[UUID, str]

    def line_of(self, number: str | None) -> Line | None:
        """Return the active line of a canonical number, None for a number that is no line of ours."""
        return next((line for line in self.lines.values() if line.active and line.number == number), None)

    def policies_of(self, line_id: UUID | None) -> Policies:
        """Return the handbook's numbers as a line has them; the centre's for what has no line."""
        own = self.lines[line_id].policies if line_id and line_id in self.lines else None
        return self.policies.model_copy(update=own) if own else self.policies

    def hours_of(self, line_id: UUID | None) -> Hours | None:
        """Return a line's opening hours, None for what has no line."""
        line = self.lines.get(line_id) if line_id else None
        return self.hours[line.calendar_id] if line else None

    def zone_of(self, line_id: UUID | None) -> ZoneInfo:
        """Return the zone of a line's calendar, the centre's for what has no line."""
        hours = self.hours_of(line_id)
        return ZoneInfo(hours.zone) if hours else self.zone


def configuration(session: Session) -> Configuration:
    """Return the configuration as this transaction sees it; raise Missing before the first apply."""
    found = find_configuration(session)
    if found is None:
        raise Missing("centre", "yet: run `callcenter apply FILE`")
    return found


def find_configuration(session: Session) -> Configuration | None:
    """Return the configuration as this transaction sees it, None before the first apply."""
    if _SEEN in session.info:
        return believed(session)
    return of_revision(session, session.execute(_ASK).scalar_one())


def of_revision(session: Session, revision: str | None) -> Configuration | None:
    """Return the configuration of the revision that this transaction has just read, kept or read anew."""
    found = believed(session)
    if found is None or found.revision != revision:
        found = _read(session, revision)
        if found is not None and revision is not None and _KEPT in session.info:
            session.info[_KEPT][Configuration] = found
    session.info[_SEEN] = found
    return found


def believed(session: Session) -> Configuration | None:
    """Return what this transaction has seen, else what this process read last and nothing has proved yet."""
    last: Configuration | None = session.info.get(_KEPT, {}).get(Configuration)
    found: Configuration | None = session.info.get(_SEEN, last)
    return found


def _read(session: Session, revision: str | None) -> Configuration | None:
    """Read everything in a session of its own, so that nobody changes what is kept."""
    with Session(session.connection(), expire_on_commit=False) as own:
        centre = find_centre(own)
        if centre is None:
            return None
        calendars: dict[UUID, str] = dict(own.execute(sa.select(Calendar.id, Calendar.key)).all())
        return Configuration(
            revision=revision,
            centre=centre,
            policies=Policies.model_validate(centre.policies),
            zone=ZoneInfo(centre.timezone),
            branches={row.id: row for row in own.scalars(sa.select(Branch))},
            lines={row.id: row for row in own.scalars(sa.select(Line))},
            hours={calendar: hours_of(own, calendar) for calendar in calendars},
            skills={row.key: row.id for row in own.scalars(sa.select(Skill))},
            calendars=calendars,
        )
