"""The figures of numbers: each with its formula, numerator, denominator, and the rows behind both."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import Field

from callcenter.errors import Invalid
from callcenter.lines.models import Line
from callcenter.lines.queries import lines
from callcenter.lines.rules import cadence
from callcenter.staff.models import Agent
from callcenter.standards.actions import Recomputed, recompute_day
from callcenter.standards.figures import Figure
from callcenter.standards.formulas import FORMULAS
from callcenter.standards.identity import Identity
from callcenter.standards.queries import Counted, Scope, reports_of_day, rows_behind
from callcenter.standards.queries import standards as count_standards
from callcenter.standards.rows import Row
from callcenter.standards.rules import PUBLIC_HOTLINE_SECONDS
from callcenter.web.api.cursors import Cursor
from callcenter.web.api.inputs import (
    Day,
    Input,
    Instant,
    Page,
    PageQuery,
    Shape,
    Word,
    line_named,
)  # fmt: skip
from callcenter.web.api.layer import Api, Asked
from callcenter.web.api.scopes import (
    FigureName,
    ScopeQuery,
    Side,
    formula_named,
    links,
    scope_of,
    set_of,
    written,
)

api = Api()
ROWS = Cursor("standards/rows")


class StandardsQuery(ScopeQuery):
    """The period, the line or branch, the agent."""


class RowLinks(Shape):
    """Where the rows of each side are listed: exactly as many as the figure counts."""

    numerator: str
    denominator: str


class FigureItem(Shape):
    """A figure: `value` is null without data, `parts` are counts beside it, `calls` lists its base.

    `judged`: the service level that the line's contract names. `targets`: at least so much, by whose rule.
    """

    id: str
    name: dict[str, str]
    rule: str | None
    version: int
    unit: str
    numerator: float | None
    denominator: float
    value: float | None
    parts: dict[str, float]
    targets: dict[str, float]
    judged: bool
    calls: str
    rows: RowLinks


class IdentityItem(Shape):
    """Whether the numbers add up: calls that arrived against calls that were counted, by outcome.

    `listed`: how many the carrier's own list has, null where it was not asked; `unlisted`: in one only.
    """

    agrees: bool
    received: int
    counted: int
    outcomes: dict[str, int]
    received_by_outcome: dict[str, int]
    differences: list[str]
    listed: int | None
    unlisted: list[str]


class ReportItem(Shape):
    """A version of a closed day's report, in one part (calls, tickets, agents); null line: of no line."""

    day: date
    part: str
    line: str | None
    version: int
    closed_at: datetime
    superseded_at: datetime | None
    actor: str
    reason: str | None
    formulas: dict[str, int]
    agrees: bool
    differences: list[dict[str, Any]]


class VersionItem(Shape):
    """A day that was counted anew after it was closed."""

    day: date
    part: str
    line: str | None
    version: int
    closed_at: datetime


class StandardsAnswer(Shape):
    """The figures of a period, a line or branch, an agent; `open_days` may still change, others never do."""

    from_: Annotated[date | datetime, Field(alias="from")]
    to: date | datetime
    timezone: str
    line: str | None
    branch: str | None
    agent: str | None
    at: datetime
    closed: bool
    open_days: list[date]
    recomputed: list[VersionItem]
    notes: list[dict[str, str]]
    figures: list[FigureItem]
    identity: IdentityItem | None


