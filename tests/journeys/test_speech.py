"""A line that takes words: the caller says what he wants, is not understood, and falls back to the keys."""

import pytest
import sqlalchemy as sa

from callcenter.lines.models import Line
from callcenter.simulator import answers
from callcenter.simulator.handset import Handset
from callcenter.simulator.network import Telephone
from callcenter.tickets.models import Ticket
from tests.journeys.conftest import Hotline
from tests.xinghe import HOTLINE

SAID = {
    "zh-CN": ("您也可以直接说出需要的服务。", "没有听清您说的话。", "今天天气不错",
              "我要技术支持", "您的服务单号是"),
    "en-US": ("For a technical question", "That was not clear enough.", "lovely weather",
              "a technical question", "Your ticket number is"),
}  # fmt: skip
"""What invites, the answer to what is unclear, something unclear, a choice, and how the ticket is told."""


@pytest.fixture
def agent(hotline: Hotline) -> Telephone:
    """An agent of both languages and every skill; the hotline takes words."""
    with hotline.work.transaction() as session:
        session.scalars(sa.select(Line).where(Line.number == HOTLINE)).one().speech = True
    emily = hotline.agent("emily-chen")
    emily.will(answers(rings=1, presses="1", talks_for=5))
    wei = hotline.agent("zhang-wei")
    wei.will(answers(rings=1, presses="1", talks_for=5))
    return wei


def a_caller(hotline: Hotline, language: str) -> Handset:
    """Somebody phones, and changes to his language by its key."""
    caller = hotline.phone().dials(HOTLINE)
    if language == "en-US":
        caller.hears("press 8")
        caller.press("8")
    caller.hears(SAID[language][0])
    return caller


# Issue 3: "Keys during the prompt [...], speech where the line allows it."
@pytest.mark.parametrize("language", SAID)
def test_what_is_said_chooses_and_what_is_unclear_is_asked_again(
    hotline: Hotline, agent: Telephone, language: str
) -> None:
    _, unclear, weather, choice, ticket_is = SAID[language]
    caller = a_caller(hotline, language)
    caller.speaks(weather)
    caller.hears(unclear)
    caller.speaks(choice)
    caller.hears(ticket_is)
    assert [ticket.kind for ticket in hotline.rows(Ticket)] == ["technical"]
    assert hotline.net.run_until(lambda: caller.talking, 60)
    caller.waits(30)
    hotline.settle(40)
    hotline.assert_clean()


@pytest.mark.parametrize("language", SAID)
def test_who_is_not_understood_presses_a_key(hotline: Hotline, agent: Telephone, language: str) -> None:
    _, unclear, weather, _, ticket_is = SAID[language]
    caller = a_caller(hotline, language)
    for _ in range(2):
        caller.speaks(weather)
        caller.hears(unclear)
    caller.press("1")
    caller.hears(ticket_is)
    assert [ticket.kind for ticket in hotline.rows(Ticket)] == ["technical"]
    caller.hangs_up()
    hotline.settle(60)
    hotline.assert_clean()


# Who is misunderstood hears of it before anything is kept: the number that was read back is not his.
def test_a_no_is_heard_and_the_number_is_keyed(hotline: Hotline, agent: Telephone) -> None:
    caller = a_caller(hotline, "zh-CN")
    caller.speaks("请给我回电")
    caller.hears("号码正确请按 1")
    caller.speaks("不对")
    caller.hears("请输入")
    caller.press("13900139000#")
    caller.hears("1 3 9，0 0 1 3，9 0 0 0")
    caller.speaks("没错，不用改")
    caller.hears("最晚在")
    caller.waits(20)
    assert caller.ended


def test_a_line_without_speech_hears_keys_alone(hotline: Hotline) -> None:
    hotline.agent("zhang-wei")
    caller = hotline.phone().dials(HOTLINE)
    caller.hears("技术问题")
    caller.speaks("技术问题")
    caller.hears("没有收到您的按键")
    assert hotline.rows(Ticket) == []
    caller.hangs_up()
