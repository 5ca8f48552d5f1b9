"""Holds the model to the product: the same steps, taken by the real actions, leave the same rows."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter.dialing import actions as dialing
from callcenter.dialing.models import Attempt, CarrierOrder
from callcenter.lines import models as lines
from callcenter.routing import actions as routing
from callcenter.routing import matching, queries
from callcenter.routing.models import AgentState, Offer, Wait
from callcenter.switchboard import inbound, offers, outcomes, placed, placing, progress
from callcenter.tables import metadata
from ivr.hearing import Pressed, TalkEnded
from tests.prove.routing.ground import Room
from tests.prove.routing.model import Rules
from tests.prove.routing.shapes import Centre, Step, start

MENU = [{"key": "1", "choice": "technical", "skill": "technical"}]
LATER = timedelta(days=1)
A_WHILE = timedelta(seconds=5)
SELDOM = {
    "gives_up": 0.03, "says_goodbye": 0.3, "rings_out": 0.15, "clicks": 0.3, "is_refused": 0.1,
    "is_unknown": 0.15, "hangs_up": 0.15,
}  # fmt: skip
"""What ends a walk early comes less often than the rest, so that walks go far."""


Way = list[tuple[Step, Centre]]


def walk(rules: Rules, agents: int, callers: int, steps: int, chance: random.Random) -> Way:
    """Take so many steps of the model at random."""
    centre, way = start(agents, callers), []
    for _ in range(steps):
        ahead = [(step, after) for step, after in rules.steps(centre) if after != centre]
        if not ahead:
            break
        weights = [SELDOM.get(step[0], 1.0) for step, _ in ahead]
        step, centre = chance.choices(ahead, weights)[0]
        way.append((step, centre))
    return way


def replay(floor: Room, way: Way) -> str | None:
    """Take the same steps in the product; return what differs first, None when nothing does."""
    desk = Desk(floor)
    for count, (step, centre) in enumerate(way, 1):
        floor.time.at += A_WHILE
        desk.takes(step)
        floor.bell.rung.clear()
        told, found = expected(centre), desk.rows(len(centre.callers))
        if told != found:
            steps = [each for each, _ in way[:count]]
            return f"after {steps}: the model says {told}, the rows say {found}"
    return None


def expected(centre: Centre) -> dict[str, Any]:
    """Return what the rows must say, as the model has it."""
    return {
        "agents": [(_seen(a.state), a.offer, a.call if a.offer else -1, a.attempt) for a in centre.agents],
        "callers": [(c.wait, c.summon, c.requeue, c.known) for c in centre.callers],
    }


def _seen(state: str) -> str:
    return {"wrap_up": "away", "break": "away"}.get(state, state)


@dataclass
class Line:
    """The carrier's side of one leg: its SID and when it ended."""

    sid: str
    ended: datetime | None = None


