"""Moves of an agent's state, as two statements each: neither reads the row."""

from typing import Any

import sqlalchemy as sa

from callcenter.db import UtcDateTime
from callcenter.routing.models import AgentState, AgentStateChange
from callcenter.routing.rules import ON_A_CALL
from callcenter.statements import table_of

_NOW = sa.bindparam("now", type_=UtcDateTime())
_TILL = sa.bindparam("till", type_=UtcDateTime())
_WHY = sa.bindparam("why", type_=sa.String())
_NEXT = sa.func.coalesce(AgentState.after, "available")
_CHOSEN = sa.case((AgentState.after.is_not(None), AgentState.reason), else_=sa.null())
_SINCE_IDLE = sa.case((_NEXT == "available", sa.func.coalesce(AgentState.free_since, _NOW)), else_=sa.null())


class Move:
    """One move of an agent's state: `note` adds it to the timeline, then `update` makes it; neither reads.

    What the agent chose meanwhile (`after`) and the idle clock (`free_since`) are carried on by the database.
    `state` and `reason` are what is entered; `only_from` are the states from which there is such a move.
    """

    def __init__(self, state: Any, reason: Any, only_from: tuple[str, ...] = (), **values: Any) -> None:
        mine = [AgentState.agent_id == sa.bindparam("agent", type_=sa.Uuid())]
        mine += [AgentState.state.in_(only_from)] if only_from else []
        told = sa.select(
            sa.bindparam("new_id", type_=sa.Uuid()),
            AgentState.agent_id,
            sa.cast(state, sa.String(12)) if isinstance(state, str) else state,
            reason,
            _NOW,
            sa.bindparam("who", type_=sa.String()),
        )
        columns = ["id", "agent_id", "state", "reason", "at", "actor"]
        self.note = sa.insert(table_of(AgentStateChange)).from_select(columns, told.where(*mine))
        entered = {"state": state, "reason": reason, "since": _NOW, "version": AgentState.version + 1}
        self.update = sa.update(table_of(AgentState)).where(*mine).values(**entered, **values)


RING = Move("ringing", _CHOSEN, until=None)
TALK = Move("talking", _CHOSEN, until=None, free_since=None)
FREE = Move(_NEXT, _CHOSEN, ON_A_CALL, until=None, after=None, free_since=_SINCE_IDLE)
RESERVE = Move("reserved", _WHY, ("ringing",), until=_TILL)
REST = Move("break", _WHY, ON_A_CALL, until=_TILL, after=_NEXT, free_since=None)
WRAP_UP = Move("wrap_up", sa.null(), ON_A_CALL, until=_TILL, after=_NEXT, free_since=None)
