"""The scripts: the same prompts in both languages, within the handbook's and the carrier's limits."""

import re
from urllib.parse import quote

import pytest

from ivr.turns import Digits, Key, Minutes, Moment, Say, Value
from ivr.words import LANGUAGES, PLACEHOLDER, prompt_version, script, speak
from tests.ivr.legs import SATURDAY_NOON

FORBIDDEN = {
    "zh-CN": ("我们不管", "跟我们没关系", "没办法解决", "随便", "不清楚", "不知道"),
    "en-US": (
        "not our problem",
        "nothing to do with us",
        "nothing we can do",
        "whatever",
        "don't know",
        "no idea",
    ),
}
"""HL-16: words that must not be said; the English ones are their like."""
FILLER = ("您的来电对我们", "很重要", "your call is important", "valued customer")

GENEROUS: dict[str, Value] = {
    "organisation": "长" * 500,
    "branch": "长" * 500,
    "customer": "长" * 500,
    "key": Key("*"),
    "yes": Key("*"),
    "no": Key("#"),
    "ticket": Digits("26 11 21 100000000001"),
    "number": Digits("+86 0510 8888 8888 8888 8888 转 12345"),
    "position": 1_000_000,
    "wait": Minutes(100_000, 200_000),
    "due": Moment(SATURDAY_NOON.replace(month=12, day=29, hour=23, minute=57), SATURDAY_NOON),
    "opening": Moment(SATURDAY_NOON.replace(month=12, day=29, hour=23, minute=57), SATURDAY_NOON),
}
"""Values longer than any that a centre will have."""

every_prompt = pytest.mark.parametrize(
    ("language", "id_"), [(language, id_) for language in LANGUAGES for id_ in script(language)]
)


def test_both_scripts_hold_the_same_prompts() -> None:
    assert set(script("zh-CN")) == set(script("en-US"))


def test_both_scripts_hold_the_same_placeholders() -> None:
    for id_, prompt in script("zh-CN").items():
        assert sorted(placeholders(prompt.text)) == sorted(placeholders(script("en-US")[id_].text)), id_


def placeholders(text: str) -> list[str]:
    """The names between braces, once each."""
    return sorted(set(PLACEHOLDER.findall(text)))


@every_prompt
def test_a_prompt_has_a_version_and_named_placeholders_only(language: str, id_: str) -> None:
    text = script(language)[id_].text
    assert prompt_version(id_, language) >= 1
    assert set(placeholders(text)) <= set(GENEROUS)
    assert not re.search(r"[{}]", PLACEHOLDER.sub("", text))


@every_prompt
def test_a_prompt_stays_under_the_carriers_limits(language: str, id_: str) -> None:
    """Twilio: URL-encoded text of at most 4500 bytes (13521); words.md: 450 Han characters."""
    words = speak(Say(id_, language, GENEROUS))
    assert len(quote(words)) <= 4500
    assert len(words) <= 450


@every_prompt
def test_a_prompt_says_nothing_that_is_forbidden(language: str, id_: str) -> None:
    """HL-16; words.md: no filler."""
    text = script(language)[id_].text.lower()
    assert not [word for word in (*FORBIDDEN[language], *FILLER) if word in text]


@every_prompt
def test_the_thing_comes_first_then_the_key(language: str, id_: str) -> None:
    """words.md: "技术问题请按 1"; "for a technical question, press 1"."""
    text = script(language)[id_].text
    asks_for_key = re.match(r"^(请按|按|press)\b", text.lower())
    assert not asks_for_key


@pytest.mark.parametrize("id_", sorted(script("zh-CN")))
def test_chinese_is_formal_and_uses_its_own_signs(id_: str) -> None:
    """words.md: 您; and full-width signs, at which a Mandarin voice pauses."""
    text = script("zh-CN")[id_].text
    assert "你" not in text
    assert not re.search(r"[,.;!?]", text)
    assert text.endswith("。")


def test_the_standard_opening() -> None:
    """HL-3 and words.md: head office 您好，XX客服部。 branch 您好，XX<branch>公司。"""
    names: dict[str, Value] = {"organisation": "星河软件", "branch": "无锡"}
    assert speak(Say("greeting.head_office", "zh-CN", names)) == "您好，星河软件客服部。"
    assert speak(Say("greeting.branch", "zh-CN", names)) == "您好，星河软件无锡公司。"
    names = {"organisation": "Xinghe", "branch": "Wuxi"}
    assert speak(Say("greeting.head_office", "en-US", names)) == "Hello, Xinghe customer service."
    assert speak(Say("greeting.branch", "en-US", names)) == "Hello, Xinghe, Wuxi."


def test_the_promise_is_said_as_a_promise() -> None:
    """words.md: who calls, at which number, at what time at the latest."""
    values: dict[str, Value] = {
        "number": Digits("138 0013 8000"),
        "due": Moment(SATURDAY_NOON.replace(hour=15, minute=0), SATURDAY_NOON),
    }
    assert speak(Say("promise.engineer", "zh-CN", values)) == (
        "我们的工程师最晚在今天下午三点前打 1 3 8，0 0 1 3，8 0 0 0 给您。"
    )
    assert speak(Say("promise.engineer", "en-US", values)) == (
        "Our engineer will call you at 1 3 8, 0 0 1 3, 8 0 0 0, no later than today at 3 pm."
    )


def test_a_missing_value_or_prompt_is_an_error() -> None:
    with pytest.raises(KeyError):
        speak(Say("ticket.opened", "zh-CN"))
    with pytest.raises(KeyError):
        speak(Say("no.such", "zh-CN"))
    with pytest.raises(KeyError):
        prompt_version("no.such", "en-US")


def test_values_are_not_read_as_placeholders() -> None:
    """A customer may be called anything."""
    assert speak(Say("whisper.customer", "en-US", {"customer": "{key}"})) == "{key}."
