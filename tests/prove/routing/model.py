"""A small centre as a state machine: each commit of the product, each deed of people and carrier, is a step.

Killing a process between any two commits is one of the orders in which steps can come: what it would do
next never comes, and only the clock's sweeps go on. Reports are lost, late and repeated in the same way: each
step that a report causes may come at any time after the deed, and what a lost one would have told is told by
asking the carrier. What a step does mirrors the action named beside it; `replay` holds it to that.
"""

from collections.abc import Iterator

from callcenter.dialing.rules import UNRESOLVED
from tests.prove.routing.shapes import NOBODY, Agent, Caller, Centre, Step, with_agent, with_caller

PARTED = {"call": NOBODY, "offer": "", "mine": False, "met": False, "calls_in": False, "led_in": False}
"""What an agent has nothing to do with any more, once his offer is over."""


class Rules:
    """The steps; a planted fault overrides one decision."""

    def steps(self, centre: Centre) -> Iterator[tuple[Step, Centre]]:
        """Yield every step that can come now, and what it leads to."""
        for c, caller in enumerate(centre.callers):
            for name in CALLER_STEPS:
                for after in getattr(self, name)(centre, c, caller):
                    yield (name, NOBODY, c), after
        for a, agent in enumerate(centre.agents):
            for name in AGENT_STEPS:
                for after in getattr(self, name)(centre, a, agent):
                    yield (name, a, NOBODY), after
            for c in range(len(centre.callers)):
                for after in self.match(centre, a, c):
                    yield ("match", a, c), after

    # What callers do.

    def arrives(self, centre: Centre, c: int, caller: Caller) -> Iterator[Centre]:
        """inbound.arrive, then a key: routing.enter_line."""
        if caller.place == "":
            yield with_caller(centre, c, place="queue", wait="waiting")

    def gives_up(self, centre: Centre, c: int, caller: Caller) -> Iterator[Centre]:
        """The caller hangs up before anybody has talked to him."""
        if caller.place in ("queue", "alone"):
            yield with_caller(centre, c, place="gone")

    def says_goodbye(self, centre: Centre, c: int, caller: Caller) -> Iterator[Centre]:
        """The caller ends the talk: the room ends, and with it the agent's leg."""
        if caller.place == "room":
            yield with_caller(self._room_ends(centre, c), c, place="gone")

    def hears_the_end(self, centre: Centre, c: int, caller: Caller) -> Iterator[Centre]:
        """The Dial of a caller whose agent has left is over: rooms.hear_of_end; they had talked."""
        if caller.place == "after":
            for a, agent in enumerate(centre.agents):
                if agent.call == c and agent.offer == "accepted" and agent.met:
                    centre = self._join(centre, a)
            yield with_caller(centre, c, place="gone")

    def is_reported_gone(self, centre: Centre, c: int, caller: Caller) -> Iterator[Centre]:
        """The final status, or its absence found out: offers.caller_gone."""
        if caller.place != "gone" or caller.known:
            return
        centre = with_caller(centre, c, known=True)
        for a, agent in enumerate(centre.agents):
            if agent.call == c and agent.offer:
                yield self._caller_gone(centre, a, c, agent)
                return
        yield self._leaves(centre, c)

    def _leaves(self, centre: Centre, c: int) -> Centre:
        wait = centre.callers[c].wait
        return with_caller(centre, c, wait="left" if wait in ("waiting", "offered", "won") else wait)

    def _caller_gone(self, centre: Centre, a: int, c: int, agent: Agent) -> Centre:
        if agent.offer == "ringing":
            return self._free(self._leaves(self._stop_ringing(centre, a), c), a)
        if agent.offer == "accepted" and not agent.met and not agent.led_in:
            centre = with_caller(self._leaves(centre, c), c, summon=self._withdrawn(centre, c, agent))
            return self._free(self._send_away(centre, a), a)
        if agent.offer == "accepted" and not agent.met:
            return self._seem_to_have_met(centre, a, c)
        if agent.offer == "accepted":
            centre = self._send_away(self._join(centre, a), a)
        return self._rest(centre, a)

    def _seem_to_have_met(self, centre: Centre, a: int, c: int) -> Centre:
        """rooms.note_meeting: both were given the room; that the agent had left it before is not told yet."""
        centre = self._rest(self._send_away(self._join(centre, a), a), a)
        return with_agent(centre, a, state="wrap_up", doubt=c)

    def _withdrawn(self, centre: Centre, c: int, agent: Agent) -> str:
        """dialing.withdraw_orders, of this offer: one that a worker has in hand is given all the same."""
        summon = centre.callers[c].summon
        return "" if agent.calls_in and summon == "pending" else summon

    def _send_away(self, centre: Centre, a: int) -> Centre:
        """rooms.send_agent_away: whoever has picked up is told, a phone that rings is stopped."""
        return self._stop_ringing(centre, a)

    # Orders about callers: taken by a worker, then obeyed; or the worker dies and they are found again.

    def summon_is_taken(self, centre: Centre, c: int, caller: Caller) -> Iterator[Centre]:
        """jobs.carry_out, its first commit."""
        if caller.summon == "pending":
            yield with_caller(centre, c, summon="given")

    def summon_is_found_again(self, centre: Centre, c: int, caller: Caller) -> Iterator[Centre]:
        """The worker died before it asked: dialing.ring_bells."""
        if caller.summon == "given":
            yield with_caller(centre, c, summon="pending")

    def requeue_is_taken(self, centre: Centre, c: int, caller: Caller) -> Iterator[Centre]:
        """jobs.carry_out, its first commit; one that was overtaken by a summons is not given."""
        if caller.requeue == "pending":
            yield with_caller(centre, c, requeue="given")

    def summon_is_obeyed(self, centre: Centre, c: int, caller: Caller) -> Iterator[Centre]:
        """The carrier redirects, and fetches /voice/summon: into the agent's room, or back into the line."""
        if caller.summon != "given":
            return
        centre = with_caller(centre, c, summon="")
        if caller.place == "gone":
            yield self._came_too_late(centre, c)
            return
        if caller.place in ("room", "after"):
            yield self._torn_away(centre, c)
            return
        for a, agent in enumerate(centre.agents):
            if agent.call == c and agent.calls_in:
                there = agent.phone == "room" and agent.mine
                centre = with_agent(centre, a, met=there, led_in=True)
                yield with_caller(centre, c, place="room" if there else "alone")
                return
        yield with_caller(centre, c, place="queue")

    def requeue_is_obeyed(self, centre: Centre, c: int, caller: Caller) -> Iterator[Centre]:
        """The carrier redirects, and fetches /voice/requeue: back into the line, in the same place."""
        if caller.requeue != "given":
            return
        centre = with_caller(centre, c, requeue="")
        if caller.place == "gone":
            yield centre
        elif caller.place in ("room", "after"):
            yield self._torn_away(centre, c)
        else:
            yield with_caller(centre, c, place="queue")

    def _torn_away(self, centre: Centre, c: int) -> Centre:
        """outcomes.was_obeyed keeps an order that was overtaken from tearing people out of a talk."""
        return centre

    def _came_too_late(self, centre: Centre, c: int) -> Centre:
        """outcomes.order_came_too_late: it was written for an offer, and says nothing of a later one."""
        for a, agent in enumerate(centre.agents):
            if agent.call == c and agent.offer == "accepted" and agent.calls_in and not agent.met:
                return self._free(self._send_away(self._leaves(centre, c), a), a)
        return centre

    # Offers.

    def match(self, centre: Centre, a: int, c: int) -> Iterator[Centre]:
        """matching.offer_next: the offer, and the intent to ring unless an earlier call is unresolved."""
        agent, caller = centre.agents[a], centre.callers[c]
        if caller.wait != "waiting" or not self._is_free(agent):
            return
        if agent.attempt in UNRESOLVED:
            yield with_agent(centre, a, state="away")
            return
        centre = with_caller(centre, c, wait="offered")
        yield with_agent(centre, a, state="ringing", call=c, offer="ringing", attempt="intent", mine=True)

    def _is_free(self, agent: Agent) -> bool:
        return agent.state == "available"

    def rings_out(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """offers.miss_offer: our timer is over; one whose phone nobody has rung yet has missed nothing."""
        if agent.offer == "ringing":
            never_rung = agent.mine and agent.attempt == "intent"
            yield self._lose(self._stop_ringing(centre, a), a, "available" if never_rung else "away")

    def clicks(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """offers.accept_by_click; who listens to the whisper is led into the room by an order of his own."""
        if agent.offer == "ringing":
            yield self._wins(centre, a)

    def comes_back(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """routing.end_due_states."""
        if agent.state in ("away", "wrap_up"):
            yield with_agent(centre, a, state="available")

    def _wins(self, centre: Centre, a: int) -> Centre:
        centre = with_caller(centre, centre.agents[a].call, wait="won")
        return with_agent(centre, a, offer="accepted", state="talking")

    def _lose(self, centre: Centre, a: int, state: str) -> Centre:
        """routing.lose_offer."""
        agent = centre.agents[a]
        if centre.callers[agent.call].wait == "offered":
            centre = with_caller(centre, agent.call, wait="waiting")
        return with_agent(centre, a, state=state, **PARTED)

    def _free(self, centre: Centre, a: int) -> Centre:
        return with_agent(centre, a, state="available", **PARTED)

    def _rest(self, centre: Centre, a: int) -> Centre:
        """routing.end_offer after a talk: wrap-up, bounded in time (HL-12)."""
        return with_agent(self._free(centre, a), a, state="away")

    def _join(self, centre: Centre, a: int) -> Centre:
        call = centre.agents[a].call
        wait = centre.callers[call].wait
        centre = with_caller(centre, call, wait="joined" if wait == "won" else wait)
        return with_agent(centre, a, offer="joined")

    def _stop_ringing(self, centre: Centre, a: int) -> Centre:
        """routing.stop_ringing: take the intent back, or order the hang-up of a known leg."""
        agent = centre.agents[a]
        if not agent.mine:
            return centre
        if agent.attempt == "intent":
            return with_agent(centre, a, attempt="", mine=False)
        return with_agent(centre, a, hang_up=agent.attempt == "live")

    # The dialing protocol.

    def is_claimed(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """placing._claim: INTENT -> SENDING, committed."""
        if agent.attempt == "intent":
            yield with_agent(centre, a, attempt="sending")

    def is_posted(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """The worker asks the carrier, and the phone rings."""
        if agent.attempt == "sending" and not agent.posted:
            twice = "one agent's phone rings twice" if agent.phone else centre.harm
            yield with_agent(centre._replace(harm=twice), a, posted=True, phone="ringing")

    def is_refused(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """The carrier refuses: outcomes.not_placed."""
        if agent.attempt == "sending" and not agent.posted:
            yield self._fail(with_agent(centre, a, attempt=""), a, agent)

    def is_unknown(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """The worker died, or the answer was lost: outcomes.unknown."""
        if agent.attempt == "sending":
            yield self._fail(with_agent(centre, a, attempt="unknown"), a, agent)

    def _fail(self, centre: Centre, a: int, agent: Agent) -> Centre:
        """offers.fail_offer."""
        if not agent.mine:
            return centre
        if agent.offer == "ringing":
            return self._lose(centre, a, "away")
        return self._agent_gone(centre, a) if agent.offer == "accepted" else centre

    def is_bound(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """Any webhook, the answer, or the carrier's list names the SID: placed.leg_of_attempt."""
        if agent.attempt in ("sending", "unknown") and agent.posted:
            yield self._bind(centre, a)

    def _bind(self, centre: Centre, a: int) -> Centre:
        agent = centre.agents[a]
        if agent.attempt not in ("sending", "unknown"):
            return centre
        return with_agent(centre, a, attempt="live", hang_up=agent.hang_up or not agent.mine)

    def was_never_placed(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """Two listings show no call: jobs.resolve_attempt."""
        if agent.attempt == "unknown" and not agent.posted:
            yield with_agent(centre, a, attempt="", posted=False, mine=False)

    def hang_up_is_obeyed(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """jobs.carry_out of a hang-up, or of a dismissal."""
        if agent.hang_up:
            yield self._phone_ends(with_agent(centre, a, hang_up=False), a)

    # What agents do with their telephones.

    def picks_up(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """placed.pick_up: the whisper; who has accepted goes into the room; who comes too late is hung up."""
        if agent.phone != "ringing":
            return
        centre = self._bind(centre, a)
        if agent.mine and agent.offer == "accepted":
            yield self._enters(centre, a)
        elif agent.mine and agent.offer == "ringing":
            yield with_agent(centre, a, phone="up")
        else:
            yield with_agent(centre, a, phone="gone")

    def presses(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """placed.go_on with key 1, or placed.enter after a click: routing.win_offer, rooms.agent_enters."""
        if agent.phone != "up":
            return
        if agent.mine and agent.offer == "ringing":
            yield self._enters(self._wins(centre, a), a)
        elif agent.mine and agent.offer == "accepted":
            yield self._enters(centre, a)
        else:
            yield with_agent(centre, a, phone="gone")

    def _enters(self, centre: Centre, a: int) -> Centre:
        """Each offer has a summons of its own; an older one that is still in hand leads nowhere by then."""
        centre = with_caller(centre, centre.agents[a].call, summon="pending")
        return with_agent(centre, a, phone="room", calls_in=True)

    def hangs_up(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """The agent refuses, or puts the receiver down."""
        if agent.phone in ("ringing", "up", "room"):
            yield self._phone_ends(centre, a)

    def _phone_ends(self, centre: Centre, a: int) -> Centre:
        """Whoever leaves a room ends it; the other's Dial is over."""
        agent = centre.agents[a]
        if agent.phone == "":
            return centre
        if agent.phone == "room" and agent.mine and centre.callers[agent.call].place == "room":
            centre = with_caller(centre, agent.call, place="after")
        return with_agent(centre, a, phone="gone")

    def _room_ends(self, centre: Centre, c: int) -> Centre:
        for a, agent in enumerate(centre.agents):
            if agent.call == c and agent.mine and agent.phone == "room":
                return with_agent(centre, a, phone="gone")
        return centre

    def is_told_they_met(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """The notices of one instance of the room: rooms.note_presence."""
        if agent.offer == "accepted" and agent.met:
            yield self._join(centre, a)

    def is_told_he_left(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """The notice that he left the room comes before his leg's end: rooms.agent_left."""
        if agent.phone == "gone" and agent.mine and agent.offer == "accepted" and agent.attempt == "live":
            yield self._agent_gone(centre, a)

    def leg_is_over(self, centre: Centre, a: int, agent: Agent) -> Iterator[Centre]:
        """The final status, or its absence found out: offers.agent_leg_ended."""
        if agent.phone != "gone":
            return
        centre = with_agent(centre, a, attempt="", posted=False, phone="", hang_up=False)
        if agent.doubt != NOBODY:
            yield self._never_met(centre, a, agent)
        elif not agent.mine or not agent.offer:
            yield with_agent(centre, a, mine=False)
        elif agent.offer == "ringing":
            yield self._lose(centre, a, "away")
        else:
            yield self._agent_gone(centre, a)

    def _never_met(self, centre: Centre, a: int, agent: Agent) -> Centre:
        """unmet.reconsider_meeting: he had hung up before the caller came; what he does by now stays his."""
        state = "available" if agent.state == "wrap_up" else agent.state
        return with_agent(with_caller(centre, agent.doubt, wait="left"), a, state=state, doubt=NOBODY)

    def _agent_gone(self, centre: Centre, a: int) -> Centre:
        """rooms.agent_gone: the end of a talk, or the caller keeps his place."""
        agent = centre.agents[a]
        if agent.offer == "joined" or agent.met:
            return self._rest(self._join(centre, a), a)
        c = agent.call
        caller = centre.callers[c]
        called_in = (agent.calls_in and caller.summon == "given") or agent.led_in
        centre = with_caller(
            centre, c, wait="waiting" if caller.wait == "won" else caller.wait,
            summon=self._withdrawn(centre, c, agent),
            requeue="pending" if called_in else caller.requeue,
        )  # fmt: skip
        return self._free(centre, a)


CALLER_STEPS = (
    "arrives", "gives_up", "says_goodbye", "hears_the_end", "is_reported_gone", "summon_is_taken",
    "summon_is_found_again", "summon_is_obeyed", "requeue_is_taken", "requeue_is_obeyed",
)  # fmt: skip
AGENT_STEPS = (
    "rings_out", "clicks", "comes_back", "is_claimed", "is_posted", "is_refused", "is_unknown", "is_bound",
    "was_never_placed", "hang_up_is_obeyed", "picks_up", "presses", "hangs_up", "is_told_they_met",
    "is_told_he_left", "leg_is_over",
)  # fmt: skip
GIVING_UP = frozenset({"gives_up"})
