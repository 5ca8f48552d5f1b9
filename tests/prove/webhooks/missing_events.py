"""A9: what the carrier said in vain is found: a call whose end nobody reported ends here all the same."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import sqlalchemy as sa

from callcenter.db import Database
from callcenter.simulator import Behaviour, answers, rings_out
from callcenter.simulator.calls import Call
from callcenter.simulator.faults import Fault
from callcenter.simulator.people import hang_up
from tests import xinghe
from tests.journeys.conftest import MONDAY_MORNING, Hotline, opened
from tests.prove.planting import fault
from tests.prove.verdict import Proof, Trial, Verdict
from tests.prove.webhooks import plants

CALLS = 1_000
SECONDS_EACH = 4
FOUND_WITHIN = timedelta(seconds=120)
SILENT_SECONDS = 60
DROPPED = 0.1
SETTLING_SECONDS = 180
"""The longest stay, the longest search, and a little more."""
AGENTS = ("zhang-wei", "li-na", "wang-fang")


def prove(trial: Trial) -> Verdict:
    """Let people call while a tenth of the status callbacks is lost, and for a minute each of them."""
    database, verdict = Database(trial.database), Verdict(0)
    try:
        with opened(database, seed=trial.seed) as hotline:
            lost = _live_through(hotline, trial.of(CALLS, least=8), Random(trial.seed))
            judge(list(hotline.net.world.calls.values()), database.engine, verdict)
        verdict.measured["lost"] = sum(each.struck for each in lost)
        return verdict
    finally:
        database.dispose()


def _live_through(hotline: Hotline, calls: int, chance: Random) -> list[Fault]:
    """Let calls come at random; in the middle the carrier is not heard for a minute."""
    net, length = hotline.net, SECONDS_EACH * calls
    for key in AGENTS:
        hotline.agent(key).will(*(_agent(chance) for _ in range(calls)))
    lost = [Fault("drop", "status", probability=DROPPED), Fault("drop", "status")]
    net.faults.add(lost[0])
    for number in range(calls):
        net.at(chance.uniform(0, length), partial(_call, hotline, number, chance.choice((0.4, 7, 20))))
    net.at(length / 2, partial(net.faults.add, lost[1]))
    net.at(length / 2 + SILENT_SECONDS, partial(net.faults.remove, lost[1]))
    net.run_for(length)
    for _ in range(SETTLING_SECONDS // 10):
        if not net.live_calls() and not _unknown(hotline):
            break
        net.run_for(10)
    return lost


def _unknown(hotline: Hotline) -> bool:
    with hotline.work.db.reading() as session:
        return bool(session.scalar(sa.text("SELECT count(*) FROM legs WHERE ended_at IS NULL")))


def _agent(chance: Random) -> Behaviour:
    if chance.random() < 0.3:
        return rings_out()
    return answers(chance.uniform(1, 9), presses="1", talks_for=chance.uniform(5, 15))


def _call(hotline: Hotline, number: int, stays: float) -> None:
    """Call, ask for technical help, and hang up after a while whatever happens."""
    call = hotline.phone(f"+86138{number:08}").dials(xinghe.HOTLINE, presses=("1",), reaction=0.5).call
    hotline.net.at(stays, partial(_leave, hotline, call))


def _leave(hotline: Hotline, call: Call) -> None:
    with hotline.net.world.kernel.lock:
        if call.live:
            hang_up(hotline.net.world, call)


_FOUND = """SELECT leg_sid AS sid, min(recorded_at) AS at FROM call_events WHERE kind = 'status'
 AND key IN ('status:completed', 'status:busy', 'status:failed', 'status:no-answer', 'status:canceled')
 GROUP BY leg_sid"""
_ENDS = "SELECT sid, state FROM legs"


def judge(calls: Sequence[Call], engine: sa.Engine, verdict: Verdict) -> None:
    """Compare when each call ended, by the carrier's own books, with when it was known here."""
    with engine.connect() as connection:
        found = {row.sid: _instant(row.at) for row in connection.execute(sa.text(_FOUND))}
        states = {row.sid: row.state for row in connection.execute(sa.text(_ENDS))}
    verdict.trials, slowest = len(calls), timedelta()
    for call in calls:
        if call.ended is None:
            verdict.failed(f"{call.sid} has not ended: the proof was too short for it")
        elif call.sid not in found or states.get(call.sid) != call.status.value:
            verdict.failed(f"{call.sid} ended {call.status.value}, and is {states.get(call.sid)} here")
        else:
            took = found[call.sid] - (MONDAY_MORNING + timedelta(seconds=call.ended))
            slowest = max(slowest, took)
            if took > FOUND_WITHIN:
                verdict.failed(f"{call.sid} was known to have ended after {took}")
    verdict.measured["slowest"] = f"{slowest.total_seconds():.0f} s"


def _instant(value: Any) -> datetime:
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read


A9 = Proof(
    id="A9",
    promise="a call whose status callbacks are lost is known to have ended within 120 s",
    prove=prove,
    mutants={
        "nobody asks before ten minutes": fault(
            ("callcenter.switchboard.sweeps.SILENCE", timedelta(minutes=10))
        ),
        "whoever is to be asked is forgotten": fault(
            ("callcenter.switchboard.jobs.leg_by_id", plants.nothing)
        ),
        "an end is only what is called completed": fault(
            ("callcenter.switchboard.progress.TERMINAL", frozenset({"busy"}))
        ),
    },
    databases=("sqlite", "postgresql"),
    small=0.008,
)
