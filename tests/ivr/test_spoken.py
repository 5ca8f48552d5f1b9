"""Values as a voice should read them."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.spoken import LONGEST, aloud, han
from ivr.turns import Digits, Key, Minutes, Moment, Value
from tests.ivr.legs import SATURDAY_NOON, SHANGHAI


@pytest.mark.parametrize(
    ("groups", "chinese", "english"),
    [
        ("138 0013 8000", "1 3 8，0 0 1 3，8 0 0 0", "1 3 8, 0 0 1 3, 8 0 0 0"),
        ("26 11 21 001", "2 6，1 1，2 1，0 0 1", "2 6, 1 1, 2 1, 0 0 1"),
        ("+49 30 1234-567", "加 4 9，3 0，1 2 3 4 5 6 7", "plus 4 9, 3 0, 1 2 3 4 5 6 7"),
        ("", "", ""),
    ],
)
def test_numbers_are_read_digit_by_digit_in_groups(groups: str, chinese: str, english: str) -> None:
    """words.md: phones 3-4-4, ticket numbers 2-2-2-3, digit by digit."""
    assert aloud(Digits(groups), "zh-CN") == chinese
    assert aloud(Digits(groups), "en-US") == english


@pytest.mark.parametrize(
    ("low", "high", "chinese", "english"),
    [
        (3, 5, "大约三到五分钟", "about three to five minutes"),
        (2, 3, "大约两到三分钟", "about two to three minutes"),
        (2, 2, "大约两分钟", "about two minutes"),
        (1, 1, "大约一分钟", "about a minute"),
        (0, 0, "不到一分钟", "less than a minute"),
        (0, 1, "不到一分钟", "less than a minute"),
        (0, 2, "两分钟以内", "up to two minutes"),
        (1, 2, "大约一到两分钟", "about one to two minutes"),
        (5, 3, "大约三到五分钟", "about three to five minutes"),
        (12, 25, "大约十二到二十五分钟", "about twelve to 25 minutes"),
        (120, 150, "大约120到150分钟", "about 120 to 150 minutes"),
    ],
)
def test_waits_are_ranges_as_people_say_them(low: int, high: int, chinese: str, english: str) -> None:
    assert aloud(Minutes(low, high), "zh-CN") == chinese
    assert aloud(Minutes(low, high), "en-US") == english


@pytest.mark.parametrize(
    ("at", "chinese", "english"),
    [
        ("2026-11-21 15:00", "今天下午三点", "today at 3 pm"),
        ("2026-11-22 09:30", "明天上午九点半", "tomorrow at half past nine in the morning"),
        ("2026-11-25 09:00", "11月25日星期三上午九点", "Wednesday, November 25, at 9 am"),
        ("2026-11-21 14:05", "今天下午两点零五分", "today at 2:05 pm"),
        ("2026-11-21 18:45", "今天晚上六点四十五分", "today at 6:45 pm"),
        ("2026-11-22 12:00", "明天中午十二点", "tomorrow at noon"),
        ("2026-11-22 12:30", "明天中午十二点半", "tomorrow at half past twelve in the afternoon"),
        ("2026-11-22 00:00", "明天凌晨零点", "tomorrow at 12 am"),
        ("2026-11-22 07:30", "明天早上七点半", "tomorrow at half past seven in the morning"),
        ("2026-11-21 22:30", "今天晚上十点半", "today at half past ten at night"),
        ("2026-11-21 19:30", "今天晚上七点半", "today at half past seven in the evening"),
        ("2027-01-04 08:00", "1月4日星期一上午八点", "Monday, January 4, at 8 am"),
    ],
)
def test_times_always_name_the_day(at: str, chinese: str, english: str) -> None:
    moment = Moment(datetime.fromisoformat(at).replace(tzinfo=SHANGHAI), SATURDAY_NOON)
    assert aloud(moment, "zh-CN") == chinese
    assert aloud(moment, "en-US") == english


def test_a_time_said_is_never_earlier_than_the_one_kept() -> None:
    """Seconds are not said: a promise due at 14:59:30 is told as 15:00."""
    at = datetime(2026, 11, 21, 14, 59, 30, tzinfo=SHANGHAI)
    assert aloud(Moment(at, SATURDAY_NOON), "zh-CN") == "今天下午三点"


@given(st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2028, 12, 31)), st.integers(0, 400))  # noqa: DTZ001
def test_every_time_can_be_said(now: datetime, days: int) -> None:
    at = now + timedelta(days=days)
    assert "点" in aloud(Moment(at, now), "zh-CN")
    assert " at " in aloud(Moment(at, now), "en-US")


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "零"), (2, "二"), (10, "十"), (11, "十一"), (20, "二十"), (99, "九十九"), (100, "100")],
)
def test_chinese_numerals(number: int, words: str) -> None:
    assert han(number) == words


def test_keys_and_positions() -> None:
    assert [aloud(Key(sign), "zh-CN") for sign in "1*#"] == ["1", "星号键", "井号键"]
    assert [aloud(Key(sign), "en-US") for sign in "1*#"] == ["1", "the star key", "the pound key"]
    assert (aloud(3, "zh-CN"), aloud(3, "en-US")) == ("三", "3")


@given(st.text(), st.sampled_from(["zh-CN", "en-US"]))
def test_names_from_outside_cannot_break_the_document(name: str, language: str) -> None:
    """XML 1.0 has no control characters; an over-long name is cut."""
    said = aloud(name, language)
    assert len(said) <= LONGEST
    assert said.isprintable()


@given(st.text())
def test_digits_from_outside_cannot_break_the_document(groups: str) -> None:
    assert aloud(Digits(groups), "zh-CN").isprintable()


def test_names_keep_their_words() -> None:
    values: list[Value] = ["  Anna\tMaria\x00\nWeber ", "张女士"]
    assert [aloud(value, "en-US") for value in values] == ["Anna Maria Weber", "张女士"]
