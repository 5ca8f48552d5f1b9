"""What is stored with events comes back as it was."""

import json
from dataclasses import fields
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.asks import Answer, Ask, Queued, TicketOpened
from ivr.flow import advance
from ivr.hearing import (
    Answered,
    Arrived,
    Heard,
    HungUp,
    Pressed,
    QueueLeft,
    Silence,
    Spoke,
    Summoned,
    TalkEnded,
)
from ivr.record import KNOWN, from_json, to_json
from ivr.turns import Say, Step
from ivr.twiml import render
from tests.ivr.legs import BRANCH, HEAD_OFFICE, URLS, arrived

# A confidence lies between 0 and 1; the door lets no NaN in, which equals nothing, not even itself.
st.register_type_strategy(Spoke, st.builds(Spoke, st.text(), st.none() | st.floats(0, 1)))
PLAIN = [kind for kind in (*get_args(Heard), *get_args(Ask), *get_args(Answer)) if kind is not Answered]
plain = st.one_of([st.from_type(kind) for kind in PLAIN])
answered = st.builds(Answered, st.one_of([st.from_type(kind) for kind in get_args(Answer)]))


@given(plain | answered)
def test_round_trip_through_text(value: Any) -> None:
    assert from_json(json.loads(json.dumps(to_json(value)))) == value


@pytest.mark.parametrize("kind", [*get_args(Heard), *get_args(Ask), *get_args(Answer)])
def test_every_class_is_known(kind: type) -> None:
    assert KNOWN[kind.__name__] is kind


def test_no_two_classes_share_a_name() -> None:
    assert len(KNOWN) == len({*get_args(Heard), *get_args(Ask), *get_args(Answer)}) + 3


def test_no_field_hides_the_type() -> None:
    assert not [kind for kind in KNOWN.values() for field in fields(kind) if field.name == "type"]


def test_a_line_comes_back_whole_even_with_an_odd_name() -> None:
    line = Arrived(BRANCH.__class__(**{**vars(BRANCH), "organisation": {"type": "Pressed"}}), None, None)
    assert from_json(json.loads(json.dumps(to_json(line)))) == line


def test_older_events_stay_readable() -> None:
    """A field that was added later takes its default."""
    assert from_json({"type": "Spoke", "words": "喂"}).confidence is None
    assert from_json({"type": "Pressed", "digits": "1", "gone": True}) == Pressed("1")


def test_other_things_are_refused() -> None:
    with pytest.raises(TypeError):
        to_json(Say("greeting.branch", "zh-CN"))
    with pytest.raises(TypeError):
        to_json(Answered(object()))
    with pytest.raises(KeyError):
        from_json({"type": "Say"})


def test_a_call_is_replayed_from_its_events() -> None:
    """The same events and answers on the same flow version give the same documents."""
    events = [
        arrived(HEAD_OFFICE),
        Pressed("1"),
        Answered(Queued(2, 3, 5, True)),
        Answered(TicketOpened("261121001")),
        Silence(),
        Answered(Queued(2, 3, 5, True)),
        QueueLeft("redirected"),
        Summoned(1, "room-1"),
        TalkEnded("answered"),
        HungUp(),
    ]
    stored = [json.dumps(to_json(event)) for event in events]
    assert documents(events) == documents([from_json(json.loads(text)) for text in stored])


def documents(events: list[Heard]) -> list[str]:
    """The TwiML of each turn; between turns the step goes through JSON, as in the database."""
    step, written = None, []
    for event in events:
        turn = advance(step, event)
        step = Step.from_json(json.loads(json.dumps(turn.step.to_json())))
        written.append(render(turn, URLS))
    return written
