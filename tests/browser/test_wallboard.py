"""The wallboard in a browser: it moves by itself, and says so when it stands still."""

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from callcenter import clock
from callcenter.lines.models import Line
from callcenter.notices.actions import announce
from tests.browser.conftest import Site
from tests.browser.looking import Looker, faults
from tests.factories import calls, offers


def waiting(page: Page) -> str:
    return page.locator(".figure", has_text="Waiting").locator(".figure-value").inner_text().strip()


def phones(session: Session) -> None:
    """Somebody phones and waits, and the pages are given a hint of it."""
    line = session.query(Line).filter_by(key="hotline").one()
    call = calls.call(session, line, clock.system())
    offers.wait(session, call, clock.system())
    announce(session, "queue", call.id, clock.system())


def test_it_moves_by_itself_and_says_since_when_it_stands_still(site: Site, looker: Looker) -> None:
    page = looker.signed_in("supervisor", to="/wallboard")
    live = page.locator("#live")
    expect(live).to_have_text("live")
    before = int(waiting(page))
    with site.database.transaction() as session:
        phones(session)
    expect(page.locator(".has-waiting .figure-value").first).to_have_text(str(before + 1))
    expect(page.locator("td time[data-since]")).not_to_have_text("00:00")
    site.kill()
    try:
        expect(live).to_contain_text("data since", timeout=30_000)
        expect(page.locator("[data-stale]")).to_contain_text("data since")
        assert faults(page) == []
    finally:
        site.start()
    expect(live).to_have_text("live", timeout=30_000)
    expect(page.locator("[data-stale]")).to_be_hidden()
    looker.forgive("Failed to fetch")
