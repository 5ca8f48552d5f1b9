"""Callers who were served before an earlier arrival of equal priority and skill, and why: fairness is shown.

A caller is chosen when the offer that he was won by was made. Who had come earlier and still waited then was
overtaken: because a phone rang for him already, because the agent does not speak his language or had just
declined him; anything else is a fault of the routing and says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from callcenter.calls.models import Call
from callcenter.routing.models import Offer, Wait
from callcenter.routing.rules import DECLINED_REST
from callcenter.staff.models import Agent
from callcenter.standards.windows import Window, calls_in

STATES = ("waiting", "offered", "won", "joined", "left")
# The carrier ends a call after four hours; nobody stands in line for longer.
STANDS_AT_MOST = timedelta(hours=5)
mine = aliased(Wait)
BECAUSE = ("being_offered", "language", "declined")


@dataclass(frozen=True)
class Overtaking:
    """By call: whether it was served from the queue, and the reason for which it overtook somebody."""

    why: Mapping[UUID, str | None]

    def sets_of(self, call_id: UUID) -> list[str]:
        """Return the sets that a call is in."""
        if call_id not in self.why:
            return []
        why = self.why[call_id]
        return ["served", *(["overtook", f"overtook_{why}"] if why else [])]


@dataclass(frozen=True)
class Served:
    """A stay in line that ended with an agent: chosen when that offer was made."""

    wait: Any
    offer: Any


def overtaking(session: Session, window: Window, calls: Sequence[UUID]) -> Overtaking:
    """Look at the calls of a window among everybody who waited at that time."""
    ours = frozenset(calls)
    if not ours:
        return Overtaking({})
    waits = session.execute(_waits(window)).all()
    offers: dict[UUID, list[Any]] = {}
    for offer in session.execute(_offers(window)):
        offers.setdefault(offer.wait_id, []).append(offer)
    languages = dict(session.execute(sa.select(Agent.id, Agent.languages)).all())
    why: dict[UUID, str | None] = {}
    for pool in _pools(waits).values():
        for served, passed in _passed(pool, offers):
            if served.wait.subject_id in ours:
                reasons = [_reason(served, wait, offers.get(wait.id, ()), languages) for wait in passed]
                why[served.wait.subject_id] = next(
                    (reason for reason in reversed(REASONS) if reason in reasons), None
                )
    return Overtaking(why)


# The last of these that is true of anybody who was passed is told: a fault is never hidden by a reason.
REASONS = (*BECAUSE, "unexplained")


def _waits(window: Window) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        Wait.id, Wait.subject_id, Wait.skill_id, Wait.priority, Wait.language, Wait.entered_at, Wait.ended_at,
        Wait.state,
    ).where(Wait.subject_kind == "call", *_near(window))  # fmt: skip


def _near(window: Window) -> tuple[sa.ColumnElement[bool], ...]:
    """Say that a stay began near the window, for a skill that a call of the window asked for."""
    asked = sa.select(mine.skill_id).join(Call, Call.id == mine.call_id).where(*calls_in(window))
    return (
        Wait.state.in_(STATES),
        Wait.skill_id.in_(asked),
        Wait.entered_at >= window.begins() - STANDS_AT_MOST,
        Wait.entered_at < window.ends() + STANDS_AT_MOST,
    )


def _offers(window: Window) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            Offer.wait_id, Offer.agent_id, Offer.state, Offer.made_at, Offer.accepted_at, Offer.joined_at,
            Offer.ended_at,
        )
        .join(Wait, Wait.id == Offer.wait_id)
        .where(Wait.subject_kind == "call", *_near(window))
    )  # fmt: skip


def _pools(waits: Sequence[Any]) -> dict[tuple[UUID, int], list[Any]]:
    """Part the stays into those that compete: equal skill and priority."""
    pools: dict[tuple[UUID, int], list[Any]] = {}
    for wait in waits:
        pools.setdefault((wait.skill_id, wait.priority), []).append(wait)
    return pools


def _passed(
    pool: Sequence[Any], offers: Mapping[UUID, Sequence[Any]]
) -> Iterator[tuple[Served, Sequence[Any]]]:
    """Yield who was served, in order, with those who had come earlier and still waited at that moment."""
    served = sorted(_served(pool, offers), key=lambda one: one.offer.made_at)
    won_at = {one.wait.id: one.offer.accepted_at for one in served}
    arrivals = sorted(pool, key=lambda wait: wait.entered_at)
    standing: list[Any] = []
    coming = 0
    for one in served:
        chosen = one.offer.made_at
        while coming < len(arrivals) and arrivals[coming].entered_at < chosen:
            standing.append(arrivals[coming])
            coming += 1
        standing = [wait for wait in standing if _stands(wait, won_at.get(wait.id), chosen)]
        earlier = [wait for wait in standing if wait.entered_at < one.wait.entered_at]
        taken = one.offer.accepted_at
        yield one, [wait for wait in earlier if _stands(wait, won_at.get(wait.id), taken)]


def _served(pool: Sequence[Any], offers: Mapping[UUID, Sequence[Any]]) -> Iterator[Served]:
    for wait in pool:
        joined = [offer for offer in offers.get(wait.id, ()) if offer.joined_at and offer.accepted_at]
        if joined:
            yield Served(wait, min(joined, key=lambda offer: offer.made_at))


def _stands(wait: Any, won_at: datetime | None, at: datetime) -> bool:
    """Say whether somebody was still in line at an instant: not gone, not taken, not forgotten by the log."""
    until = won_at or wait.ended_at
    return (until is None or until > at) and at - wait.entered_at < STANDS_AT_MOST


def _reason(
    served: Served, passed: Any, its_offers: Sequence[Any], languages: Mapping[UUID, list[str]]
) -> str:
    """Say why the one who was passed was not chosen instead."""
    chosen, agent = served.offer.made_at, served.offer.agent_id
    ringing = any(o.made_at <= chosen < (o.ended_at or chosen.max) for o in its_offers)
    declined = any(
        o.agent_id == agent and o.state == "declined" and chosen - DECLINED_REST < o.ended_at <= chosen
        for o in its_offers
    )
    truths = (ringing, passed.language not in languages.get(agent, ()), declined)
    return next((why for why, true in zip(BECAUSE, truths, strict=True) if true), "unexplained")
