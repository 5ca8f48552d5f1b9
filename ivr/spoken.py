"""How values are said aloud: numbers digit by digit, times and waits as people of the language say them."""

import re
from datetime import datetime, timedelta

from ivr.turns import Digits, Key, Minutes, Moment, Value

LONGEST = 60
"""Names longer than this are cut: no value can push a prompt over the carrier's limit."""

_HAN = "零一二三四五六七八九十"
_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_WORDS += ["eleven", "twelve"]
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_KEYS = {
    "zh-CN": {"*": "星号键", "#": "井号键"},
    "en-US": {"*": "the star key", "#": "the pound key"},
}


def aloud(value: Value, language: str) -> str:
    """Return a prompt's value as it is said in zh-CN or en-US."""
    chinese = language == "zh-CN"
    match value:
        case Digits(groups):
            return _digits(groups, "，" if chinese else ", ", "加" if chinese else "plus")
        case Moment(at, now):
            at = rounded_up(at)
            return _chinese_moment(at, now) if chinese else _english_moment(at, now)
        case Minutes(low, high):
            low, high = sorted((max(0, low), max(0, high)))
            return _chinese_wait(low, high) if chinese else _english_wait(low, high)
        case Key(sign):
            return _KEYS[language].get(sign, sign)
        case int():
            return han(value) if chinese else str(value)
        case _:
            return clean(value)


def clean(name: str) -> str:
    """Return a name on one line, without control characters or broken ones, cut at LONGEST characters.

    Names come from outside (a caller's name, a file); XML 1.0 knows no control characters.
    """
    printable = "".join(sign if sign.isprintable() else " " for sign in name)
    return " ".join(printable.split())[:LONGEST]


def sayable(name: str, language: str) -> bool:
    """Say whether a voice can say a name: a Mandarin one reads Latin letters too, an English one no Han."""
    said = clean(name)
    return bool(said) and (language == "zh-CN" or said.isascii())


def han(number: int) -> str:
    """Return a whole number in Chinese numerals up to 99; larger ones stay digits."""
    if not 0 <= number < 100:
        return str(number)
    tens, ones = divmod(number, 10)
    if tens == 0:
        return _HAN[ones]
    return ("" if tens == 1 else _HAN[tens]) + "十" + (_HAN[ones] if ones else "")


def _digits(groups: str, pause: str, plus: str) -> str:
    """Blanks between the digits make a voice read each; the mark between groups makes it pause."""
    signs = (re.sub(r"[^\w+]", "", group) for group in clean(groups).split())
    return pause.join(" ".join(group).replace("+", plus) for group in signs if group)


def _count(number: int) -> str:
    """Two of something are 两 in Mandarin, never 二."""
    return "两" if number == 2 else han(number)


def _chinese_wait(low: int, high: int) -> str:
    if high <= 1 and low == 0:
        return "不到一分钟"
    if low == 0:
        return f"{_count(high)}分钟以内"
    return f"大约{_count(high)}分钟" if low == high else f"大约{_count(low)}到{_count(high)}分钟"


def _english_wait(low: int, high: int) -> str:
    if high <= 1:
        return "less than a minute" if low == 0 else "about a minute"
    if low == 0:
        return f"up to {_word(high)} minutes"
    return f"about {_word(high)} minutes" if low == high else f"about {_word(low)} to {_word(high)} minutes"


def _word(number: int) -> str:
    return _WORDS[number] if number < len(_WORDS) else str(number)


def _chinese_moment(at: datetime, now: datetime) -> str:
    """今天下午三点; 明天上午九点半; 11月25日星期三上午九点."""
    day = {0: "今天", 1: "明天"}.get((at.date() - now.date()).days)
    date = day or f"{at.month}月{at.day}日星期{'一二三四五六日'[at.weekday()]}"
    return f"{date}{_part_of_day(at.hour)}{_chinese_clock(at)}"


def _part_of_day(hour: int) -> str:
    for until, part in ((5, "凌晨"), (8, "早上"), (12, "上午"), (13, "中午"), (18, "下午")):
        if hour < until:
            return part
    return "晚上"


def _chinese_clock(at: datetime) -> str:
    hour = f"{_count(at.hour if at.hour <= 12 else at.hour - 12)}点"
    if at.minute in (0, 30):
        return hour + ("半" if at.minute else "")
    return f"{hour}{'零' if at.minute < 10 else ''}{han(at.minute)}分"


def _english_moment(at: datetime, now: datetime) -> str:
    """today at 3 pm; tomorrow at half past nine in the morning; Wednesday, November 25, at 9 am."""
    day = {0: "today", 1: "tomorrow"}.get((at.date() - now.date()).days)
    date = day or f"{_WEEKDAYS[at.weekday()]}, {_MONTHS[at.month - 1]} {at.day},"
    return f"{date} at {_english_clock(at)}"


def _english_clock(at: datetime) -> str:
    hour = at.hour % 12 or 12
    if at.minute == 30:
        return f"half past {_WORDS[hour]} {_english_part(at.hour)}"
    half = "am" if at.hour < 12 else "pm"
    if (at.hour, at.minute) == (12, 0):
        return "noon"
    return f"{hour} {half}" if at.minute == 0 else f"{hour}:{at.minute:02} {half}"


def _english_part(hour: int) -> str:
    for until, part in (
        (5, "at night"),
        (12, "in the morning"),
        (18, "in the afternoon"),
        (21, "in the evening"),
    ):
        if hour < until:
            return part
    return "at night"


def rounded_up(moment: datetime) -> datetime:
    """Return the next whole minute: what is said has no seconds and must not be earlier than what is kept."""
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(minutes=1)
