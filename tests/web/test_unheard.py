"""COMMIT hangs and succeeds after all: what the caller was never told is taken back (decision 6)."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call, CallEvent
from callcenter.db import Database
from callcenter.jobs import Work
from callcenter.routing.models import AgentState, Offer, Wait
from callcenter.settings import Settings
from callcenter.tickets.models import Ticket
from callcenter.web import threads
from callcenter.web.app import create_app
from callcenter.web.recovery import Recovery
from callcenter.web.twilio import Claim
from tests import xinghe
from tests.doubles import RememberingBell, SettableTime
from tests.waiting import until
from tests.web.test_emergency import NOWHERE, leaves_message, recover, rows, spooled
from tests.web.twilio import PUBLIC_URL, Poster

AGENT = "zhang-wei"


@contextmanager
def commit_hangs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the next COMMIT outlive the deadline, wait until the block is over, and then succeed."""
    release, awaited, real_take = threading.Event(), [], Claim.take

    class Remembered(threads.Asked[object]):
        def wait(self, seconds: float) -> asyncio.TimerHandle:
            awaited.append((asyncio.get_running_loop(), self))
            return super().wait(20)

    def take_and_hang(claim: Claim) -> bool:
        first = real_take(claim)
        if first:
            loop, asked = awaited[-1]
            loop.call_soon_threadsafe(asked.expire)
            assert release.wait(20)
        return first

    with monkeypatch.context() as patch:
        patch.setattr(threads, "Asked", Remembered)
        patch.setattr(Claim, "take", take_and_hang)
        yield
    release.set()


@pytest.fixture
def at_work(work: Work, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Poster]:
    """The carrier's side, with an agent who could be asked; what is kept comes home when the test says so."""
    monkeypatch.setattr(Recovery, "start", lambda _: None)
    monkeypatch.setattr(Recovery, "stop", lambda _: None)
    xinghe.open_centre(work)
    xinghe.log_in(work, AGENT)
    with TestClient(create_app(work, settings), base_url=PUBLIC_URL) as web:
        yield Poster(web)


# architecture.md, decision 6: "If COMMIT itself hangs, the caller hears the apology, and […] whatever was
# committed after all" is withdrawn.
def test_a_caller_who_heard_the_apology_stands_in_no_line(
    at_work: Poster, work: Work, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work.post("/twilio/voice")
    with commit_hangs(monkeypatch):
        answer = at_work.post("/twilio/voice/keys/1", Digits="1").text
        assert "<Record" in answer
    until(lambda: rows(work, Wait), 20)
    assert spooled(settings) == ["apology"]
    recover(work, settings)
    (wait,) = rows(work, Wait)
    assert (wait.state, wait.exit) == ("left", "apology")
    assert len(rows(work, Ticket)) == 1, "what he wanted is answered"
    recover(work, settings)
    assert leaves_message(at_work, answer) == 204
    at_work.post("/twilio/status", CallStatus="completed")
    (call,) = rows(work, Call)
    assert (call.outcome, call.fault) == ("voicemail", "apology commit")
    assert len(rows(work, Ticket)) == 1


def test_the_phone_that_rings_for_him_is_stopped(
    at_work: Poster,
    work: Work,
    settings: Settings,
    bell: RememberingBell,
    time: SettableTime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from callcenter.switchboard.jobs import match

    at_work.post("/twilio/voice")
    with commit_hangs(monkeypatch):
        at_work.post("/twilio/voice/keys/1", Digits="1")
    until(lambda: rows(work, Wait), 20)
    time.moves(seconds=5)
    match(work, "all")
    assert [offer.state for offer in rows(work, Offer)] == ["ringing"]
    time.moves(seconds=2)
    recover(work, settings)
    (offer,), (wait,) = rows(work, Offer), rows(work, Wait)
    assert (offer.state, offer.ended_at, wait.ended_at) == ("withdrawn", time(), time()), "not before it rang"
    states = {row.agent_id: row.state for row in rows(work, AgentState)}
    assert states[xinghe.agent_id(work, AGENT)] == "available"


def test_a_callback_that_nobody_told_him_of_is_cancelled(
    at_work: Poster, work: Work, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work.post("/twilio/voice")
    at_work.post("/twilio/voice/keys/1", Digits="5")
    at_work.post("/twilio/voice/keys/2", Digits="1")
    with commit_hangs(monkeypatch):
        assert "<Record" in at_work.post("/twilio/voice/keys/3", Digits="1").text
    until(lambda: rows(work, Callback), 20)
    recover(work, settings)
    assert [callback.state for callback in rows(work, Callback)] == ["cancelled"]
    assert [call.promised for call in rows(work, Call)] == [False]


# Twilio, "Fallback URLs": what we answered was late or unusable, so the caller heard the fallback instead,
# and is out of the carrier's queue. ErrorUrl is the address that failed.
@pytest.mark.parametrize("spools", [False, True])
def test_who_was_led_to_the_fallback_stands_in_no_line(
    at_work: Poster, work: Work, settings: Settings, spools: bool
) -> None:
    at_work.post("/twilio/voice")
    at_work.post("/twilio/voice/keys/1", Digits="1")
    carrier = at_work
    if spools:
        away = replace(work, db=Database(NOWHERE))
        carrier = Poster(TestClient(create_app(away, settings), base_url=PUBLIC_URL))
    failed = carrier.post("/twilio/fallback", ErrorCode="11200", ErrorUrl=f"{PUBLIC_URL}/twilio/voice/keys/1")
    assert "<Record" in failed.text
    recover(work, settings)
    (wait,), (call,) = rows(work, Wait), rows(work, Call)
    assert (wait.state, wait.exit, call.fault) == ("left", "apology", "fallback 11200")
    assert len(rows(work, Ticket)) == 1, "what he wanted is answered"


@pytest.mark.parametrize(
    ("address", "state"),
    [
        (f"{PUBLIC_URL}/twilio/voice/keys/3", "cancelled"),
        (f"{PUBLIC_URL}/twilio/voice/next/4?tries=1", "booked"),
        ("https://elsewhere.example/twilio/voices", "booked"),
        ("", "booked"),
    ],
)
def test_only_the_callback_of_the_turn_that_failed_is_cancelled(
    at_work: Poster, work: Work, address: str, state: str
) -> None:
    at_work.post("/twilio/voice")
    at_work.post("/twilio/voice/keys/1", Digits="5")
    at_work.post("/twilio/voice/keys/2", Digits="1")
    at_work.post("/twilio/voice/keys/3", Digits="1")
    at_work.post("/twilio/fallback", ErrorCode="11200", ErrorUrl=address)
    assert [callback.state for callback in rows(work, Callback)] == [state]


# The same request may come twice, and be answered the second time: what was heard stays.
def test_what_was_heard_after_all_is_not_taken_back(
    at_work: Poster, work: Work, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> str:
        raise RuntimeError("a bug")

    at_work.post("/twilio/voice")
    with monkeypatch.context() as patch:
        patch.setattr("callcenter.web.voice.inbound.go_on", fails)
        assert "<Record" in at_work.post("/twilio/voice/keys/1", Digits="1").text
    assert "<Enqueue" in at_work.post("/twilio/voice/keys/1", Digits="1").text
    recover(work, settings)
    assert [wait.state for wait in rows(work, Wait)] == ["waiting"]
    assert [event.kind for event in rows(work, CallEvent)].count("apology") == 1
