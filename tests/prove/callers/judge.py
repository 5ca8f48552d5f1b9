"""What must be true of every call when it is over, read from the carrier's books and the raw tables."""

import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files

import sqlalchemy as sa

from callcenter.simulator.calls import Call
from callcenter.simulator.ear import Moment
from tests.prove.callers.day import Lived, rows_left

LANGUAGES = ("zh-CN", "en-US")
CLOSINGS = ("goodbye.thanks", "closed.goodbye", "closed.goodbye_unknown", "goodbye.later")
LONGEST_SILENCE = 8.0
"""Seconds; three of them are ours, the rest is what the faults delay a document by."""
A_MOMENT = 3.0
"""Seconds. Who found an agent for two of them, by stamps of whole ones, was connected with nobody."""
NO_MESSAGE = frozenset({"abandoned_in_menu", "abandoned_in_queue", "abandoned_short"})
"""Who was asked for a message and twice said nothing has left menu or queue without a result."""
SERVED = frozenset({"answered", "callback", "voicemail", "self_served", "closed"})
FLED = SERVED | {"abandoned_in_queue", "abandoned_short", "abandoned_in_menu", "abandoned_in_greeting"}


def judge(lived: Lived) -> Iterator[str]:
    """Yield a sentence for everything that is not as it should be."""
    yield from (f"Twilio would say {finding}" for finding in lived.net.warnings)
    yield from _left_behind(lived)
    with lived.engine.connect() as connection:
        outcomes = {row.sid: row.outcome for row in connection.execute(sa.text(_OUTCOMES))}
        promised = set(connection.scalars(sa.text(_PROMISED)))
        tickets = Counter(connection.scalars(sa.text(_TICKETS)))
        noted = tickets.keys() | set(connection.scalars(sa.text(_ABOUT_ONE)))
    yield from (f"call {sid} has {count} tickets" for sid, count in tickets.items() if count > 1)
    for sid, stays in lived.stayed.items():
        call = lived.net.world.calls[sid]
        for fault in _faults(call, stays, outcomes.get(sid, "no row"), sid in promised, sid in noted):
            who = f"{sid} ({outcomes.get(sid)}, {'stays' if stays else 'leaves'}, ended by {call.ended_by})"
            yield f"{who}: {fault}; heard last: {_last(call)!r}"


_OUTCOMES = "SELECT sid, outcome FROM calls WHERE direction = 'inbound'"
_PROMISED = """
    SELECT c.sid FROM callbacks b JOIN calls c ON c.id = b.origin_call_id OR c.from_number = b.number
"""  # A number that is owed a call already keeps that one.
_TICKETS = "SELECT c.sid FROM tickets t JOIN calls c ON c.id = t.call_id"
_ABOUT_ONE = "SELECT sid FROM calls WHERE ticket_id IS NOT NULL"  # A ticket of before, taken up again.


def _left_behind(lived: Lived) -> Iterator[str]:
    yield from (
        f"{count} rows of {table} are left behind"
        for table, count in rows_left(lived.engine).items()
        if count
    )
    world = lived.net.world
    yield from (f"{call.sid} still lives" for call in world.calls.values() if call.live)
    yield from (f"queue {queue.name} still holds callers" for queue in world.queues.values() if queue.members)
    yield from (f"room {room.name} is still open" for room in world.conferences.values() if room.participants)


def _faults(call: Call, stays: bool, outcome: str, promised: bool, has_ticket: bool) -> Iterator[str]:
    """Yield what is wrong with one caller's call."""
    last, talks = _last(call), [_seconds(moment) for moment in call.ear.moments if moment.kind == "talk"]
    if outcome not in (SERVED if stays else FLED) and not (
        outcome in NO_MESSAGE and SAID_NOTHING.search(last)
    ):
        yield "not an outcome for this caller"
    if outcome == "answered" and not talks:
        yield "talked with nobody"
    if outcome != "answered" and max(talks, default=0.0) > A_MOMENT:
        yield "talked with a person"
    if outcome == "callback" and not promised:
        yield "no callback was promised on this call"
    if outcome in ("answered", "callback", "voicemail") and not has_ticket:
        yield "no ticket (TK-1)"
    if stays and outcome != "answered" and not CLOSING.search(last):
        yield "ended without a goodbye"
    if call.answered is not None and call.ended is not None:
        for began, ended in call.ear.silences(call.answered, call.ended, LONGEST_SILENCE):
            yield f"silence from {began - call.answered:.1f} to {ended - call.answered:.1f} s"


def _seconds(moment: Moment) -> float:
    return math.inf if moment.ended is None else moment.ended - moment.began


def _last(call: Call) -> str:
    """Return the last sentence that was begun."""
    return next((moment.text for moment in reversed(call.ear.moments) if moment.kind == "speech"), "")


def _words_of(*prompts: str) -> Iterator[str]:
    """Yield a pattern for each prompt in each language, whatever stands in its places."""
    for language in LANGUAGES:
        written = files("ivr").joinpath("scripts", f"{language}.toml").read_text(encoding="utf-8")
        script = tomllib.loads(written)
        for prompt in prompts:
            words = re.split(r"\{[a-z_]+\}", script[prompt]["text"])
            yield ".*".join(re.escape(part) for part in words)


CLOSING = re.compile("|".join(_words_of(*CLOSINGS)))
SAID_NOTHING = re.compile("|".join(_words_of("goodbye.later")))
