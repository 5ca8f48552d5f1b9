"""The simulator over real HTTP: twilio-python against it, its own API, real time."""

import threading
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from callcenter.simulator import Network, Settings
from callcenter.simulator.config import BadInput, PhoneConfig, ServerConfig, read
from callcenter.simulator.driver import RealTime
from callcenter.simulator.faults import Parcel
from callcenter.simulator.in_process import InProcess
from callcenter.simulator.server import build, create_app
from tests.simulator.app import HOST, App
from tests.simulator.conftest import AGENT, CALLER, HOTLINE
from tests.simulator.serving import serving


# telephony.md, section 9: there is no base_url option; everything passes through get_hostname.
class SimulatorClient(Client):
    """twilio-python, pointed at a simulator."""

    def __init__(self, base_url: str, settings: Settings, timeout: float = 30) -> None:
        http = TwilioHttpClient(timeout=timeout, max_retries=0)
        super().__init__(settings.account_sid, settings.auth_token, http_client=http, environment={"x": "y"})
        self._base = urlsplit(base_url)

    def get_hostname(self, uri: str) -> str:
        """Return the address at the simulator."""
        parts = urlsplit(uri)
        return urlunsplit((self._base.scheme, self._base.netloc, parts.path, parts.query, ""))


@pytest.fixture
def base(net: Network) -> Iterator[str]:
    """The network's address."""
    with serving(create_app(net)) as url:
        yield url


@pytest.fixture(params=["socket", "in process"])
def twilio(net: Network, request: pytest.FixtureRequest) -> SimulatorClient:
    """The SDK, over a socket and by the adapter: both must be the same."""
    if request.param == "socket":
        return SimulatorClient(request.getfixturevalue("base"), net.world.settings)
    client = SimulatorClient("http://simulator", net.world.settings)
    http = client.http_client
    assert isinstance(http, TwilioHttpClient)
    assert http.session is not None
    http.session.mount("http://simulator", InProcess(net.rest))
    return client


def test_the_sdk_creates_fetches_updates_and_maps_errors(
    net: Network, app: App, twilio: SimulatorClient
) -> None:
    app.pages["/agent"] = "<Say>Hello</Say><Pause length='60'/>"
    net.phone(AGENT).answers(2)
    call = twilio.calls.create(
        to=AGENT,
        from_=HOTLINE,
        url=f"{HOST}/agent",
        status_callback=f"{HOST}/status",
        status_callback_event=["initiated", "ringing", "answered", "completed"],
        timeout=30,
    )
    assert (call.status, call.start_time) == ("queued", None)
    net.run_for(10)
    fetched = twilio.calls(call.sid).fetch()
    assert (fetched.status, fetched.direction) == ("in-progress", "outbound-api")
    assert fetched.start_time is not None
    assert fetched.start_time.utcoffset() is not None
    assert twilio.calls(call.sid).update(status="completed").status == "completed"
    net.run_for(1)
    assert [t["CallStatus"] for t in app.told("/status")] == [
        "initiated",
        "ringing",
        "in-progress",
        "completed",
    ]
    with pytest.raises(TwilioRestException) as refused:
        twilio.calls(call.sid).update(url=f"{HOST}/agent")
    assert (refused.value.status, refused.value.code) == (400, 21220)
    with pytest.raises(TwilioRestException) as unknown:
        twilio.calls("CA" + "0" * 32).fetch()
    assert (unknown.value.status, unknown.value.code) == (404, 20404)
    net.faults.rest_next("429")
    with pytest.raises(TwilioRestException) as refused:
        twilio.calls.create(to=AGENT, from_=HOTLINE, url=HOST)
    assert (refused.value.status, refused.value.code) == (429, 20429)


# twilio-python base/page.py: exactly one key outside its fixed set; next_page_uri is host-relative.
def test_the_sdk_lists_over_two_pages(net: Network, twilio: SimulatorClient) -> None:
    placed = [twilio.calls.create(to=f"+861390013900{n}", from_=HOTLINE, url=HOST).sid for n in range(3)]
    net.run_for(1)
    assert [call.sid for call in twilio.calls.list(page_size=2)] == placed[::-1]
    [one] = twilio.calls.list(to="+8613900139001")
    assert one.sid == placed[1]
    assert twilio.calls.list(start_time=net.now().date(), status="ringing", page_size=1) != []
    net.faults.rest_next("500-after-accept", event="GET")
    with pytest.raises(TwilioException):
        twilio.calls.list()