@api.get("/standards", role="agent")
def standards(asked: Asked, query: StandardsQuery) -> StandardsAnswer:
    """Count the figures of a period; an agent counts his own."""
    scope = scope_of(asked, query)
    found, counted = count_standards(asked.session, scope, asked.at)
    line = line_named(asked.session, query.line) if query.line else None
    agent = query.agent or (asked.who.agent_key if scope.agent_id else None)
    names = {"line": query.line, "branch": query.branch, "agent": agent}
    where = written(scope, names)
    keys = _line_keys(asked)
    return StandardsAnswer(
        from_=scope.since or scope.first,
        to=scope.until or scope.last,
        timezone=str(scope.zone),
        line=line.key if line else None,
        branch=query.branch,
        agent=agent,
        at=asked.at,
        closed=not counted.open_days,
        open_days=sorted(counted.open_days),
        recomputed=_recomputed(counted, keys),
        notes=_notes(asked, scope),
        figures=[_item(figure, where, line) for figure in found],
        identity=None if scope.agent_id else _identity(counted.identity),
    )


def _line_keys(asked: Asked) -> dict[UUID, str]:
    lines_named = asked.session.execute(sa.select(Line.id, Line.key)).all()
    return dict(lines_named)


def _named(line_id: UUID | None, keys: dict[UUID, str]) -> str | None:
    return keys.get(line_id) if line_id else None


def _recomputed(counted: Counted, keys: dict[UUID, str]) -> list[VersionItem]:
    found = [
        VersionItem(
            day=report.day,
            part=report.part,
            line=_named(report.line_id, keys),
            version=report.version,
            closed_at=report.closed_at,
        )
        for report in counted.reports
        if report.version > 1
    ]
    return sorted(found, key=lambda one: (one.day, one.part, one.line or ""))


def _item(figure: Figure, where: dict[str, str], line: Line | None) -> FigureItem:
    formula = FORMULAS[figure.id]
    calls, numerator, denominator = links(formula, where)
    judged = "judged" if line is None else line.service_level_variant
    return FigureItem(
        id=figure.id,
        name={"zh-CN": formula.zh, "en-US": formula.en},
        rule=formula.rule,
        version=formula.version,
        unit=formula.unit,
        numerator=figure.numerator,
        denominator=figure.denominator,
        value=figure.value,
        parts=dict(figure.parts),
        targets=dict(formula.targets),
        judged=figure.id in ("service_level.judged", f"service_level.{judged}"),
        calls=calls,
        rows=RowLinks(numerator=numerator, denominator=denominator),
    )


def _identity(identity: Identity) -> IdentityItem:
    return IdentityItem(
        agrees=identity.agrees,
        received=identity.received.total(),
        counted=identity.counted.total(),
        outcomes=dict(identity.counted),
        received_by_outcome=dict(identity.received),
        differences=sorted(identity.differences),
        listed=identity.listed,
        unlisted=sorted(identity.unlisted),
    )


def _notes(asked: Asked, scope: Scope) -> list[dict[str, str]]:
    """Warn where a line's country makes the two faces of the one target differ (numbers.md, cadences)."""
    told = [line for line in lines(asked.session) if scope.line_ids is None or line.id in scope.line_ids]
    return [_faces(line) for line in told if _limit(line) != PUBLIC_HOTLINE_SECONDS]


def _limit(line: Line) -> float:
    return cadence(line.cadence_country).limit_seconds(line.rings_target)


def _faces(line: Line) -> dict[str, str]:
    limit, rings, country = _limit(line), line.rings_target, line.cadence_country
    return {
        "zh-CN": f"线路 {line.key}：{country} 铃响 {rings} 声是 {limit:g} 秒，GB/T 33358-2016 是 15 秒",
        "en-US": f"Line {line.key}: {rings} rings in {country} are {limit:g} s, GB/T 33358-2016 says 15 s",
    }


class RowsQuery(PageQuery, ScopeQuery):
    """A side of a figure, in a scope; `since` and `until` narrow its days to instants."""

    figure: FigureName
    side: Side = "denominator"
    since: Instant | None = None
    until: Instant | None = None


class RowItem(Shape):
    """One thing that a figure counted. `seconds` are its wait, ring, talk, true wait or stretch of time."""

    kind: str
    id: UUID
    day: date
    at: datetime
    line: str | None
    agent: str | None
    call: UUID | None
    seconds: float | None
    wrap_up_seconds: float | None


