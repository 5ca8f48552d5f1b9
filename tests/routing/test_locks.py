"""A row that is locked is read again: what was known before waiting for the lock may be untrue by then."""

import pytest

from callcenter.callbacks.queries import callback_by_id
from callcenter.calls import queries as calls
from callcenter.routing import queries
from callcenter.routing.models import AgentState, Wait
from callcenter.switchboard.rooms import lock_offer
from tests.routing.conftest import Floor


# PostgreSQL reads what is committed at each statement; an object that is in the session already would keep
# what it was first told. On SQLite a writer is alone from its first statement on.
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_changed_while_we_waited_is_seen(floor: Floor) -> None:
    wang = floor.agent("wang")
    wait_id = floor.caller()
    offer = floor.offers()[0]
    with floor.work.transaction() as ours:
        seen = ours.get_one(Wait, wait_id)
        state = ours.get_one(AgentState, wang)
        mine = queries.offer_by_id(ours, offer.id)
        call = calls.call_by_id(ours, seen.subject_id)
        assert mine is not None
        assert (seen.state, state.state, mine.state, call.stage) == (
            "offered",
            "ringing",
            "ringing",
            "greeting",
        )

        floor.leaves(wait_id)
        with floor.work.transaction() as theirs:
            calls.call_by_id(theirs, seen.subject_id, lock=True).stage = "queue"

        assert queries.lock_wait(ours, wait_id).state == "left"
        assert calls.call_by_id(ours, seen.subject_id, lock=True).stage == "queue"
        found = lock_offer(ours, offer.id)
        assert found is not None and found[0].state == "withdrawn"
        assert queries.lock_agent_state(ours, wang).state == "available"
        assert callback_by_id(ours, wait_id, lock=True) is None
