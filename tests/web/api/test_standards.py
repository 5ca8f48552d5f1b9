"""The figures over HTTP: each with what it was made of, and a link that leads to the calls behind it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from callcenter.standards.formulas import BY_AGENT, FORMULAS
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
    calls.call(session, house.line, NOON, outcome="closed")
    calls.queued(session, centre.line(session, "branch"), NOON, "abandoned_in_queue", 9)


def test_a_figure_carries_what_it_was_made_of(house: House, supervisor: TestClient) -> None:
    house.given(lambda session: busy_day(session, house))
    rate = figures(supervisor, "line=hotline")["connection_rate"]
    assert rate.pop("calls").startswith("/api/v1/calls?")
    assert rate.pop("parts") == {"answered": 2, "abandoned_in_queue": 1, "abandoned_short": 1, "callback": 1}
    assert rate == {
        "id": "connection_rate", "name": {"zh-CN": "接通率", "en-US": "Connection rate"}, "rule": "HL-2",
        "version": 1, "unit": "ratio", "numerator": 2, "denominator": 5, "value": 0.4,
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
    "query", ["from=2026-11-22&to=2026-11-21", "from=yesterday", "line=x", "from=2026-11-21T04:00:00"]
)
def test_a_period_that_means_nothing_is_refused(supervisor: TestClient, query: str) -> None:
    assert supervisor.get(f"/standards?{query}").status_code == 422
