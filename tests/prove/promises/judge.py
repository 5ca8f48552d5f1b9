"""Was every promised call made, and none twice? By the carrier's books and plain SQL: nothing of the product.

A customer is rung again lawfully when his earlier call has ended and he had not picked it up. Everything else
is "twice": a call while another one to him lives, one after he has talked with us, two of one attempt.
"""

import itertools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa

from callcenter.simulator import Network
from tests.prove.verdict import Verdict

ATTEMPT = re.compile(r"/twilio/leg/([0-9a-f-]{36})/")
DENIED = "SELECT id FROM attempts WHERE state = 'not_placed'"
LEFT = {
    "attempts that are not settled":
        "SELECT state, reason FROM attempts WHERE state IN ('intent', 'sending', 'unknown', 'live')",
    "orders that wait": "SELECT key FROM carrier_orders WHERE state IN ('pending', 'given')",
    "offers that are live": "SELECT state FROM offers WHERE state IN ('ringing', 'accepted', 'joined')",
    "waits that go on": "SELECT state FROM waits WHERE state IN ('waiting', 'offered', 'won')",
    "agents who are not free":
        "SELECT state, reason FROM agent_states WHERE state NOT IN ('available', 'offline')",
}  # fmt: skip


@dataclass(frozen=True)
class Rung:
    """One call that the carrier made for us, by its own books; `met` says that two people talked on it."""

    sid: str
    to: str
    created: datetime
    rang: datetime | None
    answered: bool
    met: bool
    ended: datetime | None


@dataclass(frozen=True)
class Books:
    """Every call that was made, and how often one was accepted for each of our attempts."""

    calls: list[Rung]
    accepted: Counter[str]

    def by_address(self) -> dict[str, list[Rung]]:
        """Return the calls of each telephone, the earliest first."""
        found: dict[str, list[Rung]] = defaultdict(list)
        for call in sorted(self.calls, key=lambda call: call.created):
            found[call.to].append(call)
        return found


def books_of(net: Network) -> Books:
    """Read the books of a network in this process."""
    clock = net.clock
    calls = [
        Rung(
            call.sid, call.to, clock.at(call.created), None if call.rang is None else clock.at(call.rang),
            call.answered is not None, any(moment.kind == "talk" for moment in call.ear.moments),
            None if call.ended is None else clock.at(call.ended),
        )
        for call in net.world.calls.values()
        if call.direction == "outbound-api"
    ]  # fmt: skip
    accepted = Counter(
        found[1]
        for request in net.ledger.requests
        if request.places
        and request.status == 201
        and (found := ATTEMPT.search(request.params.get("Url", "")))
    )
    return Books(calls, accepted)


def twice(placed: list[Rung], *, is_customer: bool) -> Iterable[str]:
    """Tell the calls to one telephone that should not have been."""
    for one, other in itertools.pairwise(placed):
        if one.ended is None or one.ended > other.created:
            yield "was rung while an earlier call to it lived"
        elif is_customer and one.met:
            yield "was rung again after a talk"
        elif is_customer and one.answered:
            yield "was rung again though he had picked up"


def judge(
    verdict: Verdict,
    books: Books,
    engine: sa.Engine,
    due: Mapping[str, datetime],
) -> None:
    """Nobody is forgotten, nobody rung twice, nothing is left behind; measure how late they were rung."""
    calls = books.by_address()
    with engine.connect() as connection:
        denied = {str(UUID(str(row[0]))) for row in connection.exec_driver_sql(DENIED)}
        states = dict(connection.exec_driver_sql("SELECT number, state FROM callbacks").all())
        left = {what: connection.exec_driver_sql(sql).all() for what, sql in LEFT.items()}
    for number in due:
        if not any(call.met for call in calls.get(number, ())):
            verdict.failed(f"{number} was forgotten: {states.get(number)}, {_told(calls.get(number, ()))}")
        elif states.get(number) != "kept":
            verdict.failed(f"{number} was called and is owed still: {states.get(number)}")
    for address, placed in calls.items():
        for wrong in twice(placed, is_customer=address in due):
            verdict.failed(f"{address} {wrong}: {_told(placed)}")
    for attempt, times in books.accepted.items():
        if times > 1:
            verdict.failed(f"attempt {attempt} was made {times} times")
        if attempt in denied:
            verdict.failed(f"attempt {attempt} was made and counts as not made")
    for what, rows in left.items():
        if rows:
            verdict.failed(f"{len(rows)} {what}, as {rows[0]}")
    measure(verdict, calls, due)


def measure(verdict: Verdict, calls: Mapping[str, list[Rung]], due: Mapping[str, datetime]) -> None:
    """Note how late the first ring of each customer was, and how many calls were made."""
    late = lateness(calls, due)
    early = sum(seconds < 0 for seconds in late)
    verdict.measured |= {
        "calls": sum(map(len, calls.values())),
        "rung_again": sum(len(calls.get(each, ())) > 1 for each in due),
        "worst_lateness_s": round(max(late, default=0.0), 1),
        "p99_lateness_s": round(quantile(late, 0.99), 1),
        "p50_lateness_s": round(quantile(late, 0.5), 1),
    }  # fmt: skip
    if early:
        verdict.failed(f"{early} were rung before their time, the earliest by {-min(late):.0f} s")


def lateness(calls: Mapping[str, list[Rung]], due: Mapping[str, datetime]) -> list[float]:
    """Return the seconds from the promised instant to the first ring, of all who were rung."""
    first = {to: next((c.rang for c in placed if c.rang), None) for to, placed in calls.items()}
    return [(rang - at).total_seconds() for number, at in due.items() if (rang := first.get(number))]


def quantile(values: list[float], share: float) -> float:
    """Return the value that this share does not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else 0.0


def _told(placed: Iterable[Rung]) -> str:
    return "; ".join(
        f"{call.sid} at {call.created:%H:%M:%S}{', answered' * call.answered}{', met' * call.met}"
        for call in placed
    )


WAITING = sa.text("""
    SELECT state, created_at, sent_at FROM attempts
    WHERE state IN ('intent', 'sending', 'unknown') AND (reason IS NULL OR reason != 'needs_human')
""")


def ages(engine: sa.Engine, now: datetime) -> list[tuple[str, float]]:
    """Return the attempts whose fate is not known, each with its state and its age in seconds."""
    with engine.connect() as connection:
        rows = connection.execute(WAITING).all()
    return [(row.state, (now - instant(row.sent_at or row.created_at)).total_seconds()) for row in rows]


def instant(told: datetime | str) -> datetime:
    """Read a time as either database gives it."""
    found = datetime.fromisoformat(told) if isinstance(told, str) else told
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
