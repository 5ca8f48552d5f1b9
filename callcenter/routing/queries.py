"""Reading the line, the agents and the offers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from callcenter.calls.models import Call
from callcenter.configuration import of_revision
from callcenter.db import Instant, SecondsBetween, UtcDateTime
from callcenter.revision import REVISION
from callcenter.routing.models import FIRST, AgentState, Offer, Wait
from callcenter.routing.rules import BEST_LEVEL, DECLINED_REST
from callcenter.staff.models import Agent, AgentSkill
from callcenter.statements import Query, as_read, at_most, held, hold, locked, locks, table_of

LIVE_WAITS = ("waiting", "offered", "won")
LIVE_OFFERS = ("ringing", "accepted", "joined")


def _literally(column: InstrumentedAttribute[str], states: tuple[str, ...]) -> sa.ColumnElement[bool]:
    """Name states in the statement: SQLite takes a partial index only where it can read its condition."""
    named: list[sa.ColumnElement[str]] = [sa.literal_column(f"'{state}'") for state in states]
    return column == named[0] if len(named) == 1 else column.in_(named)


WAIT_IS_LIVE = _literally(Wait.state, LIVE_WAITS)
OFFER_IS_LIVE = _literally(Offer.state, LIVE_OFFERS)
ON_DUTY = ("available", "reserved", "ringing", "talking", "wrap_up")
LOCK_STATE = locks(
    sa.select(AgentState.agent_id).where(AgentState.agent_id == sa.bindparam("agent")), AgentState
)
_KNOWN = "routing"
_ZERO = sa.literal_column("0", sa.Integer)


def remember_wait(session: Session, subject_kind: str, subject_id: UUID, wait: Wait | None) -> None:
    """Note what a locked subject waits in, or that it waits in nothing."""
    session.info.setdefault(_KNOWN, {})[subject_kind, subject_id] = wait


def remember_offer(session: Session, wait: Wait, offer: Offer | None) -> None:
    """Note the live offer of a locked wait, or that it has none."""
    session.info.setdefault(_KNOWN, {})[wait.id] = offer


def forget_wait(session: Session, subject_kind: str, subject_id: UUID) -> None:
    """The subject waits anew: what was known of it is untrue."""
    session.info.get(_KNOWN, {}).pop((subject_kind, subject_id), None)


def live_wait(session: Session, subject_kind: str, subject_id: UUID, *, lock: bool = False) -> Wait | None:
    """Return what a caller or a callback waits in now."""
    known = session.info.get(_KNOWN, {})
    if (subject_kind, subject_id) in known:
        mine: Wait | None = known[subject_kind, subject_id]
        return mine if mine is not None and mine.state in LIVE_WAITS else None
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


_LIVE_OFFER = (
    sa.select(Offer)
    .where(Offer.wait_id == sa.bindparam("wait"), OFFER_IS_LIVE)
    .execution_options(populate_existing=True)
)


def live_offer_of_wait(session: Session, wait_id: UUID) -> Offer | None:
    """Return the offer that rings, was accepted or talks for this wait, as it is by now."""
    known = session.info.get(_KNOWN, {})
    if wait_id in known:
        mine: Offer | None = known[wait_id]
        return mine if mine is not None and mine.state in LIVE_OFFERS else None
    return session.execute(_LIVE_OFFER, {"wait": wait_id}).scalar_one_or_none()


def offers_of_call(session: Session, call_id: UUID) -> list[Offer]:
    """Return every offer made about a call, in order."""
    return list(
        session.execute(sa.select(Offer).where(Offer.call_id == call_id).order_by(Offer.id)).scalars()
    )


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


def ask_outlook(
    session: Session, sid: str, line_id: UUID, at: datetime, skill_id: UUID | None = None, language: str = ""
) -> Callable[[], Outlook]:
    """Ask what the caller of a call has before him; what is returned waits for the answer.

    Skill and language count only while he does not wait yet.
    """
    values = {"sid": sid, "line": line_id, "at": at, "skill": skill_id, "language": language}
    asked = _OUTLOOK.ask(session, values)
    return lambda: _outlook(session, asked()[0])


def outlook_of_callback(
    session: Session, callback_id: UUID, line_id: UUID, at: datetime, skill_id: UUID, language: str
) -> Outlook:
    """Return what a customer who was called back, and holds the line, has before him."""
    values = {"callback": callback_id, "line": line_id, "at": at, "skill": skill_id, "language": language}
    return _outlook(session, _OUTLOOK_OF_CALLBACK.rows(session, values)[0])


def _outlook(session: Session, row: Any) -> Outlook:
    *mine, ahead, on_duty, handle_seconds = row
    return Outlook(as_read(session, Wait, mine), ahead, on_duty, handle_seconds)


def _ahead_of(mine: Any, skill: Any, state: str) -> sa.ScalarSelect[int]:
    """Count as the line's index has them: of who waits, nobody who has left is looked at."""
    ahead = aliased(Wait, name="ahead")
    first = _ZERO - sa.func.coalesce(mine.priority, _ZERO)
    entered = sa.func.coalesce(mine.entered_at, sa.bindparam("at", type_=UtcDateTime()))
    is_before = sa.tuple_(_ZERO - ahead.priority, ahead.entered_at) < sa.tuple_(first, entered)
    counted = sa.select(sa.func.count(ahead.id))
    in_state = _literally(ahead.state, (state,))
    return counted.where(ahead.skill_id == skill, in_state, is_before).correlate(mine).scalar_subquery()


