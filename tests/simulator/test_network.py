"""Time, threads, hooks and reproducibility of the network itself."""

import threading
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.simulator import Fault, Network, Settings, VirtualClock, WallClock, answers
from callcenter.simulator.clock import DEFAULT_START
from callcenter.simulator.kernel import Interrupt, Kernel, Script, Signal
from tests.simulator.app import HOST, App, twiml
from tests.simulator.asking import order, redirect, rest
from tests.simulator.conftest import AGENT, CALLER, HOTLINE

DELAYS = st.lists(st.floats(0, 100, allow_nan=False), max_size=30)


# decision 7 of the architecture: application and network read one clock, and only the network moves it.
@given(DELAYS)
def test_events_happen_in_order_of_time_and_then_of_asking(delays: list[float]) -> None:
    kernel, happened = Kernel(VirtualClock()), []
    for number, delay in enumerate(delays):
        kernel.after(delay, lambda n=number: happened.append((kernel.now, n)))  # type: ignore[misc]
    kernel.run_until_time(100)
    assert happened == sorted((delay, number) for number, delay in enumerate(delays))
    assert kernel.now == 100


@given(DELAYS, st.floats(0, 100, allow_nan=False))
def test_running_in_two_steps_is_running_in_one(delays: list[float], cut: float) -> None:
    def run(*stops: float) -> list[float]:
        kernel, happened = Kernel(VirtualClock()), []
        for delay in delays:
            kernel.after(delay, lambda: happened.append(kernel.now))
        for stop in stops:
            kernel.run_until_time(stop)
        return happened

    assert run(cut, 100) == run(100)


def test_a_script_is_woken_once_by_the_first_signal_and_ended_by_an_interrupt() -> None:
    kernel, seen = Kernel(VirtualClock()), []
    bell = Signal()

    def script() -> Script[None]:
        first = yield (kernel.timer(5), bell)
        seen.append((kernel.now, first is bell))
        try:
            yield (Signal(),)
        finally:
            seen.append((kernel.now, None))

    process = kernel.spawn(script())
    kernel.after(3, bell.fire)
    kernel.after(8, lambda: process.interrupt(Interrupt()))
    kernel.run_until_time(20)
    assert seen == [(3, True), (8, None)]
    assert process.done.fired


def test_the_clock_is_aware_and_moves_with_the_network(net: Network) -> None:
    assert net.now() == DEFAULT_START
    net.run_for(90.5)
    assert net.clock.now() == DEFAULT_START + timedelta(seconds=90.5)
    assert not net.run_until(lambda: False, limit_seconds=10)
    assert net.clock.seconds == 100.5
    fast = WallClock(rate=1000.0)
    first = fast.seconds
    fast.advance_to(1e9)
    assert first <= fast.seconds < 1e9


# the rig hooks the application's sweeps and jobs into virtual time.
def test_hooks_run_at_their_times_and_after_each_event(net: Network, app: App) -> None:
    happened: list[float] = []
    events: list[float] = []
    net.at(3, lambda: happened.append(net.clock.seconds))
    net.every(10, lambda: happened.append(net.clock.seconds))
    net.after_each(lambda: events.append(net.clock.seconds))
    net.run_for(35)
    assert happened == [3, 10, 20, 30]
    assert set(happened) <= set(events)


# the application calls REST from inside its webhook, in its own thread or another one.
@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_application_may_call_rest_from_inside_a_webhook(elsewhere: bool) -> None:
    placed: list[str] = []

    def voice(sent: dict[str, str]) -> str:
        def ring() -> None:
            placed.append(order(net, AGENT))

        if elsewhere:
            thread = threading.Thread(target=ring)
            thread.start()
            thread.join(timeout=10)
        else:
            ring()
        return "<Say>One moment.</Say><Pause length='20'/>"

    app = App({"/voice": voice, "/agent": "<Say>Hello</Say>", "/status": twiml("")})
    net = Network(app)
    net.number(HOTLINE, f"{HOST}/voice")
    net.phone(AGENT).answers(3)
    net.phone(CALLER).dials(HOTLINE).hears("One moment.")
    net.run_for(10)
    assert len(placed) == 1
    assert net.phone(AGENT).handset.heard("Hello")


def test_a_webhook_that_redirects_its_own_call_wins_over_its_own_answer(net: Network, app: App) -> None:
    def voice(sent: dict[str, str]) -> str:
        if sent["CallStatus"] == "in-progress":
            redirect(net, sent["CallSid"], "/elsewhere")
        return "<Pause length='0'/><Say>Hello</Say><Redirect>/voice</Redirect>"

    app.pages |= {"/voice": voice, "/elsewhere": "<Say>Somewhere else.</Say>"}
    caller = net.phone(CALLER).dials(HOTLINE)
    caller.hears("Somewhere else.")
    assert caller.words == "Hello\nSomewhere else."


def test_virtual_time_cannot_be_run_from_inside_a_webhook(net: Network, app: App) -> None:
    def voice(sent: dict[str, str]) -> str:
        net.run_for(1)
        return ""

    app.pages["/voice"] = voice
    with pytest.raises(RuntimeError, match="already being driven"):
        net.phone(CALLER).dials(HOTLINE).waits(5)


def busy_hour(seed: int) -> str:
    """Return what several callers and agents lived through, with misfortunes, as text."""
    app = App(
        {
            "/voice": '<Gather numDigits="1" action="/menu"><Say>Press 1</Say></Gather>',
            "/menu": '<Enqueue waitUrl="/wait">q</Enqueue>',
            "/wait": "<Play>/music.wav</Play>",
            "/agent": "<Dial><Queue>q</Queue></Dial>",
            "/status": twiml(""),
        }
    )
    net = Network(app, settings=Settings(seed=seed))
    net.number(HOTLINE, f"{HOST}/voice", status_callback=f"{HOST}/status")
    net.faults.add(Fault("delay", "status", probability=0.3))
    net.faults.add(Fault("duplicate", "voice", probability=0.2))
    callers = []
    for number in range(5):
        callers.append(net.phone(f"+861380013800{number}").dials(HOTLINE, presses=("1",)))
        net.phone(f"+861390013900{number}").will(answers(number, talks_for=20))
        order(net, f"+861390013900{number}", "/agent", ("Timeout", "20"))
        net.run_for(7)
    net.run_for(120)
    deliveries = [f"{d.at} {d.kind} {d.event} {d.path} {d.params}" for d in net.ledger.webhooks]
    return "\n".join([caller.transcript() for caller in callers] + deliveries)


# same seed and script → same transcript; another seed differs in identifiers and misfortunes only.
def test_the_same_seed_and_script_give_the_same_transcript() -> None:
    assert busy_hour(3) == busy_hour(3)
    assert busy_hour(3) != busy_hour(4)


def test_a_thousand_calls_wait_at_once() -> None:
    app = App({"/voice": '<Enqueue waitUrl="/wait">q</Enqueue>', "/wait": "<Play>/music.wav</Play>"})
    net = Network(app)
    net.number(HOTLINE, f"{HOST}/voice")
    callers = [net.phone(f"+8613800{number:06d}").dials(HOTLINE) for number in range(1000)]
    net.run_for(60)
    assert all(caller.silences() == [] for caller in callers)
    [queue] = rest(net, "GET", "Queues.json")[1]["queues"]
    assert queue["current_size"] == 1000
    assert app.told("/wait")[-1]["CurrentQueueSize"] == "1000"
