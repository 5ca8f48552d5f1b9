"""A customer who is not reached: every try is written down, machines are left a message, the last is told."""

from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from callcenter.callbacks.models import Callback
from callcenter.lines.models import Line
from callcenter.notices.models import Notice
from callcenter.promises.models import Promise
from callcenter.simulator import busy, rings_out, voicemail
from tests.journeys.conftest import Hotline
from tests.journeys.test_callback import CUSTOMER, all_busy, books_from_the_queue
from tests.xinghe import HOTLINE


def line_is(hotline: Hotline, **columns: bool) -> None:
    """Set what the centre file says of the line."""
    with hotline.work.transaction() as session:
        line = session.scalars(sa.select(Line).where(Line.number == HOTLINE)).one()
        for name, value in columns.items():
            setattr(line, name, value)


def tried(hotline: Hotline, *behaviours: Any, minutes: float = 60) -> dict[str, Any]:
    """A callback is booked and tried on a phone that behaves so; return it as the API shows it."""
    hotline.policy(callback_retry_minutes=3)
    _, other = all_busy(hotline)
    books_from_the_queue(hotline)
    hotline.phone(CUSTOMER).will(*behaviours)
    other.hangs_up()
    assert hotline.net.run_until(lambda: hotline.rows(Callback)[0].tries == len(behaviours), minutes * 60)
    hotline.settle(90)
    return hotline.get(f"/callbacks/{hotline.rows(Callback)[0].id}")


# FU-2, FD-3: "attempts logged"; promise broken with its reason, a supervisor told.
def test_every_try_is_written_down_and_the_last_one_is_told(hotline: Hotline) -> None:
    callback = tried(hotline, busy(), rings_out(), voicemail(after=5, tape=60))
    assert (callback["state"], callback["reason"]) == ("failed", "not_accepted")
    attempts = callback["attempts"]
    assert [each["number"] for each in attempts] == [1, 2, 3]
    assert [each["result"] for each in attempts] == ["busy", "no_answer", "not_accepted"]
    for before, after in pairwise(attempts):
        assert before["ended_at"] < before["next_try_at"] <= after["began_at"]
    assert attempts[-1]["next_try_at"] is None
    (promise,) = hotline.rows(Promise, Promise.rule == "HL-8")
    assert (promise.state, promise.reason) == ("broken", "not_accepted")
    assert [notice.subject_id for notice in hotline.rows(Notice, Notice.type == "callback_failed")] == [
        callback["id"]
    ]
    hotline.assert_clean()


def test_a_machine_is_left_a_message_where_the_line_says_so(hotline: Hotline) -> None:
    line_is(hotline, callback_detects_machine=True, callback_leaves_message=True)
    callback = tried(hotline, voicemail(after=5, tape=60))
    (attempt,) = callback["attempts"]
    assert (attempt["result"], attempt["answered_by"]) == ("voicemail", "machine_end_beep")
    assert attempt["message_left"] is True
    customer = hotline.phone(CUSTOMER).handset
    assert customer is not None
    assert "这是您约的回电。" in customer.words and "再打给您" in customer.words
    assert callback["state"] == "booked"
    hotline.assert_clean()


def test_a_machine_is_left_alone_without_that(hotline: Hotline) -> None:
    line_is(hotline, callback_detects_machine=True)
    callback = tried(hotline, voicemail(after=5, tape=60))
    (attempt,) = callback["attempts"]
    assert (attempt["result"], attempt["message_left"]) == ("voicemail", False)
    customer = hotline.phone(CUSTOMER).handset
    assert customer is not None and customer.words.strip() == ""
    hotline.assert_clean()