def _make_outlook(mine: Any, is_mine: sa.ColumnElement[bool]) -> sa.Select[Any]:
    skill = sa.func.coalesce(mine.skill_id, sa.bindparam("skill", type_=sa.Uuid()))
    language = sa.func.coalesce(mine.language, sa.bindparam("language", type_=sa.String()))
    returning = sa.and_(AgentState.state == "break", AgentState.until.is_not(None))
    talks = (
        sa.select(SecondsBetween(Offer.joined_at, Offer.ended_at).label("seconds"))
        .where(Offer.line_id == sa.bindparam("line"), Offer.state == "ended", Offer.joined_at.is_not(None))
        .order_by(Offer.ended_at.desc())
        .limit(at_most(50))
        .subquery()
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
            *sa.inspect(mine).selectable.c,
            (_ahead_of(mine, skill, "waiting") + _ahead_of(mine, skill, "offered")).label("ahead"),
            on_duty.correlate(mine).scalar_subquery().label("on_duty"),
            sa.select(sa.func.avg(talks.c.seconds)).scalar_subquery().label("handle_seconds"),
        )
        .select_from(sa.select(sa.literal(1).label("one")).subquery())
        .outerjoin(mine, sa.and_(is_mine, _literally(mine.state, LIVE_WAITS)))
    )


_MINE = aliased(Wait, name="mine")
_OF_SID = sa.select(Call.id).where(Call.sid == sa.bindparam("sid")).scalar_subquery()
_OF_CALLBACK = sa.bindparam("callback", type_=sa.Uuid())
# What a conversation changes of its call is written once, at its end; nothing of it is asked for here.
_READ_OUTLOOK, _READ_OUTLOOK_OF_CALLBACK = (
    _make_outlook(_MINE, sa.and_(_MINE.subject_kind == kind, _MINE.subject_id == subject))
    for kind, subject in (("call", _OF_SID), ("callback", _OF_CALLBACK))
)
_OUTLOOK, _OUTLOOK_OF_CALLBACK = Query(lambda _: _READ_OUTLOOK), Query(lambda _: _READ_OUTLOOK_OF_CALLBACK)


def lock_first(session: Session, at: datetime) -> Any:
    """Lock and return the first in line whom a free agent can serve, None when there is nobody.

    By priority and arrival; rows that another process is deciding on are passed over. The row has id,
    line_id, call_id, skill_id, language, subject_kind, subject_id and on_line.
    """
    rows = _ASK_FIRST.rows(session, {"declined_since": at - DECLINED_REST})
    if not rows:
        return None
    of_revision(session, rows[0].revision)
    return rows[0]


@dataclass(frozen=True)
class Claimed:
    """An agent who was free, and is no more; `connection` is the number of the offer that he gets."""

    agent_id: UUID
    address: str
    connection: int


def claim(session: Session, wait: Any, at: datetime) -> Claimed | None:
    """Take the best free agent for a locked wait, in one statement; None when others have taken them all.

    By level (1 is best), then by longest idle; agents whom somebody else is deciding on are passed over.
    """
    values = {
        "for_wait": wait.id, "for_call": wait.call_id, "for_skill": wait.skill_id,
        "for_language": wait.language, "declined_since": at - DECLINED_REST, "now": at,
    }  # fmt: skip
    rows = _ASK_CLAIM.rows(session, values)
    if not rows:
        return None
    row = rows[0]
    known = held(session, AgentState, row.agent_id)
    if known is not None:
        session.refresh(known)
    return Claimed(row.agent_id, row.address, row.connection)


