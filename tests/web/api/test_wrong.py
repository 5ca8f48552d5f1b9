"""Wrong tokens: told to wait after many, while right ones pass, in memory that does not grow."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from callcenter.web.api import wrong
from callcenter.web.api.wrong import MOST_WRONG, WINDOW, Counter, WrongTokens
from tests.doubles import SettableTime
from tests.web.api.conftest import PREFIX_URL, House
from tests.web.api.test_layer import is_problem

AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
GUESS = "cc_{prefix}_" + "A" * 43


def carrying(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def guess(client: TestClient, times: int, token: str = "nonsense") -> list[int]:
    return [client.get("/calls", headers=carrying(token)).status_code for _ in range(times)]


def from_address(house: House, address: str) -> TestClient:
    return TestClient(house.app, PREFIX_URL, client=(address, 50_000))


# RFC 6585, 4: "The response representations SHOULD include details explaining the condition, and MAY include
# a Retry-After header indicating how long to wait before making a new request."
def test_after_twenty_wrong_tokens_an_address_is_told_to_wait(house: House) -> None:
    client = from_address(house, "192.0.2.1")
    assert guess(client, MOST_WRONG + 1) == [401] * MOST_WRONG + [429]
    refusal = client.get("/calls", headers=carrying("nonsense") | {"Accept-Language": "zh"})
    is_problem(refusal, 429)
    assert 0 < int(refusal.headers["retry-after"]) <= WINDOW.seconds
    assert refusal.json()["detail"] == f"错误的令牌太多：请等待 {refusal.headers['retry-after']} 秒。"
    assert client.get("/events", headers=carrying("nonsense")).status_code == 429


def test_a_right_token_passes_from_that_address_all_the_same(house: House, supervisor: TestClient) -> None:
    guess(supervisor, MOST_WRONG + 1)
    assert guess(supervisor, 1) == [429]
    assert supervisor.get("/calls").status_code == 200


def test_another_address_has_its_own_count(house: House) -> None:
    guess(from_address(house, "192.0.2.1"), MOST_WRONG + 1)
    assert guess(from_address(house, "192.0.2.2"), 1) == [401]


def test_who_says_that_he_comes_from_elsewhere_is_not_believed(house: House) -> None:
    client = from_address(house, "192.0.2.1")
    for number in range(MOST_WRONG):
        client.get("/calls", headers=carrying("x") | {"X-Forwarded-For": f"192.0.2.{number}"})
    assert guess(client, 1) == [429]


def test_guesses_at_one_token_count_together_wherever_they_come_from(house: House) -> None:
    token = GUESS.format(prefix="00000000")
    told = [guess(from_address(house, f"192.0.2.{number}"), 1, token) for number in range(MOST_WRONG + 1)]
    assert told == [[401]] * MOST_WRONG + [[429]]


def test_after_the_time_that_was_told_it_begins_anew(house: House, time: SettableTime) -> None:
    client = from_address(house, "192.0.2.1")
    guess(client, MOST_WRONG + 1)
    told = client.get("/calls", headers=carrying("nonsense"))
    time.moves(seconds=int(told.headers["retry-after"]))
    assert guess(client, 1) == [401]


def test_no_token_at_all_is_no_guess(house: House) -> None:
    client = from_address(house, "192.0.2.1")
    told = [client.get("/calls") for _ in range(MOST_WRONG + 1)]
    assert {answer.status_code for answer in told} == {401}


def test_it_is_said_once_a_window_in_the_log(monkeypatch: Any) -> None:
    said: list[str] = []
    monkeypatch.setattr(wrong.log, "warning", lambda event, **_: said.append(event))
    tokens = WrongTokens()
    waits = [
        tokens.add("192.0.2.1", None, AT + timedelta(seconds=second)) for second in range(WINDOW.seconds)
    ]
    assert said == ["api.wrong_tokens"]
    assert waits == [0] * MOST_WRONG + list(range(WINDOW.seconds - MOST_WRONG, 0, -1))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 40)), max_size=80))
def test_a_sender_who_is_remembered_is_counted_as_by_hand(steps: list[tuple[int, int]]) -> None:
    counter, at, by_hand = Counter(), AT, dict[int, list[datetime]]()
    for sender, seconds in steps:
        at += timedelta(seconds=seconds)
        window = [*by_hand.get(sender, []), at]
        by_hand[sender] = window if at < window[0] + WINDOW else [at]
        assert counter.add(str(sender), at) == (len(by_hand[sender]), by_hand[sender][0] + WINDOW)


@given(st.integers(1, 6), st.lists(st.integers(0, 30), max_size=200))
def test_memory_is_bounded_and_who_was_quiet_longest_is_forgotten(most: int, senders: list[int]) -> None:
    counter, remembered = Counter(most), list[int]()
    for sender in senders:
        counter.add(str(sender), AT)
        remembered = [*(other for other in remembered if other != sender), sender][-most:]
        assert counter.senders() == [str(other) for other in remembered]
