"""The figures over HTTP: each with what it was made of, and a link that leads to the calls behind it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from callcenter.standards.formulas import BY_AGENT, FORMULAS
from callcenter.standards.jobs import close_all
from tests.doubles import SATURDAY_NOON as NOON
from tests.factories import calls, centre
from tests.web.api.conftest import PREFIX_URL, House
from tests.web.api.test_calls import answered_by_li


def figures(client: TestClient, query: str = "") -> dict[str, Any]:
    response = client.get(f"/standards?{query}")
    assert response.status_code == 200, response.text
    return {figure["id"]: figure for figure in response.json()["figures"]}


def busy_day(session: Session, house: House) -> None:
    """Five calls of today queue and end; one of yesterday, one that never queued, one of another line."""
    answered_by_li(session, house)
    for outcome, waited in (
        ("abandoned_in_queue", 30),
        ("abandoned_short", 2),
        ("callback", 50),
        ("answered", 5),
    ):
        calls.queued(session, house.line, NOON, outcome, waited)
    calls.queued(session, house.line, NOON - timedelta(days=1), "answered", 5)
    calls.call(session, house.line, NOON, outcome="closed", ended_at=NOON)
    calls.queued(session, centre.line(session, "branch"), NOON, "abandoned_in_queue", 9)


def test_a_figure_carries_what_it_was_made_of(house: House, supervisor: TestClient) -> None:
    house.given(lambda session: busy_day(session, house))
    rate = figures(supervisor, "line=hotline")["connection_rate"]
    assert rate.pop("calls").startswith("/api/v1/calls?")
    assert set(rate.pop("rows")) == {"numerator", "denominator"}
    assert rate.pop("targets") == {"HL-2": 0.9, "GB/T 33358-2016": 0.95}
    assert rate.pop("parts") == {"answered": 2, "abandoned_in_queue": 1, "abandoned_short": 1, "callback": 1}
    assert rate == {
        "id": "connection_rate", "name": {"zh-CN": "接通率", "en-US": "Connection rate"}, "rule": "HL-2",
        "version": 1, "unit": "ratio", "numerator": 2, "denominator": 5, "value": 0.4, "judged": False,
    }  # fmt: skip


OF_CALLS = (
    "connection_rate", "connection_rate.without_short", "abandonment", "service_level.answered",
    "service_level.negative", "service_level.negative.without_short", "service_level.positive",
    "service_level.left_queue", "speed_of_answer.mean", "speed_of_answer.p90", "three_rings.first_offer",
    "speed_of_answer.ring_mean",
)  # fmt: skip


# The base of every figure of calls that have ended is a list of exactly that many calls.
@pytest.mark.parametrize(
    "scope", ["", "line=hotline", "from=2026-11-20&to=2026-11-21", "from=2026-11-21T04:00:00Z"]
)
def test_the_link_leads_to_the_calls_behind_the_figure(
    house: House, supervisor: TestClient, scope: str
) -> None:
    house.given(lambda session: busy_day(session, house))
    found = {name: figure for name, figure in figures(supervisor, scope).items() if name in OF_CALLS}
    behind = {name: len(linked(supervisor, figure)) for name, figure in found.items()}
    assert behind == {name: figure["denominator"] for name, figure in found.items()}
    assert len(behind) == len(OF_CALLS)
    assert min(behind.values()) > 0


# "Each figure carries numerator, denominator and the list of calls behind it": on both sides, of every kind.
@pytest.mark.parametrize("scope", ["", "line=hotline", "branch=office", "agent=li", "period=month"])
def test_both_sides_of_every_figure_are_listed_row_by_row(
    house: House, supervisor: TestClient, scope: str
) -> None:
    house.given(lambda session: busy_day(session, house))
    for name, figure in figures(supervisor, scope).items():
        for side in ("numerator", "denominator"):
            rows = followed(supervisor, figure["rows"][side])
            if FORMULAS[name].percent is None and getattr(FORMULAS[name], side).measure == "count":
                assert len(rows) == figure[side], (name, side)
            elif FORMULAS[name].unit == "ratio":
                assert sum(row["seconds"] for row in rows) == figure[side], (name, side)


def followed(client: TestClient, link: str) -> list[dict[str, Any]]:
    """Every page of a list, two rows at a time."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = client.get(PREFIX_URL.removesuffix("/api/v1") + link + "&limit=2" + cursor)
        assert page.status_code == 200, page.text
        items += page.json()["items"]
        if page.json()["next"] is None:
            return items
        cursor = f"&cursor={page.json()['next']}"


def linked(client: TestClient, figure: dict[str, Any]) -> list[dict[str, Any]]:
    response = client.get(PREFIX_URL.removesuffix("/api/v1") + figure["calls"])
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


def test_legs_behind_the_ring_figure_belong_to_the_calls_that_are_linked(
    house: House, supervisor: TestClient
) -> None:
    house.given(lambda session: busy_day(session, house))
    found = figures(supervisor)["three_rings"]
    (call,) = linked(supervisor, found)
    assert (found["numerator"], found["denominator"], call["offers"]) == (1, 2, 2)


