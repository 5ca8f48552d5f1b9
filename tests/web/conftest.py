"""The application on a database of its own, with the example centre in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from callcenter.jobs import Work
from callcenter.settings import Settings, load_settings
from callcenter.switchboard import jobs  # noqa: F401  Importing jobs names them.
from callcenter.web import twilio as bridge
from callcenter.web.app import create_app
from tests import xinghe
from tests.web.twilio import ACCOUNT, PUBLIC_URL, TOKEN, Poster


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings that go with the tests' carrier."""
    return load_settings(
        {
            "PUBLIC_URL": PUBLIC_URL,
            "SECRET_KEY": "a secret key that only these tests know",
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "DATABASE_URL": "sqlite:///not-used.sqlite",
            "SPOOL_DIR": str(tmp_path / "spool"),
        }
    )


@pytest.fixture
def carrier(work: Work, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Poster]:
    """The carrier's side of the application.

    The deadline of a webhook runs on this machine's clock, which a busy machine outruns.
    """
    monkeypatch.setattr(bridge, "DEADLINE_SECONDS", 60.0)
    xinghe.open_centre(work)
    with TestClient(create_app(work, settings), base_url=PUBLIC_URL) as web:
        yield Poster(web)
