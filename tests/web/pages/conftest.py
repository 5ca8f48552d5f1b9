"""The pages as the application mounts them, and browsers that are signed in."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from callcenter.jobs import Work
from callcenter.settings import Settings
from callcenter.web.app import create_app
from callcenter.web.pages.wallboard import Recent
from tests.factories import accounts, centre
from tests.web.twilio import PUBLIC_URL

OURS = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html", "Accept-Language": "en-US"}
COOKIE = "__Host-sign_in"


class House:
    """A small centre with an account of each role: `agent` is wang at the telephone."""

    def __init__(self, work: Work, settings: Settings) -> None:
        self.work = work
        self.app = create_app(work, settings)
        work.db.kept.pop(Recent, None)
        with work.transaction() as session:
            centre.centre(session)
            self.line = centre.line(session)
            self.wang = centre.agent(session)
            self.wang_id = self.wang.id
            for role in ("agent", "supervisor", "admin"):
                agent_id = self.wang.id if role == "agent" else None
                accounts.account(session, role, role, agent_id=agent_id, created_at=work.at())

    def browser(self, name: str | None = None, **headers: str) -> TestClient:
        """A browser of ours, signed in where a name is given; it follows nothing."""
        client = TestClient(self.app, PUBLIC_URL, headers=OURS | headers, follow_redirects=False)
        if name is not None:
            answer = client.post("/sign-in", data={"name": name, "password": accounts.PASSWORD})
            assert answer.status_code == 303, answer.text
        return client

    def given(self, make: Callable[[Session], object]) -> None:
        """Put rows into the database."""
        with self.work.transaction() as session:
            make(session)


@pytest.fixture
def house(work: Work, settings: Settings) -> House:
    return House(work, settings)
