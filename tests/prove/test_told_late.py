"""Ways that chance takes once in many thousand steps, taken by rules and product alike."""

import pytest

from callcenter.db import Database
from tests.prove.routing.ground import room
from tests.prove.routing.model import Rules
from tests.prove.routing.replay import MENU, Way, replay
from tests.prove.routing.shapes import NOBODY, Step, start

INTO_AN_EMPTY_ROOM: tuple[Step, ...] = (
    ("arrives", NOBODY, 0), ("match", 0, 0), ("clicks", 0, NOBODY), ("is_claimed", 0, NOBODY),
    ("is_posted", 0, NOBODY), ("is_bound", 0, NOBODY), ("picks_up", 0, NOBODY),
    ("summon_is_taken", NOBODY, 0), ("hangs_up", 0, NOBODY), ("summon_is_obeyed", NOBODY, 0),
    ("gives_up", NOBODY, 0), ("is_reported_gone", NOBODY, 0),
)  # fmt: skip
"""The agent has hung up when the caller is led into the room, and the caller's end is told first."""
TOLD = ("leg_is_over", 0, NOBODY)
BACK = ("comes_back", 0, NOBODY)


def way_of(*steps: Step) -> Way:
    """Return the way that the rules take by these steps."""
    centre, way = start(2, 2), Way()
    for wanted in steps:
        centre = next(after for step, after in Rules().steps(centre) if step == wanted)
        way.append((wanted, centre))
    return way


# telephony.md, section 3: "arrival order not guaranteed"; a leg's end carries the carrier's own stamp.
@pytest.mark.parametrize(
    ("then", "state"),
    [
        ((TOLD,), "available"),
        ((BACK, TOLD), "available"),
        ((BACK, ("arrives", NOBODY, 1), ("match", 0, 1), TOLD), "away"),
    ],
    ids=["he writes his notes", "he is back", "his phone may be ringing still"],
)
def test_the_agent_had_gone_before_the_caller_came(
    database: Database, then: tuple[Step, ...], state: str
) -> None:
    way = way_of(*INTO_AN_EMPTY_ROOM, *then)
    assert [centre.agents[0].state for _, centre in way[len(INTO_AN_EMPTY_ROOM) - 1 :: len(then)]] == [
        "wrap_up",
        state,
    ]
    assert way[-1][1].callers[0].wait == "left"
    url = database.engine.url.render_as_string(hide_password=False)
    with room(url, 2, menu=MENU) as floor:
        assert replay(floor, way) is None
