"""The figures once more, from numbers.md alone, over raw rows; it shares no code with the product."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.calendars.models import Calendar
from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call, CallEvent, Leg
from callcenter.dialing.models import Attempt
from callcenter.lines.models import Line
from callcenter.organisation.models import Centre
from callcenter.promises.models import Promise
from callcenter.routing.models import AgentStateChange, Offer, Wait
from callcenter.staff.models import Agent
from callcenter.tickets.models import Ticket, TicketEvent, TicketWords
from tests.prove.numbers.hands import (
    JUDGED,
    Pair,
    at_first_contact,
    midnight,
    ms,
    pieces,
    ranks,
    rung,
    true_wait,
    wrap_up,
)  # fmt: skip

TABLES = (
    Agent, AgentStateChange, Attempt, Calendar, Call, CallEvent, Callback, Leg, Line, Offer, Promise, Ticket,
    TicketEvent, TicketWords, Wait,
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """Days (both in), lines (None: all), an agent (None: all), instants."""

    first: date
    last: date
    lines: frozenset[UUID] | None = None
    agent: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass
class Raw:
    """Every row there is, and the zones of the lines."""

    tables: dict[Any, list[Any]] = field(default_factory=dict)
    zones: dict[UUID | None, ZoneInfo] = field(default_factory=dict)

    def __getitem__(self, table: Any) -> list[Any]:
        return self.tables[table]


def read(session: Session) -> Raw:
    """Read all rows."""
    raw = Raw({table: list(session.execute(sa.select(table.__table__))) for table in TABLES})
    calendars = {row.id: ZoneInfo(row.timezone) for row in raw[Calendar]}
    raw.zones = {line.id: calendars[line.calendar_id] for line in raw[Line]}
    raw.zones[None] = ZoneInfo(session.scalars(sa.select(Centre.timezone)).one())
    return raw


@dataclass
class Oracle:
    """The figures of what was asked, as of an instant."""

    raw: Raw
    asked: Asked
    now: datetime

    def day(self, line: UUID | None, at: datetime) -> date:
        """Return the day of an instant on a line's own clock."""
        return at.astimezone(self.raw.zones[line]).date()

    def inside(self, line: UUID | None, at: datetime) -> bool:
        """Say whether something that began then on a line was asked about."""
        asked = self.asked
        return (
            (asked.lines is None or line in asked.lines)
            and asked.first <= self.day(line, at) <= asked.last
            and (asked.since is None or at >= asked.since)
            and (asked.until is None or at < asked.until)
        )

    def mine(self, agent: UUID | None) -> bool:
        """Say whether an agent's doing was asked about."""
        return self.asked.agent is None or agent == self.asked.agent

    def calls(self) -> list[Any]:
        """Return the inbound calls that were asked about, whoever took them."""
        return [
            c for c in self.raw[Call] if c.direction == "inbound" and self.inside(c.line_id, c.started_at)
        ]

    def figures(self) -> dict[str, Pair]:
        """Return numerator and denominator of every figure; of percentiles, value and base."""
        found: dict[str, Pair] = {}
        for part in (self.queue, self.speed, self.rings, self.talks, self.callbacks, self.tickets,
                     self.promises, self.occupancy, self.completeness, self.overtakes):  # fmt: skip
            found |= part()
        return found

    def queue(self) -> dict[str, Pair]:
        """ "Queued = calls with a queue entry": connection rate, abandonment, service levels."""
        queued = [c for c in self.calls() if c.queued_at is not None]
        ended = [c for c in queued if c.outcome != "open"]
        short = [c for c in ended if c.outcome == "abandoned_short"]
        answered = [c for c in ended if c.outcome == "answered"]
        gave_up = [c for c in ended if c.outcome == "abandoned_in_queue"]
        levels = self.levels(queued)
        without = self.levels([c for c in queued if c.outcome != "abandoned_short"])
        kept = ("ignore_abandons", "negative", "positive")
        return {
            "connection_rate": (len(answered), len(ended)),
            "connection_rate.without_short": (len(answered), len(ended) - len(short)),
            "abandonment": (len(gave_up), len(ended)),
            **{f"service_level.{name}": pair for name, pair in levels.items()},
            **{f"service_level.{name}.without_short": without[name] for name in kept},
            "service_level.judged": self.judged(queued),
        }

    def levels(self, queued: list[Any]) -> dict[str, Pair]:
        """ "answered<=T / answered; A/(E-B); A/E; (A+B)/E; left the queue in any way <=T / queued." """
        limit = {line.id: timedelta(seconds=line.service_level_seconds) for line in self.raw[Line]}
        a = b = e = left = answered = 0
        for call in queued:
            t, out = limit[call.line_id], call.joined_at or call.left_queue_at
            soon = out is not None and out - call.queued_at <= t
            still = out is None and self.now - call.queued_at > t
            e += call.outcome != "open" or still
            a += soon and call.outcome == "answered"
            b += soon and call.outcome in ("abandoned_in_queue", "abandoned_short")
            left += soon
            answered += call.outcome == "answered"
        return {"answered": (a, answered), "ignore_abandons": (a, e - b), "negative": (a, e),
                "positive": (a + b, e), "left_queue": (left, len(queued))}  # fmt: skip

    def judged(self, queued: list[Any]) -> Pair:
        """Each line by the variant that its contract names."""
        parts = [
            self.levels([c for c in queued if c.line_id == line.id])[line.service_level_variant]
            for line in self.raw[Line]
        ]
        return sum(over for over, _ in parts), sum(under for _, under in parts)

    def speed(self) -> dict[str, Pair]:
        """ "Mean and p50/p90/p99 of queue entry -> joined, of answered calls; zero waits count." """
        waits = sorted(
            ms(c.joined_at - c.queued_at)
            for c in self.calls()
            if c.outcome == "answered" and c.queued_at is not None and c.joined_at and self.mine(c.agent_id)
        )
        return {"speed_of_answer.mean": (sum(waits), len(waits)), **ranks("speed_of_answer", waits)}

    def rings(self) -> dict[str, Pair]:
        """HL-1: rings from the carrier's stamps."""
        legs = [leg for leg in rung(self) if self.mine(leg["agent"])]
        judged = [leg for leg in legs if leg["judged"]]
        such = [leg for leg in legs if leg["fate"] in JUDGED]
        within = [leg for leg in judged if leg["within"]]
        estimated = [leg for leg in such if leg["source"] == "estimated"]
        taken = [leg for leg in judged if leg["fate"] == "accepted"]
        spoken = [leg for leg in taken if leg["answered_call"]]
        return {
            "three_rings": (len(within), len(judged)),
            "three_rings.seconds": (sum(leg["seconds"] < 15 for leg in taken), len(judged)),
            "three_rings.first_offer": (sum(x["first"] for x in within), sum(x["first"] for x in judged)),
            "three_rings.coverage": (sum(leg["source"] == "measured" for leg in such), len(such)),
            "three_rings.borderline": (sum(abs(x["seconds"] - x["limit"]) < 1 for x in judged), len(judged)),
            "three_rings.estimated": (sum(bool(leg["within"]) for leg in estimated), len(estimated)),
            "speed_of_answer.ring_mean": (sum(1000 * leg["seconds"] for leg in spoken), len(spoken)),
        }  # fmt: skip

    def talks(self) -> dict[str, Pair]:
        """ "Talk + hold + wrap-up", of conversations that are over."""
        calls = {c.id: c for c in self.raw[Call]}
        changes: dict[UUID, list[Any]] = {}
        for change in sorted(self.raw[AgentStateChange], key=lambda c: c.at):
            changes.setdefault(change.agent_id, []).append(change)
        total = talks = 0
        for offer in self.raw[Offer]:
            call = calls.get(offer.call_id)
            if not (offer.joined_at and offer.ended_at and call and self.mine(offer.agent_id)):
                continue
            if self.inside(call.line_id, call.started_at):
                talks += 1
                total += ms(offer.ended_at - offer.joined_at) + wrap_up(self, offer, changes)
        return {"handle_time": (total, talks)}

    def callbacks(self) -> dict[str, Pair]:
        """ "Promises whose window saw the attempt; saw the customer reached / promises due." """
        if self.asked.agent:
            return {}
        promises = {p.subject_id: p for p in self.raw[Promise] if p.subject_kind == "callback"}
        calls = {c.id: c for c in self.raw[Call]}
        sums: Counter[str] = Counter()
        waits = []
        for callback in self.raw[Callback]:
            owed = promises[callback.id]
            ends = owed.due_at + timedelta(seconds=owed.grace_seconds)
            if owed.state == "cancelled" or not self.inside(callback.line_id, owed.due_at):
                continue
            if owed.state == "open" and ends >= self.now:
                continue
            tries = [
                a.sent_at for a in self.raw[Attempt]
                if a.purpose_id == callback.id and a.state != "not_placed" and a.sent_at
            ]  # fmt: skip
            for who in ("", *(["agents."] if callback.created_by.startswith("agent:") else [])):
                sums[who + "due"] += 1
                sums[who + "attempted"] += any(sent <= ends for sent in tries)
                sums[who + "kept"] += owed.state == "kept"
            if callback.state == "kept" and callback.origin_call_id:
                waits.append(true_wait(callback, calls[callback.origin_call_id]))
        found = {
            f"callback.{who}{name}_in_time": (sums[who + name], sums[who + "due"])
            for who in ("", "agents.")
            for name in ("attempted", "kept")
        }
        return {**found, "true_wait.mean": (sum(waits), len(waits)), **ranks("true_wait", sorted(waits))}

    def tickets(self) -> dict[str, Pair]:
        """ "Solved by the first owner on the first contact, not reopened within 7 days / tickets." """
        keys = {f"agent:{a.key}": a.id for a in self.raw[Agent]}
        takers = {c.id: c.agent_id for c in self.raw[Call]}
        kept: dict[UUID, list[datetime]] = {}
        for callback in self.raw[Callback]:
            if callback.ticket_id and callback.state == "kept":
                kept.setdefault(callback.ticket_id, []).append(callback.settled_at)
        told: dict[UUID, list[Any]] = {}
        for event in sorted(self.raw[TicketEvent], key=lambda e: (e.at, e.id)):
            told.setdefault(event.ticket_id, []).append(event)
        good = opened = 0
        for ticket in self.raw[Ticket]:
            events = told.get(ticket.id, [])
            named = [e.detail["owner_agent_id"] for e in events if "owner_agent_id" in e.detail]
            owner = UUID(named[0]) if named else ticket.owner_agent_id or takers[ticket.call_id]
            if self.inside(ticket.line_id, ticket.created_at) and self.mine(owner):
                opened += 1
                good += at_first_contact(events, owner, keys, kept.get(ticket.id, []))
        return {"first_contact_resolution": (good, opened)}

    def promises(self) -> dict[str, Pair]:
        """ "Kept / due", by rule; broken; how late what was late; callbacks by state; cancelled in none."""
        about = {c.id: c for c in self.raw[Callback]}
        sums: Counter[str] = Counter()
        late = []
        for owed in self.raw[Promise]:
            callback = about.get(owed.subject_id)
            line = owed.line_id or (callback.line_id if callback else None)
            if not self.inside(line, owed.due_at) or not self.mine(owed.owner_agent_id):
                continue
            sums["callbacks"] += callback is not None
            sums["met"] += callback is not None and callback.state == "kept"
            ends = owed.due_at + timedelta(seconds=owed.grace_seconds)
            if owed.state == "cancelled" or (owed.state == "open" and ends >= self.now):
                continue
            for name in ("all", owed.rule):
                sums[f"due {name}"] += 1
                sums[f"kept {name}"] += owed.state == "kept"
            sums["broken"] += owed.state == "broken"
            if owed.state == "late" and owed.settled_at:
                late.append(ms(owed.settled_at - owed.due_at))
        rules = ("HL-7", "HL-8", "HL-9", "HL-10", "HL-11", "TK-3", "CP-2", "CP-4", "FU-5")
        found = {
            f"promises.kept_in_time.{rule.lower().replace('-', '_')}": (
                sums[f"kept {rule}"],
                sums[f"due {rule}"],
            )
            for rule in rules
        }
        found["promises.kept_in_time"] = sums["kept all"], sums["due all"]
        found["promises.broken"] = sums["broken"], sums["due all"]
        if self.asked.agent:
            return found
        found["callback.by_state"] = sums["met"], sums["callbacks"]
        found["promises.lateness.mean"] = sum(late), len(late)
        return {**found, **ranks("promises.lateness", sorted(late))}

    def occupancy(self) -> dict[str, Pair]:
        """ "(talk + hold + wrap-up) / (that + available) per agent", inside the centre's days."""
        if self.asked.lines is not None:
            return {}
        begins, ends = midnight(self.asked.first, self.raw.zones[None]), self.now
        ends = min(ends, midnight(self.asked.last + timedelta(days=1), self.raw.zones[None]))
        sums: Counter[str] = Counter()
        for agent in {c.agent_id for c in self.raw[AgentStateChange] if self.mine(c.agent_id)}:
            own = sorted(
                (c for c in self.raw[AgentStateChange] if c.agent_id == agent), key=lambda c: (c.at, c.id)
            )
            for change, following in zip(own, [*own[1:], None], strict=True):
                since, until = max(change.at, begins), min(following.at if following else ends, ends)
                sums[change.state] += pieces(since, until, self.raw.zones[None]) if since < until else 0
        busy = sums["talking"] + sums["wrap_up"]
        return {"occupancy": (busy, busy + sums["available"])}

    def completeness(self) -> dict[str, Pair]:
        """HL-4: customer, number, problem, solution."""
        words = {w.ticket_id: w for w in self.raw[TicketWords]}
        whole = {
            t.call_id for t in self.raw[Ticket]
            if t.customer_id and words[t.id].problem and words[t.id].solution
        }  # fmt: skip
        taken = [c for c in self.calls() if c.outcome == "answered" and self.mine(c.agent_id)]
        good = [c for c in taken if c.id in whole and c.from_number]
        return {"record_completeness": (len(good), len(taken))}

    def overtakes(self) -> dict[str, Pair]:
        """ "Callers served before an earlier arrival of equal priority and skill." """
        if self.asked.agent:
            return {}
        won = {
            o.wait_id: o for o in sorted(self.raw[Offer], key=lambda o: o.made_at, reverse=True)
            if o.joined_at and o.accepted_at
        }  # fmt: skip
        gone = {w.id: won[w.id].accepted_at if w.id in won else w.ended_at for w in self.raw[Wait]}
        calls = {c.id for c in self.calls()}
        pools: dict[Any, list[Any]] = {}
        for wait in self.raw[Wait]:
            pools.setdefault((wait.skill_id, wait.priority), []).append(wait)
        served = [w for w in self.raw[Wait] if w.id in won and w.subject_id in calls]
        passed = sum(
            any(
                other.entered_at < wait.entered_at
                and other.entered_at < won[wait.id].made_at
                and won[wait.id].accepted_at - other.entered_at < timedelta(hours=5)
                and (gone[other.id] is None or gone[other.id] > won[wait.id].accepted_at)
                for other in pools[wait.skill_id, wait.priority]
            )
            for wait in served
        )
        return {"overtakes": (passed, len(served))}

    def identity(self) -> tuple[dict[str, int], dict[str, int], set[str]]:
        """Return SIDs received and calls counted, by outcome, and the SIDs that are on one side only."""
        arrived: dict[UUID | None, set[str]] = {}
        for event in self.raw[CallEvent]:
            if event.kind == "arrived":
                arrived.setdefault(event.call_id, set()).add(event.leg_sid)
        received: Counter[str] = Counter()
        counted: Counter[str] = Counter()
        wrong: set[str] = set()
        for call in self.calls():
            counted[call.outcome] += 1
            received[call.outcome] += len(arrived.get(call.id, ()))
            wrong |= {call.sid} ^ arrived.get(call.id, set())
        if self.asked.lines is None:
            lost = {e.leg_sid for e in self.raw[CallEvent] if e.call_id is None and self.inside(None, e.at)}
            received["no_call"] += len(lost)
            wrong |= lost
        return dict(+received), dict(+counted), wrong