def test_the_sdk_reads_queues_conferences_recordings_and_numbers(
    net: Network, app: App, twilio: SimulatorClient
) -> None:
    app.pages |= {
        "/voice": '<Enqueue waitUrl="/wait">support</Enqueue>',
        "/wait": "<Play>/music.wav</Play>",
        "/room": '<Dial record="do-not-record"><Conference record="record-from-start">r</Conference></Dial>',
    }
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.waits(5)
    [queue] = twilio.queues.list()
    [member] = twilio.queues(queue.sid).members.list()
    assert (member.call_sid, member.position) == (caller.sid, 1)
    twilio.queues(queue.sid).members(caller.sid).update(url=f"{HOST}/room")
    net.phone(AGENT).answers(1)
    twilio.conferences("r").participants.create(from_=HOTLINE, to=AGENT, end_conference_on_exit=True)
    caller.talks_with(net.phone(AGENT).phone)
    caller.waits(10)
    [conference] = twilio.conferences.list(status="in-progress")
    assert len(twilio.conferences(conference.sid).participants.list()) == 2
    assert twilio.conferences(conference.sid).participants(caller.sid).update(muted=True).muted
    twilio.conferences(conference.sid).update(status="completed")
    net.run_for(10)
    [recording] = twilio.recordings.list(conference_sid=conference.sid)
    assert (recording.status, recording.source) == ("completed", "Conference")
    assert recording.delete()
    [number] = twilio.incoming_phone_numbers.list(phone_number=HOTLINE)
    assert number.update(voice_url=f"{HOST}/new").voice_url == f"{HOST}/new"


# telephony.md, section 9: a time-out is requests' ReadTimeout; a reset is a ConnectionError of some kind.
def test_lost_answers_reach_the_sdk_as_lost_answers(net: Network, base: str) -> None:
    order = {"to": AGENT, "from_": HOTLINE, "url": HOST}
    net.faults.rest_next("timeout-after-accept")
    with pytest.raises(requests.ReadTimeout):
        SimulatorClient(base, net.world.settings, timeout=0.5).calls.create(**order)
    net.faults.rest_next("reset")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        SimulatorClient(base, net.world.settings).calls.create(**order)
    assert len(list(net.ledger.placed(to=AGENT))) == 2


def test_the_sound_of_a_recording_needs_the_accounts_name(net: Network, app: App, base: str) -> None:
    app.pages |= {"/voice": '<Record action="/kept"/>', "/kept": ""}
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.waits(2)
    caller.speaks("请给我回电话。")
    caller.ends()
    net.run_for(10)
    settings = net.world.settings
    [sid] = net.world.recordings
    url = f"{base}/2010-04-01/Accounts/{settings.account_sid}/Recordings/{sid}.wav"
    assert requests.get(url, timeout=30).status_code == 404
    answer = requests.get(url, auth=(settings.account_sid, settings.auth_token), timeout=30)
    assert (answer.status_code, answer.content[:4]) == (200, b"RIFF")


