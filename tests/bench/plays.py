"""Calls that between them bring about every kind of webhook the product has, played one after the other."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from callcenter.callbacks.models import Callback
from callcenter.routing.actions import set_agent_state
from callcenter.routing.models import Offer
from callcenter.simulator import Fault, answers, busy, rings_out
from callcenter.simulator.behaviours import Behaviour
from callcenter.simulator.handset import Handset
from callcenter.simulator.network import Telephone
from callcenter.switchboard.offers import accept_by_click
from tests import xinghe
from tests.bench.rig import Rig

AGENT = "zhang-wei"
NOBODYS = "+862155559999"
PICKS_UP = answers(rings=1, presses="1")


@dataclass
class Stage:
    """The centre with its one agent at work; every play has a caller of its own."""

    centre: Rig
    plays: int = 0

    @cached_property
    def agent(self) -> Telephone:
        """The agent's telephone."""
        return self.centre.net.phone(xinghe.address(self.centre.work, AGENT), AGENT)

    def new_phone(self) -> Telephone:
        """Return the telephone of somebody who has never called."""
        self.plays += 1
        return self.centre.net.phone(f"+86138001{self.plays:05}")

    def begins(self, *taking: Behaviour, state: str = "available") -> Telephone:
        """Let the agent be free, or away, and take the coming calls so; return a new caller's telephone."""
        work = self.centre.work
        with work.transaction() as session:
            set_agent_state(session, xinghe.agent_id(work, AGENT), state, None, work.at(), "bench")
        if taking:
            self.agent.will(*taking)
        return self.new_phone()

    def until(self, happened: Callable[[], bool], within: float = 90) -> None:
        """Let time pass until something has happened; raise RuntimeError when it does not."""
        for _ in range(int(within * 2)):
            if happened():
                return
            self.waits(0.5)
        raise RuntimeError("a play did not go as written")

    def waits(self, seconds: float) -> None:
        """Let time pass."""
        self.centre.net.run_for(seconds)

    def newest(self, model: Any) -> Any:
        """Return the newest row of a table, None where it has none."""
        with self.centre.work.db.reading() as session:
            return session.scalars(sa.select(model).order_by(model.id.desc()).limit(1)).first()

    def offer_is(self, *states: str) -> Callable[[], bool]:
        """Return a question: is the newest offer in one of these states?"""
        return lambda: (offer := self.newest(Offer)) is not None and offer.state in states


def caller_hangs_up_after_the_talk(stage: Stage) -> None:
    """Asked, rung, accepted, met, talked; the caller ends it."""
    caller = stage.begins(PICKS_UP).dials(xinghe.HOTLINE, presses=("1",))
    caller.talks_with(stage.agent, within=60)
    caller.waits(5)
    caller.hangs_up()
    stage.waits(8)


def agent_hangs_up_after_the_talk(stage: Stage) -> None:
    """A line that records its talks; the agent ends it."""
    caller = stage.begins(PICKS_UP).dials(xinghe.HOTLINE, presses=("1",))
    caller.talks_with(stage.agent, within=60)
    caller.waits(5)
    stage.agent.handset.hangs_up()
    stage.waits(8)


def agent_declines(stage: Stage) -> None:
    """Key 2 during the whisper; the caller waits on, presses the wrong key, and hangs up in the queue."""
    caller = stage.begins(answers(rings=1, presses="2")).dials(xinghe.HOTLINE, presses=("1",))
    stage.until(stage.offer_is("declined"))
    stage.waits(15)
    caller.hangs_up()
    stage.waits(10)


def agent_is_busy_and_then_not_there(stage: Stage) -> None:
    """A leg that ends as busy, and one that rings out; the caller hangs up while it rings."""
    caller = stage.begins(busy(), rings_out(), rings_out()).dials(xinghe.HOTLINE, presses=("1",))
    stage.until(stage.offer_is("failed"))
    stage.until(stage.offer_is("ringing"), 120)
    stage.until(stage.offer_is("missed"))
    stage.until(stage.offer_is("ringing"), 120)
    stage.waits(8)
    caller.hangs_up()
    stage.waits(20)