_IDLE = aliased(AgentState, name="idle")
_QUOTE_BEFORE, _QUOTE_BEHIND = sa.literal_column("'%\"'", sa.Text), sa.literal_column("'\"%'", sa.Text)


def _can_serve(wait_id: Any, skill_id: Any, language: Any) -> tuple[sa.ColumnExpressionArgument[bool], ...]:
    """Say that an agent is free, has skill and language, and has not just declined this wait."""
    declined = sa.exists().where(
        Offer.wait_id == wait_id,
        Offer.agent_id == _IDLE.agent_id,
        _literally(Offer.state, ("declined",)),
        Offer.ended_at > sa.bindparam("declined_since", type_=UtcDateTime()),
    )
    speaks = sa.cast(Agent.languages, sa.Text).like(_QUOTE_BEFORE + language + _QUOTE_BEHIND)
    return (
        _literally(_IDLE.state, ("available",)),
        AgentSkill.agent_id == _IDLE.agent_id,
        AgentSkill.skill_id == skill_id,
        Agent.id == _IDLE.agent_id,
        Agent.active,
        _one_by_one(speaks),
        ~declined.correlate(Wait, _IDLE),
    )


def _one_by_one(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Let PostgreSQL try rows in the order of their index until one fits.

    It takes a LIKE for rarer than it is, and an EXISTS for worth a hash of everybody; of a CASE it knows
    nothing. With 1,000 idle agents that is 0.1 ms instead of 2.
    """
    return sa.case((condition, sa.true()), else_=sa.false())


def _make_first() -> sa.Select[Any]:
    somebody_is_free = sa.exists().where(_literally(_IDLE.state, ("available",)))
    can_be_served = sa.exists().where(*_can_serve(Wait.id, Wait.skill_id, Wait.language)).correlate(Wait)
    return (
        sa.select(
            Wait.id,
            Wait.line_id,
            Wait.call_id,
            Wait.skill_id,
            Wait.language,
            Wait.subject_kind,
            Wait.subject_id,
            Wait.on_line,
            REVISION.label("revision"),
        )
        .where(
            _literally(Wait.state, ("waiting",)),
            somebody_is_free,
            _one_by_one(can_be_served),
        )
        .order_by(*FIRST)
        .limit(at_most(1))
        .with_for_update(of=Wait, key_share=True, skip_locked=True)
    )


def _make_claim() -> sa.UpdateBase:
    """Look among the best alone at first: their index has them by longest idle, nothing is sorted."""
    row = table_of(AgentState)
    wait, call = sa.bindparam("for_wait", type_=sa.Uuid()), sa.bindparam("for_call", type_=sa.Uuid())
    free = (
        sa.select(_IDLE.agent_id)
        .where(
            *_can_serve(
                wait,
                sa.bindparam("for_skill", type_=sa.Uuid()),
                sa.bindparam("for_language", type_=sa.String()),
            )
        )
        .limit(at_most(1))
        .with_for_update(of=_IDLE, key_share=True, skip_locked=True)
    )
    longest = (_IDLE.free_since, _IDLE.agent_id)
    best = free.where(AgentSkill.level == sa.literal_column(str(BEST_LEVEL))).order_by(*longest)
    other = free.order_by(AgentSkill.level, *longest)
    offers = sa.select(sa.func.max(Offer.connection))
    of_call = offers.where(Offer.call_id == call).scalar_subquery()
    of_wait = offers.where(Offer.wait_id == wait).scalar_subquery()
    return (
        sa.update(row)
        .where(row.c.agent_id == sa.func.coalesce(best.scalar_subquery(), other.scalar_subquery()))
        .values(
            state="ringing", reason=None, until=None, since=sa.bindparam("now"), version=row.c.version + 1
        )
        .returning(
            row.c.agent_id,
            sa.select(Agent.address).where(Agent.id == row.c.agent_id).scalar_subquery().label("address"),
            (sa.func.coalesce(of_call, of_wait, 0) + 1).label("connection"),
        )
    )


_FIRST, _CLAIM = _make_first(), _make_claim()
_ASK_FIRST, _ASK_CLAIM = Query(lambda _: _FIRST), Query(lambda _: _CLAIM)
