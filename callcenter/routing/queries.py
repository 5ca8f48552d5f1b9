"""Reading the line, the agents and the offers."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from callcenter.db import locked
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
    return session.execute(locked(sa.select(Wait).where(Wait.id == wait_id))).scalar_one()


def offer_by_id(session: Session, offer_id: UUID) -> Offer | None:
    """Return an offer."""
    return session.execute(sa.select(Offer).where(Offer.id == offer_id)).scalar_one_or_none()


def lock_offer(session: Session, offer_id: UUID) -> tuple[Offer, Wait] | None:
    """Return an offer with its wait, both locked in the one order that everybody keeps."""
    offer = offer_by_id(session, offer_id)
    if offer is None:
        return None
    wait = lock_wait(session, offer.wait_id)
    return session.execute(locked(sa.select(Offer).where(Offer.id == offer_id))).scalar_one(), wait


def lock_agent_state(session: Session, agent_id: UUID) -> AgentState | None:
    """Return what an agent does, locked; None for nobody we know."""
    statement = sa.select(AgentState).where(AgentState.agent_id == agent_id)
    return session.execute(locked(statement)).scalar_one_or_none()


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
    statement = sa.select(Offer.id).where(Offer.state == "ringing", Offer.ring_until <= at)
    return list(session.execute(statement).scalars())


def states_due(session: Session, at: datetime) -> bool:
    """Say whether anybody's wrap-up or rest is over."""
    return session.execute(sa.select(sa.exists().where(AgentState.until <= at))).scalar_one()


def position(session: Session, wait: Wait) -> int:
    """Return the place in line, from 1, among those who want the same skill."""
    ahead = sa.select(sa.func.count()).where(
        Wait.skill_id == wait.skill_id,
        Wait.state.in_(("waiting", "offered")),
        sa.or_(
            Wait.priority > wait.priority,
            sa.and_(Wait.priority == wait.priority, Wait.entered_at < wait.entered_at),
        ),
    )
    return session.execute(ahead).scalar_one() + 1


def agents_on_duty(session: Session, skill_id: UUID, language: str) -> int:
    """Count the agents who have this skill and language and will be free again by themselves."""
    returning = sa.and_(AgentState.state == "break", AgentState.until.is_not(None))
    statement = (
        sa.select(sa.func.count())
        .select_from(AgentState)
        .join(Agent, Agent.id == AgentState.agent_id)
        .join(AgentSkill, AgentSkill.agent_id == Agent.id)
        .where(
            AgentSkill.skill_id == skill_id,
            Agent.active,
            speaks(language),
            sa.or_(AgentState.state.in_(ON_DUTY), returning),
        )
    )
    return session.execute(statement).scalar_one()


def speaks(language: str) -> sa.ColumnElement[bool]:
    """Say that an agent's list of languages has this one; the same on both databases."""
    return sa.cast(Agent.languages, sa.Text).contains(f'"{language}"', autoescape=True)


def mean_handle_seconds(session: Session, line_id: UUID) -> float | None:
    """Return the mean length of the line's last fifty conversations, None without any."""
    seconds = (
        sa.select(Offer.joined_at, Offer.ended_at)
        .where(Offer.line_id == line_id, Offer.state == "ended", Offer.joined_at.is_not(None))
        .order_by(Offer.ended_at.desc())
        .limit(50)
    )
    lengths = [
        (ended - joined).total_seconds() for joined, ended in session.execute(seconds) if joined and ended
    ]
    return sum(lengths) / len(lengths) if lengths else None


def next_pair(session: Session, at: datetime) -> tuple[Wait, UUID] | None:
    """Lock and return the next waiting subject and the agent to ask, None when there is no pair.

    Subjects by priority and arrival; agents with the skill and the language by level (1 is best), then
    by longest idle. Rows that another process is deciding on are passed over.
    """
    first = (
        sa.select(Wait)
        .where(Wait.state == "waiting", sa.exists().where(*_can_serve(at)).correlate(Wait))
        .order_by(Wait.priority.desc(), Wait.entered_at, Wait.id)
        .limit(1)
    )
    wait = session.execute(locked(first, skip_locked=True)).scalar_one_or_none()
    if wait is None:
        return None
    best = (
        sa.select(AgentState)
        .join(Wait, Wait.id == wait.id)
        .join(AgentSkill, AgentSkill.agent_id == AgentState.agent_id)
        .join(Agent, Agent.id == AgentState.agent_id)
        .where(*_can_serve(at))
        .order_by(AgentSkill.level, AgentState.free_since, AgentState.agent_id)
        .limit(1)
    )
    agent = session.execute(locked(best, of=AgentState, skip_locked=True)).scalar_one_or_none()
    return (wait, agent.agent_id) if agent is not None else None


def _can_serve(at: datetime) -> tuple[sa.ColumnExpressionArgument[bool], ...]:
    """Say that an agent is free, has the wait's skill and language, and has not just declined it."""
    quoted = sa.literal('%"') + Wait.language + sa.literal('"%')
    declined = sa.exists().where(
        Offer.wait_id == Wait.id,
        Offer.agent_id == AgentState.agent_id,
        Offer.state == "declined",
        Offer.ended_at > at - DECLINED_REST,
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