def caller_hangs_up_before_they_meet(stage: Stage) -> None:
    """The agent waits in the room: he is told that nobody comes."""
    caller = stage.begins(PICKS_UP).dials(xinghe.HOTLINE, presses=("1",))
    stage.until(stage.offer_is("accepted"))
    caller.hangs_up()
    stage.waits(30)


def agent_leaves_before_they_meet(stage: Stage) -> None:
    """Nobody tells that he did: the caller is alone in the room until the carrier is asked, and led out."""
    faults = stage.centre.net.faults
    lost = faults.add(Fault("drop", "conference"))
    faults.drop_next("status", event="completed", path="/progress/")
    caller = stage.begins(PICKS_UP, rings_out()).dials(xinghe.HOTLINE, presses=("1",))
    stage.until(stage.offer_is("accepted"))
    stage.agent.handset.hangs_up()
    caller.hears("刚才没有接上", within=120)
    faults.remove(lost)
    caller.hangs_up()
    stage.waits(20)


def agent_leaves_as_the_caller_comes(stage: Stage) -> None:
    """They were in one room for an instant, and nobody has told us in time that one has left."""
    caller = stage.begins(PICKS_UP, rings_out()).dials(xinghe.HOTLINE, presses=("1",))
    caller.talks_with(stage.agent, within=60)
    stage.centre.net.faults.delay_next("status", 6.0, event="completed")
    stage.centre.net.faults.delay_next("conference", 6.0, event="participant-leave")
    stage.agent.handset.hangs_up()
    stage.waits(20)
    caller.hangs_up()
    stage.waits(20)


def agent_accepts_on_a_page(stage: Stage) -> None:
    """A click while he listens to the whisper: his leg is led into the room."""
    caller = stage.begins(answers(rings=1)).dials(xinghe.HOTLINE, presses=("1",))
    stage.agent.rings(within=30)
    stage.agent.handset.hears("按 1", within=30)
    offer, work = stage.newest(Offer), stage.centre.work
    with work.transaction() as session:
        accept_by_click(session, offer.id, work.at())
    caller.talks_with(stage.agent, within=30)
    caller.hangs_up()
    stage.waits(8)


def notices_of_a_meeting_are_lost(stage: Stage) -> None:
    """No conference says anything; the caller's end tells that they have met."""
    lost = stage.centre.net.faults.add(Fault("drop", "conference"))
    caller = stage.begins(PICKS_UP).dials(xinghe.HOTLINE, presses=("1",))
    caller.talks_with(stage.agent, within=60)
    caller.waits(10)
    caller.hangs_up()
    stage.waits(30)
    stage.centre.net.faults.remove(lost)


def _booked(stage: Stage, caller: Telephone, keys: tuple[str, ...], agent: Behaviour) -> None:
    """Let a caller book a callback while nobody is there; the agent comes back when it is due."""
    booking = caller.dials(xinghe.HOTLINE, presses=keys)
    booking.ends(within=120)
    stage.begins(agent)
    stage.plays -= 1


def callback_is_kept(stage: Stage) -> None:
    """Booked in the menu; the customer is rung and talks, and hangs up."""
    customer = stage.begins(state="offline")
    customer.will(answers(rings=1, presses="1"))
    _booked(stage, customer, ("5", "1"), PICKS_UP)
    stage.until(lambda: bool(customer.phone.calls[1:]) and customer.handset.talking)
    customer.handset.waits(5)
    customer.handset.hangs_up()
    stage.waits(8)


def callback_finds_nobody(stage: Stage) -> None:
    """The customer does not pick up; later a machine hears the question."""
    customer = stage.begins(state="offline")
    customer.will(rings_out(), answers(rings=1))
    _booked(stage, customer, ("5", "1"), PICKS_UP)
    for tries in (1, 2):
        stage.until(lambda tries=tries: _tries(stage) == (tries, "agent"), 120)  # type: ignore[misc]
        stage.until(lambda: _tries(stage)[1] != "agent", 120)
        stage.waits(30)
        _is_due_again(stage)
    stage.waits(10)


def _tries(stage: Stage) -> tuple[int, str]:
    callback = stage.newest(Callback)
    return callback.tries, callback.state


def _is_due_again(stage: Stage) -> None:
    """Nobody waits half an hour for the next try."""
    now = stage.centre.work.at()
    with stage.centre.work.transaction() as session:
        due = {"next_try_at": now + timedelta(seconds=1)}
        session.execute(sa.update(Callback).where(Callback.state == "booked").values(**due))


