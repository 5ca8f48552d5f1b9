"""One turn of a conversation: heard, thought, asked, answered, said, written down.

A request that was answered before gets the very same bytes again; one that comes too late gets the
document in force. Everything happens in the caller's transaction on a locked leg.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.calls import queries
from callcenter.calls.actions import add_event
from callcenter.calls.models import Leg
from ivr.asks import Answer, Ask
from ivr.flow import advance
from ivr.flow.caller import IN_QUEUE
from ivr.hearing import Answered, Heard
from ivr.record import to_json
from ivr.turns import Step, Turn, spoken
from ivr.twiml import Urls, render
from ivr.words import name_of, words_digest

HANG_UP = '<?xml version="1.0" encoding="UTF-8"?><Response><Hangup /></Response>'
LEAVE = '<?xml version="1.0" encoding="UTF-8"?><Response><Leave /></Response>'
MOST_ASKS = 8


@dataclass(frozen=True)
class Addresses:
    """Where the carrier finds the next document of a leg; `base` ends without a slash."""

    public_url: str
    base: str

    def after(self, number: int, *, waiting: bool = False, records: bool = False) -> Urls:
        """Return the addresses inside document `number`.

        A document inside the carrier's queue may not record, so its addresses say where they stand: an
        apology that is made from the address alone can still be one that the carrier accepts. `records`
        says whether talks on this line are recorded, which its callers are told.
        """
        root = f"{self.public_url}{self.base}"
        inside = "wait" if waiting else ""
        return Urls(
            next=f"{root}/{inside or 'next'}/{number}",
            keys=f"{root}/{inside}keys/{number}",
            queue=f"{root}/queue/{number}",
            wait=f"{root}/wait/{number}",
            talk=f"{root}/talk/{number}",
            recorded=f"{root}/recorded/{number}",
            recording_status=f"{self.public_url}/twilio/recording",
            conference_status=f"{self.public_url}/twilio/conference",
            music=f"{self.public_url}/audio/hold.wav",
            room_music=f"{self.public_url}/audio/hold.xml",
            room_recording=f"{self.public_url}/twilio/recording/room" if records else "",
        )


class Desks(Protocol):
    """Whoever answers the conversation's questions about one leg."""

    def answer(self, ask: Ask, step: Step) -> Answer | None:
        """Carry out what was asked and say how it went."""


def converse(
    session: Session,
    leg: Leg,
    *,
    key: str,
    heard: Heard,
    desks: Desks,
    addresses: Addresses,
    at: datetime,
    inside_queue: bool = False,
) -> str:
    """Return the document for what was heard under a key of a locked leg that was not answered before.

    `inside_queue` says that the carrier asks for the caller as one in its queue. One who has left it since is
    asked for too late: the document in force may be none that a queue takes (TwiML, Enqueue: waitUrl).
    """
    if not _is_current(leg, key):
        if inside_queue and leg.step and leg.step["name"] not in IN_QUEUE:
            return LEAVE
        return queries.current_document(session, leg.sid) or HANG_UP
    turn, answers = think(Step.from_json(leg.step) if leg.step else None, heard, desks)
    return _say(session, leg, key, heard, turn, answers, addresses, at)


def _is_current(leg: Leg, key: str) -> bool:
    """A plain number must follow the document in force; other keys name moments that come when they come."""
    return not key.isdigit() or int(key) == leg.turn


def think(step: Step | None, heard: Heard, desks: Desks) -> tuple[Turn, list[Any]]:
    """Advance until there is something to do, answering what is asked on the way; the answers as JSON."""
    turn = advance(step, heard)
    answers: list[Any] = []
    for _ in range(MOST_ASKS):
        if turn.ask is None:
            return turn, answers
        answer = desks.answer(turn.ask, turn.step)
        answers.append(to_json(answer) if answer is not None else None)
        turn = advance(turn.step, Answered(answer))
    raise RuntimeError(f"step {turn.step.name} asked {MOST_ASKS} questions in one turn")


@dataclass(frozen=True)
class Said:
    """A document that was written for a turn, and what is written down of it."""

    document: str
    kind: str
    detail: dict[str, Any]
    words: dict[str, Any]


def compose(
    turn: Turn, heard: Heard, answers: list[Any], addresses: Addresses, number: int, *, first: bool
) -> Said:
    """Write document `number` of a leg; the first of a leg also notes the addresses, for a replay."""
    document = written(turn, addresses, number)
    at = {"at": [addresses.public_url, addresses.base]} if first else {}
    return Said(
        document=document,
        kind="turn" if turn.does else "bookkeeping",
        detail=_detail(turn, heard, number) | at,
        words={"heard": to_json(heard), "answers": answers, "document": document},
    )


def _say(
    session: Session,
    leg: Leg,
    key: str,
    heard: Heard,
    turn: Turn,
    answers: list[Any],
    addresses: Addresses,
    at: datetime,
) -> str:
    """Render, remember, return; a turn without verbs is bookkeeping and leaves the document in force."""
    number = leg.turn + 1
    said = compose(turn, heard, answers, addresses, number, first=not leg.step)
    leg.step = turn.step.to_json()
    if turn.does:
        leg.turn = number
    note(session, leg.call_id, leg.sid, key, said, at)
    return said.document


def note(session: Session, call_id: UUID | None, sid: str, key: str, said: Said, at: datetime) -> None:
    """Write down what was said."""
    add_event(
        session,
        call_id=call_id,
        leg_sid=sid,
        key=key,
        kind=said.kind,
        at=at,
        detail=said.detail,
        words=said.words,
    )


def written(turn: Turn, addresses: Addresses, number: int) -> str:
    """Return a turn as document `number` of its leg; a talk is recorded where its caller was told so."""
    line = turn.step.memory.get("line") or {}
    waiting, records = turn.step.name in IN_QUEUE, bool(line.get("recording_notice"))
    return render(turn, addresses.after(number, waiting=waiting, records=records))


def _detail(turn: Turn, heard: Heard, number: int) -> dict[str, Any]:
    """Return what may be kept for ever: the step, the prompts in their versions, nobody's words.

    `words` is the digest of the scripts in force, `heard` only the kind of what was heard.
    """
    return {
        "number": number,
        "flow": turn.step.flow,
        "version": turn.step.version,
        "step": turn.step.name,
        "heard": type(heard).__name__,
        "prompts": [name_of(said) for said in spoken(turn.does)],
        "words": words_digest(),
    }
