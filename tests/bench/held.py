"""Rows: how many calls one machine holds, and how long its webhooks take meanwhile.

Everything runs here at once: `web`, two `worker`s and the `clock`, as `callcenter up` would start them,
PostgreSQL, Valkey, and the simulator, which plays the carrier and all the people. Most callers press 1 and
talk with an agent; some press 2, for whom there is nobody: they wait in the queue, with its documents, until
they give up. Once everybody is there, as many come as leave. Times of webhooks are those that the simulator
saw, from sending a request to having its answer.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callcenter import ids
from callcenter.bell import workers
from callcenter.calls.models import Call
from callcenter.jobs import Work
from callcenter.organisation.models import Branch, Skill
from callcenter.routing.models import AgentState
from callcenter.staff.models import Agent, AgentSkill
from tests import xinghe
from tests.bench import processes
from tests.bench.figures import spread
from tests.bench.goals import HELD, HELD_P99, Row
from tests.bench.ground import Ground
from tests.bench.history.copying import tidy
from tests.bench.processes import Server, free_port, running
from tests.bench.telephones import Crowd, Steady, Telephones, hold, telephones
from tests.waiting import until

STARTS_SECONDS = 20.0
SETTLES_SECONDS = 6.0
LOOKS = 3
COMPLAINTS = 5
_LIVES = ("queued", "ringing", "in-progress", "initiated")


def measure(ground: Ground, wanted: Crowd) -> list[Row]:
    """Let the crowd come; return how many calls were held and how long webhooks took."""
    url = ground.database("held")
    with ground.work(url) as work:
        staff(work, wanted.held)
        tidy(url)
        with _centre(ground, url) as (net, server):
            seen = hold(net, wanted)
            held = _talking_and_waiting(work)
            lost = _lost(work, net, server)
    told = sum(held.values())
    beside: dict[str, float | str] = {
        "webhooks_per_second": seen.webhooks_a_second, "p50_ms": seen.load["webhook_ms"]["p50"],
        "most_ms": seen.load["webhook_ms"]["most"], "p99_while_filling_ms": seen.filling["webhook_ms"]["p99"],
        "arrivals_per_second": wanted.pace, "mean_stay_s": wanted.mean_stay, "legs": float(seen.held),
        "simulator_cores": seen.cpu_share, "simulator_late_p99_ms": seen.load["late_ms"]["p99"], **held,
    }  # fmt: skip
    said = f"{held['talking']} talk, {held['waiting']} wait; {wanted.pace:.1f} arrive a second"
    rate = f"p50 {seen.load['webhook_ms']['p50']:.0f} ms at {seen.webhooks_a_second:.0f}/s"
    return [
        Row(HELD, spread([told]), said, faults=lost, beside=beside),
        Row(HELD_P99, spread([seen.load["webhook_ms"]["p99"]]), rate, faults=lost, beside=_times(seen)),
    ]


def _times(seen: Steady) -> dict[str, float | str]:
    return {f"{name}_ms": value for name, value in seen.load["webhook_ms"].items()}


def staff(work: Work, agents: int) -> None:
    """Open the example's centre and hire people who know `technical` and nothing else."""
    xinghe.open_centre(work)
    hire(work, agents)


def hire(work: Work, agents: int) -> None:
    """Hire people who are at work at once."""
    with work.transaction() as session:
        skill = session.scalars(sa.select(Skill.id).where(Skill.key == "technical")).one()
        branch = session.scalars(sa.select(Branch.id).where(Branch.head_office)).one()
        made, at = [ids.new() for _ in range(agents)], work.at()
        _insert(session, Agent, [
            {"id": id, "key": f"agent-{n}", "name": f"Agent {n}", "branch_id": branch,
             "languages": ["zh-CN", "en-US"], "address": f"+86199{n:08}", "address_raw": "-", "active": True}
            for n, id in enumerate(made)
        ])  # fmt: skip
        _insert(session, AgentSkill, [{"agent_id": id, "skill_id": skill, "level": 1} for id in made])
        idle = {"state": "available", "since": at, "free_since": at, "version": 1}
        _insert(session, AgentState, [{"agent_id": id, **idle} for id in made])


def _insert(session: Session, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    session.execute(sa.insert(table), rows)


@contextmanager
def _centre(ground: Ground, url: str) -> Iterator[tuple[Telephones, Server]]:
    """Run everything; yield the telephones and the web process."""
    port, carrier = free_port(), free_port()
    public, api = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{carrier}"
    with ExitStack() as stack:
        net = stack.enter_context(telephones(ground, public, carrier))
        where = {"PUBLIC_URL": public, "TWILIO_API_URL": api}
        server = stack.enter_context(processes.product(ground, url, port=port, **where))
        for name in ("worker", "worker", "clock"):
            stack.enter_context(running(ground, url, api, name, PUBLIC_URL=public))
        until(lambda: workers(ground.redis_url) > 1, STARTS_SECONDS)
        yield net, server


def _talking_and_waiting(work: Work) -> dict[str, int]:
    """Count the callers who are in a conversation, and those who wait, by the product's own rows."""
    with work.db.reading() as session:
        counts = sa.select(Call.stage, sa.func.count()).where(Call.ended_at.is_(None)).group_by(Call.stage)
        stages = dict(session.execute(counts).all())
    talking = stages.pop("talk", 0)
    return {"talking": talking, "waiting": sum(stages.values())}


def _lost(work: Work, net: Telephones, server: Server) -> int:
    """Count the webhooks that failed, and the calls that the records have otherwise than they are; tell some.

    What the two say of a call differs for the moment in which it ends: lost is what differs every time.
    """
    failed, wrong = int(net.load()["failed"]), _differing(work, net)
    for _ in range(LOOKS):
        time.sleep(SETTLES_SECONDS / LOOKS)
        wrong &= _differing(work, net)
    if wrong:
        said = [line for line in server.complaints() if '"level": "error"' in line][:COMPLAINTS]
        sys.stderr.write(f"{len(wrong)} calls are lost, as {sorted(wrong)[:COMPLAINTS]}; {said}\n")
    return failed + len(wrong)


def _differing(work: Work, net: Telephones) -> set[str]:
    """Return the calls that are alive for one and over for the other, unknown, or were told of a fault."""
    lives = {life["sid"]: life for life in net.ask("ledger")["calls"]}
    with work.db.reading() as session:
        ours = {
            sid: (ended is None, outcome == "failed" or fault is not None)
            for sid, ended, outcome, fault in session.execute(
                sa.select(Call.sid, Call.ended_at, Call.outcome, Call.fault)
            ).all()
        }
    alive = {sid: lives[sid]["moves"][-1][1] in _LIVES for sid in net.started}
    return {sid for sid in net.started if ours.get(sid) != (alive[sid], False)}