def product(received: list[tuple[str, bool]], token: str, base: list[str]) -> Starlette:
    """A tiny product behind a socket, which checks signatures and answers with a menu."""

    async def voice(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        signature = request.headers["X-Twilio-Signature"]
        valid = RequestValidator(token).validate(f"{base[0]}{request.url.path}", form, signature)
        received.append((request.url.path, valid))
        pages = {
            "/twilio/voice": '<Gather numDigits="1" action="/key"><Say>Press 1</Say></Gather>',
            "/key": f"<Dial>{AGENT}</Dial>",
        }
        body = f"<Response>{pages.get(request.url.path, '')}</Response>"
        return Response(body, media_type="text/xml")

    return Starlette(routes=[Route("/{path:path}", voice, methods=["POST"])])


# In real time (five times as fast here): the control API starts a caller, follows him, reads the ledger.
def test_a_call_in_real_time_is_followed_over_the_control_api() -> None:
    received: list[tuple[str, bool]] = []
    address: list[str] = []
    settings = Settings(calls_per_second=10.0)
    with serving(product(received, settings.auth_token, address)) as public_url:
        address.append(public_url)
        config = ServerConfig(public_url, (HOTLINE,), (PhoneConfig(AGENT, "王"),), settings, rate=5.0)
        net = build(config)
        driver = RealTime(net.world.kernel, rate=config.rate)
        driver.start()
        try:
            with serving(create_app(net)) as base:
                lines = follow(base)
        finally:
            driver.stop()
    assert received[0] == ("/twilio/voice", True)
    assert all(valid for _, valid in received)
    assert {"/key", "/twilio/status"} <= {path for path, _ in received}
    told = "\n".join(lines)
    assert "heard: Press 1" in told
    assert "pressed 1" in told
    assert "rings: 王 (+86 139 … 9001)" in told
    assert "talking with 王" in told
    assert net.warnings == []


def follow(base: str) -> list[str]:
    """Start a caller over the control API and read his story to its end."""
    phone = {"address": AGENT, "behaviours": [{"conduct": "answers", "rings": 1}]}
    assert requests.post(f"{base}/simulator/phones", json=phone, timeout=30).json()["name"] == "王"
    order = {"to": HOTLINE, "from": CALLER, "press": ["1"], "hold_seconds": 5, "name": "张"}
    call = requests.post(f"{base}/simulator/calls", json=order, timeout=30)
    assert call.status_code == 201
    lines, since, ended, pause = [], 0, False, threading.Event()
    while not ended:
        state = requests.get(f"{base}/simulator/calls/{call.json()['id']}?since={since}", timeout=30).json()
        lines += [f"{line['at']} {line['text']}" for line in state["lines"]]
        since, ended = state["next"], state["ended"]
        pause.wait(0.02)
    ledger = requests.get(f"{base}/simulator/ledger", timeout=30).json()
    assert [(ring["to"], ring["result"], ring["rings"]) for ring in ledger["rings"]] == [
        (AGENT, "answered", 1)
    ]
    assert requests.get(f"{base}/simulator/health", timeout=30).json()["status"] == "ok"
    return lines


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("calls", {"to": HOTLINE}, "from"),
        ("calls", {"to": HOTLINE, "from": CALLER, "press": ["x"]}, "press"),
        ("calls", {"to": HOTLINE, "from": CALLER, "presses": ["1"]}, "presses"),
        ("phones", {"name": "王"}, "address"),
        ("phones", {"address": AGENT, "behaviours": [{"conduct": "sleeps"}]}, "conduct"),
        ("phones", [], "body"),
    ],
)
def test_the_control_api_says_what_it_cannot_read(base: str, path: str, body: object, says: str) -> None:
    answer = requests.post(f"{base}/simulator/{path}", json=body, timeout=30)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]


def test_a_caller_is_led_by_hand_over_the_control_api(net: Network, app: App, base: str) -> None:
    app.pages["/voice"] = '<Gather numDigits="1" action="/key"><Say>Press 1</Say></Gather>'
    app.pages["/key"] = '<Gather input="speech" action="/said"><Say>Say it</Say></Gather>'
    app.pages["/said"] = "<Pause length='60'/>"
    order = {"to": HOTLINE, "from": CALLER}
    path = f"{base}/simulator/calls"
    sid = requests.post(path, json=order, timeout=30).json()["id"]
    for deed in ({"press": "1"}, {"say": "hello"}, {"hangup": True}):
        net.run_for(2)
        assert requests.post(f"{path}/{sid}", json=deed, timeout=30).status_code == 200
    net.run_for(2)
    assert requests.get(f"{path}/{sid}", timeout=30).json()["ended_by"] == "person"
    assert app.told("/said")[0]["SpeechResult"] == "hello"
    assert requests.get(f"{path}/CA0", timeout=30).status_code == 404


# A simulator of its own has its misfortunes from its configuration: nobody can reach into it later.
def test_what_goes_wrong_is_configured() -> None:
    told = '{"public_url": "http://127.0.0.1:9", "numbers": [], "faults": [%s]}'
    lost = build(read(ServerConfig, told % '{"effect": "drop", "kind": "status"}'))
    assert lost.faults.plan(Parcel("status", "CA1", "http://127.0.0.1:9/")).delays == []
    assert lost.faults.plan(Parcel("conference", "CA1", "http://127.0.0.1:9/")).delays == [0.0]
    with pytest.raises(BadInput):
        read(ServerConfig, told % '{"effect": "vanish", "kind": "status"}')
