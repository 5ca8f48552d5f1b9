"""Random callers on random lines: whatever they press, every document is one that the carrier takes."""

import json
import xml.etree.ElementTree as ET
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.flow import advance
from ivr.hearing import (
    Answered,
    Arrived,
    Heard,
    Hours,
    HungUp,
    LineFacts,
    MenuItem,
    PickedUp,
    Pressed,
    Silence,
)
from ivr.turns import Enqueue, Say, Step, Turn
from ivr.twiml import render
from tests.ivr.legs import SATURDAY_NOON, URLS, flat
from tests.ivr.test_graph import sorries
from tests.ivr.walk import ANSWERS, HEARINGS

CHOICES = ("technical", "presales", "complaint", "ticket_state", "callback", "agent", "repeat", "unheard-of")
names = st.dictionaries(st.sampled_from(("zh-CN", "en-US", "fr-FR")), st.text(max_size=200), max_size=3)
menus = st.lists(st.builds(MenuItem, st.sampled_from("123456789"), st.sampled_from(CHOICES)), max_size=6)
lines = st.builds(
    LineFacts,
    st.text(max_size=10),
    st.booleans(),
    names,
    names,
    names,
    st.lists(st.sampled_from(("zh-CN", "en-US", "fr-FR")), unique=True).map(tuple),
    menus.map(tuple),
    st.booleans(),
)
hours = st.none() | st.builds(
    Hours, st.booleans(), st.just(SATURDAY_NOON), st.none() | st.just(SATURDAY_NOON)
)
callers = st.builds(
    Arrived, st.none() | lines, hours, st.none() | st.text(max_size=20), st.none() | st.text()
)
picked_up = st.builds(
    PickedUp,
    lines,
    st.sampled_from(("zh-CN", "en-US", "fr-FR")),
    st.sampled_from(CHOICES),
    st.sampled_from(("offer", "callback")),
    st.integers(0, 100_000),
    st.none() | st.text(),
    st.booleans(),
)
hearings = st.sampled_from(HEARINGS) | st.text("0123456789*", max_size=40).map(Pressed)
TERMINAL = ("Hangup", "Enqueue", "Dial", "Leave", "Redirect")


def through_store(step: Step) -> Step:
    """What the database gives back."""
    return Step.from_json(json.loads(json.dumps(step.to_json())))


def settle(turn: Turn, data: st.DataObject) -> Turn:
    """Answer what is asked, with any answer that fits, until there is a document."""
    for _ in range(20):
        if turn.ask is None:
            return turn
        answer = data.draw(st.sampled_from(ANSWERS[type(turn.ask)]))
        turn = advance(through_store(turn.step), Answered(answer))
    raise AssertionError(f"asks for ever: {turn.ask}")


@settings(max_examples=300, deadline=None)
@given(callers | picked_up, st.lists(hearings, max_size=25), st.data())
def test_every_document_is_one_that_the_carrier_takes(first: Heard, heard: list[Heard], data: Any) -> None:
    turn = settle(advance(None, first), data)
    sorry = sorries(turn)
    check(turn)
    last = turn.does
    for one in heard:
        turn = settle(advance(through_store(turn.step), one), data)
        check(turn)
        # A redirect cuts a sentence off: the same one is then said from its beginning.
        sorry += 0 if turn.does == last else sorries(turn)
        last = turn.does if sorries(turn) else last
    assert sorry <= len(turn.step.memory.get("languages", [1]))


def check(turn: Turn) -> None:
    """A document parses, says something sensible, and leads on."""
    root = ET.fromstring(render(turn, URLS).encode())
    assert root.tag == "Response"
    if turn.does:
        assert root[-1].tag in TERMINAL
    for element in root.iter("Say"):
        assert element.text
        assert element.text.isprintable()


@settings(max_examples=200, deadline=None)
@given(callers, st.lists(hearings, max_size=15), st.data())
def test_a_caller_who_falls_silent_is_led_to_an_end(first: Heard, heard: list[Heard], data: Any) -> None:
    """Every call that stays ends with a person, a promise, a message or a goodbye."""
    turn = settle(advance(None, first), data)
    for one in heard:
        turn = settle(advance(turn.step, one), data)
    for _ in range(12):
        if turn.step.name in ("ended", "waiting", "talking", "connecting"):
            return
        turn = settle(advance(turn.step, Silence()), data)
    raise AssertionError(f"still at {turn.step.name}")


@settings(max_examples=100, deadline=None)
@given(callers, st.lists(hearings, max_size=15), st.data())
def test_a_caller_who_has_gone_is_not_put_into_line(first: Heard, heard: list[Heard], data: Any) -> None:
    turn = settle(advance(None, first), data)
    turn = settle(advance(turn.step, HungUp()), data)
    for one in heard:
        turn = settle(advance(turn.step, one), data)
        assert turn.step.name == "ended"
        assert not any(isinstance(verb, Enqueue) for verb in flat(turn))
        assert all(isinstance(verb, Say) for verb in turn.does[:-1])
