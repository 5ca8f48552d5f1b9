"""When an attempt may be made, and what its silence means: pure."""

import hashlib
import hmac
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNRESOLVED = ("intent", "sending", "unknown", "live")
# The reason of an UNKNOWN attempt that only a person can settle.
NEEDS_HUMAN = "needs_human"
# How the key of an order begins that stops a second call of one attempt, in whatever state that call is.
SECOND = "second:"

# The dialing protocol, step 5: two complete listings, 120 s and 180 s after SENDING, must show no call.
LISTING_AFTER = (timedelta(seconds=120), timedelta(seconds=180))
# Where the list could not be had until then, there is no second witness.
LIST_PATIENCE = timedelta(seconds=240)
# A worker that has not answered for itself by then is dead: the carrier's time-out is 10 s.
SENDING_LOST_AFTER = timedelta(seconds=13)
# An order that is given twice does harm: nobody else gives it while its request may be under way.
GIVEN_LOST_AFTER = timedelta(seconds=30)
# Whoever begins the request must be able to end it within the lease: the carrier's time-out, and a moment.
TIME_TO_SEND = timedelta(seconds=11)
# How long an agent is left alone whose calls for today are used up; then it is looked again.
CAPPED_REST = timedelta(minutes=15)
# A little below what the account's queue lets out: it stays empty, and what waits waits here, in our order.
BELOW = 0.95
# A call that waits at the carrier for so long is looked at; for so long, it is cancelled (no callback comes).
QUEUED_LOOK = timedelta(seconds=5)
QUEUED_MOST = timedelta(seconds=30)
# A slot further ahead than that was taken before the clock was set back.
FURTHEST_SLOT = QUEUED_MOST + timedelta(seconds=5)
# An intent of an agent's leg that is older is none that anybody waits for.
AGENTS_FIRST = timedelta(seconds=60)
# So long customers' calls leave in the order in which they were wanted; an older intent stands still.
IN_ORDER = timedelta(minutes=10)
# So many failures in a row (401, 429, 5xx, no answer) are the carrier's, and not a call's.
FAILURES_MOST = 5
# While the carrier fails, one call is sent now and then to see whether it still does.
PROBE_EVERY = timedelta(seconds=15)
# Counts of days that are over are kept so long.
COUNTS_KEPT = timedelta(days=3)
# The bell rings at the commit; the sweep gives it this long before it rings again.
BELL_PATIENCE = timedelta(seconds=5)
# Our clock and the carrier's may differ by a little when we look for our call in its list.
CLOCK_SKEW = timedelta(seconds=10)


@dataclass(frozen=True)
class Cap:
    """How many calls a day may be placed to what `key` stands for, and the reason when they are used up."""

    scope: str
    key: UUID
    most: int
    reason: str


@dataclass(frozen=True)
class Pace:
    """How calls leave: `interval` apart in the long run, `room` ahead of that at most; microseconds."""

    interval: int
    room: int


def pace(calls_per_second: float) -> Pace:
    """Return the pace below an account's: a second's calls may leave together (the clock's tick)."""
    interval = round(1_000_000 / (calls_per_second * BELOW))
    return Pace(interval, round((math.ceil(calls_per_second) - 0.5) * interval))


def microseconds(at: datetime) -> int:
    """Return an instant as slots are counted."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def instant(slot: int) -> datetime:
    """Return the instant of a slot."""
    return _EPOCH + timedelta(microseconds=slot)


def may_send(lease_until: datetime | None, at: datetime) -> bool:
    """Say whether a claimant still owns its attempt for long enough to place the call."""
    return lease_until is not None and at + TIME_TO_SEND <= lease_until


def next_day(zone: ZoneInfo, at: datetime) -> datetime:
    """Return when today's counts are over: the next midnight of the centre."""
    tomorrow = at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone)


def day_of(zone: ZoneInfo, at: datetime) -> date:
    """Return the day on which a call is counted."""
    return at.astimezone(zone).date()


def signature(secret: str, attempt_id: UUID) -> str:
    """Return the token that proves that a webhook address was handed out by us for this attempt."""
    return hmac.new(secret.encode(), b"attempt:" + attempt_id.bytes, hashlib.sha256).hexdigest()[:32]


def is_signed(secret: str, attempt_id: UUID, token: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(signature(secret, attempt_id), token)


def listings_due(sent_at: datetime, at: datetime) -> int:
    """Return how many empty listings are required by now before a call counts as never made."""
    return sum(1 for after in LISTING_AFTER if at >= sent_at + after)


def may_give(lost_at: datetime, at: datetime) -> bool:
    """Say the same of an order, by the time at which somebody else takes it."""
    return at + TIME_TO_SEND <= lost_at


def retry_order_in(tries: int) -> timedelta:
    """Wait longer after each failed order: 1, 2, 4 … at most 30 s."""
    return timedelta(seconds=min(30, 2**tries))
