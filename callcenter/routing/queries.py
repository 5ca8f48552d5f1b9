"""Reading the line, the agents and the offers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from callcenter.db import Instant, SecondsBetween, UtcDateTime, held, hold, locked
from callcenter.routing.models import AgentState, Offer, Wait
from callcenter.routing.rules import DECLINED_REST
from callcenter.staff.models import Agent, AgentSkill

LIVE_WAITS = ("waiting", "offered", "won")
LIVE_OFFERS = ("ringing", "accepted", "joined")


def _literally(column: InstrumentedAttribute[str], states: tuple[str, ...]) -> sa.ColumnElement[bool]:
    """Name states in the statement: SQLite takes a partial index only where it can read its condition."""
    return column.in_([sa.literal_column(f"'{state}'") for state in states])


WAIT_IS_LIVE = _literally(Wait.state, LIVE_WAITS)
OFFER_IS_LIVE = _literally(Offer.state, LIVE_OFFERS)
ON_DUTY = ("available", "ringing", "talking", "wrap_up")


def live_wait(session: Session, subject_kind: str, subject_id: UUID, *, lock: bool = False) -> Wait | None:
    """Return what a caller or a callback waits in now."""
    statement = sa.select(Wait).where(
        Wait.subject_kind == subject_kind, Wait.subject_id == subject_id, WAIT_IS_LIVE
    )
    return session.execute(locked(statement) if lock else statement).scalar_one_or_none()


def lock_wait(session: Session, wait_id: UUID) -> Wait:
    """Return a wait, locked: whoever wants to change a wait or its offers takes it first."""
    mine = held(session, Wait, wait_id)
    return mine or session.execute(locked(sa.select(Wait).where(Wait.id == wait_id))).scalar_one()


def offer_by_id(session: Session, offer_id: UUID) -> Offer | None:
    """Return an offer."""
    mine = held(session, Offer, offer_id)
    return mine or session.execute(sa.select(Offer).where(Offer.id == offer_id)).scalar_one_or_none()


def lock_offer(session: Session, offer_id: UUID) -> tuple[Offer, Wait] | None:
    """Return an offer with its wait, both locked in the one order that everybody keeps."""
    offer = offer_by_id(session, offer_id)
    if offer is None:
        return None
    wait = lock_wait(session, offer.wait_id)
    return session.execute(locked(sa.select(Offer).where(Offer.id == offer_id))).scalar_one(), wait


def lock_agent_state(session: Session, agent_id: UUID) -> AgentState | None:
    """Return what an agent does, locked; None for nobody we know."""
    mine = held(session, AgentState, agent_id)
    if mine is not None:
        return mine
    statement = sa.select(AgentState).where(AgentState.agent_id == agent_id)
    found = session.execute(locked(statement)).scalar_one_or_none()
    return hold(session, agent_id, found) if found is not None else None


def live_offer_of_wait(session: Session, wait_id: UUID) -> Offer | None:
    """Return the offer that rings, was accepted or talks for this wait."""
    statement = sa.select(Offer).where(Offer.wait_id == wait_id, OFFER_IS_LIVE)
    return session.execute(statement).scalar_one_or_none()


def offers_of_call(session: Session, call_id: UUID) -> list[Offer]:
    """Return every offer made about a call, in order."""
    return list(
        session.execute(sa.select(Offer).where(Offer.call_id == call_id).order_by(Offer.id)).scalars()
    )


def connections(session: Session, wait: Wait) -> int:
    """Count the offers made so far about a call, over all its stays in line, or about this wait."""
    about = Offer.call_id == wait.call_id if wait.call_id else Offer.wait_id == wait.id
    return session.execute(sa.select(sa.func.max(Offer.connection)).where(about)).scalar_one() or 0


def rung_out(session: Session, at: datetime) -> list[UUID]:
    """Return the offers whose rings are over."""
    return list(session.execute(sa.select(Offer.id).where(rings_are_over(at))).scalars())


def rings_are_over(at: Instant) -> sa.ColumnElement[bool]:
    """Return the condition on an offer that has rung long enough."""
    return sa.and_(Offer.state == "ringing", Offer.ring_until <= at)


def is_back(at: Instant) -> sa.ColumnElement[bool]:
    """Return the condition on an agent whose wrap-up or rest is over."""
    return AgentState.until <= at


def somebody_waits() -> sa.ColumnElement[bool]:
    """Return the condition on a wait that nobody was offered."""
    return Wait.state == "waiting"


@dataclass(frozen=True)
class Outlook:
    """What whoever wants a skill has before him.

    `wait` is where he waits already, `ahead` how many wait for the same before him, `on_duty` the agents who
    have skill and language and will be free by themselves, `handle_seconds` the mean length of the line's
    last fifty conversations, None without any.
    """

    wait: Wait | None
    ahead: int
    on_duty: int
    handle_seconds: float | None


def outlook(
    session: Session,
    subject_kind: str,
    subject_id: UUID,
    line_id: UUID,
    at: datetime,
    skill_id: UUID | None = None,
    language: str = "",
) -> Outlook:
    """Return what a subject has before it; skill and language count only while it does not wait yet."""
    values = {
        "kind": subject_kind, "subject": subject_id, "line": line_id, "at": at, "skill": skill_id,
        "language": language,
    }  # fmt: skip
    row = session.execute(_OUTLOOK, values).one()
    return Outlook(row.mine, row.ahead, row.on_duty, row.handle_seconds)


def _make_outlook() -> sa.Select[Any]:
    mine, ahead = aliased(Wait, name="mine"), aliased(Wait, name="ahead")
    skill = sa.func.coalesce(mine.skill_id, sa.bindparam("skill", type_=sa.Uuid()))
    language = sa.func.coalesce(mine.language, sa.bindparam("language", type_=sa.String()))
    priority = sa.func.coalesce(mine.priority, 0)
    entered = sa.func.coalesce(mine.entered_at, sa.bindparam("at", type_=UtcDateTime()))
    returning = sa.and_(AgentState.state == "break", AgentState.until.is_not(None))
    talks = (
        sa.select(SecondsBetween(Offer.joined_at, Offer.ended_at).label("seconds"))
        .where(Offer.line_id == sa.bindparam("line"), Offer.state == "ended", Offer.joined_at.is_not(None))
        .order_by(Offer.ended_at.desc())
        .limit(50)
        .subquery()
    )
    before = sa.select(sa.func.count(ahead.id)).where(
        ahead.skill_id == skill,
        _literally(ahead.state, ("waiting", "offered")),
        sa.or_(ahead.priority > priority, sa.and_(ahead.priority == priority, ahead.entered_at < entered)),
    )
    on_duty = (
        sa.select(sa.func.count(AgentState.agent_id))
        .join(Agent, Agent.id == AgentState.agent_id)
        .join(AgentSkill, AgentSkill.agent_id == Agent.id)
        .where(
            AgentSkill.skill_id == skill,
            Agent.active,
            sa.cast(Agent.languages, sa.Text).like(sa.literal('%"') + language + sa.literal('"%')),
            sa.or_(_literally(AgentState.state, ON_DUTY), returning),
        )
    )
    return (
        sa.select(
            mine,
            before.correlate(mine).scalar_subquery().label("ahead"),
            on_duty.correlate(mine).scalar_subquery().label("on_duty"),
            sa.select(sa.func.avg(talks.c.seconds)).scalar_subquery().label("handle_seconds"),
        )
        .select_from(sa.select(sa.literal(1).label("one")).subquery())
        .outerjoin(
            mine,
            sa.and_(
                mine.subject_kind == sa.bindparam("kind"),
                mine.subject_id == sa.bindparam("subject"),
                _literally(mine.state, LIVE_WAITS),
            ),
        )
    )


_OUTLOOK = _make_outlook()


def next_pair(session: Session, at: datetime) -> tuple[Wait, UUID] | None:
    """Lock and return the next waiting subject and the agent to ask, None when there is no pair.

    Subjects by priority and arrival; agents with the skill and the language by level (1 is best), then
    by longest idle. Rows that another process is deciding on are passed over.
    """
    given = {"rested": at - DECLINED_REST}
    wait = session.execute(_FIRST_WAIT, given).scalar_one_or_none()
    if wait is None:
        return None
    agent = session.execute(_BEST_AGENT, given | {"wait": wait.id}).scalar_one_or_none()
    return (wait, agent.agent_id) if agent is not None else None


def _can_serve() -> tuple[sa.ColumnExpressionArgument[bool], ...]:
    """Say that an agent is free, has the wait's skill and language, and has not just declined it."""
    quoted = sa.literal('%"') + Wait.language + sa.literal('"%')
    declined = sa.exists().where(
        Offer.wait_id == Wait.id,
        Offer.agent_id == AgentState.agent_id,
        Offer.state == "declined",
        Offer.ended_at > sa.bindparam("rested", type_=UtcDateTime()),
    )
    return (
        AgentState.state == "available",
        AgentSkill.agent_id == AgentState.agent_id,
        AgentSkill.skill_id == Wait.skill_id,
        Agent.id == AgentState.agent_id,
        Agent.active,
        sa.cast(Agent.languages, sa.Text).like(quoted),
        ~declined.correlate(Wait, AgentState),
    )


# Asked every second for as long as anybody waits, and at every arrival: built once.
_FIRST_WAIT = locked(
    sa.select(Wait)
    .where(Wait.state == "waiting", sa.exists().where(*_can_serve()).correlate(Wait))
    .order_by(Wait.priority.desc(), Wait.entered_at, Wait.id)
    .limit(1),
    skip_locked=True,
)
_BEST_AGENT = locked(
    sa.select(AgentState)
    .join(Wait, Wait.id == sa.bindparam("wait"))
    .join(AgentSkill, AgentSkill.agent_id == AgentState.agent_id)
    .join(Agent, Agent.id == AgentState.agent_id)
    .where(*_can_serve())
    .order_by(AgentSkill.level, AgentState.free_since, AgentState.agent_id)
    .limit(1),
    of=AgentState,
    skip_locked=True,
)