@api.get("/standards/rows", role="agent")
def standards_rows(asked: Asked, query: RowsQuery) -> Page[RowItem]:
    """List what a figure was counted from, the newest first: as many as the figure says."""
    formula = formula_named(query.figure)
    scope = replace(scope_of(asked, query), since=query.since, until=query.until)
    if scope.agent_id and not formula.by_agent:
        raise Invalid("figure", "is not counted for one agent")
    after, name = ROWS.after(asked, query), set_of(formula, query.side)
    rows = rows_behind(asked.session, scope, formula.kind, name, asked.at, after, query.limit + 1)
    shown, following = ROWS.cut(asked, query, rows, lambda row: (row.at, row.id))
    return Page[RowItem](items=_shown(asked, shown), next=following)


def _shown(asked: Asked, rows: Sequence[Row]) -> list[RowItem]:
    keys = _line_keys(asked)
    agents = dict(asked.session.execute(sa.select(Agent.id, Agent.key)).all())
    return [
        RowItem(
            kind=row.kind,
            id=row.id,
            day=row.day,
            at=row.at,
            line=_named(row.line, keys),
            agent=agents.get(row.agent) if row.agent else None,
            call=row.call,
            seconds=None if row.ms is None else row.ms / 1000,
            wrap_up_seconds=row.second_ms / 1000 if row.kind == "talk" else None,
        )
        for row in rows
    ]


class ReportsQuery(Input):
    """Which days' reports: both in; today without them."""

    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None
    line: Word | None = None


class Reports(Shape):
    """Every version of the days' reports, the oldest first."""

    items: list[ReportItem]


@api.get("/standards/reports", role="supervisor")
def standards_reports(asked: Asked, query: ReportsQuery) -> Reports:
    """List the versions of closed days, each with what differs from the one before."""
    scope = scope_of(asked, ScopeQuery(from_=query.from_, to=query.to, line=query.line))
    line_id = next(iter(scope.line_ids)) if scope.line_ids else None
    keys = _line_keys(asked)
    items = [
        ReportItem(
            **{
                name: getattr(report, name)
                for name in ReportItem.model_fields
                if name not in ("line", "agrees")
            },
            line=_named(report.line_id, keys),
            agrees=_agrees(report.identity),
        )
        for report in reports_of_day(asked.session, scope.first, scope.last, line_id)
    ]
    return Reports(items=items)


def _agrees(identity: dict[str, Any]) -> bool:
    found = identity["received"] == identity["counted"]
    return found and not identity["differences"] and not identity["unlisted"]


class RecomputeOrder(Input):
    """Which closed day to count anew, of one line or of all, and why."""

    day: Day
    line: Word | None = None
    reason: Word


class RecomputedItem(Shape):
    """A part of a line's day: its version now, and what differs from the one before; nothing, no version."""

    day: date
    part: str
    line: str | None
    version: int
    differences: list[dict[str, Any]]


class RecomputeAnswer(Shape):
    """What a recomputation came to."""

    items: list[RecomputedItem]


@api.post("/standards/recompute", role="supervisor")
def standards_recompute(asked: Asked, body: RecomputeOrder) -> RecomputeAnswer:
    """Count a closed day anew: what differs becomes a new version; 409 while the day is open."""
    line = line_named(asked.session, body.line) if body.line else None
    found = recompute_day(
        asked.session,
        body.day,
        line.id if line else None,
        asked.at,
        actor=asked.who.actor,
        reason=body.reason,
    )
    keys = _line_keys(asked)
    return RecomputeAnswer(items=[_recomputed_item(one, keys) for one in found])


def _recomputed_item(one: Recomputed, keys: dict[UUID, str]) -> RecomputedItem:
    return RecomputedItem(
        day=one.day,
        part=one.part,
        line=_named(one.line_id, keys),
        version=one.version,
        differences=one.differences,
    )
