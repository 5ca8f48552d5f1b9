"""Promises for lists and for their own explanation: names beside ids, moves, alerts, hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.audit.queries import Place
from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call
from callcenter.configuration import configuration
from callcenter.lines.models import Line
from callcenter.promises.models import Promise, PromiseAlert, PromiseMove
from callcenter.promises.queries import IS_OWED, about_ticket, alerts_of, moves_of
from callcenter.promises.words import Moved, Story, Told
from callcenter.staff.models import Agent
from callcenter.tickets.models import Ticket
from callcenter.tickets.queries import FIRST_OWNER

PromiseRow = sa.Row[Promise, str, str, str, UUID, UUID]
AlertRow = sa.Row[PromiseAlert, Promise, str, str, str, UUID]


@dataclass(frozen=True)
class PromiseFilter:
    """Which promises; None asks nothing. `owed` are open and late; `due_after` is in, `due_before` out."""

    state: str | None = None
    rule: str | None = None
    line_id: UUID | None = None
    owner_id: UUID | None = None
    ticket_id: UUID | None = None
    due_after: datetime | None = None
    due_before: datetime | None = None


@dataclass(frozen=True)
class AlertFilter:
    """Which alerts; None asks nothing. `open` ones are unseen, of what is owed still."""

    step: str | None = None
    agent_id: UUID | None = None
    line_id: UUID | None = None
    open: bool | None = None


_OF_TICKET = sa.func.coalesce(
    Promise.ticket_id, Callback.ticket_id, sa.case((Promise.subject_kind == "ticket", Promise.subject_id))
)
_OWNER = sa.func.coalesce(Promise.owner_agent_id, *FIRST_OWNER)
_NAMES = (
    Line.key.label("line"),
    Agent.key.label("owner"),
    Ticket.number.label("ticket"),
    Callback.id.label("callback"),
    sa.func.coalesce(Callback.origin_call_id, Ticket.call_id).label("call"),
)


def joined(statement: Any) -> Any:
    """Join what a promise is about; an older release named no line, which then is its subject's."""
    of_callback = sa.and_(Promise.subject_kind == "callback", Callback.id == Promise.subject_id)
    line = sa.func.coalesce(Promise.line_id, Callback.line_id, Ticket.line_id)
    return (
        statement.outerjoin(Callback, of_callback)
        .outerjoin(Ticket, Ticket.id == _OF_TICKET)
        .outerjoin(Call, Call.id == Ticket.call_id)
        .outerjoin(Line, Line.id == line)
        .outerjoin(Agent, Agent.id == _OWNER)
    )


_PROMISES = joined(sa.select(Promise, *_NAMES).select_from(Promise))
_ALERTS = joined(
    sa.select(PromiseAlert, Promise, *_NAMES[:4]).join(Promise, Promise.id == PromiseAlert.promise_id)
)


def list_promises(
    session: Session, wanted: PromiseFilter, after: Place | None, limit: int
) -> Sequence[PromiseRow]:
    """Return promises, the first due first: Promise, line, owner, ticket, callback, call."""
    exact = (
        (Promise.state, None if wanted.state == "owed" else wanted.state),
        (Promise.rule, wanted.rule),
        (Line.id, wanted.line_id),
        (_OWNER, wanted.owner_id),
    )
    conditions: list[Any] = [column == value for column, value in exact if value is not None]
    conditions += IS_OWED if wanted.state == "owed" else ()
    conditions += [about_ticket(wanted.ticket_id)] if wanted.ticket_id else []
    conditions += [Promise.due_at >= wanted.due_after] if wanted.due_after else []
    conditions += [Promise.due_at < wanted.due_before] if wanted.due_before else []
    if after is not None:
        conditions.append(sa.tuple_(Promise.due_at, Promise.id) > after)
    order = (Promise.due_at, Promise.id)
    found: Sequence[PromiseRow] = session.execute(
        _PROMISES.where(*conditions).order_by(*order).limit(limit)
    ).all()
    return found


def find_promise(session: Session, promise_id: UUID) -> PromiseRow | None:
    """Return one promise with its names."""
    found: PromiseRow | None = session.execute(_PROMISES.where(Promise.id == promise_id)).first()
    return found


def list_alerts(session: Session, wanted: AlertFilter, after: Place | None, limit: int) -> Sequence[AlertRow]:
    """Return who was told of what, the newest first: PromiseAlert, Promise, line, owner, ticket, callback."""
    exact = (
        (PromiseAlert.step, wanted.step),
        (PromiseAlert.agent_id, wanted.agent_id),
        (Line.id, wanted.line_id),
    )
    conditions: list[Any] = [column == value for column, value in exact if value is not None]
    if wanted.open is not None:
        is_open = sa.and_(PromiseAlert.seen_at.is_(None), *IS_OWED)
        conditions.append(is_open if wanted.open else sa.not_(is_open))
    if after is not None:
        conditions.append(sa.tuple_(PromiseAlert.at, PromiseAlert.id) < after)
    order = (PromiseAlert.at.desc(), PromiseAlert.id.desc())
    found: Sequence[AlertRow] = session.execute(
        _ALERTS.where(*conditions).order_by(*order).limit(limit)
    ).all()
    return found


def find_alert(session: Session, alert_id: UUID) -> AlertRow | None:
    """Return one alert with its promise."""
    found: AlertRow | None = session.execute(_ALERTS.where(PromiseAlert.id == alert_id)).first()
    return found


def story_of_promise(session: Session, row: PromiseRow) -> Story:
    """Read everything that a promise is explained from."""
    promise: Promise = row.Promise
    known = configuration(session)
    line = next((line.id for line in known.lines.values() if line.key == row.line), None)
    keys = dict(session.execute(sa.select(Agent.id, Agent.key)).all())
    return Story(
        rule=promise.rule,
        state=promise.state,
        made_at=promise.made_at,
        made_by=promise.made_by,
        owner=row.owner,
        due_at=promise.due_at,
        grace=timedelta(seconds=promise.grace_seconds),
        counted_from=promise.counted_from,
        awaits_hang_up=promise.awaits_call_id is not None,
        settled_at=promise.settled_at,
        settled_by=promise.settled_by,
        reason=promise.reason,
        why=promise.why,
        hours=known.hours_of(line),
        zone=known.zone_of(line),
        moves=[_moved(move) for move in moves_of(session, promise.id)],
        alerts=[_told(alert, keys) for alert in alerts_of(session, promise.id)],
    )


def _moved(move: PromiseMove) -> Moved:
    return Moved(move.at, move.actor, move.from_due_at, move.to_due_at, move.consent, move.reason)


def _told(alert: PromiseAlert, keys: dict[UUID, str]) -> Told:
    agent = keys.get(alert.agent_id) if alert.agent_id else None
    return Told(alert.step, alert.at, agent, alert.seen_at, alert.seen_by)
