"""One contract, kept by the in-memory twin and by the Twilio adapter over HTTP."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callcenter.carrier.port import Ambiguous, CallGone, Carrier, CarrierDown, NotPlaced, Placement
from callcenter.carrier.twilio import TwilioCarrier
from callcenter.carrier.twin import Twin
from callcenter.simulator import Network, Settings, VirtualClock, WebhookRequest, WebhookResponse
from callcenter.simulator.in_process import InProcess
from callcenter.simulator.recordings import Recording, sound
from tests.carrier.rest import ACCOUNT, Rest, Server, problem

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
AGENT, LINE = "+8613800138000", "+862155501000"
PLACEMENT = Placement(
    AGENT, LINE, "https://x.example/v", "https://x.example/s", "https://x.example/f", timeout_seconds=30
)
AUDIO = b"RIFF\xff\x00\x80WAVE"
GONE_RECORDING = "RE" + "f" * 32


class TwinSide:
    """How a test stirs the twin."""

    def __init__(self) -> None:
        self.carrier = Twin(lambda: NOW)
        self.becomes = self.carrier.becomes

    def arrives(self, from_number: str, to: str) -> str:
        return self.carrier.arrives(from_number, to)

    def records(self, sid: str) -> bytes:
        self.carrier.recordings[sid] = AUDIO
        return AUDIO

    def tapes(self, call_sid: str, seconds: int) -> str:
        return self.carrier.tapes_message(call_sid, seconds)

    def later(self, seconds: int) -> datetime:
        now = self.carrier.now() + timedelta(seconds=seconds)
        self.carrier.now = lambda: now
        return now

    def keys_pressed(self, sid: str) -> str:
        return next(placed.placement.send_digits for placed in self.carrier.placed if placed.sid == sid)

    def refused_placement(self) -> Placement:
        self.carrier.refuse("place", NotPlaced("400/21211", retry=False))
        return PLACEMENT

    def loses_answer(self) -> None:
        self.carrier.lose_answer()

    def goes_down(self, verb: str) -> None:
        self.carrier.refuse(verb, CarrierDown("503"))


class TwilioSide:
    """How a test stirs the server behind the adapter."""

    def __init__(self, server: Server) -> None:
        self.rest = server.rest
        self.carrier = TwilioCarrier(ACCOUNT, "secret", api_url=server.url, timeout_seconds=5)
        self.becomes = self.rest.becomes

    def arrives(self, from_number: str, to: str) -> str:
        return self.rest.add("inbound", to, from_number, "in-progress")

    def records(self, sid: str) -> bytes:
        self.rest.recordings[sid] = AUDIO
        return AUDIO

    def tapes(self, call_sid: str, seconds: int) -> str:
        return self.rest.tape(call_sid, seconds)

    def later(self, seconds: int) -> datetime:
        self.rest.now += timedelta(seconds=seconds)
        return self.rest.now

    def keys_pressed(self, sid: str) -> str:
        _, path, form = self.rest.requests[-1]
        assert path.endswith("/Calls.json")
        return dict(form).get("SendDigits", "")

    def refused_placement(self) -> Placement:
        self.rest.faults.append(problem(400, 21211))
        return PLACEMENT

    def loses_answer(self) -> None:
        self.rest.faults.append("accept and reset")

    def goes_down(self, verb: str) -> None:
        self.rest.faults.append((503, "busy"))


class SimulatorSide:
    """How a test stirs the simulated phone network, which takes its calls only after a while."""

    def __init__(self) -> None:
        self.net = Network(_keeps_waiting, clock=VirtualClock(NOW), settings=Settings(ACCOUNT, "secret", API))
        self.net.number(LINE, "https://x.example/voice")
        self.carrier = TwilioCarrier(ACCOUNT, "secret", api_url=API, transport=InProcess(self.net.rest))

    def arrives(self, from_number: str, to: str) -> str:
        caller = self.net.phone(from_number).dials(to)
        self.net.run_for(5)
        return caller.sid

    def becomes(self, sid: str, status: str) -> None:
        handset = self.net.phone(self.net.world.calls[sid].to).rings()
        if status != "ringing":
            handset.picks_up()
            self.net.run_for(5)
        if status == "completed":
            handset.hangs_up()
            self.net.run_for(5)

    def records(self, sid: str) -> bytes:
        kept = Recording(
            sid, "CA" + "0" * 32, "RecordVerb", 0.0, status="completed", ended=2.0, available=True
        )
        self.net.world.recordings[sid] = kept
        return sound(kept)

    def tapes(self, call_sid: str, seconds: int) -> str:
        began = self.net.world.now
        sid = self.net.world.sids.new("RE")
        self.net.world.recordings[sid] = Recording(
            sid, call_sid, "RecordVerb", began, status="completed", ended=began + seconds, available=True
        )
        return sid

    def later(self, seconds: int) -> datetime:
        self.net.run_for(seconds)
        return self.net.now()

    def keys_pressed(self, sid: str) -> str:
        self.becomes(sid, "in-progress")
        self.net.run_for(5)
        call = self.net.world.calls[sid]
        tones = [moment for moment in call.ear.moments if moment.kind == "tone"]
        waited = tones[0].began - (call.answered or 0.0) if tones else 0.0
        return "w" * round(waited / 0.5) + call.keyed

    def refused_placement(self) -> Placement:
        return replace(PLACEMENT, to="+0")

    def loses_answer(self) -> None:
        self.net.faults.rest_next("timeout-after-accept")

    def goes_down(self, verb: str) -> None:
        method = "POST" if verb in {"redirect", "cancel", "hang_up"} else "GET"
        self.net.faults.rest_next("reset", path="/", event=method)


def _keeps_waiting(_: WebhookRequest) -> WebhookResponse:
    """The application under the network: everybody waits for a long time."""
    return WebhookResponse(200, "text/xml", b'<Response><Say>Hello.</Say><Pause length="3600"/></Response>')


API = "https://simulator.example"
Side = TwinSide | TwilioSide | SimulatorSide


@pytest.fixture(params=["twin", "twilio", "simulator"])
def side(request: pytest.FixtureRequest) -> Iterator[Side]:
    if request.param != "twilio":
        yield TwinSide() if request.param == "twin" else SimulatorSide()
        return
    server = Server(Rest(NOW))
    yield TwilioSide(server)
    server.rest.released.set()
    server.shutdown()
    server.server_close()


def test_a_placed_call_is_known_by_its_sid(side: Side) -> None:
    carrier: Carrier = side.carrier
    call = carrier.fetch(carrier.place(PLACEMENT))
    assert (call.to, call.from_number, call.direction) == (AGENT, LINE, "outbound-api")
    assert call.status in {"queued", "ringing"}
    assert call.ended_at is None


def test_every_placement_makes_a_call_of_its_own(side: Side) -> None:
    sids = [side.carrier.place(PLACEMENT) for _ in range(3)]
    assert len(set(sids)) == 3
    assert {call.sid for call in side.carrier.list_calls()} == set(sids)


def test_a_refused_call_was_not_placed_and_says_whether_to_repeat(side: Side) -> None:
    with pytest.raises(NotPlaced) as refusal:
        side.carrier.place(side.refused_placement())
    assert not refusal.value.retry
    assert side.carrier.list_calls() == []


def test_a_lost_answer_is_ambiguous_and_the_call_is_in_the_list(side: Side) -> None:
    side.loses_answer()
    with pytest.raises(Ambiguous):
        side.carrier.place(PLACEMENT)
    assert [call.to for call in side.carrier.list_calls(to=AGENT)] == [AGENT]


# Twilio, "Call resource: SendDigits": "keys to dial after connecting"; `w` is half a second of silence.
@pytest.mark.parametrize("keys", ["", "wwww801", "wwww0#"])
def test_keys_are_pressed_once_somebody_has_picked_up(side: Side, keys: str) -> None:
    sid = side.carrier.place(replace(PLACEMENT, send_digits=keys))
    assert side.keys_pressed(sid) == keys


# Twilio, error 21206: "only contains the characters: 0123456789ABCD*#wW".
def test_keys_that_no_keypad_has_are_refused(side: Side) -> None:
    with pytest.raises(NotPlaced) as refusal:
        side.carrier.place(replace(PLACEMENT, send_digits="ww801,p"))
    assert not refusal.value.retry


def test_the_next_call_after_a_failure_is_placed(side: Side) -> None:
    with pytest.raises(NotPlaced):
        side.carrier.place(side.refused_placement())
    assert side.carrier.fetch(side.carrier.place(PLACEMENT)).to == AGENT


def test_cancelling_ends_a_ringing_call(side: Side) -> None:
    sid = side.carrier.place(PLACEMENT)
    side.carrier.cancel(sid)
    call = side.carrier.fetch(sid)
    assert call.status == "canceled"
    assert call.ended_at is not None


def test_a_call_that_was_picked_up_survives_a_cancel(side: Side) -> None:
    """`Status=canceled` only affects queued or ringing calls
    (https://www.twilio.com/docs/voice/api/call-resource#update-a-call-resource)."""
    sid = side.carrier.place(PLACEMENT)
    side.becomes(sid, "in-progress")
    side.carrier.cancel(sid)
    assert side.carrier.fetch(sid).status == "in-progress"


@pytest.mark.parametrize(("status", "end"), [("ringing", "canceled"), ("in-progress", "completed")])
def test_hanging_up_ends_a_call_whatever_its_state(side: Side, status: str, end: str) -> None:
    sid = side.carrier.place(PLACEMENT)
    side.becomes(sid, status)
    side.carrier.hang_up(sid)
    assert side.carrier.fetch(sid).status == end


def test_a_living_call_is_redirected(side: Side) -> None:
    sid = side.arrives(AGENT, LINE)
    side.carrier.redirect(sid, "https://x.example/next")
    assert side.carrier.fetch(sid).status == "in-progress"


@pytest.mark.parametrize("verb", ["redirect", "cancel", "hang_up"])
@pytest.mark.parametrize("fate", ["ended", "unknown"])
def test_a_call_that_is_over_or_never_was_is_gone(side: Side, verb: str, fate: str) -> None:
    """21220: Invalid call state (https://www.twilio.com/docs/api/errors/21220)."""
    sid = side.carrier.place(PLACEMENT)
    side.becomes(sid, "completed")
    arguments = ("https://x.example/next",) if verb == "redirect" else ()
    with pytest.raises(CallGone):
        getattr(side.carrier, verb)(sid if fate == "ended" else "CA" + "f" * 32, *arguments)


def test_a_call_that_still_rings_cannot_be_redirected(side: Side) -> None:
    """Error 21220: "Call is not in-progress. Cannot redirect." """
    with pytest.raises(CallGone):
        side.carrier.redirect(side.carrier.place(PLACEMENT), "https://x.example/next")


def test_an_unknown_call_is_gone(side: Side) -> None:
    with pytest.raises(CallGone):
        side.carrier.fetch("CA" + "f" * 32)


def test_the_list_is_whole_newest_first_and_knows_number_and_day(side: Side) -> None:
    sids = [side.carrier.place(replace(PLACEMENT, to=f"+861380013800{n}")) for n in range(5)]
    assert [call.sid for call in side.carrier.list_calls()] == sids[::-1]
    assert [call.sid for call in side.carrier.list_calls(day=NOW.date())] == sids[::-1]
    assert [call.sid for call in side.carrier.list_calls(to="+8613800138003")] == [sids[3]]
    yesterday = side.carrier.list_calls(day=NOW.date() - timedelta(days=1))
    assert {call.started_at for call in yesterday} <= {None}


# reliability.md F: emergency recordings are "found again by listing the carrier's calls and recordings".
def test_what_began_since_then_is_listed_newest_first(side: Side) -> None:
    sids = [side.arrives(f"+861380013800{n}", LINE) for n in range(5)]
    tapes = [side.tapes(sid, 7) for sid in sids]
    since = side.later(3600)
    assert (side.carrier.calls_since(since), side.carrier.recordings_since(since)) == ([], [])
    new = [side.arrives(f"+861380013801{n}", LINE) for n in range(3)]
    newer = [side.tapes(sid, 12) for sid in new]
    assert [call.sid for call in side.carrier.calls_since(since)] == new[::-1]
    assert [taped.sid for taped in side.carrier.recordings_since(since)] == newer[::-1]
    early = NOW - timedelta(days=1)
    assert [call.sid for call in side.carrier.calls_since(early)] == [*sids, *new][::-1]
    assert [taped.sid for taped in side.carrier.recordings_since(early)] == [*tapes, *newer][::-1]


def test_a_listed_recording_tells_whose_it_is(side: Side) -> None:
    sid = side.arrives(AGENT, LINE)
    tape = side.tapes(sid, 12)
    (taped,) = side.carrier.recordings_since(NOW - timedelta(hours=1))
    assert (taped.sid, taped.call_sid, taped.seconds) == (tape, sid, 12)
    assert (taped.source, taped.status) == ("RecordVerb", "completed")
    assert taped.created_at >= NOW


def test_a_recording_is_bytes(side: Side) -> None:
    audio = side.records("RE" + "0" * 32)
    assert side.carrier.recording("RE" + "0" * 32) == audio


@pytest.mark.parametrize("sid", [GONE_RECORDING, "../Calls"])
def test_a_recording_that_is_not_there_is_gone(side: Side, sid: str) -> None:
    with pytest.raises(CallGone):
        side.carrier.recording(sid)


READING = ["fetch", "list_calls", "calls_since", "recordings_since"]


@pytest.mark.parametrize("verb", ["redirect", "cancel", "hang_up", *READING])
def test_a_carrier_that_does_not_answer_is_down(side: Side, verb: str) -> None:
    sid = side.arrives(AGENT, LINE)
    given = {"redirect": (sid, "https://x.example/next"), "list_calls": ()}
    arguments = given.get(verb, (NOW,) if verb.endswith("_since") else (sid,))
    side.goes_down(verb)
    with pytest.raises(CarrierDown):
        getattr(side.carrier, verb)(*arguments)
