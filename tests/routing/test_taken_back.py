"""A talk that was none, as is known too late: what the agent does by then is his own."""

from datetime import timedelta

import sqlalchemy as sa

from callcenter.dialing.actions import settle
from callcenter.dialing.models import Attempt
from callcenter.routing import actions, queries
from callcenter.routing.models import Offer
from tests.routing.conftest import Floor

NOTES = timedelta(seconds=30)


def talks_and_ends(floor: Floor) -> Offer:
    """A caller comes, the one agent takes him, and the talk is over after a minute; return the offer."""
    floor.caller()
    offer = floor.offers()[-1]
    assert floor.accepts(offer)
    with floor.work.transaction() as session:
        found = queries.lock_offer(session, offer.id)
        assert found is not None
        assert actions.join(session, *found, floor.work.at())
        floor.passes(minutes=1)
        assert actions.end_offer(session, found[0], actions.TALK_ENDED, NOTES, floor.work.at())
        for attempt_id in session.scalars(sa.select(Attempt.id).where(Attempt.state == "live")).all():
            settle(session, attempt_id, "ended", "completed", floor.work.at())
    return offer


def is_taken_back(floor: Floor, offer: Offer) -> None:
    """It becomes known that there was no such talk."""
    at = floor.work.at()
    with floor.work.transaction() as session:
        found = queries.lock_offer(session, offer.id)
        assert found is not None
        actions.take_back_talk(session, *found, at, reason="agent_lost", exit_="hung_up", left_at=at)


# HL-12: the wrap-up is for the notes of a conversation.
def test_a_wrap_up_for_nothing_ends(floor: Floor) -> None:
    wang = floor.agent("wang")
    offer = talks_and_ends(floor)
    assert floor.state(wang) == "wrap_up"
    is_taken_back(floor, offer)
    assert floor.state(wang) == "available"
    assert (floor.offers()[0].reason, floor.offers()[0].joined_at) == ("agent_lost", None)
    assert floor.wait_state(offer.wait_id) == "left"


def test_the_wrap_up_of_the_next_talk_goes_on(floor: Floor) -> None:
    wang = floor.agent("wang")
    first = talks_and_ends(floor)
    floor.sets(wang, "available")
    floor.passes(minutes=1)
    talks_and_ends(floor)
    is_taken_back(floor, first)
    assert floor.state(wang) == "wrap_up"


def test_a_break_that_was_chosen_since_goes_on(floor: Floor) -> None:
    wang = floor.agent("wang")
    offer = talks_and_ends(floor)
    floor.sets(wang, "break", "lunch")
    is_taken_back(floor, offer)
    assert floor.state(wang) == "break"
