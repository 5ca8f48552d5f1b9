"""Lines: whether each is open, why, and until when."""

from datetime import datetime
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from callcenter.calendars.queries import hours_of
from callcenter.calendars.rules import standing
from callcenter.calendars.words import standing_words
from callcenter.lines.models import Line
from callcenter.lines.queries import lines as active_lines
from callcenter.organisation.queries import branch
from callcenter.web.api.cursors import Cursor
from callcenter.web.api.inputs import Page, PageQuery, Shape, Word
from callcenter.web.api.layer import Api, Asked

api = Api()
LINES = Cursor("lines", (str,))


class LineItem(Shape):
    """A hotline as it stands now. `why` says it in both languages; times are in the calendar's zone.

    `special_day` names the holiday, make-up workday or override of today in the line's first language.
    """

    id: UUID
    key: str
    number: str
    branch: str
    organisation: dict[str, str]
    languages: list[str]
    open: bool
    why: dict[str, str]
    special_day: str | None
    closes_at: datetime | None
    opens_at: datetime | None
    timezone: str
    rings_target: int
    service_level_seconds: int


class LineQuery(PageQuery):
    """Filters: the lines of a branch, those that are open now, or closed."""

    branch: Word | None = None
    open: bool | None = None


@api.get("/lines", role="agent")
def lines(asked: Asked, query: LineQuery) -> Page[LineItem]:
    """List the active lines with their opening state, by key."""
    (after,) = LINES.after(asked, query) or ("",)
    items = (_item(asked, line) for line in active_lines(asked.session) if line.key > after)
    wanted = (each for each in items if _agrees(query.open, each.open) and _agrees(query.branch, each.branch))
    found = list(islice(wanted, query.limit + 1))
    shown, following = LINES.cut(asked, query, found, lambda item: (item.key,))
    return Page[LineItem](items=list(shown), next=following)


def _agrees(wanted: object, value: object) -> bool:
    return wanted is None or wanted == value


def _item(asked: Asked, line: Line) -> LineItem:
    hours = hours_of(asked.session, line.calendar_id)
    now, zone = standing(hours, asked.at), ZoneInfo(hours.zone)
    return LineItem(
        id=line.id, key=line.key, number=line.number, branch=branch(asked.session, line.branch_id).key,
        organisation=line.organisation, languages=line.languages, open=now.open,
        why=standing_words(now, zone), special_day=now.why.names.get(line.languages[0]),
        closes_at=now.closes_at and now.closes_at.astimezone(zone),
        opens_at=now.opens_at and now.opens_at.astimezone(zone), timezone=hours.zone,
        rings_target=line.rings_target, service_level_seconds=line.service_level_seconds,
    )  # fmt: skip
