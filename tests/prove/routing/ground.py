"""The room in which routing is put to the test: a centre, agents, callers, and the rows by plain SQL."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.carrier.twin import Twin
from callcenter.clock import Now, system
from callcenter.db import Database
from callcenter.jobs import PATIENT_SECONDS, Work
from callcenter.routing.actions import enter_line
from callcenter.routing.models import AgentState, Wait
from callcenter.staff.models import AgentSkill
from tests.doubles import RememberingBell, SettableTime
from tests.factories import centre

PUBLIC_URL = "https://hotline.example.com"
SECRET = "only these proofs know this sentence"


@dataclass
class Room:
    """A Work, its carrier in memory, its bell and its time, with one line, one skill and some agents."""

    work: Work
    twin: Twin
    bell: RememberingBell
    time: SettableTime
    line_id: UUID
    skill_id: UUID
    agents: tuple[UUID, ...]


@contextmanager
def room(url: str, agents: int, **line: Any) -> Iterator[Room]:
    """Yield a centre on an empty database whose agents are all free."""
    time, bell = SettableTime(), RememberingBell()
    twin = Twin(time)
    work = Work(Database(url), twin, time, PUBLIC_URL, SECRET, bell)
    try:
        with work.transaction() as session:
            centre.centre(session)
            made, skill_id = centre.line(session, **line), centre.skill(session)
            hired = tuple(hire(session, f"agent-{n:03}", skill_id, work.at()) for n in range(agents))
        yield Room(work, twin, bell, time, made.id, skill_id, hired)
    finally:
        work.db.dispose()


def hire(session: Session, key: str, skill_id: UUID, at: datetime) -> UUID:
    """Add an agent who is free."""
    agent = centre.agent(session, key)
    session.add(AgentSkill(agent_id=agent.id, skill_id=skill_id, level=1))
    session.add(AgentState(agent_id=agent.id, state="available", since=at, free_since=at, version=1))
    return agent.id


def stands_in_line(session: Session, line_id: UUID, skill_id: UUID, at: datetime) -> Wait:
    """Let somebody wait of whom nothing else is known."""
    return enter_line(
        session, subject_kind="call", subject_id=ids.new(), call_id=None, line_id=line_id,
        skill_id=skill_id, language="zh-CN", at=at,
    )  # fmt: skip


@contextmanager
def client(url: str, now: Now = system) -> Iterator[Work]:
    """Yield a Work of a process of its own, as patient as a worker, whose bell rings nowhere."""
    db = Database(url, turn_wait_seconds=PATIENT_SECONDS)
    work = Work(db, Twin(now), now, PUBLIC_URL, SECRET)
    try:
        yield work
    finally:
        work.db.dispose()


def ask(url: str, statement: str, **given: Any) -> Sequence[Any]:
    """Read rows by plain SQL: a judge shares no query with what it judges."""
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            return connection.execute(sa.text(statement), given).all()
    finally:
        engine.dispose()


def instant(told: Any) -> datetime | None:
    """Read a time as either back end gives it."""
    if told is None:
        return None
    found = datetime.fromisoformat(told) if isinstance(told, str) else told
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
