"""The layer under every resource: who is let in, what is refused and how, what happens once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from callcenter.tickets.models import Ticket
from callcenter.web.api.layer import MOST_BODY_BYTES
from callcenter.web.api.problems import prefers_chinese
from tests.web.api.conftest import House

TICKET = {"kind": "technical", "subject": "开票失败"}


def is_problem(response: object, status: int) -> dict[str, object]:
    """RFC 9457: `application/problem+json`, and the status inside equals the one outside."""
    assert response.status_code == status  # type: ignore[attr-defined]
    assert response.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined]
    document: dict[str, object] = response.json()  # type: ignore[attr-defined]
    assert (document["status"], document["type"]) == (status, "about:blank")
    assert document["title"]
    return document


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer x", "Basic abc", "Bearer cc_00000000_" + "A" * 43]
)
def test_nobody_is_let_in_without_a_token(house: House, header: str | None) -> None:
    response = house.anybody().get("/calls", headers={"Authorization": header} if header is not None else {})
    is_problem(response, 401)
    assert response.headers["www-authenticate"] == "Bearer"


def test_who_is_not_let_in_learns_nothing_about_the_request(house: House) -> None:
    is_problem(house.anybody().get("/calls?nonsense=1"), 401)
    is_problem(house.anybody().post("/tickets", content=b"{"), 401)


def test_what_is_not_there_is_a_problem_too(supervisor: TestClient) -> None:
    is_problem(supervisor.get("/nothing"), 404)
    is_problem(supervisor.get("/calls/none"), 404)
    is_problem(supervisor.get("/tickets/0x1"), 404)
    is_problem(supervisor.get("/tickets/"), 404)


@pytest.mark.parametrize(
    ("path", "allow"),
    [("/tickets", "GET, POST"), ("/tickets/1", "GET, PATCH"), ("/events", "GET"), ("/openapi.json", "GET")],
)
def test_405_names_every_method_of_the_path(supervisor: TestClient, path: str, allow: str) -> None:
    """RFC 9110, 15.5.6: a 405 response carries an Allow header with the supported methods."""
    response = supervisor.delete(path)
    is_problem(response, 405)
    assert response.headers["allow"] == allow


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"kind=technical", "application/x-www-form-urlencoded", 415),
        (b"{}", "", 415),
        (b"{", "application/json", 422),
        (b"", "application/json", 422),
        (b"[]", "application/json", 422),
        (b'{"kind": "technical"}', "application/json; charset=utf-8", 201),
        (b'{"kind": "technical"}', "Application/JSON", 201),
        (b'{"kind": "king"}', "application/json", 422),
        (b'{"kind": "technical", "colour": 1}', "application/json", 422),
        (b'{"kind": "technical", "subject": "\\u0000"}', "application/json", 422),
        (b'{"kind": "technical", "subject": "\\ud800"}', "application/json", 422),
        (b'{"kind": "technical", "subject": "\xff"}', "application/json", 422),
        (b" " * (MOST_BODY_BYTES + 1), "application/json", 413),
    ],
)
def test_a_body_is_json_of_the_right_shape(
    supervisor: TestClient, content: bytes, media_type: str, status: int
) -> None:
    response = supervisor.post("/tickets", content=content, headers={"Content-Type": media_type})
    if status == 201:
        assert response.status_code == 201
    else:
        is_problem(response, status)


def test_a_query_that_means_nothing_is_refused(supervisor: TestClient) -> None:
    queries = (
        "colour=1", "limit=0", "limit=201", "limit=1&limit=2", "cursor=x", "cursor=AAAA", "outcome=lost",
        "started_after=2026-11-21T00:00:00", "started_after=9999-12-31T23:59:59Z", "line=nowhere",
        "agent=nobody", "q=%00", "day_from=0001-01-01", "queued=perhaps",
    )  # fmt: skip
    assert {query: supervisor.get(f"/calls?{query}").status_code for query in queries} == dict.fromkeys(
        queries, 422
    )
    is_problem(supervisor.get("/calls?colour=1"), 422)


def test_a_refused_value_is_named_and_not_repeated(supervisor: TestClient) -> None:
    document = is_problem(supervisor.post("/tickets", json={"kind": "secret words"}), 422)
    assert [error["field"] for error in document["errors"]] == ["kind"]  # type: ignore[attr-defined]
    assert "secret words" not in str(document)


@pytest.mark.parametrize(
    ("languages", "chinese"),
    [("zh-CN,zh;q=0.9,en;q=0.8", True), ("en-US,en;q=0.9,zh;q=0.8", False), ("fr, zh;q=0.1", True),
     ("", False), ("zh;q=x", False)],
)  # fmt: skip
def test_titles_are_in_the_language_that_was_asked_for(
    supervisor: TestClient, languages: str, chinese: bool
) -> None:
    assert prefers_chinese(languages) is chinese
    response = supervisor.get("/nothing", headers={"Accept-Language": languages})
    assert response.json()["title"] == ("没有找到" if chinese else "Not found")


def test_an_answer_is_not_to_be_stored(supervisor: TestClient) -> None:
    assert supervisor.get("/calls").headers["cache-control"] == "no-store"


def broken(*_: object, **__: object) -> None:
    raise RuntimeError("a secret of the inside")


def test_our_own_fault_is_a_problem_that_tells_nothing(
    supervisor: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter.web.api.calls.list_calls", broken)
    document = is_problem(supervisor.get("/calls"), 500)
    assert "secret" not in str(document)


def test_a_database_that_does_not_answer_is_told_with_when_to_come_back(
    house: House, supervisor: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise sa.exc.OperationalError("SELECT 1", {}, Exception("server closed the connection"))

    monkeypatch.setattr("callcenter.web.api.calls.list_calls", gone)
    response = supervisor.get("/calls")
    is_problem(response, 503)
    assert response.headers["retry-after"]


def count(house: House) -> int:
    with house.work.db.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Ticket)) or 0


def test_the_same_key_gives_the_same_answer_and_one_ticket(house: House, supervisor: TestClient) -> None:
    key = {"Idempotency-Key": "7f6c-once"}
    first = supervisor.post("/tickets", json=TICKET, headers=key)
    second = supervisor.post("/tickets", json=TICKET, headers=key)
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert first.status_code == 201
    assert count(house) == 1


def test_without_a_key_or_with_another_one_it_is_another_ticket(house: House, supervisor: TestClient) -> None:
    for key in ({}, {}, {"Idempotency-Key": "a"}, {"Idempotency-Key": "b"}):
        supervisor.post("/tickets", json=TICKET, headers=key)
    assert count(house) == 4


def test_a_key_belongs_to_its_token(house: House, supervisor: TestClient, wang: TestClient) -> None:
    for client in (supervisor, wang):
        client.post("/tickets", json=TICKET, headers={"Idempotency-Key": "same"})
    assert count(house) == 2


def test_a_used_key_is_refused_to_another_request(house: House, supervisor: TestClient) -> None:
    key = {"Idempotency-Key": "used"}
    supervisor.post("/tickets", json=TICKET, headers=key)
    is_problem(supervisor.post("/tickets", json={"kind": "general"}, headers=key), 422)
    assert count(house) == 1


def test_a_refused_request_gives_its_key_back(house: House, supervisor: TestClient) -> None:
    key = {"Idempotency-Key": "again"}
    is_problem(supervisor.post("/tickets", json={**TICKET, "call": "CA0"}, headers=key), 422)
    assert supervisor.post("/tickets", json=TICKET, headers=key).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_a_length(supervisor: TestClient, key: str) -> None:
    is_problem(supervisor.post("/tickets", json=TICKET, headers={"Idempotency-Key": key}), 422)


def test_rivals_with_one_key_make_one_ticket(house: House, supervisor: TestClient) -> None:
    def create(_: int) -> bytes:
        return supervisor.post("/tickets", json=TICKET, headers={"Idempotency-Key": "race"}).content

    with ThreadPoolExecutor(6) as pool:
        answers = set(pool.map(create, range(6)))
    assert len(answers) == 1
    assert count(house) == 1
