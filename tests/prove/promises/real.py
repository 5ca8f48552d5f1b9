"""The same with the product's own processes: killed, stopped, doubled, and with a Redis that dies.

`callcenter web`, `worker` and `clock` under the supervisor of `callcenter up`, a Valkey, and the simulator as
a process, all four times as fast as real time. The books come over the simulator's own API.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from signal import SIGCONT, SIGSTOP
from typing import Any

import sqlalchemy as sa

from callcenter.bell import connect
from callcenter.organisation.queries import centre
from tests.bench.telephones import Telephones
from tests.prove.promises.judge import ATTEMPT, Books, Rung, judge
from tests.prove.promises.office import AGENT_SECONDS, POLICY, book, owed
from tests.prove.routing.installation import Installation, Script, harmed, installation
from tests.prove.verdict import Proof, Trial, Verdict

PROMISES, AGENTS = 400, 40
LEAST_SECONDS, QUIET, SETTLES = 200.0, 900.0, 260.0
"""How long promises fall due at the least, how long the last may need, how long what is unknown settles."""
AWAY = 300.0
STOPPED = (40.0, 240.0)
ENDED = ("completed", "busy", "failed", "no-answer", "canceled")
Deed = tuple[float, Callable[[], object]]
ONCE = ("web", "worker", "worker", "worker", "clock")
MANY = ("web", "web", *("worker",) * 4, *("clock",) * 2, *("sweeper",) * 3)


@dataclass
class Day:
    """What was promised and what goes wrong when, in seconds of the simulator."""

    place: Installation
    verdict: Verdict
    chance: Random
    count: int
    lasts: float
    goes_wrong: Callable[["Day"], list[Deed]]
    due: dict[str, datetime] = field(default_factory=dict)
    deeds: Counter[str] = field(default_factory=Counter)

    def happens(self) -> Script:
        """Let promises fall due while things go wrong; then wait for the quiet, and judge."""
        yield from self.place.all_listen()
        self._promise()
        for at, happens in sorted(self.goes_wrong(self), key=lambda deed: deed[0]):
            while self.place.seconds < at:
                yield
            happens()
        yield from self._until(lambda: self.place.seconds > self.lasts and not self._owed(), QUIET)
        yield from self._until(lambda: not self.place.net.load()["live_calls"], QUIET)
        yield from self._until(lambda: False, SETTLES)
        engine = sa.create_engine(self.place.url)
        judge(self.verdict, books_over(self.place.net), engine, self.due)
        engine.dispose()

    def _until(self, there: Callable[[], bool], seconds: float) -> Script:
        begun = self.place.seconds
        while self.place.seconds < begun + seconds and not there():
            yield

    def _owed(self) -> int:
        engine = sa.create_engine(self.place.url)
        try:
            return owed(engine)
        finally:
            engine.dispose()

    def _promise(self) -> None:
        now = datetime.fromisoformat(self.place.net.ask("health")["now"])
        for n in range(self.count):
            after = round(10 + self.chance.uniform(0, self.lasts - 10), 3)
            self.due[number(n)] = now + timedelta(seconds=after)
        with self.place.ground.work(self.place.url) as work:
            book(replace(work, now=lambda: now), self.due)

    def at_random(self, times: int, name: str, does: Callable[[], object]) -> list[Deed]:
        """Plan something at random instants."""

        def deed() -> None:
            self.deeds[name] += 1
            does()

        return [(self.chance.uniform(10, self.lasts), deed) for _ in range(times)]


def number(n: int) -> str:
    """Return a customer's number."""
    return f"+86139{n:08}"


