"""The Twilio adapter's own: the words on the wire, and what each failure of a network proves."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from callcenter.carrier.port import Ambiguous, CarrierDown, NotPlaced, Placement
from callcenter.carrier.twilio import TwilioCarrier
from tests.carrier.rest import ACCOUNT, Rest, Server, full_socket, problem

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PLACEMENT = Placement(
    "+8613800138000",
    "+862155501000",
    "https://x.example/v",
    "https://x.example/s",
    "https://x.example/f",
    timeout_seconds=30,
    time_limit_seconds=3600,
)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(Rest(NOW))
    yield server
    server.rest.released.set()
    server.shutdown()
    server.server_close()


def carrier(url: str, **options: object) -> TwilioCarrier:
    return TwilioCarrier(ACCOUNT, "secret", api_url=url, **{"timeout_seconds": 0.5, **options})  # type: ignore[arg-type]


def test_a_placement_asks_for_every_event(server: Server) -> None:
    """StatusCallbackEvent: "If you want to receive multiple events, specify each one in a separate
    parameter" (https://www.twilio.com/docs/voice/api/call-resource)."""
    carrier(server.url).place(PLACEMENT)
    method, path, form = server.rest.requests[0]
    assert (method, path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json")
    assert sorted(form) == [
        ("FallbackMethod", "POST"),
        ("FallbackUrl", "https://x.example/f"),
        ("From", "+862155501000"),
        ("Method", "POST"),
        ("StatusCallback", "https://x.example/s"),
        ("StatusCallbackEvent", "answered"),
        ("StatusCallbackEvent", "completed"),
        ("StatusCallbackEvent", "initiated"),
        ("StatusCallbackEvent", "ringing"),
        ("StatusCallbackMethod", "POST"),
        ("TimeLimit", "3600"),
        ("Timeout", "30"),
        ("To", "+8613800138000"),
        ("Url", "https://x.example/v"),
    ]


def test_an_api_key_signs_in_for_the_account(server: Server) -> None:
    twilio = carrier(server.url, api_key="SK" + "1" * 32, api_secret="key-secret")
    assert twilio.fetch(twilio.place(PLACEMENT)).to == PLACEMENT.to
    assert all(f"/Accounts/{ACCOUNT}/" in path for _, path, _ in server.rest.requests)


def test_a_region_in_the_environment_changes_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK reads TWILIO_EDGE and TWILIO_REGION silently (twilio base/client_base.py)."""
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    monkeypatch.setenv("TWILIO_REGION", "au1")
    client = carrier("https://api.twilio.com")._client
    assert client.get_hostname("https://api.twilio.com/2010-04-01") == "https://api.twilio.com/2010-04-01"


def test_threads_get_their_own_answers(server: Server) -> None:
    """The SDK's HTTP client returns the last answer it had, whichever thread asked."""
    twilio = carrier(server.url, timeout_seconds=10)
    numbers = [f"+86138001{n:05}" for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        sids = list(pool.map(lambda number: twilio.place(replace(PLACEMENT, to=number)), numbers))
    assert [server.rest.calls[sid]["to"] for sid in sids] == numbers


def test_a_queued_call_is_in_every_days_list(server: Server) -> None:
    """A call that waits in the account's queue has no StartTime, by which a day is filtered."""
    queued = server.rest.add("outbound-api", PLACEMENT.to, PLACEMENT.from_number, "queued")
    started = server.rest.add("outbound-api", PLACEMENT.to, PLACEMENT.from_number, "ringing")
    calls = carrier(server.url).list_calls(to=PLACEMENT.to, day=NOW.date())
    assert [call.sid for call in calls] == [queued, started]
    assert calls[0].started_at is None


@pytest.mark.parametrize(
    ("status", "code", "retry"),
    [(400, 21211, False), (403, 20003, False), (404, 20404, False), (400, 10004, True), (401, 20003, True),
     (429, 20429, True)],
)  # fmt: skip
def test_a_4xx_proves_that_no_call_was_placed(server: Server, status: int, code: int, retry: bool) -> None:
    """Protocol of dialing, 3: "4xx, 429, DNS, refused, connect timeout: definitely not placed"."""
    server.rest.faults.append(problem(status, code))
    with pytest.raises(NotPlaced) as refusal:
        carrier(server.url).place(PLACEMENT)
    assert (refusal.value.reason, refusal.value.retry) == (f"{status}/{code}", retry)


@pytest.mark.parametrize(
    "fault",
    ["stall", "accept and stall", "reset", "accept and reset", (500, "no JSON"), (503, {"code": 20503}),
     (302, ""), (201, "no JSON"), (201, {"sid": None})],
)  # fmt: skip
def test_whatever_may_have_arrived_is_ambiguous(server: Server, fault: str | tuple[int, str]) -> None:
    """Protocol of dialing, 3: "Read timeout, reset, 5xx, or the worker's death: UNKNOWN"."""
    server.rest.faults.append(fault)
    with pytest.raises(Ambiguous):
        carrier(server.url).place(PLACEMENT)
    assert len(server.rest.requests) == 1


def test_a_refused_connection_placed_nothing() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(NotPlaced):
        carrier(url).place(PLACEMENT)


def test_an_unknown_host_placed_nothing() -> None:
    with pytest.raises(NotPlaced):
        carrier("http://api.nowhere.invalid").place(PLACEMENT)


def test_a_connect_timeout_placed_nothing() -> None:
    url, sockets = full_socket()
    with pytest.raises(NotPlaced):
        carrier(url).place(PLACEMENT)
    for each in sockets:
        each.close()


@pytest.mark.parametrize("fault", ["stall", "reset", (200, "no JSON"), (429, {"code": 20429}), (500, "")])
def test_an_order_that_failed_may_be_repeated(server: Server, fault: str | tuple[int, str]) -> None:
    sid = server.rest.add("inbound", PLACEMENT.from_number, PLACEMENT.to, "in-progress")
    server.rest.faults.append(fault)
    twilio = carrier(server.url)
    with pytest.raises(CarrierDown):
        twilio.hang_up(sid)
    assert len(server.rest.requests) == 1


def test_a_recordings_server_that_fails_is_down(server: Server) -> None:
    server.rest.faults.append((503, "busy"))
    with pytest.raises(CarrierDown):
        carrier(server.url).recording("RE" + "0" * 32)


def test_a_list_with_a_missing_page_is_no_list(server: Server) -> None:
    """Two complete listings are a witness; half a listing must not pass for one."""
    for _ in range(5):
        server.rest.add("inbound", PLACEMENT.from_number, PLACEMENT.to, "in-progress")
    pages = iter([None, (503, "busy")])
    answer = server.rest.list
    server.rest.list = lambda query: next(pages, None) or answer(query)  # type: ignore[method-assign]
    with pytest.raises(CarrierDown):
        carrier(server.url).list_calls()
