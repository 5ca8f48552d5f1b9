"""A customer who is owed a call phones in: it is kept, moved or cancelled by key, and the rows say so."""

from datetime import UTC, datetime

from callcenter.callbacks.models import Callback
from callcenter.calls.models import Call
from callcenter.promises.models import Promise
from callcenter.simulator.handset import Handset
from tests.journeys.conftest import Hotline
from tests.journeys.test_chosen_time import CUSTOMER, chooses
from tests.xinghe import HOTLINE


def phones_in(hotline: Hotline, *keys: str) -> Handset:
    """The customer hears what was promised and presses keys, each after a sentence."""
    caller = hotline.phone(CUSTOMER).dials(HOTLINE)
    caller.hears("我们约好")
    caller.hears("要改这次回电，请按 9")
    for key, heard in zip(("9", *keys), ("照旧回电", "尽快回电", "再见"), strict=False):
        caller.press(key)
        if heard:
            caller.hears(heard if len(keys) == 2 or heard == "照旧回电" else "再见")
    caller.ends()
    hotline.settle()
    return caller


def owes(hotline: Hotline, key: str = "2") -> Callback:
    """A customer who is to be called this afternoon at three."""
    chooses(hotline, key).ends()
    hotline.settle()
    (callback,) = hotline.rows(Callback)
    return callback


def promise(hotline: Hotline) -> Promise:
    (found,) = hotline.rows(Promise, Promise.rule == "HL-8")
    return found


def test_it_is_kept(hotline: Hotline) -> None:
    before = owes(hotline)
    caller = phones_in(hotline, "1")
    assert "会在今天下午三点打" in caller.words
    (after,) = hotline.rows(Callback)
    assert (after.due_at, after.state, after.chosen) == (before.due_at, "booked", True)
    assert [call.outcome for call in hotline.rows(Call)] == ["callback", "callback"]
    hotline.assert_clean()


def test_it_is_moved_to_tomorrow_morning(hotline: Hotline) -> None:
    owes(hotline)
    caller = phones_in(hotline, "2", "3")
    assert "会在明天上午九点半打" in caller.words
    (callback,) = hotline.rows(Callback)
    morning = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
    assert (callback.due_at, callback.next_try_at, callback.chosen) == (morning, morning, True)
    assert (promise(hotline).due_at, promise(hotline).state) == (morning, "open")
    hotline.assert_clean()


def test_it_is_cancelled_by_the_customer(hotline: Hotline) -> None:
    owes(hotline)
    phones_in(hotline, "3")
    (callback,) = hotline.rows(Callback)
    assert (callback.state, callback.settled_by, callback.reason) == ("cancelled", "caller", "by_key")
    kept = promise(hotline)
    assert (kept.state, kept.settled_by, kept.reason) == ("cancelled", "caller", "by_key")
    shown = hotline.get(f"/callbacks/{callback.id}")
    assert (shown["state"], shown["settled_by"], shown["reason"]) == ("cancelled", "caller", "by_key")
    assert [call.outcome for call in hotline.rows(Call)] == ["callback", "self_served"]
    hotline.rests(6 * 3600)
    assert hotline.net.ledger.rings_of(CUSTOMER) == [], "nobody calls who was told not to"
    hotline.assert_clean()
