"""The figures of numbers: each with its formula, numerator, denominator, and the calls behind it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from callcenter.calendars.models import Calendar
from callcenter.errors import Forbidden, Invalid
from callcenter.lines.models import Line
from callcenter.organisation.queries import find_centre
from callcenter.standards.figures import Figure
from callcenter.standards.formulas import FORMULAS
from callcenter.standards.queries import Scope, figures, identity
from callcenter.web.api.inputs import Day, Input, Instant, Shape, Word, agent_named, line_named
from callcenter.web.api.layer import Api, Asked

api = Api()
API = "/api/v1"


class StandardsQuery(Input):
    """The period: days (both in) or instants (`from` in, `to` out); today without one; a line, an agent."""

    from_: Annotated[Day | Instant | None, Field(alias="from", union_mode="left_to_right")] = None
    to: Annotated[Day | Instant | None, Field(union_mode="left_to_right")] = None
    line: Word | None = None
    agent: Word | None = None


class FigureItem(Shape):
    """A figure: `value` is null without data, `parts` are counts beside it, `calls` lists its base."""

    id: str
    name: dict[str, str]
    rule: str | None
    version: int
    unit: str
    numerator: float | None
    denominator: float
    value: float | None
    parts: dict[str, float]
    calls: str


class IdentityItem(Shape):
    """Whether the numbers add up: calls that arrived against calls that were counted, by outcome."""

    agrees: bool
    received: int
    counted: int
    outcomes: dict[str, int]
    differences: list[str]


class StandardsAnswer(Shape):
    """The figures of a period, a line, an agent."""

    from_: Annotated[date | datetime, Field(alias="from")]
    to: date | datetime
    line: str | None
    agent: str | None
    at: datetime
    figures: list[FigureItem]
    identity: IdentityItem


@api.get("/standards", role="agent")
def standards(asked: Asked, query: StandardsQuery) -> StandardsAnswer:
    """Count the figures of a period; an agent counts his own."""
    line = line_named(asked.session, query.line) if query.line else None
    agent_id = _agent(asked, query.agent)
    scope = _scope(asked, query, line, agent_id)
    checked = identity(asked.session, scope)
    return StandardsAnswer(
        from_=scope.since or scope.first,
        to=scope.until or scope.last,
        line=line.key if line else None,
        agent=query.agent or (asked.who.agent_key if agent_id else None),
        at=asked.at,
        figures=[_item(figure, scope) for figure in figures(asked.session, scope, asked.at)],
        identity=IdentityItem(
            agrees=checked.agrees,
            received=checked.received,
            counted=checked.counted,
            outcomes=checked.outcomes,
            differences=checked.differences,
        ),
    )


def _agent(asked: Asked, name: str | None) -> UUID | None:
    """Return whose figures; an agent who names nobody means himself, and may name nobody else."""
    agent_id = agent_named(asked.session, name).id if name else None
    if asked.who.may("supervisor"):
        return agent_id
    if agent_id not in (None, asked.who.agent_id):
        raise Forbidden("An agent reads his own figures.")
    return asked.who.agent_id


def _scope(asked: Asked, query: StandardsQuery, line: Line | None, agent_id: UUID | None) -> Scope:
    zone = _zone(asked, line)
    today = asked.at.astimezone(zone).date()
    since = query.from_ if isinstance(query.from_, datetime) else None
    until = query.to if isinstance(query.to, datetime) else None
    last = _day(query.to, zone) or max(today, _day(query.from_, zone) or today)
    first = _day(query.from_, zone) or min(today, last)
    if first > last or (since and until and since >= until):
        raise Invalid("from", "must be before `to`")
    line_id = line.id if line else None
    return Scope(first, last, zone, line_id=line_id, agent_id=agent_id, since=since, until=until)


def _zone(asked: Asked, line: Line | None) -> ZoneInfo:
    """Return the line's zone, or the centre's."""
    if line is not None:
        return ZoneInfo(asked.session.get_one(Calendar, line.calendar_id).timezone)
    home = find_centre(asked.session)
    return ZoneInfo(home.timezone if home else "UTC")


def _day(bound: date | datetime | None, zone: ZoneInfo) -> date | None:
    return bound.astimezone(zone).date() if isinstance(bound, datetime) else bound


def _item(figure: Figure, scope: Scope) -> FigureItem:
    formula = FORMULAS[figure.id]
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
        calls=_link(formula.resource, formula.base, scope),
    )


def _link(resource: str, base: Mapping[str, str], scope: Scope) -> str:
    """Return the address of the list that a figure was counted from."""
    if resource == "callbacks":
        period = {"due_after": scope.begins().isoformat(), "due_before": scope.ends().isoformat()}
    else:
        period = {"day_from": scope.first.isoformat(), "day_to": scope.last.isoformat()}
        instants = {"started_after": scope.since, "started_before": scope.until}
        period |= {name: at.isoformat() for name, at in instants.items() if at}
    whose = {"line": scope.line_id, "agent": scope.agent_id if resource == "calls" else None}
    filters = {**period, **base, **{name: str(value) for name, value in whose.items() if value}}
    return f"{API}/{resource}?{urlencode(filters)}"
