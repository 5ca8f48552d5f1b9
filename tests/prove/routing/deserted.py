"""Is anybody left behind? By plain SQL, and by what the callers heard: nothing of the product's code.

Everybody has gone and has talked with somebody, but for a few, or it would be no service. Those were asked
for a message, by the apology, when their webhook was lost with a killed process or could not be answered in
time. Or they were promised a call, when it was lost inside the carrier's queue, which knows no fallback: the
queue ends, and who is told so and presses nothing is promised a call. A row must hold that promise.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import sqlalchemy as sa

from tests.bench.telephones import Telephones
from tests.prove.verdict import Verdict

LONGEST_WAIT = 240.0
"""Seconds from dialling to the first talk: lost ends keep agents from callers for a while, kills too."""
MOST_TALK = 0.9
HOLDS = frozenset({"open", "kept"})
"""States of a promise that was made and has not been broken."""
LOST_ON_THE_WAY = (11200, 11205)
TOLD = {
    "legs whose end nobody knows": "SELECT sid FROM legs WHERE ended_at IS NULL",
    "attempts that are not settled":
        "SELECT id FROM attempts WHERE state IN ('intent', 'sending', 'unknown', 'live')",
    "orders that wait": "SELECT id FROM carrier_orders WHERE state IN ('pending', 'given')",
}  # fmt: skip
LEFT = {
    "agents who are not free":
        "SELECT state, reason, until FROM agent_states WHERE state NOT IN ('available', 'offline')",
    "offers that are live": "SELECT id, state FROM offers WHERE state IN ('ringing', 'accepted', 'joined')",
    "callers in line": "SELECT id, state FROM waits WHERE state IN ('waiting', 'offered', 'won')",
    "calls without an end": "SELECT sid FROM calls WHERE ended_at IS NULL OR outcome = 'open'",
}  # fmt: skip
OWED = """
    SELECT c.number, p.state FROM promises p JOIN callbacks c ON c.id = p.subject_id
    WHERE p.subject_kind = 'callback'
"""
OUTCOMES = "SELECT sid, outcome FROM calls WHERE direction = 'inbound'"


def is_told(url: str) -> bool:
    """Say whether the product knows how everything has ended."""
    return not any(_asked(url, TOLD).values())


def is_empty(url: str) -> bool:
    """Say whether nobody is busy, rung, waiting or talking."""
    return not any(_asked(url, LEFT).values())


def judge(verdict: Verdict, url: str, net: Telephones, dialled: list[str]) -> None:
    """Tell everybody who was left behind."""
    for what, rows in _asked(url, TOLD | LEFT).items():
        if rows:
            verdict.failed(f"{len(rows)} {what}, as {rows[0]}")
    books = net.ask("ledger")
    lost = [each for each in books["warnings"] if each["code"] in LOST_ON_THE_WAY]
    outcomes, owed = dict(_asked(url, {"": OUTCOMES})[""]), defaultdict[str, set[str]](set)
    for number, state in _asked(url, {"": OWED})[""]:
        owed[number].add(state)
    heard = [Heard(net.ask(f"calls/{sid}")) for sid in dialled]
    for each in heard:
        for wrong in each.wrongs(outcomes.get(each.sid), owed):
            verdict.failed(f"{each.sid} {wrong}:\n{each.tale}")
    if len(outcomes) != len(dialled):
        verdict.failed(f"{len(dialled)} people phoned, {len(outcomes)} calls have rows")
    talked = sum(each.met is not None for each in heard)
    if talked < MOST_TALK * len(heard):
        verdict.failed(f"only {talked} of {len(heard)} talked with somebody")
    verdict.measured |= {
        "talked": talked, "promised": sum(each.is_promised for each in heard),
        "longest_to_talk_s": round(max((each.met or 0.0 for each in heard), default=0.0)),
        "notices_lost": books["lost"], "webhooks_failed": len(lost),
    }  # fmt: skip


class Heard:
    """What one caller lived through; `met` is when he first talked, in seconds from dialling."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.sid: str = told["id"]
        self._number: str = told["from"]
        self._ended: bool = told["ended"]
        self._lines: list[dict[str, Any]] = told["lines"]
        self.met = next((line["seconds"] for line in self._lines if line["kind"] == "talk"), None)

    @property
    def tale(self) -> str:
        """The end of it, as people would tell it."""
        return "\n".join(f"{line['at']} {line['text'][:100]}" for line in self._lines[-8:])

    @property
    def is_promised(self) -> bool:
        """He heard to the end who will call him by when."""
        return any(PROMISE.fullmatch(line["text"]) for line in self._lines)

    def wrongs(self, outcome: str | None, owed: Mapping[str, set[str]]) -> list[str]:
        """Return what is wrong with it.

        `outcome` is what the product wrote down, `owed` the states of the calls that it owes to a number.
        """
        found = []
        if not self._ended:
            found.append("is on the line for ever")
        if outcome in (None, "open"):
            found.append(f"has the outcome {outcome}")
        if self.met is None and not self._was_asked and not self.is_promised:
            found.append("never gave up, was talked to by nobody, asked for no message and promised no call")
        if self.is_promised and not owed.get(self._number, set()) & HOLDS:
            found.append("was promised a call that nobody owes him")
        if self.met is not None and self.met > LONGEST_WAIT:
            found.append(f"waited {self.met:.0f} s")
        return found

    @property
    def _was_asked(self) -> bool:
        """He heard the tone after which he could speak."""
        return any(line["text"] == "heard: [beep]" for line in self._lines)


def _promise() -> Iterator[str]:
    """Yield how a promise sounds, in each language; a number and a time stand in it."""
    for language in ("zh-CN", "en-US"):
        script = tomllib.loads(files("ivr").joinpath("scripts", f"{language}.toml").read_text("utf-8"))
        for who in ("promise.engineer", "promise.colleague"):
            yield ".+".join(map(re.escape, re.split(r"\{[a-z]+\}", script[who]["text"])))


PROMISE = re.compile(f"heard: (?:{'|'.join(_promise())})")


def _asked(url: str, questions: dict[str, str]) -> dict[str, Any]:
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            return {what: connection.exec_driver_sql(sql).all() for what, sql in questions.items()}
    finally:
        engine.dispose()
