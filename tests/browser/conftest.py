"""Pages in a real browser, before a real `callcenter web`: one of each for all these tests.

They run where a Chromium is found; where REQUIRE_BROWSER is set its absence fails. Without either they are
not collected, and the head of pytest's report says so.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from callcenter import clock, migrate
from callcenter.center.actions import apply_centre
from callcenter.center.reading import parse
from callcenter.children import spawn
from callcenter.cli.wire import ask
from callcenter.db import Database
from callcenter.staff.queries import agent_by_key
from callcenter.web.pages.assets import FOLDER
from tests import xinghe
from tests.browser.looking import Looker
from tests.cli.test_processes import SECRET, environment, free_ports
from tests.factories import accounts
from tests.waiting import until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
REQUIRED = bool(os.environ.get("REQUIRE_BROWSER"))
collect_ignore_glob = [] if CHROMIUM or REQUIRED else ["test_*.py"]


def pytest_report_header() -> str:
    """Say whether the pages are looked at."""
    found = CHROMIUM or ("required, and missing" if REQUIRED else "none: tests/browser is left out")
    return f"browser: {found}"


class Site:
    """A `callcenter web` on a database of its own, with the example centre and an account of each role."""

    def __init__(self, folder: Path) -> None:
        assert (FOLDER / "meta.json").exists(), "run: make assets"
        self.url = f"http://localhost:{free_ports()}"
        self.database = Database(f"sqlite:///{folder / 'site.sqlite'}")
        migrate.upgrade(self.database.url)
        at = clock.system()
        with self.database.transaction() as session:
            apply_centre(session, parse(xinghe.FILE.read_text("utf-8"), xinghe.FILE.name), at)
            agent = agent_by_key(session, "zhang-wei")
            assert agent
            for role in ("agent", "supervisor", "admin"):
                agent_id = agent.id if role == "agent" else None
                accounts.account(session, role, role, agent_id=agent_id, created_at=at)
        self._environ = environment(
            DATABASE_URL=self.database.url,
            REDIS_URL="redis://127.0.0.1:1/0",
            PORT=self.url.rpartition(":")[2],
            PUBLIC_URL=self.url,
            SPOOL_DIR=str(folder / "spool"),
            SECRET_KEY=SECRET,
            TWILIO_ACCOUNT_SID="AC" + "0" * 32,
            TWILIO_AUTH_TOKEN="token",
        )
        self._log = (folder / "log").open("a")

    def start(self) -> None:
        """Start the web process; returns when it answers."""
        command = [sys.executable, "-m", "callcenter.cli", "web"]
        self.process = spawn(command, env=self._environ, stdout=self._log, stderr=subprocess.STDOUT)
        until(lambda: ask(f"{self.url}/health/live").ok, 40)

    def kill(self) -> None:
        """End the web process, as a crash would."""
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site"))
    made.start()
    yield made
    made.kill()
    made.database.dispose()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Its event loop runs in this thread until it is closed: it must not outlive this package."""
    assert CHROMIUM, "REQUIRE_BROWSER is set, and there is no Chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def looker(site: Site, chromium: Browser) -> Iterator[Looker]:
    """Opens pages as somebody; at the end no script has failed and nothing was forbidden by the policy."""
    made = Looker(site.url, chromium)
    yield made
    made.close()
    assert made.complaints == []


@pytest.fixture
def admin(looker: Looker) -> Page:
    return looker.signed_in("admin")
