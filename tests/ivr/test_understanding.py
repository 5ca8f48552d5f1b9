"""What callers say instead of pressing a key, and what becomes of it."""

import re
from dataclasses import replace
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.asks import FindAgent, FindTicket, OpenTicket, ReadNumber, TakeTicket
from ivr.flow.listening import LEAST_CONFIDENCE
from ivr.hearing import LineFacts, Pressed, Spoke
from ivr.twiml import HEARD, LONGEST_HINT, MOST_HINTS, render
from ivr.understanding import hints, understood, words_of
from ivr.words import LANGUAGES
from tests.ivr.legs import BRANCH, CLOSED, HEAD_OFFICE, URLS, Leg, arrived

SPEAKING = replace(HEAD_OFFICE, speech=True)
MENU = {"1": "technical", "2": "presales", "3": "complaint", "4": "ticket_state", "5": "callback"}
MENU |= {"0": "agent", "*": "repeat", "8": "language"}

TO_AN_AGENT = [FindAgent("agent"), OpenTicket("general")]


def leg(line: LineFacts = SPEAKING, **changes: object) -> Leg:
    """A caller on a line that takes words."""
    return Leg(arrived(line, **changes))


@pytest.mark.parametrize(
    ("language", "words", "key"),
    [
        ("zh-CN", "我要技术支持", "1"),
        ("zh-CN", "转人工。", "0"),
        ("zh-CN", "我要投诉你们！", "3"),
        ("zh-CN", "请按二", "2"),
        ("zh-CN", "查一下进度", "4"),
        ("zh-CN", "English", "8"),
        ("zh-CN", "不要投诉", None),
        ("zh-CN", "技术还是售前", None),
        ("zh-CN", "今天天气不错", None),
        ("zh-CN", "九", None),
        ("zh-CN", "", None),
        ("en-US", "I have a technical question, please.", "1"),
        ("en-US", "Press one", "1"),
        ("en-US", "can you call me back", "5"),
        ("en-US", "a real person", "0"),
        ("en-US", "not a complaint", None),
        ("en-US", "I don't want sales", None),
        ("en-US", "personal", None),
        ("en-US", "sales or support", None),
    ],
)
def test_what_is_understood(language: str, words: str, key: str | None) -> None:
    assert understood(words, language, MENU) == key


# A number that was read back wrong must not be booked because "not quite right" holds "right".
@pytest.mark.parametrize(
    ("language", "words", "key"),
    [
        ("zh-CN", "不太对", "2"),
        ("zh-CN", "不可以", "2"),
        ("zh-CN", "不好", "2"),
        ("zh-CN", "好像没对", None),
        ("zh-CN", "对不起", None),
        ("zh-CN", "对吗？", None),
        ("zh-CN", "没错，可以", "1"),
        ("zh-CN", "没错", "1"),
        ("zh-CN", "不用改", "1"),
        ("zh-CN", "号码不要换", "1"),
        ("zh-CN", "不改", None),
        ("zh-CN", "不改一下", None),
        ("zh-CN", "不，改一下", "2"),
        ("zh-CN", "要改", "2"),
        ("zh-CN", "对，没问题", "1"),
        ("en-US", "that isn't correct", None),
        ("en-US", "isn't right", None),
        ("en-US", "incorrect", "2"),
        ("en-US", "nope", "2"),
        ("en-US", "no problem", None),
        ("en-US", "yes, no problem", "1"),
        ("en-US", "don't change it", "1"),
        ("en-US", "no change", None),
        ("en-US", "change it", "2"),
    ],
)
def test_yes_is_not_heard_in_a_no(language: str, words: str, key: str | None) -> None:
    assert understood(words, language, {"1": "yes", "2": "no", "*": "repeat", "0": "agent"}) == key


# What is near before a choice denies it; a question ("能不能…") and a trouble ("登录不上") deny nothing.
@pytest.mark.parametrize(
    ("language", "words", "key"),
    [
        ("zh-CN", "我不想投诉", None),
        ("zh-CN", "没有投诉", None),
        ("zh-CN", "我不需要人工", None),
        ("zh-CN", "能不能转人工", "0"),
        ("zh-CN", "有没有客服", "0"),
        ("zh-CN", "不知道价格", "2"),
        ("zh-CN", "不好意思，我要投诉", "3"),
        ("zh-CN", "登录不上报错", "1"),
        ("en-US", "it isn't a complaint", None),
        ("en-US", "I never complain", None),
        ("en-US", "without an agent", None),
        ("en-US", "nobody called back", None),
        ("en-US", "an error, it never starts", "1"),
    ],
)
def test_a_choice_is_not_heard_in_its_denial(language: str, words: str, key: str | None) -> None:
    assert understood(words, language, MENU) == key