def prove(trial: Trial, names: tuple[str, ...], goes_wrong: Callable[[Day], list[Deed]]) -> Verdict:
    """Run an installation of these processes, in which this goes wrong."""
    count = trial.of(PROMISES, 20)
    agents = min(AGENTS, max(8, count // 3))
    verdict = Verdict(count)
    takes = {"conduct": "answers", "after": 1.0, "presses": ["1"]}
    phones = [{"address": f"+86199{n:08}", "behaviours": [takes]} for n in range(agents)]
    phones += [{"address": number(n), "behaviours": [takes | {"talks_for": 5.0}]} for n in range(count)]
    with installation(trial.database, agents, names, phones=phones) as place:
        with place.ground.work(trial.database) as work, work.transaction() as session:
            home = centre(session)
            home.policies = home.policies | POLICY
        lasts = max(LEAST_SECONDS, count * AGENT_SECONDS / agents)
        day = Day(place, verdict, Random(trial.seed), count, lasts, goes_wrong)
        place.live(day.happens())
    verdict.measured |= dict(day.deeds)
    return verdict


def books_over(net: Telephones) -> Books:
    """Read the simulator's books over its own API."""
    told = net.ask("ledger")
    rang = {ring["sid"]: datetime.fromisoformat(ring["started"]) for ring in told["rings"]}
    calls = [_rung(net, life, rang) for life in told["calls"] if life["direction"] == "outbound-api"]
    accepted = Counter(
        found[1]
        for placed in told["placed"]
        if placed["status"] == 201 and (found := ATTEMPT.search(placed["url"]))
    )
    return Books(calls, accepted)


def _rung(net: Telephones, life: dict[str, Any], rang: dict[str, datetime]) -> Rung:
    moves = [(datetime.fromisoformat(at), status) for at, status in life["moves"]]
    lived = {status for _, status in moves}
    ended = moves[-1][0] if moves[-1][1] in ENDED else None
    lines = net.ask(f"calls/{life['sid']}")["lines"]
    met = any(line["kind"] == "talk" for line in lines)
    return Rung(
        life["sid"], life["to"], moves[0][0], rang.get(life["sid"]), "in-progress" in lived, met, ended
    )


def _workers(day: Day) -> list[int]:
    return [n for n, part in enumerate(day.place.parts) if part.name == "worker"]


def workers_die(day: Day) -> list[Deed]:
    """Kill workers with `kill -9`, one for every fifth promise."""
    return day.at_random(day.count // 5, "killed", lambda: day.place.kill(day.chance.choice(_workers(day))))


def redis_goes(day: Day) -> list[Deed]:
    """FLUSHALL, kill the server, in turn; then keep it away for five minutes."""

    def flush() -> None:
        connect(day.place.ground.redis_url).flushall()

    def kill() -> None:
        process = day.place.ground.valkey._server
        assert process is not None
        process.kill()

    def is_away(away: bool) -> None:
        day.place.redis_away = away
        if away:
            kill()

    times = max(2, day.count // 40)
    begins, day.lasts = day.lasts, day.lasts + AWAY
    return [
        *day.at_random(times, "flushed", flush),
        *day.at_random(times, "redis_killed", kill),
        (begins, partial(is_away, True)),
        (begins + AWAY, partial(is_away, False)),
    ]


def owners_are_paused(day: Day) -> list[Deed]:
    """Stop workers with SIGSTOP, each for longer than its lease, and let them go on."""

    def planned() -> Iterator[Deed]:
        for n in range(max(4, day.count // 8)):
            at, seconds = day.chance.uniform(10, day.lasts), day.chance.uniform(*STOPPED)
            stopped: list[Any] = []
            yield at, partial(stop, n, stopped)
            yield at + seconds, partial(go_on, stopped)

    def stop(n: int, stopped: list[Any]) -> None:
        # The last worker is left, or nothing would be done meanwhile.
        process = day.place.parts[_workers(day)[n % 2]].process
        if process is not None and process.poll() is None:
            process.send_signal(SIGSTOP)
            stopped.append(process)
            day.deeds["stopped"] += 1

    def go_on(stopped: list[Any]) -> None:
        for process in stopped:
            process.send_signal(SIGCONT)

    return list(planned())


def nothing_goes_wrong(_: Day) -> list[Deed]:
    """There is enough of everything."""
    return []


def prove_many(trial: Trial) -> Verdict:
    """Four workers, two clocks, three that sweep without a lease, every job five times."""
    with harmed("everything five times", "tests.prove.promises.processes"):
        return prove(trial, MANY, nothing_goes_wrong)


def _proof(id_: str, promise: str, proves: Callable[[Trial], Verdict]) -> Proof:
    return Proof(id_, promise, proves, in_suite=False, alone=True)


PROOFS = (
    _proof("B1-real", "B1 with real processes, killed with kill -9 at random",
           lambda trial: prove(trial, ONCE, workers_die)),
    _proof("B3-real", "B3 with a real Valkey: FLUSHALL, kill -9, away for five minutes",
           lambda trial: prove(trial, ONCE, redis_goes)),
    _proof("B4-real", "B4 with real processes: 4 workers, 2 clocks, 3 sweep without a lease, jobs five times",
           prove_many),
    _proof("B5-real", "B5 with real processes, stopped with SIGSTOP at random",
           lambda trial: prove(trial, ONCE, owners_are_paused)),
)  # fmt: skip