def callback_loses_its_agent(stage: Stage) -> None:
    """The agent leaves while the customer says that he wants to talk."""
    customer = stage.begins(state="offline")
    customer.will(answers(after=3, presses_at=((9.0, "1"),)))
    _booked(stage, customer, ("5", "1"), answers(rings=1, presses="1"))
    stage.until(lambda: len(customer.phone.calls) > 1 and customer.is_ringing)
    stage.waits(8)
    stage.centre.net.faults.delay_next("status", 6.0, event="completed")
    stage.agent.rings_out()
    stage.agent.handset.hangs_up()
    stage.waits(8)


def callback_loses_its_agent_at_once(stage: Stage) -> None:
    """They have met for an instant; the customer is told that the agent's line has broken."""
    customer = stage.begins(state="offline")
    customer.will(answers(rings=1, presses="1"))
    _booked(stage, customer, ("5", "1"), answers(rings=1, presses="1"))
    stage.until(lambda: bool(customer.phone.calls[1:]) and customer.handset.talking)
    stage.agent.rings_out()
    stage.agent.handset.hangs_up()
    stage.waits(8)


def callback_is_booked_in_the_queue(stage: Stage) -> None:
    """Key 1 while waiting; then the customer phones in himself and takes the callback's place."""
    caller = stage.begins(rings_out())
    _books_while_waiting(caller.dials(xinghe.HOTLINE, presses=("1",)))
    again = caller.dials(xinghe.HOTLINE, presses=("1",))
    stage.waits(30)
    stage.begins(PICKS_UP)
    stage.plays -= 1
    again.talks_with(stage.agent, within=120)
    again.waits(5)
    again.hangs_up()
    stage.waits(8)


def _books_while_waiting(caller: Handset) -> None:
    caller.hears("回电", within=90)
    caller.press("1")
    caller.hears("号码正确请按 1", within=60)
    caller.press("1")
    caller.ends()


def message_is_left(stage: Stage) -> None:
    """Nobody is there: a message, its sound, its ticket."""
    caller = stage.begins(state="offline").dials(xinghe.HOTLINE, presses=("1",))
    caller.hears("留言请按 2", within=60)
    caller.press("2")
    caller.hears("提示音后留言")
    caller.waits(6)
    caller.speaks("读卡器灯不亮。")
    caller.waits(5)
    caller.press("#")
    caller.ends()
    stage.waits(20)


def ticket_is_asked_about(stage: Stage) -> None:
    """A caller gives up in the queue, phones again, and asks what became of it; then goes on about it."""
    phone = stage.begins(rings_out())
    first = phone.dials(xinghe.HOTLINE, presses=("1",))
    first.hears("服务单号")
    first.hangs_up()
    second = phone.dials(xinghe.HOTLINE, presses=("4",))
    second.waits(40)
    second.hangs_up()
    third = phone.dials(xinghe.HOTLINE, presses=("7", "1"))
    third.waits(40)
    third.hangs_up()
    stage.waits(10)


def callers_give_up_early(stage: Stage) -> None:
    """In the greeting; with keys that mean nothing; on a line that is closed; on no line of ours."""
    for number, keys, stays in (
        (xinghe.HOTLINE, (), 3.0),
        (xinghe.HOTLINE, ("9", "*", "8"), 25.0),
        (NOBODYS, (), 12.0),
    ):
        caller = stage.begins(state="offline").dials(number, presses=keys)
        caller.waits(stays)
        if not caller.ended:
            caller.hangs_up()
    stage.waits(10)


PLAYS: tuple[Callable[[Stage], None], ...] = (
    caller_hangs_up_after_the_talk,
    agent_hangs_up_after_the_talk,
    agent_declines,
    agent_is_busy_and_then_not_there,
    caller_hangs_up_before_they_meet,
    agent_leaves_before_they_meet,
    agent_leaves_as_the_caller_comes,
    agent_accepts_on_a_page,
    notices_of_a_meeting_are_lost,
    callback_is_kept,
    callback_finds_nobody,
    callback_loses_its_agent,
    callback_loses_its_agent_at_once,
    callback_is_booked_in_the_queue,
    message_is_left,
    ticket_is_asked_about,
    callers_give_up_early,
)
