"""Hold the product's figures, lists and identity against the oracle's, for scopes drawn at random."""

from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.standards.figures import Figure
from callcenter.standards.formulas import FORMULAS
from callcenter.standards.queries import Counted, Scope, rows_behind, standards
from callcenter.standards.rows import Row
from tests.prove.numbers.oracle import Asked, Oracle, Raw
from tests.prove.numbers.world import FIRST, LAST, World
from tests.prove.verdict import Verdict

DAYS = (LAST - FIRST).days
# A list is counted anew for each look: of so many figures both are read.
LISTED = 0.12


def scopes(world: World, random: Random, count: int) -> list[Scope]:
    """Draw days, lines, agents and instants; the first scope is everything."""
    return [
        Scope(FIRST, LAST, world.zones[world.lines[1].id]),
        *(_scope(world, random) for _ in range(count)),
    ]


def _scope(world: World, random: Random) -> Scope:
    first = FIRST + timedelta(days=random.randint(0, DAYS))
    last = min(LAST, first + timedelta(days=random.choice((0, 0, 1, 4, DAYS))))
    line = random.choice([*world.lines, None, None])
    zone = world.zones[line.id] if line else world.zones[world.lines[1].id]
    agent = random.choice(world.agents).id if random.random() < 0.25 else None
    since = until = None
    if random.random() < 0.2:
        since = datetime(first.year, first.month, first.day, 9, tzinfo=zone)
        until = datetime(last.year, last.month, last.day, 17, 30, tzinfo=zone)
    lines = frozenset({line.id}) if line else None
    return Scope(first, last, zone, line_ids=lines, agent_id=agent, since=since, until=until)


def asked(scope: Scope) -> Asked:
    """Return a scope in the oracle's words."""
    return Asked(scope.first, scope.last, scope.line_ids, scope.agent_id, scope.since, scope.until)


def judge(session: Session, raw: Raw, scope: Scope, now: datetime, verdict: Verdict, random: Random) -> None:
    """Compare every figure of a scope, some of the lists of both sides, and whether the numbers add up."""
    found, counted = standards(session, scope, now)
    oracle = Oracle(raw, asked(scope), now)
    expected = oracle.figures()
    for figure in found:
        if figure.id == "occupancy" and (scope.since or scope.until):
            continue  # Stretches are of days: instants only choose among them.
        verdict.trials += 1
        if _pair(figure) != expected[figure.id]:
            verdict.failed(f"{figure.id} of {scope}: {_pair(figure)}, by hand {expected[figure.id]}")
        if random.random() < LISTED:
            lists(session, scope, figure, now, verdict)
    missing = expected.keys() - {figure.id for figure in found}
    if scope.agent_id is None and missing:
        verdict.failed(f"nobody counted {missing}")
    if scope.agent_id is None:
        _identity(counted, oracle, scope, verdict)


def _pair(figure: Figure) -> tuple[float, float]:
    """Return a figure as the oracle says it: in milliseconds, percentiles as value and base."""
    formula = FORMULAS[figure.id]
    if formula.percent is not None:
        return (-1 if figure.value is None else round(figure.value * 1000)), figure.denominator
    assert figure.numerator is not None
    in_ms = [side.measure != "count" for side in (formula.numerator, formula.denominator)]
    over, under = (
        round(amount * 1000) if timed else amount
        for amount, timed in zip((figure.numerator, figure.denominator), in_ms, strict=True)
    )
    return over, under


def lists(session: Session, scope: Scope, figure: Figure, now: datetime, verdict: Verdict) -> None:
    """The list of each side is as long as the figure says, or its seconds sum up to it."""
    formula = FORMULAS[figure.id]
    sides = ((formula.numerator, figure.numerator), (formula.denominator, figure.denominator))
    for side, said in sides:
        if said is None:
            continue
        rows = rows_behind(session, scope, formula.kind, side.set, now)
        verdict.trials += 1
        listed = len(rows) if side.measure == "count" else round(sum(map(_ms, rows))) / 1000
        if abs(listed - said) > 1e-6 or len({(row.id, row.at) for row in rows}) != len(rows):
            verdict.failed(f"{figure.id} of {scope} says {said}, its list {listed}")


def _ms(row: Row) -> int:
    return (row.ms or 0) + row.second_ms


def _identity(counted: Counted, oracle: Oracle, scope: Scope, verdict: Verdict) -> None:
    verdict.trials += 1
    received, calls, wrong = oracle.identity()
    said = counted.identity
    same = (dict(said.received), dict(said.counted), said.differences) == (received, calls, wrong)
    if not same or said.agrees != (received == calls and not wrong):
        verdict.failed(f"identity of {scope}: {said}, by hand {received}, {calls}, {wrong}")


def values(
    session: Session, scope: Scope, now: datetime
) -> dict[str, tuple[float | None, float, float | None, dict[str, float]]]:
    """Return every figure of a scope with its parts."""
    return {
        each.id: (each.numerator, each.denominator, each.value, dict(each.parts))
        for each in standards(session, scope, now)[0]
    }


def day_scope(world: World, line: UUID, day: date) -> Scope:
    """Return one day of one line."""
    return Scope(day, day, world.zones[line], line_ids=frozenset({line}))
