"""An agent decides on his page before his phone has rung: what he chose holds, and nobody is stuck with it.

interface.md: an offer is accepted or declined on a page as well as by a key.
"""

import sqlalchemy as sa

from callcenter.carrier.port import NotPlaced
from callcenter.dialing import actions as dialing
from callcenter.dialing.models import Attempt
from callcenter.routing.models import Offer
from callcenter.switchboard import jobs, offers, placing
from tests.routing.conftest import Floor


def asked_before_the_bell(floor: Floor) -> tuple[Offer, Attempt]:
    """An offer whose phone nobody has rung yet: its bell is on the way."""
    floor.bell.dead = True
    floor.agent("wang")
    floor.caller()
    floor.bell.dead = False
    with floor.work.transaction() as session:
        jobs.offer_next(session, floor.work.at())
    floor.bell.rung.clear()
    return floor.offers()[-1], attempt(floor)


def attempt(floor: Floor) -> Attempt:
    """The newest attempt to ring somebody."""
    with floor.work.db.reading() as session:
        return session.scalars(sa.select(Attempt).order_by(Attempt.id.desc())).first() or Attempt()


def clicks(floor: Floor, offer: Offer) -> bool:
    """Accept on the page."""
    with floor.work.transaction() as session:
        return offers.accept_by_click(session, offer.id, floor.work.at())


def test_who_accepts_before_his_phone_is_rung_is_rung(floor: Floor) -> None:
    offer, attempt = asked_before_the_bell(floor)
    assert clicks(floor, offer)
    placing.place_attempt(floor.work, str(attempt.id))
    assert [placed.placement.to for placed in floor.twin.placed] == [attempt.to_address]


def test_who_accepted_and_cannot_be_rung_strands_nobody(floor: Floor) -> None:
    offer, attempt = asked_before_the_bell(floor)
    assert clicks(floor, offer)
    floor.twin.refuse("place", NotPlaced("too many requests"))
    placing.place_attempt(floor.work, str(attempt.id))
    assert [(it.state, it.reason) for it in floor.offers()] == [("ended", "agent_lost")]
    assert floor.wait_state(offer.wait_id) == "waiting"
    assert floor.state(offer.agent_id) == "available"


def test_a_phone_that_was_declined_while_it_was_placed_stops(floor: Floor) -> None:
    offer, attempt = asked_before_the_bell(floor)
    with floor.work.transaction() as session:
        claimed = dialing.claim(session, attempt.id, floor.work.at())
    assert claimed is not None
    assert floor.declines(offer)
    sid = floor.twin.place(placing.placement(floor.work, claimed))
    placing.bind_placed(floor.work, claimed, sid)
    floor.bell.drain(floor.work)
    assert [(order.verb, order.sid) for order in floor.twin.orders] == [("hang_up", sid)]


# 0004: "The caller hangs up while a phone rings: the ringing stops", whoever has accepted on his page.
def test_a_phone_stops_whose_caller_left_after_the_click(floor: Floor) -> None:
    offer, attempt = asked_before_the_bell(floor)
    assert clicks(floor, offer)
    placing.place_attempt(floor.work, str(attempt.id))
    with floor.work.transaction() as session:
        found = offers.lock_offer(session, offer.id)
        assert found is not None
        call = session.get_one(offers.Call, found[0].call_id)
        offers.caller_gone(session, call, floor.work.at())
    floor.bell.drain(floor.work)
    assert [order.verb for order in floor.twin.orders] == ["hang_up"]
    assert floor.state(offer.agent_id) == "available"
