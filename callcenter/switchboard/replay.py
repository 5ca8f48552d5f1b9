"""A call played again: from what was heard and answered, on the flow version that it ran (decision 11).

The same flow gives the same TwiML, byte for byte. What differs shows a flow or words that were changed
without a new version, or a leg that was not led by its flow alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.calls.models import Call, CallEvent, CallWords, Leg
from callcenter.switchboard.driver import Addresses, think, written
from ivr.asks import Answer, Ask
from ivr.flow import begins
from ivr.record import from_json
from ivr.turns import Step

EQUAL, DIFFERENT, ERASED = "equal", "different", "erased"


@dataclass(frozen=True)
class Played:
    """One turn of a leg played again: `said` then, `again` now; None where the words were erased.

    `verdict` is equal, different or erased; `why` names what kept the turn from being played.
    """

    sid: str
    role: str
    number: int
    step: str
    verdict: str
    said: str | None
    again: str | None
    why: str = ""


class NotPlayable(Exception):
    """The flow asked for something that the call did not ask, so there is no answer to give."""


@dataclass
class Answers:
    """The centre's answers as they were given, in order."""

    left: list[Any]

    def answer(self, ask: Ask, _step: Step) -> Answer | None:
        """Give the next answer, whatever is asked."""
        if not self.left:
            raise NotPlayable(f"asks {type(ask).__name__}, which was not asked")
        told = self.left.pop(0)
        return from_json(told) if told is not None else None


def replay(session: Session, call: Call) -> list[Played]:
    """Play every leg of a call again, the caller's first."""
    legs = session.scalars(sa.select(Leg).where(Leg.call_id == call.id).order_by(Leg.created_at, Leg.id))
    return [played for leg in legs for played in replay_leg(session, leg)]


def replay_leg(session: Session, leg: Leg) -> Iterator[Played]:
    """Play one leg again, turn by turn; after a turn that cannot be played the rest cannot either."""
    step: Step | None = None
    addresses: Addresses | None = None
    for event, words in _turns(session, leg.sid):
        addresses = Addresses(*event.detail["at"]) if "at" in event.detail else addresses
        if words is None or words.heard is None or addresses is None:
            yield _played(leg, event, ERASED, None, None)
            return
        try:
            step, again = _play(step, event, words, addresses)
        except (NotPlayable, KeyError, TypeError, ValueError) as wrong:
            yield _played(leg, event, DIFFERENT, words.document, None, f"{type(wrong).__name__}: {wrong}")
            return
        verdict = EQUAL if again == words.document else DIFFERENT
        yield _played(leg, event, verdict, words.document, again)


def _play(step: Step | None, event: CallEvent, words: CallWords, addresses: Addresses) -> tuple[Step, str]:
    heard, answers = from_json(words.heard or {}), Answers(list(words.answers or []))
    if step is None:
        begins(event.detail["flow"], event.detail["version"], heard)
    turn, _ = think(step, heard, answers)
    if answers.left:
        raise NotPlayable(f"did not ask what was answered by {answers.left[0]}")
    return Step.from_json(turn.step.to_json()), written(turn, addresses, event.detail["number"])


def _played(
    leg: Leg, event: CallEvent, verdict: str, said: str | None, again: str | None, why: str = ""
) -> Played:
    detail = event.detail
    return Played(leg.sid, leg.role, detail["number"], detail["step"], verdict, said, again, why)


def _turns(session: Session, sid: str) -> Sequence[tuple[CallEvent, CallWords | None]]:
    """Return a leg's turns in the order in which they were thought.

    The number of the document counts; bookkeeping has none of its own and comes before the document of its
    number. Times of arrival would not do: two processes may read the clock in the other order.
    """
    rows = session.execute(
        sa.select(CallEvent, CallWords)
        .outerjoin(CallWords, CallWords.event_id == CallEvent.id)
        .where(CallEvent.leg_sid == sid, CallEvent.kind.in_(("turn", "bookkeeping")))
        .order_by(CallEvent.id)
    ).all()
    return sorted(((event, words) for event, words in rows), key=_place)


def _place(row: tuple[CallEvent, CallWords | None]) -> tuple[int, bool]:
    return row[0].detail["number"], row[0].kind == "turn"
