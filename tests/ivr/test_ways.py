"""The promises of the conversation, from every place in it: three failures, two keys, small documents."""

from collections.abc import Iterator
from typing import Any

import pytest

from ivr.asks import BookCallback, FindAgent, FindTicket, NumberRefused, ReadNumber, TicketUnknown
from ivr.flow import advance
from ivr.hearing import Answered, Heard, Pressed, QueueLeft, Silence, Spoke
from ivr.turns import Gather, Leave, Record, Step, Turn
from ivr.twiml import render
from tests.ivr.legs import URLS
from tests.ivr.test_graph import BEGINNINGS, graph, walks
from tests.ivr.walk import ANSWERS

FAILS = (Pressed("5" * 20), Silence(), Spoke("嗯嗯", 0.1))
BAD_NEWS: dict[type, Any] = {ReadNumber: NumberRefused("unreadable"), FindTicket: TicketUnknown()}
"""What the centre answers to a caller who fails: nothing that was keyed can be used."""
OPEN_LINES = tuple(name for name in BEGINNINGS if name.startswith(("caller", "known")))


def settled(turn: Turn) -> tuple[Turn, list[type]]:
    """Answer what is asked until there is a document; return it with what was asked."""
    asked = []
    while turn.ask is not None:
        asked.append(type(turn.ask))
        answer = BAD_NEWS.get(type(turn.ask), ANSWERS[type(turn.ask)][0])
        turn = advance(turn.step, Answered(answer))
    return turn, asked


def listening(beginning: str) -> Iterator[tuple[Step, Turn]]:
    """Yield a step of each kind at which a caller of this beginning is asked for keys, outside the queue."""
    seen = set()
    for _, _, turn in graph(beginning).documents.values():
        kind = (turn.step.name, turn.step.memory.get("failures", 0), turn.step.memory.get("tries", 0))
        gathers = any(isinstance(verb, Gather) for verb in turn.does)
        if turn.step.flow == "caller" and gathers and turn.step.name != "waiting" and kind not in seen:
            seen.add(kind)
            yield turn.step, turn


@walks
@pytest.mark.parametrize("fails", FAILS, ids=("wrong key", "silence", "unclear words"))
def test_the_third_failure_leads_to_a_person_or_a_promise(beginning: str, fails: Heard) -> None:
    """words.md: "after the third failure go to a person, or book a callback when nobody is there".

    Where no number is known nothing can be promised: a message is taken, whose ticket is promised an answer.
    Silence at the offer of an open ticket is no failure yet: the menu follows.
    """
    for step, _ in listening(beginning):
        allowed, name = 3 + (step.name == "known" and fails == Silence()), step.name
        turn, asked = Turn(step), []
        for _ in range(allowed):
            if turn.step.name in ("waiting", "ended") or FindAgent in asked or BookCallback in asked:
                break
            turn, now = settled(advance(turn.step, fails))
            asked += now
        led = FindAgent in asked or BookCallback in asked or isinstance(turn.does[-1], Record)
        led = led or turn.step.memory.get("ending") == "owed"
        assert led, (name, step.memory, turn.step.name)


@pytest.mark.parametrize("beginning", OPEN_LINES)
def test_two_keys_at_most_lead_to_a_person_from_anywhere(beginning: str) -> None:
    """words.md. Who has come back from a callback's number so often is led to a promise instead; while a
    message is recorded the recorder listens."""
    for step, _ in listening(beginning):
        if not step.memory.get("returns"):
            assert keys_to_a_person(step) <= 2, (step.name, step.memory)


@pytest.mark.parametrize("beginning", OPEN_LINES)
def test_who_has_left_the_line_comes_back_with_one_more_key(beginning: str) -> None:
    """Key 1 in the queue leads to a callback; 0 leads back into the line."""
    for step in graph(beginning).steps.values():
        if step.name == "waiting" and not step.memory.get("returns"):
            leaves = advance(step, Pressed("1"))
            assert isinstance(leaves.does[-1], Leave)
            out, _ = settled(advance(leaves.step, QueueLeft("leave")))
            if out.step.name in ("confirm_number", "key_number"):
                assert FindAgent in settled(advance(out.step, Pressed("0")))[1]
            return


def keys_to_a_person(step: Step) -> int:
    """How many keys lead from a step to the question for an agent; 9 where more than two are needed."""
    ahead = [step]
    for pressed in (1, 2):
        turns = [settled(advance(here, Pressed(key))) for here in ahead for key in "0123456789"]
        if any(FindAgent in asked for _, asked in turns):
            return pressed
        ahead = [turn.step for turn, _ in turns]
    return 9


@walks
def test_no_document_is_larger_than_the_carrier_takes(beginning: str) -> None:
    """Twilio: a document of more than 64 kB is refused (11750); ours stay far below."""
    for _, _, turn in graph(beginning).documents.values():
        assert len(render(turn, URLS).encode()) < 16 * 1024
