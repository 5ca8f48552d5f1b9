"""Which days, lines and agent a figure is asked of: read from a query, and written into its links."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import Field

from callcenter.calendars.models import Calendar
from callcenter.errors import Forbidden, Invalid, Sentence
from callcenter.lines.models import Line
from callcenter.organisation.models import Branch
from callcenter.standards.formulas import FORMULAS, Formula
from callcenter.standards.queries import Scope, home_zone
from callcenter.standards.windows import around
from callcenter.web.api.inputs import Day, Input, Instant, Word, agent_named, line_named
from callcenter.web.api.layer import Asked

API = "/api/v1"
MOST_DAYS = 400
OF_CALLS = frozenset({"call", "leg", "talk"})
Side = Literal["numerator", "denominator"]
FigureName = Annotated[str, Field(json_schema_extra={"enum": list(FORMULAS)})]


class ScopeQuery(Input):
    """The period: days (both in) or instants (`from` in, `to` out); or the `period` that holds `day`.

    Without any of them, today. `as_of`: closed days as their reports stood at that instant.
    """

    from_: Annotated[Day | Instant | None, Field(alias="from", union_mode="left_to_right")] = None
    to: Annotated[Day | Instant | None, Field(union_mode="left_to_right")] = None
    period: Literal["day", "week", "month"] | None = None
    day: Day | None = None
    line: Word | None = None
    branch: Word | None = None
    agent: Word | None = None
    as_of: Instant | None = None


def scope_of(asked: Asked, query: ScopeQuery) -> Scope:
    """Return what is asked of; an agent who names nobody means himself, and may name nobody else."""
    line = line_named(asked.session, query.line) if query.line else None
    zone = _zone(asked, line)
    first, last = _days(asked, query, zone)
    since = query.from_ if isinstance(query.from_, datetime) else None
    until = query.to if isinstance(query.to, datetime) else None
    if first > last or (since and until and since >= until):
        raise Invalid("from", "must be before `to`")
    if (last - first).days >= MOST_DAYS:
        raise Invalid("from", Sentence("{} days are the most at once", MOST_DAYS))
    return Scope(
        first,
        last,
        zone,
        line_ids=_lines(asked, line, query.branch),
        agent_id=_agent(asked, query.agent),
        since=since,
        until=until,
        as_of=query.as_of,
    )


def _agent(asked: Asked, name: str | None) -> UUID | None:
    agent_id = agent_named(asked.session, name).id if name else None
    if asked.who.may("supervisor"):
        return agent_id
    if agent_id not in (None, asked.who.agent_id):
        raise Forbidden("An agent reads his own figures.")
    return asked.who.agent_id


def _lines(asked: Asked, line: Line | None, branch: str | None) -> frozenset[UUID] | None:
    """Return the line, the branch's lines, or None for all."""
    if line is not None:
        if branch is not None:
            raise Invalid("branch", "name a line or a branch")
        return frozenset({line.id})
    if branch is None:
        return None
    found = asked.session.scalar(sa.select(Branch.id).where(Branch.key == branch))
    if found is None:
        raise Invalid("branch", "there is no such branch")
    return frozenset(asked.session.scalars(sa.select(Line.id).where(Line.branch_id == found)))


def _zone(asked: Asked, line: Line | None) -> ZoneInfo:
    """Return the line's zone, or the centre's."""
    if line is None:
        return home_zone(asked.session)
    return ZoneInfo(asked.session.get_one(Calendar, line.calendar_id).timezone)


def _days(asked: Asked, query: ScopeQuery, zone: ZoneInfo) -> tuple[date, date]:
    today = asked.at.astimezone(zone).date()
    if query.period or query.day:
        if query.from_ or query.to:
            raise Invalid("period", "give a period or `from` and `to`")
        return around(query.period or "day", query.day or today)
    last = _day(query.to, zone) or max(today, _day(query.from_, zone) or today)
    return _day(query.from_, zone) or min(today, last), last


def _day(bound: date | datetime | None, zone: ZoneInfo) -> date | None:
    return bound.astimezone(zone).date() if isinstance(bound, datetime) else bound


def formula_named(name: str | None) -> Formula:
    """Return the formula of an id; raise Invalid."""
    formula = FORMULAS.get(name or "")
    if formula is None:
        raise Invalid("figure", Sentence("is none of {}", ", ".join(FORMULAS)))
    return formula


def set_of(formula: Formula, side: Side) -> str:
    """Return the set whose rows a side counts."""
    return formula.numerator.set if side == "numerator" else formula.denominator.set


def links(formula: Formula, asked: Mapping[str, str]) -> tuple[str, str, str]:
    """Return the addresses of a figure's calls, of its numerator's rows, and of its denominator's."""
    rows = [_link(formula, side, asked) for side in ("numerator", "denominator")]
    of_calls = formula.kind in OF_CALLS
    calls = _link(formula, "denominator", asked, calls=True) if of_calls else rows[1]
    return calls, rows[0], rows[1]


def _link(formula: Formula, side: str, asked: Mapping[str, str], *, calls: bool = False) -> str:
    """Return a list's address: calls for figures of calls, the rows themselves for every other kind."""
    resource = "calls" if calls or formula.kind == "call" else "standards/rows"
    named = dict(asked)
    if resource == "calls":
        named = {_AS_CALLS.get(name, name): value for name, value in asked.items()}
    return f"{API}/{resource}?{urlencode({'figure': formula.id, 'side': side, **named})}"


_AS_CALLS = {"from": "day_from", "to": "day_to", "since": "started_after", "until": "started_before"}


def written(scope: Scope, names: Mapping[str, str | None]) -> dict[str, str]:
    """Return a scope as the lists' queries take it; `names` are the line, branch and agent as asked."""
    period = {"from": scope.first.isoformat(), "to": scope.last.isoformat()}
    instants = {"since": scope.since, "until": scope.until, "as_of": scope.as_of}
    period |= {name: at.isoformat() for name, at in instants.items() if at}
    return period | {name: value for name, value in names.items() if value}
