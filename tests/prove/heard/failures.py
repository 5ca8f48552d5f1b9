"""What is taken away in each row, who calls meanwhile, and what must be true afterwards."""

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass

from callcenter.simulator import Fault, answers, rings_out
from callcenter.web.apology import static_apology, static_thanks
from tests import xinghe
from tests.prove.heard.judge import judge_books, judge_ears, judge_ends, judge_phones, seconds_to_tickets
from tests.prove.heard.rig import PUBLIC_URL, STATIC_URL, Rig, centre
from tests.prove.verdict import Trial, Verdict

ROUNDS = 100
CALLERS = 4
A_MINUTE = 60.0
DEATHS = (("redirect", True), ("place", False), ("redirect", False), ("place", True))
"""At which request a worker dies, and whether the carrier has it."""
REFUSALS = ("404", "401", "500", "timeout", "429")
KEYS: tuple[tuple[str, ...], ...] = ((), ("1",), ("2",), ("0",), ("9", "1"))


@dataclass(frozen=True)
class Failure:
    """One kind of failure.

    `strikes` takes something away in a round while its block lasts. `lists` says whether the carrier's lists
    answer: where they do not, the spool alone must bring the messages home. `to` is the number that is
    called. Who calls during a failure with `message` must be asked to speak. `ends` are the outcomes that
    the calls of a round may have, one set after the other; nothing is asked of them where there is none.
    `wired` lays a wire to PostgreSQL that can be cut, where it is the database that goes.
    """

    strikes: Callable[[Rig, int], AbstractContextManager[None]]
    lists: bool = True
    to: str = xinghe.HOTLINE
    message: bool = True
    lasts: tuple[float, float] = (60.0, 150.0)
    before: bool = True
    ends: tuple[frozenset[str], ...] = ()
    wired: bool = False


def prove(trial: Trial, failure: Failure) -> Verdict:
    """Let the failure strike again and again, each time with new callers, and judge after every recovery."""
    dice, rounds = random.Random(trial.seed), trial.of(ROUNDS)
    verdict, slowest = Verdict(rounds * CALLERS), 0.0
    with centre(trial.database, trial.seed, wired=failure.wired) as rig:
        _furnish(rig)
        for number in range(rounds):
            slowest = max(slowest, _round(verdict, rig, failure, dice, number))
        rig.net.run_for(180)
        if not failure.lists:
            rig.net.faults.clear()
            rig.net.run_for(120)
        judge_books(verdict, rig.net, rig.work.db.engine)
    fatal = [warning for warning in rig.net.warnings if warning.code in (12100, 12200, 13520, 13521)]
    for warning in fatal:
        verdict.failed(f"the carrier refused a document: {warning}")
    verdict.measured |= {"slowest_ticket_s": round(slowest, 1), "messages": len(rig.spoken)}
    verdict.measured |= {"workers_killed": rig.deaths} if rig.deaths else {}
    return verdict


def _furnish(rig: Rig) -> None:
    """Numbers as in the carrier's console; the static texts lie elsewhere."""
    rig.static = {
        "/sorry": static_apology(PUBLIC_URL, f"{STATIC_URL}/thanks").encode(),
        "/thanks": static_thanks().encode(),
    }
    for number in (xinghe.HOTLINE, xinghe.GUANGZHOU, STRANGER):
        rig.net.number(
            number,
            f"{PUBLIC_URL}/twilio/voice",
            fallback_url=f"{STATIC_URL}/sorry",
            status_callback=f"{PUBLIC_URL}/twilio/status",
        )


def _round(verdict: Verdict, rig: Rig, failure: Failure, dice: random.Random, number: int) -> float:
    """Some callers are there, something goes, more callers come, it is back; return the slowest ticket."""
    rig.callers.clear()
    early = CALLERS // 2 if failure.before else 0
    _let_call(rig, failure, dice, number, range(early))
    with nullcontext() if failure.lists else _no_lists(rig):
        with failure.strikes(rig, number):
            _let_call(rig, failure, dice, number, range(early, CALLERS))
            rig.net.run_for(dice.uniform(*failure.lasts))
        seconds = seconds_to_tickets(rig.net, rig.work.db.engine, rig.net.now())
    if seconds > A_MINUTE:
        verdict.failed(f"{seconds} s after recovery {number} there is a message without a ticket")
    _end_all(rig)
    judge_phones(verdict, rig.net, rig.callers)
    judge_ears(verdict, rig.callers, rig.callers[early:] if failure.message else [])
    if failure.ends:
        allowed = failure.ends[number % len(failure.ends)]
        judge_ends(verdict, rig.callers, rig.work.db.engine, allowed)
    return seconds


