"""Was every caller heard? From the telephones, the carrier's books, and plain SQL: nothing of the product."""

import itertools
from datetime import datetime, timedelta

import sqlalchemy as sa

from callcenter.simulator import Network
from callcenter.simulator.handset import Handset
from tests.prove.verdict import Verdict

DEAD_AIR = 3.0
A_TICKET = sa.text("""
    SELECT r.sid, c.sid, t.number, t.emergency, r.seconds FROM recordings r
    LEFT JOIN calls c ON c.id = r.call_id LEFT JOIN tickets t ON t.call_id = c.id
""")
OUTCOMES = sa.text("SELECT sid, outcome FROM calls WHERE direction = 'inbound'")


def judge_ears(verdict: Verdict, callers: list[Handset], asked_to_speak: list[Handset]) -> None:
    """Every caller heard a sentence and met no dead air; these were asked to speak after the tone."""
    for caller in callers:
        heard = [moment for moment in caller.call.ear.moments if moment.kind == "speech"]
        if not heard:
            verdict.failed(f"{caller.sid} heard no sentence\n{caller.transcript()}")
        for begin, end in caller.silences(longer_than=DEAD_AIR):
            verdict.failed(f"{caller.sid} heard nothing from {begin:.1f} to {end:.1f} s")
        if caller in asked_to_speak and not _was_served(caller):
            verdict.failed(f"{caller.sid} could leave no message\n{caller.transcript()}")


def _was_served(caller: Handset) -> bool:
    """He was asked to speak after the tone."""
    return any(moment.text == "beep" for moment in caller.call.ear.moments)


def judge_books(verdict: Verdict, net: Network, engine: sa.Engine) -> None:
    """Every message of the carrier's books is one recording on its call with one ticket; no call is open."""
    with engine.connect() as connection:
        told = connection.execute(A_TICKET).all()
        outcomes = dict(connection.execute(OUTCOMES).all())
    for tape in messages(net):
        found = [row for row in told if row[0] == tape.sid]
        if len(found) != 1 or found[0][1] != tape.call_sid or found[0][2] is None:
            verdict.failed(f"message {tape.sid} of {tape.call_sid} became {found}")
    for life in net.ledger.lives.values():
        if life.direction == "inbound":
            outcome = outcomes.get(life.sid, "no row")
            if outcome in ("no row", "open"):
                verdict.failed(f"call {life.sid} ({life.status}) is {outcome}")
    if len(outcomes) > sum(1 for life in net.ledger.lives.values() if life.direction == "inbound"):
        verdict.failed(f"{len(outcomes)} calls have rows, more than came")


def judge_ends(verdict: Verdict, callers: list[Handset], engine: sa.Engine, allowed: frozenset[str]) -> None:
    """Every one of these calls ended in one of these ways."""
    with engine.connect() as connection:
        outcomes = dict(connection.execute(OUTCOMES).all())
    for caller in callers:
        if (outcome := outcomes.get(caller.sid, "no row")) not in allowed:
            verdict.failed(f"{caller.sid} ended as {outcome}\n{caller.transcript()}")


def judge_phones(verdict: Verdict, net: Network, callers: list[Handset]) -> None:
    """No agent was rung while he was rung or talked; no caller was connected twice, no talk was cut off."""
    for phone in net.world.phones.values():
        placed = [call for call in phone.calls if call.direction == "outbound-api"]
        for one, other in itertools.pairwise(placed):
            if one.ended is None or one.ended > other.created:
                verdict.failed(f"{phone.address} was rung by {other.sid} while {one.sid} was there")
    for caller in callers:
        talks = [moment.ended for moment in caller.call.ear.moments if moment.kind == "talk"]
        if len(talks) > 1:
            verdict.failed(f"{caller.sid} was connected {len(talks)} times\n{caller.transcript()}")
        both = [caller.call, *(net.world.calls[sid] for sid in caller.call.partners)]
        hung_up = [call.ended for call in both if call.ended_by == "person"]
        if not all(_is_near(ended, hung_up) for ended in talks):
            verdict.failed(f"{caller.sid} talked, and neither of the two hung up\n{caller.transcript()}")


def _is_near(moment: float | None, others: list[float | None]) -> bool:
    return moment is not None and any(other is not None and abs(other - moment) < 1 for other in others)


def messages(net: Network) -> list:  # type: ignore[type-arg]
    """Return the voice messages on which something was said."""
    return [tape for tape in net.world.recordings.values() if tape.source == "RecordVerb" and tape.duration]


def tickets_missing(net: Network, engine: sa.Engine) -> int:
    """Return how many messages of the carrier's books have no ticket yet."""
    with engine.connect() as connection:
        there = {row[0] for row in connection.execute(A_TICKET) if row[2] is not None}
    return sum(1 for tape in messages(net) if tape.sid not in there)


def seconds_to_tickets(net: Network, engine: sa.Engine, since: datetime, limit: float = 120.0) -> float:
    """Let time pass until every message is a ticket; return how long that took, infinite at the limit."""
    while tickets_missing(net, engine):
        if net.now() - since > timedelta(seconds=limit):
            return float("inf")
        net.run_for(1)
    return (net.now() - since).total_seconds()
