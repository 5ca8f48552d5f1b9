"""Which words were in force, and whether they were heard to the end."""

from typing import Any

import sqlalchemy as sa

from callcenter.calls.models import CallWords
from callcenter.simulator.handset import Handset
from tests.journeys.conftest import Hotline
from tests.xinghe import HOTLINE


def documents(hotline: Hotline, caller: Handset) -> list[list[dict[str, Any]]]:
    """The words of each document of a caller's leg, in order."""
    hotline.settle()
    return [moment["words"] for moment in hotline.call(caller.sid)["timeline"] if moment["words"]]


# "certain only when the following document was requested; otherwise estimated and marked."
def test_a_document_that_ended_by_itself_was_heard_and_one_that_was_cut_is_estimated(
    hotline: Hotline,
) -> None:
    caller = hotline.phone().dials(HOTLINE)
    caller.hears("还没有收到您的按键。", within=60)
    caller.hears("技术，按 1。")
    caller.waits(1)
    caller.press("2")
    caller.hears("现在没有客服在岗。")
    caller.waits(1.5)
    caller.hangs_up()
    greeting, menu, nobody = documents(hotline, caller)
    first = greeting[0]
    assert (first["prompt"], first["language"], first["version"]) == ("greeting.head_office", "zh-CN", 1)
    assert first["said"] == "您好，星河软件客服部。"
    assert {(each["heard"], each["certain"]) for each in greeting} == {("to_the_end", True)}
    assert menu[0]["heard"] == "to_the_end"
    assert menu[-1]["heard"] == "not_begun"
    assert [each["heard"] for each in nobody] == ["cut_short", "not_begun", "not_begun"]
    assert not any(each["certain"] for each in (*menu, *nobody))


def test_words_that_were_erased_are_still_named(hotline: Hotline) -> None:
    """Decision 12: what is erased takes the words and leaves which they were."""
    caller = hotline.phone().dials(HOTLINE)
    caller.hears("您好")
    caller.hangs_up()
    hotline.settle()
    with hotline.work.transaction() as session:
        session.execute(sa.update(CallWords).values(heard=None, answers=None, document=None))
    (greeting,) = documents(hotline, caller)
    assert (greeting[0]["prompt"], greeting[0]["said"], greeting[0]["heard"]) == (
        "greeting.head_office",
        None,
        "unknown",
    )
