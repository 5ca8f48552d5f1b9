"""What is on at this moment, in numbers: who waits, what agents do, what is owed, each by line or branch."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.audit.promised import joined
from callcenter.lines.models import Line
from callcenter.promises.models import Promise
from callcenter.promises.queries import IS_OWED
from callcenter.routing.models import AgentState, Wait
from callcenter.staff.models import Agent


@dataclass(frozen=True)
class Waiting:
    """The callers who wait in a line, and since when the first of them does."""

    count: int
    since: datetime


@dataclass(frozen=True)
class Owed:
    """What was promised in a line: what is due before an instant and not yet late, and what is late."""

    due: int
    late: int


def waiting_by_line(session: Session) -> Mapping[UUID, Waiting]:
    """Return the callers who wait or whose agent's phone rings, by line; lines without any are left out."""
    rows = session.execute(
        sa.select(Wait.line_id, sa.func.count(), sa.func.min(Wait.entered_at, type_=Wait.entered_at.type))
        .where(Wait.state.in_(("waiting", "offered")), Wait.subject_kind == "call")
        .group_by(Wait.line_id)
    )
    return {line_id: Waiting(count, since) for line_id, count, since in rows}


def agents_by_branch(session: Session) -> Mapping[UUID, Counter[str]]:
    """Return how many active agents are in each state, by branch; who never said anything is offline."""
    state = sa.func.coalesce(AgentState.state, "offline")
    rows = session.execute(
        sa.select(Agent.branch_id, state, sa.func.count())
        .outerjoin(AgentState, AgentState.agent_id == Agent.id)
        .where(Agent.active)
        .group_by(Agent.branch_id, state)
    )
    found: dict[UUID, Counter[str]] = defaultdict(Counter)
    for branch_id, name, count in rows:
        found[branch_id][name] = count
    return found


def owed_by_line(session: Session, at: datetime, until: datetime) -> Mapping[UUID | None, Owed]:
    """Return what is owed, by line (None: of no line): due from `at` to `until`, and due before `at`."""
    late = sa.func.sum(sa.case((Promise.due_at < at, 1), else_=0))
    statement: Any = joined(sa.select(Line.id, sa.func.count(), late).select_from(Promise))
    rows = session.execute(statement.where(*IS_OWED, Promise.due_at < until).group_by(Line.id))
    return {line_id: Owed(count - late, late) for line_id, count, late in rows}
