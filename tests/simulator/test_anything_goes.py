"""People and the application do whatever they like; the network's own promises hold all the same."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from callcenter.simulator import (
    Behaviour,
    Handset,
    Network,
    Settings,
    answers,
    busy,
    declines,
    rings_out,
    unreachable,
)
from callcenter.simulator.calls import TERMINAL
from tests.simulator.app import HOST, App, twiml
from tests.simulator.asking import EVENTS, order, redirect, update
from tests.simulator.conftest import HOTLINE

NEWS = 'statusCallback="/conference" statusCallbackEvent="start end join leave"'
SCREENED = '<Number url="/screen">+8613900139009</Number>'
PAGES = {
    "/menu": '<Gather numDigits="1" action="/queue"><Say>Press.</Say></Gather><Redirect>/menu</Redirect>',
    "/queue": '<Enqueue action="/left" waitUrl="/wait">q</Enqueue>',
    "/wait": '<Gather numDigits="1" action="/leave" timeout="1"><Play>/music.wav</Play></Gather>',
    "/leave": "<Leave/>",
    "/left": '<Record action="/menu" timeout="3"/><Redirect>/menu</Redirect>',
    "/room": f'<Dial action="/menu"><Conference {NEWS} waitUrl="/music">r</Conference></Dial>',
    "/boss": '<Dial action="/menu"><Conference endConferenceOnExit="true">r</Conference></Dial>',
    "/music": "<Play>/music.wav</Play>",
    "/ring": f'<Dial action="/menu" hangupOnStar="true" timeout="9">{SCREENED}</Dial>',
    "/screen": '<Gather numDigits="1" action="/accepted" timeout="4"><Say>Accept?</Say></Gather><Hangup/>',
    "/accepted": "",
    "/serve": '<Dial action="/menu" timeout="8"><Queue url="/hello">q</Queue></Dial>',
    "/hello": "<Say>You are next.</Say>",
}
WAYS = [answers(3, presses="1"), answers(1, talks_for=9), busy(), declines(2), rings_out(), unreachable()]
PLACES = sorted(set(PAGES) - {"/wait", "/leave", "/music", "/screen", "/accepted", "/hello"})
ORDER = ["queued", "initiated", "ringing", "in-progress"]


class Anything(RuleBasedStateMachine):
    """Callers and called telephones in one small world."""

    def __init__(self) -> None:
        super().__init__()
        nothing = twiml("")
        self.app = App({**PAGES, "/status": nothing, "/conference": nothing})
        self.net = Network(self.app)
        self.callers: list[Handset] = []
        self.placed: list[str] = []

    @initialize(seed=st.integers(0, 3), pace=st.sampled_from([1.0, 10.0]))
    def begin(self, seed: int, pace: float) -> None:
        self.net = Network(self.app, settings=Settings(seed=seed, calls_per_second=pace))
        self.net.phone("+8613900139009").will(WAYS[0])

    def any_call(self, pick: int) -> Handset | None:
        """Return one of the living calls."""
        live = self.net.live_calls()
        return Handset(self.net.world, live[pick % len(live)]) if live else None

    @rule(page=st.sampled_from(PLACES), who=st.integers(0, 3))
    def dial(self, page: str, who: int) -> None:
        self.net.number(HOTLINE, f"{HOST}{page}", status_callback=f"{HOST}/status")
        self.callers.append(self.net.phone(f"+861380013800{who}").dials(HOTLINE))

    @rule(page=st.sampled_from(PLACES), who=st.integers(0, 3), way=st.sampled_from(WAYS))
    def place(self, page: str, who: int, way: Behaviour) -> None:
        self.net.number(HOTLINE, f"{HOST}{page}", status_callback=f"{HOST}/status")
        self.net.phone(f"+861390013900{who}").will(way)
        self.placed.append(order(self.net, f"+861390013900{who}", page, ("Timeout", "12")))

    @rule(pick=st.integers(0, 9), keys=st.sampled_from(["1", "*", "#", "12"]))
    def press(self, pick: int, keys: str) -> None:
        if handset := self.any_call(pick):
            handset.press(keys)

    @rule(pick=st.integers(0, 9))
    def speak(self, pick: int) -> None:
        if handset := self.any_call(pick):
            handset.speaks("请回电。")

    @rule(pick=st.integers(0, 9))
    def hang_up(self, pick: int) -> None:
        if handset := self.any_call(pick):
            handset.hangs_up()

    @rule(pick=st.integers(0, 9), page=st.sampled_from(PLACES))
    def redirect(self, pick: int, page: str) -> None:
        if handset := self.any_call(pick):
            talking = handset.status == "in-progress"
            assert redirect(self.net, handset.sid, page)[0] == (200 if talking else 400)

    @rule(pick=st.integers(0, 9), status=st.sampled_from(["canceled", "completed"]))
    def end(self, pick: int, status: str) -> None:
        if handset := self.any_call(pick):
            update(self.net, handset.sid, ("Status", status))

    @rule(seconds=st.sampled_from([0.01, 0.5, 3.0, 20.0]))
    def wait(self, seconds: float) -> None:
        self.net.run_for(seconds)

    @invariant()
    def statuses_only_move_forward(self) -> None:
        for life in self.net.ledger.lives.values():
            seen = [status for _, status in life.moves]
            assert not set(seen[:-1]) & {str(status) for status in TERMINAL}
            ranks = [ORDER.index(status) for status in seen if status in ORDER]
            assert ranks == sorted(set(ranks))

    @invariant()
    def only_the_living_wait_or_talk(self) -> None:
        self.net.run_for(0)
        world = self.net.world
        inside = [p.call for c in world.conferences.values() for p in c.participants]
        waiting = [m.call for q in world.queues.values() for m in q.members]
        assert all(call.live for call in inside + waiting)
        assert len({call.sid for call in inside + waiting}) == len(inside + waiting)
        assert all(c.live == bool(c.participants) for c in world.conferences.values())
        assert all(call.live and call.peer.peer is call for call in world.calls.values() if call.peer)

    @invariant()
    def nothing_is_found(self) -> None:
        assert self.net.warnings == []

    def teardown(self) -> None:
        for _ in range(3):
            for call in self.net.live_calls():
                Handset(self.net.world, call).hangs_up()
                update(self.net, call.sid, ("Status", "completed"))
            self.net.run_for(30)
        assert self.net.live_calls() == []
        assert [ring for ring in self.net.ledger.rings if not ring.result] == []
        self.every_end_is_told_once()

    def every_end_is_told_once(self) -> None:
        """Every placed call is told in order to its one end; one cancelled in the queue is not told."""
        for sid in self.placed:
            told = [t["CallStatus"] for t in self.app.told("/status") if t["CallSid"] == sid]
            lived = [status for _, status in self.net.ledger.lives[sid].moves]
            assert told == ([] if lived == ["queued", "canceled"] else lived[1:])
            assert len(told) <= len(EVENTS)


Anything.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestAnything = Anything.TestCase
