"""Who looked at what, as a supervisor sees it."""

from callcenter.ledger.actions import seal, write
from tests.web.pages.conftest import House


def test_whoever_looked_is_listed_and_how_far_it_is_sealed(house: House) -> None:
    at = house.work.at()
    house.given(
        lambda session: write(session, "account:wang", "call.reveal", "call", "c1", at, {"reason": "asked"})
    )
    house.given(lambda session: seal(session, at, everything=True))
    browser = house.browser("supervisor")
    page = browser.get("/audit-log?action=call.reveal").text
    assert "account:wang" in page and "asked" in page
    assert "Sealed up to entry" in page and "Sealed up to entry 0." not in page
    assert "Nothing matches" in browser.get("/audit-log?actor=nobody").text


def test_a_long_log_is_read_part_by_part(house: House) -> None:
    for n in range(5):
        house.given(lambda session, n=n: write(session, "cli", f"step.{n}", "call", "c1", house.work.at()))  # type: ignore[misc]
    browser = house.browser("supervisor")
    first = browser.get("/audit-log?actor=cli&limit=2").text
    assert 'rel="next"' in first
    assert first.count("data-row") == 2
