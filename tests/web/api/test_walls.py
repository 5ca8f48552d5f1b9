"""Every route and every role: what each may do is written by hand; a route that is missing here fails."""

import json

import pytest
from starlette.testclient import TestClient

from callcenter.access.rules import ROLES
from callcenter.web.api import ENDPOINTS, PREFIX, describe
from tests.web.api.conftest import House

# What a request with this role is answered; the agent is wang, and li's own things are named li.
# 404 and 409 mean that the role was let in and the thing is not there or not so any more.
WALLS = {
    "GET /calls": {"nobody": 401, "agent": 200, "supervisor": 200, "admin": 200},
    "GET /calls/{id}": {"nobody": 401, "agent": 404, "supervisor": 404, "admin": 404},
    "GET /tickets": {"nobody": 401, "agent": 200, "supervisor": 200, "admin": 200},
    "POST /tickets": {"nobody": 401, "agent": 422, "supervisor": 422, "admin": 422},
    "GET /tickets/{number}": {"nobody": 401, "agent": 404, "supervisor": 404, "admin": 404},
    "PATCH /tickets/{number}": {"nobody": 401, "agent": 404, "supervisor": 404, "admin": 404},
    "POST /tickets/{number}/close": {"nobody": 401, "agent": 404, "supervisor": 404, "admin": 404},
    "GET /tickets/{number}/events": {"nobody": 401, "agent": 404, "supervisor": 404, "admin": 404},
    "GET /callbacks": {"nobody": 401, "agent": 200, "supervisor": 200, "admin": 200},
    "POST /callbacks": {"nobody": 401, "agent": 422, "supervisor": 422, "admin": 422},
    "GET /callbacks/{id}": {"nobody": 401, "agent": 404, "supervisor": 404, "admin": 404},
    "POST /callbacks/{id}/cancel": {"nobody": 401, "agent": 404, "supervisor": 404, "admin": 404},
    "POST /callbacks/{id}/reschedule": {"nobody": 401, "agent": 422, "supervisor": 422, "admin": 422},
    "POST /callbacks/{id}/call": {"nobody": 401, "agent": 404, "supervisor": 404, "admin": 404},
    "POST /tickets/{number}/report": {"nobody": 401, "agent": 404, "supervisor": 404, "admin": 404},
    "GET /promises": {"nobody": 401, "agent": 200, "supervisor": 200, "admin": 200},
    "POST /promises": {"nobody": 401, "agent": 422, "supervisor": 422, "admin": 422},
    "GET /promises/{id}": {"nobody": 401, "agent": 404, "supervisor": 404, "admin": 404},
    "POST /promises/{id}/move": {"nobody": 401, "agent": 422, "supervisor": 422, "admin": 422},
    "POST /promises/{id}/cancel": {"nobody": 401, "agent": 404, "supervisor": 404, "admin": 404},
    "POST /promises/{id}/break": {"nobody": 401, "agent": 404, "supervisor": 404, "admin": 404},
    "GET /alerts": {"nobody": 401, "agent": 200, "supervisor": 200, "admin": 200},
    "POST /alerts/{id}/see": {"nobody": 401, "agent": 404, "supervisor": 404, "admin": 404},
    "GET /agents": {"nobody": 401, "agent": 200, "supervisor": 200, "admin": 200},
    "GET /agents/{id}": {"nobody": 401, "agent": 403, "supervisor": 200, "admin": 200},
    "POST /agents/{id}/state": {"nobody": 401, "agent": 403, "supervisor": 404, "admin": 404},
    "GET /offers": {"nobody": 401, "agent": 200, "supervisor": 200, "admin": 200},
    "POST /offers/{id}/accept": {"nobody": 401, "agent": 404, "supervisor": 404, "admin": 404},
    "POST /offers/{id}/decline": {"nobody": 401, "agent": 404, "supervisor": 404, "admin": 404},
    "GET /queue": {"nobody": 401, "agent": 200, "supervisor": 200, "admin": 200},
    "GET /lines": {"nobody": 401, "agent": 200, "supervisor": 200, "admin": 200},
    "GET /standards": {"nobody": 401, "agent": 200, "supervisor": 200, "admin": 200},
    "GET /standards/rows": {"nobody": 401, "agent": 422, "supervisor": 422, "admin": 422},
    "GET /standards/reports": {"nobody": 401, "agent": 403, "supervisor": 200, "admin": 200},
    "POST /standards/recompute": {"nobody": 401, "agent": 403, "supervisor": 422, "admin": 422},
    "GET /tasks": {"nobody": 401, "agent": 403, "supervisor": 200, "admin": 200},
    "GET /tasks/{id}": {"nobody": 401, "agent": 403, "supervisor": 404, "admin": 404},
    "POST /tasks/{id}/resolve": {"nobody": 401, "agent": 403, "supervisor": 404, "admin": 404},
}
BODIES = {
    "/agents/{id}/state": {"state": "offline"}, "/promises/{id}/cancel": {"reason": "x"},
    "/promises/{id}/break": {"reason": "x"}, "/tickets/{number}/report": {"what": "visit"},
    "/tasks/{id}/resolve": {"verdict": "called"},
}  # fmt: skip


def test_every_route_has_its_expectation() -> None:
    assert {f"{endpoint.method} {endpoint.path}" for endpoint in ENDPOINTS} == WALLS.keys()


@pytest.mark.parametrize("role", ["nobody", *ROLES])
def test_the_walls_stand(house: House, role: str) -> None:
    client = (
        house.anybody() if role == "nobody" else house.client(role, house.wang if role == "agent" else None)
    )
    answers = {}
    for wall in WALLS:
        method, path = wall.split()
        address = path.replace("{id}", "li" if "agents" in path else "0" * 32).replace("{number}", "1")
        answers[wall] = client.request(method, address, json=BODIES.get(path, {})).status_code
    assert answers == {wall: expected[role] for wall, expected in WALLS.items()}


def test_events_and_the_document(house: House) -> None:
    nobody: TestClient = house.anybody()
    assert nobody.get("/events").status_code == 401
    assert nobody.get("/openapi.json").status_code == 200


def test_the_document_tells_each_routes_role() -> None:
    paths = describe(ENDPOINTS, PREFIX)["paths"]
    told = {
        (path, method): operation["x-role"]
        for path, methods in paths.items()
        for method, operation in methods.items()
    }
    assert told == {
        **{(PREFIX + e.path, e.method.lower()): e.role for e in ENDPOINTS},
        (f"{PREFIX}/events", "get"): "agent",
    }
    assert json.dumps(paths)
