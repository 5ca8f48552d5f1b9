"""The document describes what is answered, and requests at random find no crack."""

import json
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from callcenter.web.api import ENDPOINTS, PREFIX, describe
from callcenter.web.api.layer import Endpoint
from tests.doubles import SATURDAY_NOON as NOON
from tests.factories import calls, offers, tasks
from tests.web.api.conftest import House
from tests.web.api.test_calls import a_whole_story

DOCUMENT = describe(ENDPOINTS, PREFIX)
TEXTS = st.text(max_size=20) | st.sampled_from(
    ["2026-11-21", "2026-11-21T04:00:00Z", "1", "true", "hotline", "wang"]
)
VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


def described(path: str, method: str, status: int) -> dict[str, Any]:
    responses = DOCUMENT["paths"][PREFIX + path][method]["responses"]
    response = responses.get(str(status)) or DOCUMENT["components"]["responses"]["Problem"]
    (content,) = response["content"].values()
    return {**content["schema"], "components": DOCUMENT["components"]}


def keeps(response: Any, path: str, method: str) -> None:
    jsonschema.validate(
        response.json(), described(path, method, response.status_code), jsonschema.Draft202012Validator
    )


def test_every_schema_is_one() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    assert DOCUMENT["openapi"] == "3.1.0"


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [
        operation["operationId"] for methods in DOCUMENT["paths"].values() for operation in methods.values()
    ]
    assert len(names) == len(set(names))


def test_answers_are_as_described(house: House, supervisor: TestClient) -> None:
    house.given(lambda session: a_whole_story(session, house))
    house.given(lambda session: offers.wait(session, calls.waiting(session, house.line, NOON), NOON))
    house.given(lambda session: offers.state(session, house.li, "available", NOON))
    first = supervisor.get("/calls?ring=judged").json()["items"][0]["id"]
    callback = supervisor.get("/callbacks").json()["items"][0]["id"]
    promise = supervisor.get("/promises").json()["items"][0]["id"]
    house.given(lambda session: tasks.task(session, UUID(callback), NOON))
    task = supervisor.get("/tasks").json()["items"][0]["id"]
    addresses = {
        "/calls": "", "/calls/{id}": first, "/tickets": "", "/tickets/{number}": "261121001",
        "/tickets/{number}/events": "261121001", "/callbacks": "", "/callbacks/{id}": callback, "/agents": "",
        "/promises": "", "/promises/{id}": promise, "/alerts": "", "/tasks": "", "/tasks/{id}": task,
        "/agents/{id}": "li", "/offers": "", "/queue": "", "/lines": "", "/standards": "",
        "/standards/reports": "", "/standards/rows": "",
    }  # fmt: skip
    assert addresses.keys() == {endpoint.path for endpoint in ENDPOINTS if endpoint.method == "GET"}
    for path, name in addresses.items():
        query = "?figure=three_rings" if path == "/standards/rows" else ""
        response = supervisor.get(path.replace("{id}", name).replace("{number}", name) + query)
        assert response.status_code == 200
        keeps(response, path, "get")


def test_the_document_is_served(house: House) -> None:
    assert house.anybody().get("/openapi.json").json() == json.loads(json.dumps(DOCUMENT))


def queries(endpoint: Endpoint) -> st.SearchStrategy[dict[str, str]]:
    names = (
        [field.alias or name for name, field in endpoint.query.model_fields.items()] if endpoint.query else []
    )
    return st.dictionaries(st.sampled_from([*names, "colour"]), TEXTS, max_size=3)


def bodies(endpoint: Endpoint) -> st.SearchStrategy[dict[str, Any]]:
    names = list(endpoint.body.model_fields) if endpoint.body else ["colour"]
    return st.dictionaries(st.sampled_from(names), VALUES, max_size=4)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_request_breaks_anything(
    house: House, supervisor: TestClient, endpoint: Endpoint, data: Any
) -> None:
    name = data.draw(st.sampled_from(["hotline", "wang", "1", "%00", "%F0%9F%92%A9", "0" * 32, "a%2Fb"]))
    query = urlencode(data.draw(queries(endpoint)), errors="replace")
    path = endpoint.path.replace("{id}", name).replace("{number}", name)
    body = json.dumps(data.draw(bodies(endpoint))) if endpoint.method != "GET" else None
    headers = {"Content-Type": "application/json"} if body else {}
    response = supervisor.request(endpoint.method, f"{path}?{query}", content=body, headers=headers)
    assert response.status_code < 500, response.text
    if response.status_code != 404 or "application/problem+json" not in response.headers["content-type"]:
        keeps(response, endpoint.path, endpoint.method.lower())
