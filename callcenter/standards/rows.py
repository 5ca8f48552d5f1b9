"""What is counted, a row each: which sets it is in, and its amounts; packed, it is a closed day's book.

A figure divides one set by another. A set is a bit of the row's mask, so that a list of the rows behind a
figure is exactly as long as the figure says, on an open day and on one that was closed years ago.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from callcenter.calls.rules import OUTCOMES
from callcenter.promises.rules import RULES
from callcenter.standards.rules import APART

OVERTAKEN_BECAUSE = ("being_offered", "language", "declined", "unexplained")
_BROKEN_AT_FIRST = (
    "busy", "no_answer", "not_accepted", "failed", "canceled", "number_busy_with_us", "agent_lost",
    "unresolved", "ticket_closed", "given_up",
)  # fmt: skip
BROKEN_BECAUSE = (*_BROKEN_AT_FIRST, "voicemail")
CALLBACK_STATES = ("booked", "waiting", "agent", "kept", "failed", "cancelled")
# Books of closed days hold these bits: names are only ever added, at the end of their kind.
SETS: Mapping[str, tuple[str, ...]] = {
    "call": (
        "received", "queued", "ended", "answered", "lasting", "abandoned",
        "in_time", "entered", "contested", "settled_in_time", "left_in_time",
        "entered_lasting", "contested_lasting", "settled_in_time_lasting",
        "judged_in_time", "judged_entered", "taken", "complete", "served", "overtook",
        *(f"overtook_{why}" for why in OVERTAKEN_BECAUSE),
        *(f"queued_{outcome}" for outcome in OUTCOMES),
        *(f"outcome_{outcome}" for outcome in OUTCOMES),
    ),
    "leg": (
        "judged", "within", "within_15_seconds", "first_judged", "first_within", "measurable", "measured",
        "borderline", "estimated", "estimated_within", "rang", "limit_differs", *APART,
    ),
    "talk": ("handled",),
    "callback": (
        "due", "attempted", "reached", "late", "not_reachable", "owed",
        "agents_due", "agents_attempted", "agents_reached", "met",
    ),
    "ticket": ("opened", "first_contact"),
    "state": ("busy", "on_duty", "talking", "wrap_up", "available"),
    "promise": (
        "promised", "due", "kept", "late", "owed", "broken", "cancelled", "overdue", "callbacks",
        *(f"callback_{state}" for state in CALLBACK_STATES),
        *(f"broken_{why}" for why in _BROKEN_AT_FIRST),
        *(f"{name}_{rule}" for rule in RULES for name in ("due", "kept")),
        "broken_voicemail",
    ),
}  # fmt: skip
BITS = {kind: {name: 1 << place for place, name in enumerate(names)} for kind, names in SETS.items()}
KINDS = tuple(SETS)
_PACKED = struct.Struct("<16s16s16sqQii")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NOBODY = bytes(16)
UNKNOWN = -1


class Row(NamedTuple):
    """One call, leg, talk, callback, promise, ticket or stretch of an agent's time, as it was counted.

    `at` is when its call began, it was due, or it began itself. `line` is None for what has no line. `ms`
    and `second_ms` are its amounts in whole milliseconds: a call's wait; a leg's ring; a talk and its
    wrap-up; a callback's true wait; how late a promise was fulfilled; a stretch of time.
    """

    kind: str
    id: UUID
    day: date
    line: UUID | None
    agent: UUID | None
    call: UUID | None
    at: datetime
    mask: int
    ms: int | None = None
    second_ms: int = 0

    def has(self, name: str) -> bool:
        """Say whether it is in a set of its kind."""
        return bool(self.mask & BITS[self.kind][name])


def mask(kind: str, names: Iterable[str]) -> int:
    """Return the bits of these sets."""
    bits, found = BITS[kind], 0
    for name in names:
        found |= bits[name]
    return found


def milliseconds(since: datetime, until: datetime) -> int:
    """Return whole milliseconds between two instants, never less than none."""
    return max(0, (until - since) // timedelta(milliseconds=1))


def pack(rows: Iterable[Row]) -> bytes:
    """Return rows of one kind, day and line as bytes."""
    packed = (
        _PACKED.pack(
            row.id.bytes,
            row.agent.bytes if row.agent else _NOBODY,
            row.call.bytes if row.call else _NOBODY,
            (row.at - _EPOCH) // _MICROSECOND,
            row.mask,
            UNKNOWN if row.ms is None else row.ms,
            row.second_ms,
        )
        for row in rows
    )
    return zlib.compress(b"".join(packed), 1)


def unpack(book: bytes, kind: str, day: date, line: UUID | None, wanted: int) -> Iterator[Row]:
    """Yield the rows of a book that are in the wanted set."""
    for own, agent, call, at, bits, ms, second in _PACKED.iter_unpack(zlib.decompress(book)):
        if bits & wanted:
            yield Row(
                kind,
                UUID(bytes=own),
                day,
                line,
                None if agent == _NOBODY else UUID(bytes=agent),
                None if call == _NOBODY else UUID(bytes=call),
                _EPOCH + at * _MICROSECOND,
                bits,
                None if ms == UNKNOWN else ms,
                second,
            )
