"""A machine walks the whole of every flow: nothing raises, nobody is stuck, every prompt can be heard."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest

from ivr import record
from ivr.asks import FindAgent
from ivr.flow import advance, apology, caller, message_taken, table
from ivr.flow.agent import AGENT
from ivr.flow.customer import CUSTOMER
from ivr.flow.table import CALLER
from ivr.hearing import Arrived, Heard, HungUp, MenuItem, Pressed, QueueLeft, Silence, TalkEnded
from ivr.turns import Connect, Enqueue, Gather, HangUp, Leave, Music, Onward, Pause, Record, Say, Step, Turn
from ivr.twiml import render
from ivr.words import LANGUAGES, script, speak
from tests.ivr.legs import (
    BRANCH,
    CLOSED,
    HEAD_OFFICE,
    OPEN,
    SATURDAY_NOON,
    URLS,
    arrived,
    flat,
    picked_up,
)
from tests.ivr.walk import ANSWERS, ANSWERS_1, Graph, cycle, explore

EVERY_CHOICE = replace(
    HEAD_OFFICE,
    languages=("zh-CN",),
    menu=(
        MenuItem("1", "technical"),
        MenuItem("3", "complaint"),
        MenuItem("4", "ticket_state"),
        MenuItem("5", "callback"),
        MenuItem("6", "presales"),
        MenuItem("0", "agent"),
        MenuItem("*", "repeat"),
    ),
)
KNOWN = {"name": "Ms Zhang", "ticket": "261120003", "ticket_kind": "technical"}
NEXT = {"next_try": SATURDAY_NOON.replace(hour=15), "told_at": SATURDAY_NOON}
OWED = {"asked": True, "their_now": SATURDAY_NOON}
BEGINNINGS: dict[str, Heard] = {
    "caller": arrived(EVERY_CHOICE),
    "caller without a number": arrived(replace(BRANCH, recording_notice=True), number=None),
    "closed": arrived(hours=CLOSED),
    "closed branch, opening unknown": arrived(BRANCH, hours=replace(CLOSED, next_opening=None), number=None),
    "known, with an open ticket and a promise": arrived(
        replace(BRANCH, languages=("en-US", "zh-CN")), **KNOWN, promised=SATURDAY_NOON.replace(hour=15)
    ),
    "known, overdue, on a line that takes words": arrived(
        replace(BRANCH, speech=True), **KNOWN, promised=SATURDAY_NOON.replace(hour=9)
    ),
    "closed, on a line that takes words": arrived(
        replace(BRANCH, speech=True), hours=CLOSED, promised=SATURDAY_NOON.replace(hour=15)
    ),
    "known in Chinese, on a line that takes words": arrived(
        replace(BRANCH, languages=("zh-CN",), speech=True), number=None, name="张女士", ticket="261120003"
    ),
    "owed a call": arrived(
        replace(HEAD_OFFICE, languages=("zh-CN",)), **OWED, promised=SATURDAY_NOON.replace(hour=15)
    ),
    "known and owed a call at a time, on a line that takes words": arrived(
        replace(BRANCH, speech=True, menu=(*BRANCH.menu, MenuItem("9", "agent"))),
        **KNOWN,
        **OWED,
        promised=SATURDAY_NOON.replace(hour=15),
        chosen=True,
    ),
    "closed, owed a call": arrived(hours=CLOSED, **OWED, promised=SATURDAY_NOON.replace(hour=9)),
    "number of no line": Arrived(None, None, None),
    "memory lost": Silence(),
    "agent": picked_up(name="张女士", waited_seconds=125, promised=True),
    "agent of a branch": picked_up(line=BRANCH, language="en-US", matter="callback"),
    "agent in the browser": picked_up(keypad_accepts=False),
    "agent, complaint": picked_up(matter="complaint"),
    "agent, sales": picked_up(matter="presales"),
    "agent, other": picked_up(matter="general"),
    "customer": picked_up("callback"),
    "customer's machine": picked_up("callback", machine=True, message=True, **NEXT),
    "customer's machine, without a message": picked_up("callback", machine=True),
    "customer's machine, the last try": picked_up("callback", line=BRANCH, machine=True, message=True),
    "customer who presses no key": picked_up("callback", message=True, **NEXT),
    "customer of a branch": picked_up("callback", line=BRANCH, language="en-US"),
}

NEW_IN = dict.fromkeys(
    (
        "owed a call",
        "known and owed a call at a time, on a line that takes words",
        "closed, owed a call",
        "customer's machine",
        "customer's machine, without a message",
        "customer's machine, the last try",
        "customer who presses no key",
    ),
    2,
)
"""The version of its flow with which a beginning came, where that was not the first."""


@contextmanager
def shorter_roads() -> Iterator[None]:
    """One lap and one return are the same roads as four and three, only shorter.

    The facts of a line never change on the way: each is read from its JSON once, not at every step.
    """
    with (
        patch.object(table, "LAPS", 1),
        patch.object(caller, "MOST_RETURNS", 1),
        patch.object(record, "from_json", _once(record.from_json)),
    ):
        yield


def _once(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the reader, which remembers what it has read of each object; the object is kept beside it."""
    known: dict[int, tuple[Any, Any]] = {}

    def reading(value: Any) -> Any:
        if id(value) not in known:
            known[id(value)] = (value, read(value))
        return known[id(value)][1]

    return reading