def _end_all(rig: Rig) -> None:
    """Whoever still waits after five minutes hangs up."""
    rig.net.run_until(lambda: all(caller.ended for caller in rig.callers), 300)
    for caller in rig.callers:
        if not caller.ended:
            caller.hangs_up()
    rig.net.run_for(5)


def _let_call(rig: Rig, failure: Failure, dice: random.Random, round_: int, places: range) -> None:
    for place in places:
        rig.calls(f"+86138{round_:04}{place:04}", failure.to, dice.choice(KEYS))
        rig.net.run_for(dice.uniform(0.0, 8.0))


@contextmanager
def _no_lists(rig: Rig) -> Iterator[None]:
    """The carrier's lists do not answer: what comes home came by the spool."""
    fault = rig.net.faults.add(Fault("500", "rest", path="/(Recordings|Calls).json", event="GET"))
    yield
    rig.net.faults.remove(fault)


def _hung(rig: Rig, _: int) -> AbstractContextManager[None]:
    return rig.database_hung()


def _down(rig: Rig, _: int) -> AbstractContextManager[None]:
    return rig.database_down()


@contextmanager
def _neither(rig: Rig, _: int) -> Iterator[None]:
    with rig.database_down(), rig.redis_down():
        yield


@contextmanager
def _no_redis(rig: Rig, _: int) -> Iterator[None]:
    with rig.redis_down(), _at_work(rig, talks_for=5.0):
        yield
        _end_all(rig)


def _full(rig: Rig, _: int) -> AbstractContextManager[None]:
    return rig.disk_full()


def _dead(rig: Rig, _: int) -> AbstractContextManager[None]:
    return rig.application_dead()


@contextmanager
def _carrier(rig: Rig, number: int) -> Iterator[None]:
    """One way of not answering, for everything that is asked of the REST API."""
    with _at_work(rig, talks_for=5.0):
        fault = rig.net.faults.add(Fault(REFUSALS[number % len(REFUSALS)], "rest"))  # type: ignore[arg-type]
        yield
        rig.net.faults.remove(fault)
        _end_all(rig)


@contextmanager
def _worker_dies(rig: Rig, number: int) -> Iterator[None]:
    """A worker is killed at one of its requests; talks last longer than it takes to notice."""
    verb, acted = DEATHS[number % len(DEATHS)]
    with _at_work(rig, talks_for=40.0), rig.worker_killed(verb, acted=acted):
        yield
        _end_all(rig)


@contextmanager
def _nobody(rig: Rig, number: int) -> Iterator[None]:
    """Nobody is at work, or everybody lets it ring."""
    with _at_work(rig) if number % 2 else nullcontext():
        yield


@contextmanager
def _strange(_: Rig, __: int) -> Iterator[None]:
    yield


@contextmanager
def _at_work(rig: Rig, talks_for: float = 0.0) -> Iterator[None]:
    """Two agents are there; they talk that long, or let every call ring out."""
    for key in ("zhang-wei", "li-na"):
        xinghe.log_in(rig.work, key)
        phone = rig.net.phone(xinghe.address(rig.work, key), key)
        phone.will(answers(rings=1, presses="1", talks_for=talks_for) if talks_for else rings_out())
    with ExitStack() as stack:
        stack.callback(_go_home, rig)
        yield


def _go_home(rig: Rig) -> None:
    from callcenter.routing.actions import set_agent_state

    for key in ("zhang-wei", "li-na"):
        with rig.work.transaction() as session:
            set_agent_state(session, xinghe.agent_id(rig.work, key), "offline", None, rig.work.at(), "test")


STRANGER = "+862155559999"
SERVED = frozenset({"answered", "callback", "voicemail"})
WAITED = frozenset({"abandoned_in_queue"})  # Who prefers to wait for agents who never answer may.
HUNG = Failure(_hung, lists=False, wired=True)
DOWN = Failure(_down, lists=False, wired=True)
NO_REDIS = Failure(_no_redis, message=False, before=False, ends=(SERVED,))
NEITHER = Failure(_neither, lists=False, wired=True)
FULL = Failure(_full)
DEAD = Failure(_dead)
CARRIER = Failure(_carrier, message=False, before=False, ends=(SERVED,))
KILLED = Failure(_worker_dies, message=False, before=False, ends=(frozenset({"answered"}),))
NOBODY = Failure(_nobody, message=False, before=False, ends=(SERVED, SERVED | WAITED))
STRANGE = Failure(_strange, to=STRANGER, before=False, ends=(frozenset({"voicemail"}),))
