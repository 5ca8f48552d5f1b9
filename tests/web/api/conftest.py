"""The API mounted as the application mounts it, and clients with a token of each role."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from callcenter.access.actions import issue_token
from callcenter.jobs import Work
from callcenter.lines.models import Line
from callcenter.staff.models import Agent
from callcenter.web.api import PREFIX, routes
from tests.factories import centre


class House:
    """A small centre: the line `hotline`, the agents wang and li, skill technical."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.app = Starlette(routes=[Mount(PREFIX, routes=routes(work))])
        with work.transaction() as session:
            centre.centre(session)
            menu = [{"key": "1", "choice": "callback", "skill": "technical"}]
            self.line: Line = centre.line(session, number="+862155550100", menu=menu)
            self.wang: Agent = centre.agent(session, skills=("technical",))
            self.li: Agent = centre.agent(session, "li", name="李强")

    def client(self, role: str, agent: Agent | None = None) -> TestClient:
        """A client who carries a token of this role."""
        with self.work.transaction() as session:
            token = issue_token(
                session,
                role=role,
                name="test",
                at=self.work.at(),
                actor="test",
                agent_id=agent.id if agent else None,
            )
        return TestClient(self.app, PREFIX_URL, headers={"Authorization": f"Bearer {token}"})

    def anybody(self) -> TestClient:
        """A client without a token."""
        return TestClient(self.app, PREFIX_URL)

    def given(self, make: Callable[[Session], object]) -> None:
        """Put rows into the database."""
        with self.work.transaction() as session:
            make(session)


PREFIX_URL = f"http://testserver{PREFIX}"


@pytest.fixture
def house(work: Work) -> House:
    return House(work)


@pytest.fixture
def supervisor(house: House) -> Iterator[TestClient]:
    with house.client("supervisor") as client:
        yield client


@pytest.fixture
def wang(house: House) -> Iterator[TestClient]:
    with house.client("agent", house.wang) as client:
        yield client