@pytest.fixture(autouse=True)
def _on_shorter_roads() -> Iterator[None]:
    """Whoever goes on from a step of a walk goes by the walk's own rules."""
    with shorter_roads():
        yield


@cache
def graph(beginning: str, version: int = 2) -> Graph:
    """Each walk is made once for all tests; that of version 1 hears only what was answered then."""
    with shorter_roads():
        return explore(BEGINNINGS[beginning], ANSWERS if version > 1 else ANSWERS_1)


walks = pytest.mark.parametrize("beginning", BEGINNINGS)


@walks
def test_only_music_a_queue_or_a_room_can_go_on_for_ever(beginning: str) -> None:
    """Wrong keys, silence and repeats are bounded: without sound to wait by, every way ends."""
    ways = {
        here: there
        for here, there in graph(beginning).ways.items()
        if graph(beginning).steps[here].name != "ended"
    }
    ending = {here: {to for to in there if to in ways} for here, there in ways.items()}
    assert cycle(ending) == []


def test_the_search_for_circles_finds_one() -> None:
    """The checker above is itself checked."""
    assert cycle({"a": {"b"}, "b": {"c", "d"}, "c": set(), "d": {"b"}}) == ["b", "d", "b"]
    assert cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


@walks
def test_silence_leads_on_from_every_step(beginning: str) -> None:
    """Nobody is stuck: at every step but the end, silence gives a document or a question."""
    for step in graph(beginning).steps.values():
        turn = advance(step, Silence())
        assert turn.ask is not None or turn.does


@walks
def test_a_document_is_empty_only_when_nobody_hears_it(beginning: str) -> None:
    """An empty Response ends a living call, so only bookkeeping and a hang-up may get one."""
    for _, heard, turn in graph(beginning).documents.values():
        assert turn.does or isinstance(heard, (QueueLeft, HungUp))


@walks
def test_a_call_is_hung_up_only_at_its_end_and_after_a_sentence(beginning: str) -> None:
    """Every call that stays ends with a person, a promise, an answer, a message or a goodbye."""
    for step, _, turn in graph(beginning).documents.values():
        hangs_up = any(isinstance(verb, HangUp) for verb in turn.does)
        assert hangs_up == (turn.step.name == "ended" and bool(turn.does))
        if hangs_up and turn.step.flow == "caller" and step is not None and step.name != "ended":
            assert isinstance(turn.does[0], Say)


@walks
def test_a_hang_up_ends_every_step(beginning: str) -> None:
    for step in graph(beginning).steps.values():
        assert advance(step, HungUp()).step.name == "ended"


@walks
def test_memory_is_json(beginning: str) -> None:
    """Steps are stored between webhooks: what comes back must be what went in."""
    for step in graph(beginning).steps.values():
        stored = json.loads(json.dumps(step.to_json()))
        assert Step.from_json(stored) == step


@walks
def test_the_same_hearing_gives_the_same_document(beginning: str) -> None:
    """A call can be replayed from what is stored: the same step and hearing, the same TwiML."""
    for step, heard, turn in graph(beginning).documents.values():
        stored = Step.from_json(json.loads(json.dumps(step.to_json()))) if step else None
        assert render(advance(stored, heard), URLS) == render(turn, URLS)


@walks
def test_an_apology_is_made_once(beginning: str) -> None:
    """words.md: one apology at most in a call."""
    for step, _, turn in graph(beginning).documents.values():
        sorry = sorries(turn)
        assert sorry <= len(turn.step.memory.get("languages", [1]))
        if turn.step.flow == "caller" and sorry:
            assert turn.step.memory["apologised"]
            assert step is None or not step.memory.get("apologised")