def test_a_day_without_calls_has_no_values(supervisor: TestClient) -> None:
    """ "A period without data shows "no data", never 100 % or 0 %." """
    found = figures(supervisor)
    assert found.keys() == FORMULAS.keys()
    assert {figure["value"] for figure in found.values()} == {None}
    assert {figure["denominator"] for figure in found.values()} == {0}


def test_the_answer_says_whether_the_numbers_add_up(house: House, supervisor: TestClient) -> None:
    house.given(lambda session: busy_day(session, house))
    answer = supervisor.get("/standards?from=2026-11-21&to=2026-11-21&line=hotline").json()
    assert (answer["from"], answer["to"], answer["line"]) == ("2026-11-21", "2026-11-21", "hotline")
    identity = answer["identity"]
    assert (identity["agrees"], identity["received"], identity["counted"]) == (True, 6, 6)
    assert sum(identity["outcomes"].values()) == 6


def test_an_agent_reads_his_own_figures(house: House, wang: TestClient) -> None:
    house.given(lambda session: busy_day(session, house))
    mine = figures(wang)
    assert mine.keys() == BY_AGENT
    assert (mine["three_rings"]["numerator"], mine["three_rings"]["denominator"]) == (0, 1)
    assert figures(wang, "agent=wang") == mine
    assert wang.get("/standards?agent=li").status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-11-22&to=2026-11-21",
        "from=yesterday",
        "line=x",
        "from=2026-11-21T04:00:00",
        "branch=x",
        "line=hotline&branch=office",
        "period=year",
        "period=week&from=2026-11-21",
        "from=2020-01-01",
    ],
)
def test_a_period_that_means_nothing_is_refused(supervisor: TestClient, query: str) -> None:
    assert supervisor.get(f"/standards?{query}").status_code == 422


def test_periods_are_whole_weeks_and_months(supervisor: TestClient) -> None:
    for query, first, last in (
        ("period=week", "2026-11-16", "2026-11-22"),
        ("period=month", "2026-11-01", "2026-11-30"),
        ("period=month&day=2028-02-10", "2028-02-01", "2028-02-29"),
        ("day=2026-11-01", "2026-11-01", "2026-11-01"),
    ):
        answer = supervisor.get(f"/standards?{query}").json()
        assert (answer["from"], answer["to"]) == (first, last)


def test_a_country_that_parts_the_two_faces_of_the_target_is_warned_of(
    house: House, supervisor: TestClient
) -> None:
    """ "In China three rings are 15 s …: show both faces, and warn where a country makes them differ." """
    assert supervisor.get("/standards").json()["notes"] == []
    house.given(lambda session: centre.line(session, "seattle", cadence_country="US"))
    (note,) = supervisor.get("/standards").json()["notes"]
    assert "18 s" in note["en-US"]
    assert "18 秒" in note["zh-CN"]


def test_a_closed_day_is_read_and_listed_as_it_was_counted(house: House, supervisor: TestClient) -> None:
    """ "A published report never changes (a recomputation is a new version with a difference list)." """
    house.given(lambda session: busy_day(session, house))
    day = "day=2026-11-21&line=hotline"
    before = figures(supervisor, day)["connection_rate"]
    assert supervisor.post("/standards/recompute", json=RECOMPUTE).status_code == 409
    close_all(house.work.db, NOON + timedelta(days=2))
    house.given(lambda session: calls.queued(session, house.line, NOON, "abandoned_in_queue", 30))
    answer = supervisor.get(f"/standards?{day}").json()
    assert figures(supervisor, day)["connection_rate"] == before
    assert (answer["closed"], answer["recomputed"]) == (False, [])  # Its tickets may still be reopened.
    assert len(followed(supervisor, before["rows"]["denominator"])) == before["denominator"]

    recomputed = supervisor.post("/standards/recompute", json=RECOMPUTE).json()["items"]
    changed = next(item for item in recomputed if item["differences"])
    rate = next(each for each in changed["differences"] if each.get("figure") == "connection_rate")
    assert (changed["version"], rate["denominator"]) == (2, [5, 6])
    after = figures(supervisor, day)["connection_rate"]
    assert len(followed(supervisor, after["rows"]["denominator"])) == after["denominator"] == 6
    assert [each["version"] for each in supervisor.get(f"/standards?{day}").json()["recomputed"]] == [2]
    versions = supervisor.get("/standards/reports?from=2026-11-21&to=2026-11-21&line=hotline").json()["items"]
    assert [(each["part"], each["version"]) for each in versions] == [("calls", 1), ("calls", 2)]


RECOMPUTE = {"day": "2026-11-21", "line": "hotline", "reason": "a call came late"}


def test_calls_behind_a_figure_take_no_other_filter(supervisor: TestClient) -> None:
    for query in ("figure=connection_rate&q=1234", "figure=nothing", "figure=occupancy"):
        assert supervisor.get(f"/calls?{query}").status_code == 422


def test_an_agent_lists_only_what_is_behind_his_own_figures(house: House, wang: TestClient) -> None:
    house.given(lambda session: busy_day(session, house))
    assert len(followed(wang, figures(wang)["three_rings"]["rows"]["denominator"])) == 1
    assert wang.get("/standards/rows?figure=three_rings&agent=li").status_code == 403
    assert wang.get("/calls?figure=connection_rate").status_code == 422
