"""What the oracle does by hand: one ring, one ticket, one stretch of time."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from callcenter.calls.models import Call, Leg
from callcenter.lines.models import Line
from callcenter.routing.models import Offer

if TYPE_CHECKING:
    from tests.prove.numbers.oracle import Oracle

# The table of numbers.md: seconds of a ring's cycle.
CYCLE = {"CN": 5.0, "US": 6.0, "GB": 3.0}
Pair = tuple[float, float]
JUDGED = ("accepted", "rung_out", "declined", "not_accepted", "withdrawn")


def rung(oracle: "Oracle") -> Iterable[dict[str, Any]]:
    """Yield the agents' legs that were asked about, judged by hand."""
    raw = oracle.raw
    calls, legs = {c.id: c for c in raw[Call]}, {leg.sid: leg for leg in raw[Leg]}
    lines = {line.id: line for line in raw[Line]}
    firsts: dict[UUID, Any] = {}
    for offer in sorted(raw[Offer], key=lambda o: (o.made_at, o.id)):
        firsts.setdefault(offer.call_id, offer.id)
    for offer in raw[Offer]:
        call, line, leg = calls[offer.call_id], lines[offer.line_id], legs[offer.leg_sid]
        if oracle.inside(call.line_id, call.started_at):
            yield one_ring(offer, leg, line) | {
                "agent": offer.agent_id, "first": firsts[offer.call_id] == offer.id,
                "answered_call": call.outcome == "answered" and call.queued_at is not None,
            }  # fmt: skip


def one_ring(offer: Any, leg: Any, line: Any) -> dict[str, Any]:
    """Judge one leg: "within three rings means t < 3 x cycle"; from `initiated`, only "within" is certain."""
    limit = line.rings_target * CYCLE[line.cadence_country]
    fate = fate_of(offer, leg)
    start = leg.ringing_at or leg.initiated_at
    stop = leg.answered_at if fate == "accepted" else leg.answered_at or leg.ended_at
    source = "measured" if leg.ringing_at else "estimated" if leg.initiated_at else "none"
    seconds = (stop - start).total_seconds() if start and stop else None
    if fate == "withdrawn" and (seconds is None or seconds < limit):
        fate = "withdrawn_early"
    judged = source == "measured" and fate in JUDGED
    within = fate == "accepted" and seconds is not None and seconds < limit
    return {
        "fate": fate,
        "source": source,
        "seconds": seconds,
        "limit": limit,
        "judged": judged,
        "within": within,
    }


def fate_of(offer: Any, leg: Any) -> str:
    """Say how an offer ended."""
    if offer.accepted_at:
        return "accepted"
    if offer.state == "withdrawn":
        return "withdrawn"
    if leg.state == "busy":
        return "busy"
    if offer.state == "declined":
        return "declined"
    if leg.answered_at:
        return "not_accepted"
    return "unreachable" if leg.state == "failed" else "rung_out"


def wrap_up(oracle: "Oracle", offer: Any, changes: dict[UUID, list[Any]]) -> int:
    """Return how long the agent wrapped up after a talk."""
    own = changes.get(offer.agent_id, [])
    if not any(c.state == "wrap_up" and c.at == offer.ended_at for c in own):
        return 0
    return ms(next((c.at for c in own if c.at > offer.ended_at), oracle.now) - offer.ended_at)


def true_wait(callback: Any, origin: Any) -> int:
    """From the arrival of the first call until they met in the second."""
    return int(ms(callback.settled_at - origin.started_at))


def at_first_contact(
    events: list[Any], owner: UUID | None, keys: dict[str, UUID], contacts: list[datetime]
) -> bool:
    """Say whether the first owner solved a ticket before a second contact, for good."""

    def state(event: Any) -> str | None:
        return "closed" if event.kind == "closed" else event.detail.get("state")

    solved = next((e for e in events if state(e) in ("solved", "closed")), None)
    if solved is None or owner is None or keys.get(solved.actor) != owner:
        return False
    week = solved.at + timedelta(days=7)
    again = any(state(e) in ("new", "open") and solved.at < e.at <= week for e in events)
    return not again and not any(at <= solved.at for at in contacts)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return when a day begins somewhere, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def pieces(since: datetime, until: datetime, zone: ZoneInfo) -> int:
    """Return the milliseconds of a stretch, each day's whole ones."""
    total = 0
    while since < until:
        stop = min(until, midnight(since.astimezone(zone).date() + timedelta(days=1), zone))
        total, since = total + ms(stop - since), stop
    return total


def ms(length: timedelta) -> int:
    """Return whole milliseconds."""
    return max(0, length // timedelta(milliseconds=1))


def ranks(name: str, ascending: list[int]) -> dict[str, Pair]:
    """Return nearest-rank percentiles."""
    places = {percent: ceil(len(ascending) * percent / 100) - 1 for percent in (50, 90, 99)}
    return {
        f"{name}.p{percent}": (ascending[place] if ascending else -1, len(ascending))
        for percent, place in places.items()
    }