def sorries(turn: Turn) -> int:
    """How often a document says that we are sorry."""
    says = [speak(verb) for verb in flat(turn) if isinstance(verb, Say)]
    return sum(words.count("抱歉") + words.lower().count("sorry") for words in says)


@walks
def test_the_ticket_number_is_told_once(beginning: str) -> None:
    """words.md: confirm what will be kept, once."""
    for step, _, turn in graph(beginning).documents.values():
        if step is not None and step.memory.get("ticket_told"):
            assert not any(getattr(verb, "prompt", "") == "ticket.opened" for verb in flat(turn))


@walks
def test_in_the_queue_only_verbs_that_the_carrier_allows_there(beginning: str) -> None:
    """Twilio, Enqueue: waitUrl allows Play, Say, Pause, Hangup, Redirect, Leave, Gather."""
    allowed = (Say, Music, Pause, Gather, Leave, Onward)
    for step, heard, turn in graph(beginning).documents.values():
        if (
            turn.step.name in ("waiting", "leaving")
            and step is not None
            and step.name not in ("finding_agent", "opening_ticket")
        ):
            assert all(isinstance(verb, allowed) for verb in flat(turn)), (step, heard)


@walks
def test_a_document_goes_on_by_itself_at_its_last_verb_only(beginning: str) -> None:
    """Twilio: what follows a verb with an action is unreachable."""
    final = (Enqueue, Connect, Leave, HangUp, Record, Onward)
    for _, _, turn in graph(beginning).documents.values():
        assert not any(isinstance(verb, final) for verb in turn.does[:-1])


@walks
def test_no_sentence_is_over_the_carriers_limits(beginning: str) -> None:
    """Twilio: Polly 3000 characters, URL-encoded text at most 4500 bytes (13521)."""
    for _, _, turn in graph(beginning).documents.values():
        for verb in flat(turn):
            if isinstance(verb, Say):
                words = speak(verb)
                assert words.strip()
                assert "{" not in words
                assert len(quote(words)) <= 1500


@walks
def test_no_silence_is_longer_than_three_seconds(beginning: str) -> None:
    """words.md; the pauses between the digits of a number and an agent's own are theirs."""
    for _, _, turn in graph(beginning).documents.values():
        for verb in turn.does:
            if isinstance(verb, Gather) and verb.digits == 1 and turn.step.flow != "agent":
                assert verb.timeout <= 3


def test_every_prompt_can_be_heard() -> None:
    """A prompt that no way leads to is a mistake of the script or of the flow."""
    heard = set().union(*(graph(beginning).prompts() for beginning in BEGINNINGS))
    steps = [*graph("caller").steps.values()]
    broken = [message_taken(LANGUAGES), *(turn for step in steps for turn in [apology(step)])]
    heard |= {verb.prompt for turn in broken for verb in flat(turn) if isinstance(verb, Say)}
    assert heard == set(script("zh-CN"))


@walks
def test_an_apology_can_be_given_at_every_step(beginning: str) -> None:
    """When something breaks on our side, every leg hears something; a caller can leave a message."""
    for step in graph(beginning).steps.values():
        turn = apology(step)
        assert turn.ask is None
        assert turn.does
        if step.flow == "caller" and step.name not in ("ended", "talking", "waiting", "leaving"):
            assert isinstance(turn.does[-1], Record)


def test_every_state_can_be_reached() -> None:
    """A state that no way leads to is dead code."""
    steps = (step for beginning in BEGINNINGS for step in graph(beginning).steps.values())
    met = {(step.flow, step.name) for step in steps}
    assert met == {(flow.name, state) for flow in (CALLER, AGENT, CUSTOMER) for state in flow.states}


def test_two_keys_at_most_lead_to_a_person() -> None:
    """words.md; here one is enough on every line, whether its menu says so or not."""
    for line in (HEAD_OFFICE, BRANCH):
        greeting = advance(None, arrived(line, hours=OPEN))
        assert advance(greeting.step, Pressed("0")).ask == FindAgent("agent")


def test_the_end_of_a_talk_is_no_dead_end() -> None:
    """Twilio, Dial: the action is requested with DialCallStatus; the caller must hear something then."""
    for step in graph("caller").steps.values():
        if step.name == "talking":
            assert isinstance(advance(step, TalkEnded("answered")).does[-1], HangUp)
            assert isinstance(advance(step, TalkEnded("failed")).does[-1], Gather)
