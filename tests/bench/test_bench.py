"""The benchmark's arithmetic: a figure that is computed wrongly is worse than none. Nothing here is timed."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st

from callcenter.cli.processes import web
from callcenter.web.signature import SignatureCheck, as_signed
from tests.bench import door, goals, report, serve, trips, webhooks
from tests.bench.figures import Slice, cpu_ratios, percentile, rate_ratios, spread
from tests.bench.goals import Goal, Row, Verdict
from tests.bench.load import Order, closed_loop, departures, is_whole, open_loop
from tests.bench.scale import full, quick
from tests.bench.wire import Counter
from tests.web.twilio import ACCOUNT, PUBLIC_URL, TOKEN


def slice_of(rate: int, cpu_us: float = 100.0) -> Slice:
    """A slice of two seconds at this rate."""
    return Slice(answered=2 * rate, seconds=2.0, served=2 * rate, cpu_seconds=2 * rate * cpu_us / 1e6)


# speed.md: "quote ratios taken in one interleaved run, and CPU per request, never absolute rates".
def test_a_ratio_is_taken_within_its_round() -> None:
    slices = [slice_of(rate) for rate in (40, 30, 10)]
    floors = [slice_of(rate) for rate in (1000, 100, 500)]
    assert rate_ratios(slices, floors) == spread([0.04, 0.3, 0.02])
    assert rate_ratios(slices, floors).middle == 0.04, "the ratio of the medians would be 0.06"
    machine_slowed_down = [slice_of(100), slice_of(10)], [slice_of(1000), slice_of(100)]
    assert rate_ratios(*machine_slowed_down).most == rate_ratios(*machine_slowed_down).least == 0.1


def test_rounds_without_their_floor_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        rate_ratios([slice_of(1), slice_of(2)], [slice_of(1)])


def test_twice_the_cpu_is_half_the_ratio() -> None:
    assert cpu_ratios([slice_of(10, cpu_us=200)], [slice_of(99, cpu_us=100)]).middle == pytest.approx(0.5)


def test_what_was_under_way_at_the_end_costs_cpu_but_is_no_rate() -> None:
    one = Slice(answered=90, seconds=3.0, served=100, cpu_seconds=0.1, database_cpu_seconds=0.05)
    assert one.rate == 30.0
    assert one.cpu_us == pytest.approx(1000)
    assert one.database_cpu_us == pytest.approx(500)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1), (0.01, 1), (0.5, 50), (0.501, 51), (0.99, 99), (1.0, 100)]
)
def test_percentiles_are_values_that_occurred(share: float, expected: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == expected


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_percentile_covers_its_share(values: list[float], share: float) -> None:
    limit = percentile(values, share)
    assert sum(value <= limit for value in values) >= share * len(values)
    assert sum(value < limit for value in values) < share * len(values)


@pytest.mark.parametrize(
    ("sense", "measured", "verdict"),
    [
        ("least", 0.03, Verdict.REACHED),
        ("least", 0.0299, Verdict.NOT_REACHED),
        ("most", 0.03, Verdict.REACHED),
        ("most", 0.0301, Verdict.NOT_REACHED),
    ],
)
def test_a_goal_is_met_by_meeting_it_exactly(sense: Any, measured: float, verdict: Verdict) -> None:
    assert Row(Goal("key", "what", sense, 0.03), spread([measured]), "floor").verdict == verdict


# "An apology is no answer": a caller who heard one was not served, whatever the rate.
def test_speed_with_wrong_answers_reaches_nothing() -> None:
    assert Row(goals.ARRIVAL, spread([0.9]), "floor").verdict == Verdict.REACHED
    assert Row(goals.ARRIVAL, spread([0.9]), "floor", faults=1).verdict == Verdict.NOT_REACHED


# speed.md: "which must itself lie between 0.005 and 0.025 x static, else the bench says that it is no fair
# baseline".
@pytest.mark.parametrize(("share", "fair"), [(0.0049, False), (0.005, True), (0.025, True), (0.0251, False)])
def test_a_straw_man_is_no_baseline_however_far_it_is_beaten(share: float, fair: bool) -> None:
    assert goals.is_fair(share) is fair
    row = Row(goals.ARRIVAL_ORM, spread([99.0]), "floor", fair=goals.is_fair(share))
    assert row.verdict == (Verdict.REACHED if fair else Verdict.NO_BASELINE)


# PostgreSQL, "Message Formats": Byte1, then Int32, the length of the rest and of itself.
def message(kind: bytes, body: bytes = b"") -> bytes:
    """A message as PostgreSQL sends it."""
    return kind + (4 + len(body)).to_bytes(4) + body


@given(st.data())
def test_round_trips_are_counted_wherever_the_stream_is_cut(data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from([b"Z", b"D", b"C", b"T"]), max_size=20))
    stream = b"".join(message(kind, b"Z" * 9 if kind != b"Z" else b"I") for kind in kinds)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    counter = Counter()
    for start, end in pairwise([0, *cuts, len(stream)]):
        counter.read(stream[start:end])
    assert counter.seen == kinds.count(b"Z"), "a Z inside a row is none"


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", False),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (b"", False),
    ],
)
def test_an_answer_is_whole_by_its_length(said: bytes, whole: bool) -> None:
    assert is_whole(said) is whole


class _Carrierless(BaseHTTPRequestHandler):
    """Greets, but apologises for every third body."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        said = b"sorry" if int(body) % 3 == 2 else b"welcome"
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """A server that greets two of three."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Carrierless)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def posts(count: int) -> list[bytes]:
    """Requests whose bodies are their positions."""
    return [b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%d" % (len(str(n)), n) for n in range(count)]


# A 200 that apologises is what a caller hears when we have failed: it must never count as speed.
@pytest.mark.parametrize("kind", ["closed", "open"])
def test_an_apology_is_no_answer(port: int, kind: str) -> None:
    order = Order(port, posts(30), b"welcome", seconds=30 if kind == "closed" else 0.1, connections=4)
    tally = closed_loop(order) if kind == "closed" else open_loop(order, seed=1)
    assert tally.wrong == 10
    assert sorted(tally.served) == [n for n in range(30) if n % 3 != 2]
    assert len(tally.latencies) == 20
    assert b"sorry" in tally.sample


def test_a_closed_loop_ends_when_nothing_is_left(port: int) -> None:
    tally = closed_loop(Order(port, posts(2), b"welcome", seconds=30, connections=4))
    assert (tally.answered, tally.wrong) == (2, 0)
    assert 0 < tally.seconds < 30, "the rate is over the time that was used"


def test_departures_are_the_same_for_a_seed() -> None:
    times = departures(200, 4.0, seed=7)
    assert times == departures(200, 4.0, seed=7) != departures(200, 4.0, seed=8)
    assert times == sorted(times)
    assert all(0 <= at < 4.0 for at in times)


@pytest.mark.parametrize(
    "request_", [webhooks.arrived(7, "+8613800138000"), webhooks.chose(7, "+8613800138000")]
)
def test_what_is_posted_is_signed_as_the_product_checks_it(request_: bytes) -> None:
    scope, body = door.parsed(request_)
    headers = dict(scope["headers"])
    assert int(headers[b"content-length"]) == len(body)
    form = parse_qsl(body.decode(), keep_blank_values=True)
    signature = headers[b"x-twilio-signature"].decode()
    assert SignatureCheck(TOKEN, PUBLIC_URL).accepts(scope["path"], as_signed(form), signature)
    assert ("CallSid", webhooks.sid(7)) in form


def test_callers_are_the_same_for_a_seed() -> None:
    assert webhooks.callers(1, range(5)) == webhooks.callers(1, range(5)) != webhooks.callers(2, range(5))
    assert len(set(webhooks.callers(1, range(50)).values())) == 50


@pytest.mark.parametrize(
    ("path", "body", "answer", "name"),
    [
        ("/twilio/voice", b"CallStatus=ringing", b"", "voice"),
        ("/twilio/voice/keys/1", b"Digits=1", b"<Enqueue>", "voice/keys:opens ticket"),
        ("/twilio/voice/keys/12", b"Digits=9", b"<Say>", "voice/keys"),
        ("/twilio/leg/0a-1/proof", b"", b"", "leg"),
        ("/twilio/leg/0a-1/proof/keys/2", b"Digits=1", b"", "leg/keys"),
        ("/twilio/progress/0a-1/proof", b"CallStatus=ringing", b"", "progress:ringing"),
        ("/twilio/conference", b"StatusCallbackEvent=participant-join", b"", "conference:participant-join"),
    ],
)
def test_webhooks_of_one_kind_share_a_name(path: str, body: bytes, answer: bytes, name: str) -> None:
    assert trips.kind(path, body, answer) == name


# speed.md: "against a bare ASGI callable with static TwiML on the same server".
def test_the_floor_is_served_as_the_product_is(monkeypatch: pytest.MonkeyPatch) -> None:
    served: dict[str, Any] = {}
    monkeypatch.setattr(uvicorn, "run", lambda _app, **options: served.update(options))
    monkeypatch.setattr("callcenter.cli.processes.configure_logs", lambda *_, **__: None)
    for name, value in {
        "DATABASE_URL": "sqlite:///not-used.sqlite", "REDIS_URL": "redis://localhost:1/0",
        "PUBLIC_URL": PUBLIC_URL, "SECRET_KEY": "only these measurements know this sentence",
        "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    web()
    assert {name: value for name, value in served.items() if name not in ("host", "port")} == serve.UVICORN


def test_the_floor_says_what_a_greeting_says() -> None:
    assert webhooks.ARRIVAL_SAYS in serve.DOCUMENT


def test_a_run_is_written_for_comparing(tmp_path: Path) -> None:
    rows = [
        Row(goals.ARRIVAL, spread([0.04, 0.05, 0.06]), "static: 1/s", beside={"requests_per_second": 9.0}),
        Row(goals.DOOR, spread([70.0]), "stock way"),
    ]
    report.write(tmp_path / "var" / "bench.json", report.document(rows, {"cores": "2"}, full(5), quick=False))
    told = json.loads((tmp_path / "var" / "bench.json").read_text())
    first, second = told["rows"]
    assert (first["key"], first["must"], first["unit"], first["verdict"]) == ("arrival", 0.03, "x", "reached")
    assert first["measured"] == {"middle": 0.05, "least": 0.04, "most": 0.06, "times": 3}
    assert second["verdict"] == "not reached"
    assert "requests_per_second" not in first, "what holds for one machine stands apart"
    assert told["this_machine"]["arrival"]["requests_per_second"] == 9.0
    assert (told["seed"], told["scale"]["rounds"], told["conditions"]) == (5, full(5).rounds, {"cores": "2"})


def test_a_quick_run_says_that_it_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    row = Row(goals.MEMORY, spread([120.0]), "static: 27 MB")
    report.say([row], {"cores": "2"}, quick=True)
    said = capsys.readouterr().out
    assert "do not quote" in said
    assert "reached" in said
    assert quick(1).rounds < full(1).rounds
