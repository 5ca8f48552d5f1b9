"""What a supervisor can read afterwards: the story of a call, and the call itself played again."""

from typing import Any

import sqlalchemy as sa

from callcenter.calls.models import Call, CallEvent, CallWords, Leg, Recording
from callcenter.dialing.models import Attempt
from callcenter.dialing.rules import signature
from callcenter.simulator import answers
from callcenter.switchboard.driver import IN_QUEUE, Addresses
from ivr.flow import advance
from ivr.hearing import Answered
from ivr.record import from_json
from ivr.turns import Step
from ivr.twiml import render
from tests.journeys.conftest import PUBLIC_URL, SECRET, Hotline
from tests.xinghe import HOTLINE


def an_answered_call(hotline: Hotline) -> str:
    """A caller mistypes, asks a technical question, talks for 25 s; return the call's SID."""
    wei = hotline.agent("zhang-wei")
    wei.will(answers(rings=2, presses="1"))
    caller = hotline.phone().dials(HOTLINE)
    caller.hears("您好")
    caller.press("9")
    caller.hears("这个键没有对应的服务")
    caller.press("1")
    caller.talks_with(wei)
    caller.waits(25)
    caller.hangs_up()
    hotline.settle(40)
    return caller.sid


# Decision 11: "A conversation can be replayed from its events and answers on the flow version that it ran;
# the same flow gives the same TwiML."
def test_a_call_can_be_played_again(hotline: Hotline) -> None:
    an_answered_call(hotline)
    played = 0
    for leg in hotline.rows(Leg):
        step = None
        for event, words in _turns(hotline, leg.sid):
            turn = advance(step, from_json(words.heard))
            for answer in words.answers or []:
                turn = advance(turn.step, Answered(from_json(answer) if answer else None))
            number = event.detail["number"]
            addresses = _addresses(hotline, leg).after(number, waiting=turn.step.name in IN_QUEUE)
            assert render(turn, addresses) == words.document
            step = Step.from_json(turn.step.to_json())
            played += 1
    assert played >= 7


def _turns(hotline: Hotline, sid: str) -> list[tuple[CallEvent, CallWords]]:
    """Return a leg's turns in order."""
    statement = (
        sa.select(CallEvent, CallWords)
        .join(CallWords, CallWords.event_id == CallEvent.id)
        .where(CallEvent.leg_sid == sid)
        .order_by(CallEvent.recorded_at, CallEvent.id)
    )
    with hotline.work.db.reading() as session:
        return [(event, words) for event, words in session.execute(statement)]


def _addresses(hotline: Hotline, leg: Leg) -> Addresses:
    if leg.role == "caller":
        return Addresses(PUBLIC_URL, "/twilio/voice", records=True)
    (attempt,) = hotline.rows(Attempt, Attempt.id == leg.attempt_id)
    return Addresses(PUBLIC_URL, f"/twilio/leg/{attempt.id}/{signature(SECRET, attempt.id)}", records=True)


# words.md: "Then the recording notice where the line records": what is announced is done, and nothing else.
def test_the_talk_is_recorded_and_belongs_to_its_call(hotline: Hotline) -> None:
    sid = an_answered_call(hotline)
    hotline.settle(30)
    (recording,) = hotline.rows(Recording)
    (call,) = hotline.rows(Call)
    assert (recording.kind, recording.call_id, call.sid) == ("talk", call.id, sid)
    assert recording.seconds is not None and 24 <= recording.seconds <= 27
    assert hotline.call(sid)["recordings"][0]["seconds"] == recording.seconds


# interface.md: "A call in the list carries at least …".
def test_the_list_tells_the_call(hotline: Hotline) -> None:
    sid = an_answered_call(hotline)
    (call,) = hotline.get("/calls", line="hotline")["items"]
    assert call["sid"] == sid
    assert (call["outcome"], call["rings"], call["within_three_rings"], call["offers"]) == (
        "answered",
        2,
        True,
        1,
    )
    assert call["first_offer_within_three_rings"] is True
    assert (call["ticket"], call["language"], call["line"]) == ("261123001", "zh-CN", "hotline")
    assert call["ring_seconds"] == 6 and call["wait_seconds"] >= 6
    assert call["from"] == "+8613800138000"


def test_the_story_tells_what_was_heard_pressed_and_rung(hotline: Hotline) -> None:
    sid = an_answered_call(hotline)
    story: dict[str, Any] = hotline.call(sid)
    assert [leg["role"] for leg in story["legs"]] == ["caller", "agent"]
    told = str(story["timeline"])
    for words in ("您好，星河软件客服部。", "'9'", "'1'", "服务单号", "room-"):
        assert words in told, words
    assert [promise["rule"] for promise in story["promises"]] == ["HL-9"]


# HL-1 and HL-2 in the API, with the identity check of numbers.md.
def test_the_standards_add_up(hotline: Hotline) -> None:
    an_answered_call(hotline)
    gone = hotline.phone("+8613800138005").dials(HOTLINE)
    gone.hears("您好")
    gone.hangs_up()
    hotline.settle()
    figures = hotline.get("/standards", **{"from": "2026-11-23", "to": "2026-11-23"})
    by_id = {figure["id"]: figure for figure in figures["figures"]}
    told = {name: (figure["numerator"], figure["denominator"]) for name, figure in by_id.items()}
    assert (1, 1) in told.values()
    assert figures["identity"]["agrees"] is True
    assert figures["identity"]["received"] == 2
