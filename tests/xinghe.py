"""The example centre, opened for tests: its file applied, its people by their keys."""

from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from callcenter.center.actions import apply_centre
from callcenter.center.reading import parse
from callcenter.jobs import Work
from callcenter.routing.actions import set_agent_state
from callcenter.staff.models import Agent

FILE = Path(__file__).parent.parent / "examples" / "xinghe.toml"
HOTLINE = "+862155550100"
GUANGZHOU = "+862055550200"
CHENGDU = "+862855550300"


def open_centre(work: Work) -> None:
    """Apply the example's file; everybody is offline."""
    with work.transaction() as session:
        apply_centre(session, parse(FILE.read_text(), FILE.name), work.at())


def agent_id(work: Work, key: str) -> UUID:
    """Return an agent's id."""
    with work.db.reading() as session:
        return session.scalars(sa.select(Agent.id).where(Agent.key == key)).one()


def address(work: Work, key: str) -> str:
    """Return where an agent is rung."""
    with work.db.reading() as session:
        return session.scalars(sa.select(Agent.address).where(Agent.key == key)).one()


def log_in(work: Work, *keys: str) -> None:
    """Make agents available, a second apart so that the first is the longest idle."""
    for key in keys:
        with work.transaction() as session:
            set_agent_state(session, agent_id(work, key), "available", None, work.at(), "test")


def log_out(work: Work, *keys: str) -> None:
    """Send agents home; who is on a call goes afterwards."""
    for key in keys:
        with work.transaction() as session:
            set_agent_state(session, agent_id(work, key), "offline", None, work.at(), "test")
