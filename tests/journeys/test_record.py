"""What a supervisor can read afterwards: the story of a call, and the call itself played again."""

from typing import Any

import pytest
import sqlalchemy as sa

from callcenter.calls.models import Call, CallEvent, CallWords, Recording
from callcenter.simulator import answers
from callcenter.switchboard.replay import DIFFERENT, EQUAL, ERASED, replay
from tests.journeys.conftest import Hotline
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
# the same flow gives the same TwiML." Every journey's calls are played again when it ends (conftest).
def test_a_call_can_be_played_again(hotline: Hotline) -> None:
    sid = an_answered_call(hotline)
    with hotline.work.db.reading() as session:
        played = replay(session, session.scalars(sa.select(Call).where(Call.sid == sid)).one())
    assert {each.verdict for each in played} == {EQUAL}
    assert len(played) >= 7
    assert {each.role for each in played} == {"caller", "agent"}


# The check above is itself checked: changed words, an answer that is missing, words erased, an older flow.
def test_a_call_that_was_said_otherwise_is_found(hotline: Hotline) -> None:
    sid = an_answered_call(hotline)

    def played(change: sa.Update) -> tuple[str, str]:
        """Play the call again after a change that is taken back; return the last or first odd turn."""
        with pytest.raises(TakenBack), hotline.work.db.transaction() as session:
            session.execute(change)
            call = session.scalars(sa.select(Call).where(Call.sid == sid)).one()
            odd = [(each.verdict, each.why) for each in replay(session, call) if each.verdict != EQUAL]
            raise TakenBack
        return odd[0]

    second = sa.select(CallEvent.id).where(CallEvent.leg_sid == sid, CallEvent.key == "2")
    words = sa.update(CallWords).where(CallWords.event_id.in_(second))
    assert played(words.values(document="<Response/>")) == (DIFFERENT, "")
    unasked = (DIFFERENT, "NotPlayable: asks FindAgent, which was not asked")
    assert played(words.values(answers=[])) == unasked
    assert played(words.values(heard=None, answers=None, document=None)) == (ERASED, "")
    first = sa.update(CallEvent).where(CallEvent.leg_sid == sid, CallEvent.key == "arrived")
    older = {"number": 1, "step": "greeting", "flow": "caller", "version": 0, "at": ["", ""]}
    assert played(first.values(detail=older))[1].startswith("KeyError: 'caller 0 is not led")


class TakenBack(Exception):
    """Ends a transaction without keeping anything."""


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