@dataclass
class Desk:
    """Takes a step of the model with the product's own verbs."""

    floor: Room
    calls: dict[int, UUID] = field(default_factory=dict)
    legs: dict[int, Line] = field(default_factory=dict)
    phones: dict[UUID, Line] = field(default_factory=dict)
    entered: dict[str, datetime] = field(default_factory=dict)

    def takes(self, step: Step) -> None:
        """Take one step."""
        name, a, c = step
        if name == "match":
            self.prefer(a, c)
        for webhook in _WEBHOOKS.get(name, (name,)):
            deed: Callable[[Session, int], None] = getattr(self, webhook)
            with self.floor.work.transaction() as session:
                deed(session, c if a < 0 else a)

    @property
    def at(self) -> datetime:
        """The present time."""
        return self.floor.time.at

    # Callers.

    def arrives(self, session: Session, c: int) -> None:
        number, line = f"+86138001380{c:02}", session.get_one(lines.Line, self.floor.line_id)
        sid = self.floor.twin.arrives(number, line.number)
        self.legs[c] = Line(sid)
        inbound.arrive(self.floor.work, session, sid=sid, from_raw=number, to_raw=line.number, at=self.at)
        self.goes_on(session, c, Pressed("1"))
        self.calls[c] = self.leg(session, sid).call_id

    def goes_on(self, session: Session, c: int, heard: Any) -> None:
        sid = self.legs[c].sid
        key = str(self.leg(session, sid).turn)
        inbound.go_on(self.floor.work, session, sid=sid, key=key, heard=heard, at=self.at)

    def leg(self, session: Session, sid: str) -> Any:
        found = inbound.calls.leg_by_sid(session, sid)
        assert found is not None
        return found

    def gives_up(self, _session: Session, c: int) -> None:
        self.ends(self.legs[c])

    def ends(self, line: Line, status: str = "completed") -> None:
        if line.ended is None:
            line.ended = self.at
            self.floor.twin.becomes(line.sid, status)

    def says_goodbye(self, session: Session, c: int) -> None:
        self.ends(self.legs[c])
        offer = self.offer_of_call(session, c)
        attempt = self.attempt_of(session, offer.agent_id)
        self.ends(self.phones[attempt.id])

    def hears_the_end(self, session: Session, c: int) -> None:
        self.goes_on(session, c, TalkEnded("answered"))
        self.ends(self.legs[c])

    def is_reported_gone(self, session: Session, c: int) -> None:
        line = self.legs[c]
        assert line.ended is not None
        report = progress.Report(line.sid, "completed", line.ended, self.at, {})
        progress.inbound_call(session, report, from_raw="", to_raw="")

    # Orders about callers.

    def order(self, session: Session, kind: str, c: int, *states: str) -> CarrierOrder:
        statement = sa.select(CarrierOrder).where(
            CarrierOrder.key.startswith(f"{kind}:"), CarrierOrder.sid == self.legs[c].sid,
            CarrierOrder.state.in_(states),
        )  # fmt: skip
        newest = statement.order_by(CarrierOrder.created_at.desc(), CarrierOrder.path.desc()).limit(1)
        return session.execute(newest).scalar_one()

    def summon_is_taken(self, session: Session, c: int) -> None:
        assert dialing.claim_order(session, self.order(session, "summon", c, "pending").id, self.at)

    def requeue_is_taken(self, session: Session, c: int) -> None:
        assert dialing.claim_order(session, self.order(session, "requeue", c, "pending").id, self.at)

    def summon_is_found_again(self, session: Session, c: int) -> None:
        order = self.order(session, "summon", c, "given")
        session.execute(sa.update(CarrierOrder).values(bell_at=self.at + LATER))
        session.execute(sa.update(CarrierOrder).where(CarrierOrder.id == order.id).values(bell_at=self.at))
        session.execute(sa.update(Attempt).values(bell_at=self.at + LATER))
        dialing.ring_bells(session, self.at)

    def summon_is_obeyed(self, session: Session, c: int) -> None:
        self.obeys(session, c, self.order(session, "summon", c, "given"), inbound.summon)

    def requeue_is_obeyed(self, session: Session, c: int) -> None:
        self.obeys(session, c, self.order(session, "requeue", c, "given"), inbound.requeue)

    def obeys(self, session: Session, c: int, order: CarrierOrder, fetch: Callable[..., str]) -> None:
        number, gone = int(str(order.path).rpartition("/")[2]), self.legs[c].ended is not None
        if outcomes.was_obeyed(session, order):
            dialing.finish_order(session, order.id, "done", "found obeyed", self.at)
        elif gone:
            dialing.finish_order(session, order.id, "gone", "21220", self.at)
            outcomes.order_came_too_late(session, order, self.at)
        else:
            dialing.finish_order(session, order.id, "done", None, self.at)
            fetch(self.floor.work, session, sid=order.sid, connection=number, at=self.at)
            self.entered[order.sid] = self.at

    # Offers.

    def prefer(self, a: int, c: int) -> None:
        """Let this caller be the first in line, and this agent the longest idle."""
        early, late = self.at - LATER, self.at
        with self.floor.work.transaction() as session:
            session.execute(sa.update(Wait).values(entered_at=late))
            mine = sa.update(Wait).where(Wait.subject_id == self.calls[c])
            session.execute(mine.values(entered_at=early))
            session.execute(sa.update(AgentState).values(free_since=late))
            his = sa.update(AgentState).where(AgentState.agent_id == self.floor.agents[a])
            session.execute(his.values(free_since=early))

    def match(self, session: Session, _a: int) -> None:
        assert matching.offer_next(session, self.at)

    def live_offer(self, session: Session, a: int) -> Offer:
        statement = sa.select(Offer).where(Offer.agent_id == self.floor.agents[a], queries.OFFER_IS_LIVE)
        return session.execute(statement).scalar_one()

    def offer_of_call(self, session: Session, c: int) -> Offer:
        statement = sa.select(Offer).where(Offer.call_id == self.calls[c], queries.OFFER_IS_LIVE)
        return session.execute(statement).scalar_one()

    def rings_out(self, session: Session, a: int) -> None:
        offer = self.live_offer(session, a)
        offer.ring_until = self.at
        session.flush()
        assert offers.miss_offer(session, offer.id, self.at)

    def clicks(self, session: Session, a: int) -> None:
        assert offers.accept_by_click(session, self.live_offer(session, a).id, self.at)

    def comes_back(self, session: Session, a: int) -> None:
        away = sa.update(AgentState).where(AgentState.until.is_not(None))
        session.execute(away.values(until=self.at + LATER))
        session.execute(away.where(AgentState.agent_id == self.floor.agents[a]).values(until=self.at))
        routing.end_due_states(session, self.at)

    # The dialing protocol.

    def attempt_of(self, session: Session, agent_id: UUID) -> Attempt:
        statement = sa.select(Attempt).where(
            Attempt.target == f"agent:{agent_id}", Attempt.state.in_(("intent", "sending", "unknown", "live"))
        )
        return session.execute(statement).scalar_one()

    def of(self, session: Session, a: int) -> Attempt:
        return self.attempt_of(session, self.floor.agents[a])

    def is_claimed(self, session: Session, a: int) -> None:
        attempt = self.of(session, a)
        assert outcomes.is_wanted(session, attempt)
        assert dialing.claim(session, attempt.id, self.at) is not None

    def is_posted(self, session: Session, a: int) -> None:
        attempt = self.of(session, a)
        self.phones[attempt.id] = Line(self.floor.twin.place(placing.placement(self.floor.work, attempt)))

    def is_refused(self, session: Session, a: int) -> None:
        outcomes.not_placed(session, self.of(session, a), "refused", self.at)

    def is_unknown(self, session: Session, a: int) -> None:
        outcomes.unknown(session, self.of(session, a), "the worker died", self.at)

    def is_bound(self, session: Session, a: int) -> None:
        attempt = self.of(session, a)
        assert placed.leg_of_attempt(session, attempt.id, self.phones[attempt.id].sid, self.at) is not None

    def was_never_placed(self, session: Session, a: int) -> None:
        outcomes.not_placed(session, self.of(session, a), "two listings show no call", self.at)

    def hang_up_is_obeyed(self, session: Session, a: int) -> None:
        self.ends(self.phones[self.of(session, a).id])

    # Agents' telephones.

    def picks_up(self, session: Session, a: int) -> None:
        attempt = self.of(session, a)
        line = self.phones[attempt.id]
        document = placed.pick_up(self.floor.work, session, attempt.id, line.sid, self.at)
        self.hears(line, document)

    def hears(self, line: Line, document: str) -> None:
        self.floor.twin.becomes(line.sid, "in-progress")
        if "<Hangup" in document:
            self.ends(line)

    def presses(self, session: Session, a: int) -> None:
        attempt, work = self.of(session, a), self.floor.work
        line = self.phones[attempt.id]
        key = str(self.leg(session, line.sid).turn)
        heard = Pressed("1")
        document = placed.go_on(work, session, attempt.id, sid=line.sid, key=key, heard=heard, at=self.at)
        self.hears(line, document)

    def hangs_up(self, session: Session, a: int) -> None:
        self.ends(self.phones[self.of(session, a).id])

    def is_told_of_the_agent(self, session: Session, a: int) -> None:
        self.is_told_he_came(session, a, str(self.live_offer(session, a).leg_sid))

    def is_told_of_the_customer(self, session: Session, a: int) -> None:
        self.is_told_he_came(session, a, self.customer_leg(session, self.live_offer(session, a)))

    def is_told_he_came(self, session: Session, a: int, sid: str) -> None:
        offer = self.live_offer(session, a)
        self.notice(session, offer, "participant-join", sid, self.entered[self.customer_leg(session, offer)])

    def customer_leg(self, session: Session, offer: Offer) -> str:
        leg = inbound.calls.customer_leg(session, offer.call_id) if offer.call_id else None
        assert leg is not None
        return leg.sid

    def is_told_he_left(self, session: Session, a: int) -> None:
        offer, line = self.live_offer(session, a), self.phones[self.of(session, a).id]
        assert line.ended is not None
        self.notice(session, offer, "participant-leave", line.sid, line.ended)

    def notice(self, session: Session, offer: Offer, event: str, sid: str, at: datetime) -> None:
        progress.conference(
            session, event=event, room=placed.room_of(offer), instance="CF" + "1" * 32, sid=sid, sequence="1",
            at=at, received_at=self.at,
        )  # fmt: skip

    def leg_is_over(self, session: Session, a: int) -> None:
        attempt = self.of(session, a)
        line = self.phones[attempt.id]
        assert line.ended is not None
        report = progress.Report(line.sid, "completed", line.ended, self.at, {})
        progress.placed_leg(session, attempt.id, report)

    # What the rows say, by plain SQL.

    def rows(self, callers: int) -> dict[str, Any]:
        """Return the rows as the model would put them."""
        with self.floor.work.db.reading() as session:
            agents = [self.agent_row(session, agent_id) for agent_id in self.floor.agents]
            return {"agents": agents, "callers": [self.caller_row(session, c) for c in range(callers)]}

    def agent_row(self, session: Session, agent_id: UUID) -> tuple[str, str, int, str]:
        given = {"agent": agent_id.hex, "target": f"agent:{agent_id}"}
        state = self.one(session, _STATE, given)
        offer = self.one(session, _OFFER, given) or ""
        call = self.one(session, _CALL_OF_OFFER, given)
        attempt = self.one(session, _ATTEMPT, given) or ""
        numbers = {call_id.hex: c for c, call_id in self.calls.items()}
        return _seen(state), offer, numbers.get(call, -1), attempt

    def caller_row(self, session: Session, c: int) -> tuple[str, str, str, bool]:
        if c not in self.calls:
            return "", "", "", False
        given = {"call": self.calls[c].hex, "sid": self.legs[c].sid}
        wait = self.one(session, _WAIT, given) or ""
        summon = self.one(session, _ORDER, given | {"kind": "summon:%"}) or ""
        requeue = self.one(session, _ORDER, given | {"kind": "requeue:%"}) or ""
        return wait, summon, requeue, self.one(session, _ENDED, given) is not None

    def one(self, session: Session, statement: str, given: dict[str, Any]) -> Any:
        """Return the first column of the newest row; ids as 32 hexadecimal digits on both back ends."""
        row = session.execute(sa.text(statement), _ids(given, session.get_bind().dialect.name)).first()
        return None if row is None else (row[0].hex if isinstance(row[0], UUID) else row[0])


