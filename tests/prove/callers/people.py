"""People at random: callers who press, speak, wait, hang up; agents and customers who take calls anyhow."""

from random import Random

from callcenter.simulator import Behaviour, answers, busy, declines, rings_out, unreachable
from callcenter.simulator.behaviours import voicemail
from callcenter.simulator.calls import Call
from callcenter.simulator.kernel import Script
from callcenter.simulator.people import hang_up, press, speak
from callcenter.simulator.world import World

KEYS = "1234567890*#"
WORDS = ("技术问题", "I need an agent", "喂？喂？", "投诉", "a callback please", "嗯")
LONGEST_NUMBER = 30


def call_anyhow(world: World, call: Call, chance: Random, stays: bool) -> Script[None]:
    """Do one thing after another until the call is over; who stays never hangs up."""
    while call.live:
        yield (call.over, world.kernel.timer(chance.expovariate(1 / chance.choice((1.0, 6.0, 25.0))) + 0.1))
        if call.live:
            _do_something(world, call, chance, stays)


def _do_something(world: World, call: Call, chance: Random, stays: bool) -> None:
    deed = chance.random()
    if deed < 0.45:
        press(world, call, chance.choice("110" + KEYS))
    elif deed < 0.52:
        for key in chance.choices(KEYS, k=chance.randint(2, LONGEST_NUMBER)):
            press(world, call, key)
    elif deed < 0.62:
        speak(world, call, chance.choice(WORDS))
    elif deed < 0.72 and not stays:
        hang_up(world, call)


def an_agent(chance: Random) -> list[Behaviour]:
    """Return how an agent takes the next calls: mostly well."""
    return [_an_agents_way(chance) for _ in range(60)] + [answers(2, presses="1", talks_for=20)]


def _an_agents_way(chance: Random) -> Behaviour:
    talk = chance.uniform(1, 90)
    ways = (
        answers(chance.uniform(0.5, 22), presses="1", talks_for=talk),
        answers(chance.uniform(0.5, 9), presses="1", talks_for=talk, reports_ringing=False),
        answers(3, presses=("9", "1"), talks_for=talk),
        answers(2, presses="1", hangs_up_after=chance.uniform(1, 15)),
        answers(4, presses=chance.choice(KEYS), talks_for=talk),
        answers(4, talks_for=talk),  # Who presses nothing accepts on a browser all the same.
        voicemail(chance.uniform(2, 20), tape=10),
        rings_out(),
        declines(chance.uniform(1, 9)),
        busy(),
        unreachable(),
    )
    return chance.choices(ways, weights=(8, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1))[0]


def a_customer(chance: Random) -> list[Behaviour]:
    """Return how a customer takes the calls that were promised."""
    talk = chance.uniform(1, 60)
    ways = (
        answers(chance.uniform(1, 20), presses="1", talks_for=talk),
        answers(3, presses=chance.choice(KEYS), hangs_up_after=chance.uniform(2, 40)),
        answers(3),
        voicemail(),
        rings_out(),
        busy(),
        unreachable(),
    )
    return chance.choices(ways, weights=(6, 1, 1, 1, 1, 1, 1), k=3)