# "Oh" at a menu is a sigh, not the figure of a telephone number; before a figure it is nothing.
@pytest.mark.parametrize(
    ("language", "words", "key"),
    [
        ("en-US", "Oh", None),
        ("en-US", "oh, one please", "1"),
        ("en-US", "um, zero", "0"),
        ("zh-CN", "嗯", None),
        ("zh-CN", "嗯，一吧", "1"),
        ("zh-CN", "呃……零", "0"),
    ],
)
def test_a_sigh_is_no_figure(language: str, words: str, key: str | None) -> None:
    assert understood(words, language, MENU) == key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_a_choice_means_it(language: str) -> None:
    """A word that two choices of one moment share would be understood as neither."""
    moments = (MENU, {"1": "callback", "2": "message", "0": "agent", "*": "repeat", "8": "language"})
    moments += ({"1": "yes", "2": "no"}, {"1": "ticket", "2": "other", "0": "agent", "8": "language"})
    for choices in moments:
        for key, choice in choices.items():
            for word in words_of(language)[choice]:
                assert understood(word, language, choices) == key, (choice, word)


def test_both_languages_know_the_same_choices() -> None:
    assert set(words_of("zh-CN")) == set(words_of("en-US"))


@given(st.text(max_size=300), st.sampled_from(LANGUAGES))
def test_anything_may_be_said(words: str, language: str) -> None:
    assert understood(words, language, MENU) in {None, *MENU}


def test_words_choose_like_keys() -> None:
    assert leg().hears(Spoke("技术问题", 0.9)).asked == leg().hears(Pressed("1")).asked
    assert leg().hears(Spoke("转人工")).asked[-2:] == TO_AN_AGENT, "a carrier without confidence"
    assert leg().hears(Spoke("英语", 0.8), Spoke("check a ticket", 0.8)).asked == [FindTicket(None)]


@pytest.mark.parametrize("spoken", [Spoke("技术", LEAST_CONFIDENCE - 0.01), Spoke("嗯", 0.99)])
def test_unclear_words_are_asked_for_again_and_the_third_time_lead_to_a_person(spoken: Spoke) -> None:
    """words.md: after the third failure go to a person."""
    caller = leg().hears(spoken)
    assert caller.says[:2] == ["没有听清您说的话。", "技术问题请按 1。"]
    assert caller.hears(spoken, spoken).asked[-2:] == TO_AN_AGENT


def test_words_at_the_other_choices() -> None:
    closed = leg(hours=CLOSED)
    assert closed.hears(Spoke("给我回电", 0.9)).asked[-1] == ReadNumber("+8613800138000")
    assert closed.hears(Spoke("不对", 0.9)).name == "key_number"
    assert leg(hours=CLOSED).hears(Spoke("我要留言", 0.9)).name == "message"
    known = leg(ticket="261120003", ticket_kind="technical")
    assert known.hears(Spoke("上次的服务单", 0.9)).asked[0] == TakeTicket("261120003")
    assert leg(hours=CLOSED).hears(Spoke("回电", 0.9), Spoke("对的", 0.9)).memory["ending"] == "callback"


def test_a_line_without_speech_takes_no_words() -> None:
    assert leg(HEAD_OFFICE).hears(Spoke("技术", 0.99)).prompts[0] == "speech.unclear"
    assert "speech.notice" not in leg(HEAD_OFFICE).prompts
    assert "speech.notice" in leg().prompts


def test_what_was_said_is_not_remembered() -> None:
    """Personal data: the words are kept with the event, never in the step."""
    assert "张三丰" not in str(leg().hears(Spoke("张三丰要投诉", 0.9)).memory)


def test_the_document_listens_for_keys_and_words() -> None:
    """Twilio, Gather: input `dtmf speech`; in its table of languages Mandarin is cmn-Hans-CN."""
    gather = ElementTree.fromstring(render(leg().turn, URLS))[0]
    assert gather.attrib["input"] == "dtmf speech"
    assert (gather.attrib["language"], gather.attrib["speechTimeout"]) == ("cmn-Hans-CN", "auto")
    assert "人工" in gather.attrib["hints"].split(",")
    english = ElementTree.fromstring(render(leg(replace(BRANCH, speech=True)).turn, URLS))[0]
    assert english.attrib["language"] == HEARD["en-US"] == "en-US"
    assert "input" not in ElementTree.fromstring(render(leg(HEAD_OFFICE).turn, URLS))[0].attrib


@pytest.mark.parametrize("language", LANGUAGES)
def test_hints_are_within_the_carriers_limits(language: str) -> None:
    everything = hints(language, words_of(language))
    assert len(everything) < MOST_HINTS
    assert max(map(len, everything)) < LONGEST_HINT
    assert not any(re.search(r"[,&<]", hint) for hint in everything)
    assert len(quote(",".join(everything))) < 8000
