"""The table of a flow: its states by name, and the few words in which states are written.

A state is a small function: told the leg's memory and what was heard in that state, it gives the next turn.
The memory is JSON and holds every fact that later states need, since nothing else survives between turns.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from ivr import record
from ivr.asks import Ask
from ivr.hearing import Heard, Hours, LineFacts
from ivr.turns import Digits, Moment, Say, Step, Turn, Value, Verb
from ivr.words import LANGUAGES

Memory = Mapping[str, Any]
State = Callable[[Memory, Heard], Turn]
Says = tuple[Say, ...]

PATIENCE = 3
"""Seconds that a menu waits for a key: no silence is longer outside music."""
KEYING_PATIENCE = 5
"""Seconds between the keys of a number: this silence is the caller's own."""
FAILURES = 3
"""After so many wrong keys and silences in all the flow goes on without the caller's help."""
LAPS = 4
"""So often a caller may hear a choice again by key; more laps count as failures, so that every call ends."""

_OF_THE_CALL = {
    "line",
    "hours",
    "number",
    "name",
    "language",
    "languages",
    "known",
    "promised",
    "now",
    "changes",
    "appointed",
}
_OF_THE_STORY = {"choice", "ticket", "ticket_told", "served", "apologised", "connection", "room", "kept"}
_OF_THE_STORY |= {"returns"}
LASTING = frozenset(_OF_THE_CALL | _OF_THE_STORY)
"""Facts that outlive a stage of the call (menu, waiting, booking, …); all others are forgotten with it."""


class Flow:
    """One flow in one version: its states by name, each a function registered with `state`."""

    def __init__(self, name: str, version: int) -> None:
        self.name = name
        self.version = version
        self.states: dict[str, State] = {}

    def state(self, function: State) -> State:
        """Register a function as the state of its name."""
        self.states[function.__name__] = function
        return function

    def at(self, state: State, memory: Memory, *does: Verb) -> Turn:
        """Return the turn that does this and then stands in that state."""
        return Turn(self._step(state, memory), does)

    def ask(self, state: State, memory: Memory, question: Ask) -> Turn:
        """Return the turn that asks this and awaits the answer in that state."""
        return Turn(self._step(state, memory), ask=question)

    def _step(self, state: State, memory: Memory) -> Step:
        return Step(self.name, self.version, state.__name__, dict(memory))


def keep(m: Memory, **facts: Any) -> Memory:
    """Return the memory with these facts."""
    return {**m, **facts}


def failed(m: Memory) -> Memory:
    """Count one wrong key or silence."""
    return keep(m, failures=m.get("failures", 0) + 1)


def lap(m: Memory) -> Memory:
    """Count one wish to hear again; too many count as failures."""
    laps = m.get("laps", 0) + 1
    return keep(m, laps=laps) if laps <= LAPS else failed(m)


def worn_out(m: Memory) -> bool:
    """Say whether the flow must go on without the caller's help."""
    return cast(int, m.get("failures", 0)) >= FAILURES


def fresh(m: Memory, *also: str) -> Memory:
    """Return the memory for a new stage of the call: the lasting facts, and those named."""
    return {name: fact for name, fact in m.items() if name in LASTING or name in also}


def say(m: Memory, prompt: str, **values: Value) -> Says:
    """Return the prompt in the leg's language; in every language where the line did not tell us one."""
    return tuple(Say(prompt, language, values) for language in m.get("languages") or [m["language"]])


def line(m: Memory) -> LineFacts:
    """Return what the leg knows of its line."""
    return _line(record.Itself(m["line"]))


@lru_cache(maxsize=record.LINES_KEPT)
def _line(told: record.Itself) -> LineFacts:
    return cast(LineFacts, record.from_json(told.value))


def hours(m: Memory) -> Hours:
    """Return the line's hours as they were when the call came."""
    return cast(Hours, record.from_json(m["hours"]))


def next_opening(m: Memory) -> Moment | None:
    """Return when a closed line opens next, None where it is open or where nobody knows."""
    facts = hours(m) if "hours" in m else None
    return Moment(facts.next_opening, facts.now) if facts and facts.next_opening else None


def by_when(m: Memory, prompt: str, due: datetime | None, now: datetime | None) -> tuple[Says, Memory]:
    """Tell by when something is owed (`.due`), or that it is overdue (`.overdue`), for which we apologise."""
    if due is None or now is None:
        return (), m
    if due > now:
        return say(m, f"{prompt}.due", due=Moment(due, now)), m
    sorry, m = apology(m)
    return (*say(m, f"{prompt}.overdue", due=Moment(due, now)), *sorry), m


def speaks(facts: LineFacts) -> tuple[str, ...]:
    """Return the languages of a line for which there are scripts, its first one first."""
    return tuple(language for language in facts.languages if language in LANGUAGES) or LANGUAGES[:1]


def named(m: Memory, prompt: str, language: str | None = None) -> Says:
    """Return a prompt that names the house: `.branch` or `.head_office` of it."""
    facts = line(m)
    spoken = language or m["language"]
    values = {"organisation": in_language(facts.organisation, spoken)}
    if not facts.head_office:
        values["branch"] = in_language(facts.branch, spoken)
    return (Say(f"{prompt}.{'head_office' if facts.head_office else 'branch'}", spoken, values),)


def in_language(names: Mapping[str, str], language: str) -> str:
    """Return the name in this language, else in any."""
    return names.get(language) or next(iter(names.values()), "")


def ticket(number: str) -> Digits:
    """Return a ticket number in the groups in which it is said: 2-2-2 and the rest."""
    return Digits(" ".join(part for part in (number[:2], number[2:4], number[4:6], number[6:]) if part))


def apology(m: Memory) -> tuple[Says, Memory]:
    """Return the apology, once in a call, and the memory that it was made."""
    return (() if m.get("apologised") else say(m, "apology.once")), keep(m, apologised=True)


CALLER = Flow("caller", 2)
"""The caller's flow; its states live in caller, menu, closed, waiting, booking, times and message.

Version 2 is told more than version 1 (times to choose from) and says the same where it is told the same.
"""
