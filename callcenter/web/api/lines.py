"""Lines: whether each is open, why, and until when."""

from datetime import datetime
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from callcenter.calendars.queries import hours_of
from callcenter.calendars.rules import Standing, standing
from callcenter.lines.models import Line
from callcenter.lines.queries import lines as active_lines
from callcenter.organisation.queries import branch
from callcenter.web.api.cursors import Cursor
from callcenter.web.api.inputs import Page, PageQuery, Shape, Word
from callcenter.web.api.layer import Api, Asked

api = Api()
LINES = Cursor("lines", (str,))


class LineItem(Shape):
    """A hotline as it stands now. `why` says it in both languages; times are in the calendar's zone."""

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
        organisation=line.organisation, languages=line.languages, open=now.open, why=_why(now, zone),
        special_day=now.special_day, closes_at=now.closes_at and now.closes_at.astimezone(zone),
        opens_at=now.opens_at and now.opens_at.astimezone(zone), timezone=hours.zone,
        rings_target=line.rings_target, service_level_seconds=line.service_level_seconds,
    )  # fmt: skip


def _why(now: Standing, zone: ZoneInfo) -> dict[str, str]:
    """Say why a line is open or closed: the hours of this week, or of a special day."""
    if now.open:
        zh, en = (
            f"营业中{_until(now.closes_at, zone, '，至 {}')}",
            f"open{_until(now.closes_at, zone, ' until {}')}",
        )
    else:
        zh = f"已下班{_until(now.opens_at, zone, '，{} 开始')}"
        en = f"closed{_until(now.opens_at, zone, ' until {}')}"
    if now.special_day is None:
        return {"zh-CN": zh, "en-US": en}
    return {"zh-CN": f"{zh}（{now.special_day}）", "en-US": f"{en} ({now.special_day})"}


def _until(at: datetime | None, zone: ZoneInfo, words: str) -> str:
    return words.format(at.astimezone(zone).strftime("%Y-%m-%d %H:%M")) if at else ""