def _ids(given: dict[str, Any], dialect: str) -> dict[str, Any]:
    """PostgreSQL compares UUIDs with UUIDs, SQLite text with text."""
    if dialect == "sqlite":
        return given
    return {name: UUID(value) if name in ("agent", "call") else value for name, value in given.items()}


# Steps that the carrier reports in several webhooks, a transaction each.
_WEBHOOKS = {"is_told_they_met": ("is_told_of_the_agent", "is_told_of_the_customer")}
_LIVE = "state IN ('ringing', 'accepted', 'joined')"
_STATE = "SELECT state FROM agent_states WHERE agent_id = :agent"
_OFFER = f"SELECT state FROM offers WHERE agent_id = :agent AND {_LIVE}"
_CALL_OF_OFFER = f"SELECT call_id FROM offers WHERE agent_id = :agent AND {_LIVE}"
_ATTEMPT = (
    "SELECT state FROM attempts WHERE target = :target AND state IN ('intent', 'sending', 'unknown', 'live')"
)
_WAIT = "SELECT state FROM waits WHERE subject_id = :call ORDER BY id DESC"
_ORDER = (
    "SELECT CASE WHEN state IN ('pending', 'given') THEN state ELSE '' END FROM carrier_orders "
    "WHERE sid = :sid AND key LIKE :kind ORDER BY length(path) DESC, path DESC"
)
_ENDED = "SELECT ended_at FROM calls WHERE id = :call AND ended_at IS NOT NULL"


def sweep_out(floor: Room) -> None:
    """Forget every call of an earlier walk; the agents are free again."""
    with floor.work.transaction() as session:
        for table in reversed(metadata.sorted_tables):
            if table.name in _OF_CALLS:
                session.execute(table.delete())
        free: dict[str, Any] = {"state": "available", "reason": None, "until": None, "after": None}
        session.execute(sa.update(AgentState).values(**free, free_since=floor.time.at))


_OF_CALLS = frozenset(
    (
        "waits", "offers", "attempts", "carrier_orders", "calls", "legs", "call_events", "call_words",
        "tickets", "ticket_events", "ticket_words", "promises", "ring_measures", "notices",
        "agent_state_changes", "customers", "customer_numbers", "callbacks", "recordings",
    )
)  # fmt: skip
