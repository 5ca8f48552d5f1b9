"""A caller who is owed a call keeps it, moves it to another time, or cancels it, by key."""

from typing import Any

import pytest

from ivr.asks import (
    CallbackBooked,
    CallbackCancelled,
    CallbackGone,
    CancelCallback,
    FindAgent,
    KeepCallback,
    MoveCallback,
    ProposeTimes,
    Times,
)
from ivr.hearing import MenuItem, Pressed, Silence
from ivr.turns import HangUp
from tests.ivr.legs import BRANCH, CLOSED, SATURDAY_NOON, Leg, arrived

THREE = SATURDAY_NOON.replace(hour=15, minute=0)
MORNING = SATURDAY_NOON.replace(day=23, hour=9, minute=30)
USUAL = CallbackBooked("138 0013 8000", THREE, SATURDAY_NOON)
ANSWERS: dict[type, Any] = {
    KeepCallback: USUAL,
    ProposeTimes: Times(SATURDAY_NOON, SATURDAY_NOON.replace(hour=13), (THREE, MORNING)),
    MoveCallback: CallbackBooked("138 0013 8000", MORNING, SATURDAY_NOON, chosen=True),
    CancelCallback: CallbackCancelled(),
}


def owed(**changes: Any) -> Leg:
    """A caller whom we have promised to call by three."""
    told = {"promised": THREE, "asked": True, "their_now": SATURDAY_NOON}
    return Leg(arrived(**told | changes), ANSWERS)


def test_the_promise_is_told_with_the_key_that_changes_it() -> None:
    leg = owed()
    assert "我们约好最晚在今天下午三点前给您回电。要改这次回电，请按 9。" in "".join(leg.says)
    assert leg.hears(Pressed("9")).says == [
        "照旧回电请按 1。",
        "改个时间请按 2。",
        "取消回电请按 3。",
    ]


def test_a_time_that_was_chosen_is_told_as_one() -> None:
    assert "我们约好在今天下午三点给您回电。" in owed(chosen=True).says


def test_it_is_kept_and_said_once_more() -> None:
    leg = owed().hears(Pressed("9"), Pressed("1"))
    assert leg.asked == [KeepCallback()]
    assert leg.says == [
        "我们的客服最晚在今天下午三点前打 1 3 8，0 0 1 3，8 0 0 0 给您。",
        "感谢您的来电，再见。",
    ]
    assert leg.does == [HangUp()]


def test_it_is_moved_to_a_proposed_time() -> None:
    leg = owed().hears(Pressed("9"), Pressed("2"))
    assert leg.prompts == ["time.soonest", "time.at", "time.at"]
    leg.hears(Pressed("3"))
    assert leg.asked[-1] == MoveCallback(MORNING)
    assert leg.says[0] == "我们的客服会在11月23日星期一上午九点半打 1 3 8，0 0 1 3，8 0 0 0 给您。"


def test_the_soonest_has_no_time_of_its_own() -> None:
    assert owed().hears(Pressed("9"), Pressed("2"), Pressed("1")).asked[-1] == MoveCallback(None)


def test_it_is_cancelled() -> None:
    leg = owed().hears(Pressed("9"), Pressed("3"))
    assert leg.asked == [CancelCallback()]
    assert leg.prompts == ["owed.cancelled", "goodbye.thanks"]


@pytest.mark.parametrize(
    ("ask", "keys"),
    [(KeepCallback, "91"), (ProposeTimes, "92"), (MoveCallback, "921"), (CancelCallback, "93")],
)
def test_what_is_being_carried_out_cannot_be_changed(ask: type, keys: str) -> None:
    leg = owed()
    leg.answers[ask] = CallbackGone()
    assert leg.hears(*map(Pressed, keys)).prompts == ["owed.gone", "goodbye.thanks"]


def test_who_chooses_nothing_keeps_it() -> None:
    """Nothing is changed by silence."""
    assert owed().hears(Pressed("9"), *[Silence()] * 3).asked[-1] == KeepCallback()
    assert owed().hears(Pressed("9"), Pressed("2"), Silence()).asked[-1] == KeepCallback()


def test_star_repeats_and_not_for_ever() -> None:
    leg = owed().hears(Pressed("9"), Pressed("2"), Pressed("*"))
    assert leg.prompts == ["time.soonest", "time.at", "time.at"]
    assert leg.hears(*[Pressed("*")] * 8).name == "ended"


@pytest.mark.parametrize("keys", ["9", "92"])
def test_an_agent_is_one_key_away(keys: str) -> None:
    assert FindAgent("agent") in owed().hears(*map(Pressed, keys), Pressed("0")).asked


def test_it_is_changed_while_the_line_is_closed_too() -> None:
    leg = owed(hours=CLOSED)
    assert "promised.change" in leg.prompts
    assert leg.hears(Pressed("9"), Pressed("3")).asked == [CancelCallback()]


def test_before_the_open_ticket_too() -> None:
    leg = owed(ticket="261120003", ticket_kind="technical")
    assert leg.hears(Pressed("9")).name == "owed"


def test_the_key_is_one_that_the_menu_leaves_free() -> None:
    """A line with all of them in its menu offers no change."""
    menu = (*BRANCH.menu, MenuItem("9", "agent"))
    leg = owed(line=BRANCH.__class__(**{**vars(BRANCH), "menu": menu}))
    assert "To change that call, press 7." in leg.says
    menu = (*menu, MenuItem("7", "agent"), MenuItem("6", "agent"))
    leg = owed(line=BRANCH.__class__(**{**vars(BRANCH), "menu": menu}))
    assert "promised.change" not in leg.prompts


def test_who_is_owed_nothing_presses_a_key_without_a_meaning() -> None:
    assert Leg(arrived()).hears(Pressed("9")).prompts[0] == "key.wrong"
