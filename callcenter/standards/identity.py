"""Whether the numbers add up: SIDs that arrived against calls that were counted, in total and by outcome."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.calls.models import Call, CallEvent
from callcenter.calls.rules import OUTCOMES
from callcenter.standards.windows import Window, calls_in, midnight

ARRIVED = "arrived"
NO_CALL = "no_call"


@dataclass
class Identity:
    """Received by outcome of the call each SID belongs to (`no_call`: to none), counted by outcome of calls.

    `differences` are the SIDs on one side only, or whose call contradicts itself. `listed` is how many the
    carrier's own list has, None where it was not asked or did not answer; `unlisted` are the SIDs that only
    one of the two knows.
    """

    received: Counter[str] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    differences: set[str] = field(default_factory=set)
    listed: int | None = None
    unlisted: set[str] = field(default_factory=set)

    @property
    def agrees(self) -> bool:
        """Whether both sides have the same calls, in total and by outcome, and the carrier if asked."""
        return self.received == self.counted and not self.differences and not self.unlisted

    def add(self, other: "Identity") -> None:
        """Add another line's or day's."""
        self.received.update(other.received)
        self.counted.update(other.counted)
        self.differences |= other.differences
        self.unlisted |= other.unlisted
        if other.listed is not None:
            self.listed = (self.listed or 0) + other.listed

    def as_json(self) -> dict[str, Any]:
        """Return what `identity_of_json` reads."""
        return {
            "received": dict(self.received),
            "counted": dict(self.counted),
            "differences": sorted(self.differences),
            "listed": self.listed,
            "unlisted": sorted(self.unlisted),
        }


def identity_of_json(kept: dict[str, Any]) -> Identity:
    """Return the identity that `as_json` gave."""
    return Identity(
        Counter(kept["received"]),
        Counter(kept["counted"]),
        set(kept["differences"]),
        kept["listed"],
        set(kept["unlisted"]),
    )


def identity_of(session: Session, window: Window, calls: Sequence[Any]) -> Identity:
    """Compare the calls of a window, each with whether its own SID arrived, with all SIDs that arrived.

    A call and its arrival are committed together and read together: nothing is half there.
    """
    found = Identity()
    for call in calls:
        found.counted[call.outcome] += 1
        found.received[call.outcome] += call.arrived
        if not call.arrived or not _consistent(call):
            found.differences.add(str(call.sid or call.id))
    for sid, outcome in session.execute(_strays(window)):
        found.received[outcome] += 1
        found.differences.add(sid)
    if None in window.places:
        orphans = set(_orphans(session, window))
        found.differences |= orphans
        found.received[NO_CALL] += len(orphans)
    found.received, found.counted = +found.received, +found.counted
    return found


def _consistent(call: Any) -> bool:
    """Say whether a call has one of the outcomes, and `open` exactly while it lasts."""
    return call.outcome in OUTCOMES and (call.outcome == "open") == (call.ended_at is None)


def _strays(window: Window) -> sa.Select[str, str]:
    """Arrivals that were counted under another SID's call."""
    other = sa.or_(Call.sid.is_(None), Call.sid != CallEvent.leg_sid)
    inbound = (Call.direction == "inbound", *calls_in(window))
    return (
        sa.select(CallEvent.leg_sid, sa.func.min(Call.outcome))
        .join(Call, Call.id == CallEvent.call_id)
        .where(CallEvent.kind == ARRIVED, other, *inbound)
        .group_by(CallEvent.leg_sid)
    )


def _orphans(session: Session, window: Window) -> list[str]:
    """Arrivals that made no call: of no line, with no day but their own."""
    statement = sa.select(CallEvent.leg_sid).where(
        CallEvent.call_id.is_(None),
        CallEvent.kind == ARRIVED,
        CallEvent.at >= (window.since or midnight(window.first, window.home)),
        CallEvent.at < (window.until or midnight(window.last + timedelta(days=1), window.home)),
    )
    return list(session.scalars(statement.distinct()))
