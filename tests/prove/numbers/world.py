"""Days that could have been: calls, queues, rings, talks, callbacks, tickets, states, in three zones.

They lie round two changes to winter time and round midnights, with waits at the very limits; some of the log
is wrong on purpose. Nothing here knows what a figure is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.calendars.models import Calendar
from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call, CallEvent, Leg
from callcenter.customers.models import Customer
from callcenter.dialing.models import Attempt
from callcenter.lines.models import Line
from callcenter.promises.models import Promise
from callcenter.routing.models import AgentStateChange, Offer, Wait
from callcenter.tickets.models import Ticket, TicketEvent, TicketWords
from tests.factories import centre

FIRST, LAST = date(2026, 10, 23), date(2026, 11, 3)
NOW = datetime(2026, 11, 4, 5, 0, tzinfo=UTC)
ZONES = {"shanghai": "Asia/Shanghai", "berlin": "Europe/Berlin", "seattle": "America/Los_Angeles"}
COUNTRY = {"shanghai": "CN", "berlin": "GB", "seattle": "US"}
VARIANT = {"shanghai": "negative", "berlin": "ignore_abandons", "seattle": "positive"}
T = 20
ENDS = ("answered", "answered", "answered", "answered", "gave_up", "gave_up", "callback", "voicemail",
        "failed", "open")  # fmt: skip
NEVER_QUEUED = ("abandoned_in_menu", "abandoned_in_greeting", "self_served", "closed", "failed", "open")


@dataclass
class World:
    """What was made: the lines with their zones, the agents, and rows that wait to be written."""

    session: Session
    random: Random
    lines: list[Line] = field(default_factory=list)
    zones: dict[UUID, ZoneInfo] = field(default_factory=dict)
    agents: list[Any] = field(default_factory=list)
    skills: list[UUID] = field(default_factory=list)
    customers: list[UUID] = field(default_factory=list)
    rows: dict[Any, list[dict[str, Any]]] = field(default_factory=dict)
    number: int = 0

    def add(self, table: Any, **values: Any) -> UUID:
        """Make a row, and return its id."""
        row = {"id": ids.new(), **values}
        self.rows.setdefault(table, []).append(row)
        return UUID(str(row["id"]))

    def write(self) -> None:
        """Put everything that waits into the database."""
        for table in ORDER:
            rows = [
                {name: kept for name, kept in row.items() if name != "leg"}
                for row in self.rows.get(table, ())
            ]
            if rows:
                self.session.execute(sa.insert(table), rows)
        self.rows.clear()

    def seconds(self, most: float) -> timedelta:
        """Return a length of time: whole seconds as often as not, and now and then exactly at T."""
        drawn = self.random.choice((0.0, T, T + 0.001, 4.999, 5.0)) if self.random.random() < 0.2 else None
        length = self.random.uniform(0, most) if drawn is None else min(drawn, most)
        return timedelta(seconds=round(length) if self.random.random() < 0.5 else round(length, 3))


ORDER = (Call, Leg, CallEvent, Wait, Offer, AgentStateChange, Ticket, TicketWords, TicketEvent, Callback,
         Promise, Attempt)  # fmt: skip


def found(session: Session, random: Random) -> World:
    """Make the centre: three lines in three zones, six agents, two skills."""
    centre.centre(session, timezone="Europe/Berlin")
    world = World(session, random)
    for key, zone in ZONES.items():
        calendar = Calendar(key=key, timezone=zone)
        session.add(calendar)
        session.flush()
        line = centre.line(
            session, key, calendar_id=calendar.id, cadence_country=COUNTRY[key], service_level_seconds=T,
            service_level_variant=VARIANT[key],
        )  # fmt: skip
        world.lines.append(line)
        world.zones[line.id] = ZoneInfo(zone)
    world.agents = [centre.agent(session, f"agent{number}") for number in range(6)]
    for agent in world.agents[3:]:
        agent.languages = ["zh-CN", "en-US"]
    world.skills = [centre.skill(session, key) for key in ("technical", "presales")]
    for number in range(5):
        customer = Customer(name=f"customer {number}", created_at=NOW)
        session.add(customer)
        session.flush()
        world.customers.append(customer.id)
    return world


def instant(world: World, zone: ZoneInfo) -> datetime:
    """Return when something begins: any time, often round a local midnight or a change of the clocks."""
    random = world.random
    day = FIRST + timedelta(days=random.randrange((LAST - FIRST).days + 1))
    if random.random() < 0.15:
        day = random.choice((date(2026, 10, 25), date(2026, 11, 1)))
        near = timedelta(hours=random.uniform(0, 4))
    elif random.random() < 0.3:
        near = timedelta(minutes=random.uniform(-10, 10))
    else:
        near = timedelta(hours=random.uniform(0, 24))
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    at = midnight + near
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def people(world: World, count: int) -> None:
    """Let so many people call."""
    for _ in range(count):
        line = None if world.random.random() < 0.02 else world.random.choice(world.lines)
        caller(world, line)
    for _ in range(count // 200):
        sid = new_sid(world)
        event(world, None, sid, instant(world, ZoneInfo("Europe/Berlin")))
    world.write()


def new_sid(world: World) -> str:
    """Return a SID that nobody has."""
    world.number += 1
    return f"CA{world.number:032x}"


def event(world: World, call_id: UUID | None, sid: str, at: datetime) -> None:
    """Log an arrival."""
    world.add(
        CallEvent, call_id=call_id, leg_sid=sid, key="call", kind="arrived", at=at, recorded_at=at, detail={}
    )


def caller(world: World, line: Line | None) -> UUID:
    """Let one person call a line, or a number that is none of ours; return the call."""
    random = world.random
    zone = world.zones[line.id] if line else ZoneInfo("Europe/Berlin")
    began, sid = instant(world, zone), new_sid(world)
    call = {
        "id": ids.new(), "sid": sid, "direction": "inbound", "line_id": line.id if line else None,
        "from_number": "+8613800138000" if random.random() < 0.9 else None, "from_raw": "x",
        "to_number": line.number if line else "+49", "stage": "menu", "day": began.astimezone(zone).date(),
        "started_at": began, "outcome": "open", "promised": False, "message_left": False, "agent_id": None,
        "customer_id": None, "language": None, "queued_at": None, "joined_at": None, "left_queue_at": None,
        "ended_at": None, "fault": None,
    }  # fmt: skip
    if line is None or random.random() < 0.25:
        call["outcome"] = random.choice(NEVER_QUEUED)
        call["ended_at"] = None if call["outcome"] == "open" else began + world.seconds(60)
    else:
        stand_in_line(world, line, call)
    world.rows.setdefault(Call, []).append(call)
    anomalies(world, call)
    if random.random() < 0.5:
        ticket(world, line, call)
    return UUID(str(call["id"]))


def anomalies(world: World, call: dict[str, Any]) -> None:
    """Let the log be wrong now and then: no arrival, two arrivals."""
    if world.random.random() > 0.004:
        event(world, call["id"], call["sid"], call["started_at"])
    if world.random.random() < 0.004:
        event(world, call["id"], new_sid(world), call["started_at"])


def stand_in_line(world: World, line: Line, call: dict[str, Any]) -> None:
    """Let a caller wait, be offered to agents, and leave the queue in some way."""
    random = world.random
    entered = call["started_at"] + world.seconds(30)
    end = random.choice(ENDS)
    left = entered + world.seconds(4 if end == "gave_up" and random.random() < 0.4 else 90)
    call |= {"queued_at": entered, "stage": "queue"}
    wait = {
        "id": ids.new(), "subject_kind": "call", "subject_id": call["id"], "call_id": call["id"],
        "line_id": line.id, "skill_id": random.choice(world.skills),
        "language": "en-US" if random.random() < 0.1 else "zh-CN", "priority": int(random.random() < 0.1),
        "entered_at": entered, "state": "waiting", "exit": None, "ended_at": None, "connection": 0,
        "told_position": None, "told_high": None,
    }  # fmt: skip
    world.rows.setdefault(Wait, []).append(wait)
    rung = list(rings(world, line, call, wait, entered, left))
    if end == "open":
        return
    call |= {"left_queue_at": left, "ended_at": left + world.seconds(300), "outcome": end}
    wait |= {"state": "left", "ended_at": left, "exit": "hung_up"}
    if end == "gave_up":
        short = left - entered < timedelta(seconds=line.short_call_seconds)
        call |= {"outcome": "abandoned_short" if short else "abandoned_in_queue", "ended_at": left}
    elif end == "answered":
        talk(world, call, wait, rung[-1] if rung else None)
    elif end == "callback":
        promise(world, line, call, left)


def rings(
    world: World, line: Line, call: dict[str, Any], wait: dict[str, Any], entered: datetime, left: datetime
) -> Iterator[dict[str, Any]]:
    """Ring one to three agents, each for a while, whatever comes of it."""
    at = entered
    for connection in range(1, world.random.randint(1, 3) + 1):
        at = at + world.seconds(max(1.0, (left - at).total_seconds() / 2))
        yield ring(world, line, call, wait, at, connection)


def ring(
    world: World, line: Line, call: dict[str, Any], wait: dict[str, Any], at: datetime, connection: int
) -> dict[str, Any]:
    """Offer a caller to an agent who does not take it; the carrier stamps whole seconds, and not always."""
    random = world.random
    agent = random.choice(world.agents)
    began = at.replace(microsecond=0) + timedelta(seconds=1)
    rang = timedelta(seconds=random.choice((4, 8, 9, 14, 15, 16, 17, 18, 25)))
    state, status = random.choice(
        (("missed", "no-answer"), ("missed", "completed"), ("declined", "canceled"), ("failed", "busy"),
         ("failed", "failed"), ("withdrawn", "canceled"))
    )  # fmt: skip
    heard = random.random()
    leg = {
        "id": ids.new(), "sid": new_sid(world), "call_id": call["id"], "role": "agent", "agent_id": agent.id,
        "attempt_id": None, "state": status, "created_at": at, "checked_at": at, "turn": 0, "step": None,
        "initiated_at": began - timedelta(seconds=1) if heard > 0.02 else None,
        "ringing_at": began if heard > 0.07 else None,
        "answered_at": began + rang if status == "completed" else None, "ended_at": began + rang,
    }  # fmt: skip
    world.rows.setdefault(Leg, []).append(leg)
    offer = {
        "id": ids.new(), "wait_id": wait["id"], "agent_id": agent.id, "line_id": line.id,
        "call_id": call["id"], "connection": connection, "state": state, "reason": None,
        "leg_sid": leg["sid"], "made_at": at, "ring_until": at, "accepted_at": None, "joined_at": None,
        "ended_at": at + rang + timedelta(seconds=1), "leg": leg,
    }  # fmt: skip
    world.rows.setdefault(Offer, []).append(offer)
    return offer


def talk(world: World, call: dict[str, Any], wait: dict[str, Any], offer: dict[str, Any] | None) -> None:
    """Let the last agent who was rung take the call: accept, meet, talk, wrap up."""
    if offer is None:
        return
    met = max(call["left_queue_at"], offer["made_at"])
    ends = met + world.seconds(400)
    leg = offer.pop("leg")
    leg |= {"state": "completed", "answered_at": leg["answered_at"] or leg["ended_at"], "ended_at": ends}
    offer |= {"state": "ended", "accepted_at": met - (met - offer["made_at"]) / 3, "joined_at": met,
              "ended_at": ends, "leg": leg}  # fmt: skip
    call |= {"joined_at": met, "left_queue_at": met, "ended_at": ends, "agent_id": offer["agent_id"]}
    wait |= {"state": "joined", "ended_at": met, "exit": "answered"}
    changes = [("available", offer["made_at"] - timedelta(minutes=5)), ("talking", offer["accepted_at"])]
    if world.random.random() < 0.8:
        changes += [("wrap_up", ends), ("available", ends + world.seconds(60) + timedelta(milliseconds=1))]
    for state, at in changes:
        world.add(AgentStateChange, agent_id=offer["agent_id"], state=state, reason=None, at=at, actor="x")


def promise(world: World, line: Line, call: dict[str, Any], at: datetime) -> None:
    """Promise a call back, and keep it, or not: in time, late, never."""
    random = world.random
    due = at + timedelta(minutes=random.choice((5, 30, 60, 600)))
    ends = due + timedelta(minutes=10)
    owed, state, settled = random.choice(
        (("kept", "kept", due - timedelta(minutes=1)), ("kept", "kept", ends),
         ("late", "kept", ends + timedelta(seconds=1)), ("late", "booked", None),
         ("broken", "failed", ends), ("cancelled", "cancelled", at), ("open", "booked", None))
    )  # fmt: skip
    callback = world.add(
        Callback, number=f"+86138{world.number:08}", line_id=line.id, skill_id=world.skills[0],
        language="zh-CN", customer_id=None, origin_call_id=call["id"] if random.random() < 0.8 else None,
        ticket_id=None, call_id=None, state=state, reason=None, created_at=at,
        created_by=random.choice(("caller", "agent:agent1")), due_at=due, next_try_at=due, tries=1,
        settled_at=settled,
    )  # fmt: skip
    world.add(
        Promise, rule=("HL-8", "HL-7", "CP-4")[world.number % 3], subject_kind="callback",
        subject_id=callback, customer_id=None, owner_agent_id=None, made_at=at, due_at=due,
        grace_seconds=600, state=owed, settled_at=settled, why={},
    )  # fmt: skip
    for _ in range(random.randrange(3)):
        sent = random.choice((at + timedelta(minutes=1), ends, ends + timedelta(seconds=1), None))
        world.add(
            Attempt, purpose_kind="callback", purpose_id=callback, target=new_sid(world), to_address="x",
            from_number="x", timeout_seconds=30, state=random.choice(("ended", "ended", "not_placed")),
            reason=None, fence=0, sid=None, created_at=at, bell_at=at, sent_at=sent, settled_at=None,
            empty_listings=0,
        )  # fmt: skip


def ticket(world: World, line: Line | None, call: dict[str, Any]) -> None:
    """Open a ticket about a call; somebody writes on it, solves it, opens it again."""
    random = world.random
    opened = call["started_at"] + timedelta(seconds=20)
    owner = random.choice(world.agents).id if random.random() < 0.2 else None
    made = world.add(
        Ticket, number=f"9{world.number}", kind="general", channel="phone", state="open",
        line_id=line.id if line else None, call_id=call["id"], owner_agent_id=owner, language=None,
        customer_id=random.choice((None, *world.customers)), created_at=opened, updated_at=opened,
        closed_at=None, version=1,
    )  # fmt: skip
    words = [random.choice(("words", "words", "", None)) for _ in range(2)]
    world.rows.setdefault(TicketWords, []).append(
        {"ticket_id": made, "subject": None, "problem": words[0], "solution": words[1]}
    )
    at = opened
    for _ in range(random.randrange(4)):
        at = at + timedelta(hours=random.choice((0.1, 1, 30, 24 * 7, 24 * 8)))
        kind, detail = random.choice(
            (("closed", {}), ("changed", {"state": "solved"}), ("changed", {"state": "open"}),
             ("changed", {"owner_agent_id": str(random.choice(world.agents).id)}))
        )  # fmt: skip
        actor = f"agent:{random.choice(world.agents).key}"
        if call["agent_id"] and random.random() < 0.6:
            actor = next(f"agent:{each.key}" for each in world.agents if each.id == call["agent_id"])
        world.add(TicketEvent, ticket_id=made, kind=kind, at=at, actor=actor, detail=detail, note=None)
