"""China's official calendar of 2026 day by day, 2027 unannounced, and other countries' holidays."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.calendars.official import check_code, public_days, warm_up, year_of
from callcenter.calendars.rules import (
    Hours,
    SpecialDay,
    Why,
    add_working,
    is_open,
    next_opening,
    standing,
    unknown_years,
    why,
)
from callcenter.calendars.words import gap_words, reason_words, standing_words, unconfirmed_words

CHINA = ZoneInfo("Asia/Shanghai")
WORKDAY = ((540, 720), (810, 1080))
WEEK = (WORKDAY,) * 5 + ((), ())
OFFICE = Hours("Asia/Shanghai", WEEK, public=public_days("CN"))
# A shop that is open every day, at weekends for three hours only.
SHOP = Hours("Asia/Shanghai", (WORKDAY,) * 5 + (((600, 780),),) * 2, public=public_days("CN"))
NATIONAL_DAY = {"zh-CN": "国庆节", "en-US": "National Day"}


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def days(first: str, last: str) -> Iterator[date]:
    day = date.fromisoformat(first)
    while day <= date.fromisoformat(last):
        yield day
        day += timedelta(days=1)


# The State Council's notice for 2026: days off, weekends included, and the weekend days that are worked.
OFF = [
    ("2026-01-01", "2026-01-03"),
    ("2026-02-15", "2026-02-23"),
    ("2026-04-04", "2026-04-06"),
    ("2026-05-01", "2026-05-05"),
    ("2026-06-19", "2026-06-21"),
    ("2026-09-25", "2026-09-27"),
    ("2026-10-01", "2026-10-07"),
]
# Each with the weekday (Monday is 0) that was given away for it.
WORKED = {
    date(2026, 1, 4): 4,
    date(2026, 2, 14): 4,
    date(2026, 2, 28): 0,
    date(2026, 5, 9): 1,
    date(2026, 9, 20): 1,
    date(2026, 10, 10): 2,
}


def test_the_year_2026_is_what_the_notice_says() -> None:
    off = {day for block in OFF for day in days(*block)}
    found = year_of("CN", 2026).days
    assert {day for day, it in found.items() if it.works_like is None} == off
    assert {day: it.works_like for day, it in found.items() if it.works_like is not None} == WORKED


@pytest.mark.parametrize("block", OFF, ids=lambda block: block[0])
def test_nobody_answers_in_a_block_of_days_off_whatever_the_weekday(block: tuple[str, str]) -> None:
    for day in days(*block):
        assert OFFICE.periods(day) == SHOP.periods(day) == ()


@pytest.mark.parametrize("day", WORKED)
def test_a_make_up_workday_has_the_hours_of_the_day_given_away(day: date) -> None:
    assert OFFICE.periods(day) == SHOP.periods(day) == WORKDAY


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        ("2026-02-13 18:00", "2026-02-14 09:00"),  # The Saturday before Spring Festival is worked,
        ("2026-02-14 18:00", "2026-02-24 09:00"),  # then nine days are off,
        ("2026-02-27 18:00", "2026-02-28 09:00"),  # and the Saturday after them is worked again.
        ("2026-09-19 12:00", "2026-09-20 09:00"),  # A Sunday.
        ("2026-09-30 18:00", "2026-10-08 09:00"),
        ("2026-10-09 18:00", "2026-10-10 09:00"),
        ("2025-12-31 18:00", "2026-01-04 09:00"),  # Over the year's edge.
    ],
)
def test_the_next_opening_around_the_great_holidays(at: str, opening: str) -> None:
    assert next_opening(OFFICE, china(at)) == china(opening)


# HL-9: "answer or visit appointment <= 3 h", in working hours.
@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-02-14 17:00", "2026-02-24 11:00"),
        ("2026-09-30 16:30", "2026-10-08 10:30"),
        ("2026-10-09 17:30", "2026-10-10 11:30"),
        ("2026-10-10 17:30", "2026-10-12 11:30"),
        ("2026-10-03 10:00", "2026-10-08 12:00"),
    ],
)
def test_three_working_hours_around_the_great_holidays(at: str, due: str) -> None:
    assert add_working(OFFICE, china(at), timedelta(hours=3)) == china(due)


@pytest.mark.parametrize(
    ("at", "decided"),
    [
        ("2026-10-01 10:00", Why("holiday", NATIONAL_DAY)),
        ("2026-10-06 10:00", Why("holiday", {"zh-CN": "国庆节假期", "en-US": "National Day break"})),
        (
            "2026-10-10 10:00",
            Why("make_up", {"zh-CN": "国庆节调休上班", "en-US": "make-up workday for National Day"}),
        ),
        ("2026-10-12 10:00", Why("week")),
    ],
)
def test_the_reason_has_a_name_in_both_languages(at: str, decided: Why) -> None:
    assert why(OFFICE, china(at)) == decided


# An operator's word is the last one: closed, other hours, open on a holiday.
def test_an_override_beats_the_official_calendar() -> None:
    own = {
        date(2026, 10, 1): SpecialDay("国庆值班", ((600, 660),)),
        date(2026, 10, 10): SpecialDay("团建"),
    }
    hours = Hours("Asia/Shanghai", WEEK, own, public_days("CN"))
    assert is_open(hours, china("2026-10-01 10:30"))
    assert next_opening(hours, china("2026-10-09 18:00")) == china("2026-10-12 09:00")
    assert why(hours, china("2026-10-10 10:00")).kind == "override"


# The notice for 2027 comes in November 2026: until the library has it, only the statutory days are off.
def test_2027_is_not_confirmed_and_has_its_statutory_days() -> None:
    assert not OFFICE.public.is_known(2027)
    assert OFFICE.periods(date(2027, 10, 1)) == ()
    assert all(it.works_like is None for it in year_of("CN", 2027).days.values())


def test_a_year_is_unknown_from_when_promises_may_reach_it() -> None:
    later = timedelta(days=90)
    assert unknown_years(OFFICE, china("2026-09-01"), china("2026-09-01") + later) == []
    assert unknown_years(OFFICE, china("2026-11-20"), china("2026-11-20") + later) == [2027]
    settled = Hours("Asia/Shanghai", WEEK, public=public_days("CN", [2027]))
    assert unknown_years(settled, china("2026-11-20"), china("2026-11-20") + later) == []


def test_a_feast_that_a_moon_decides_is_not_confirmed() -> None:
    assert not public_days("AE").is_known(2027)
    assert public_days("DE-BE").is_known(2027)


def test_a_part_of_a_country_has_holidays_of_its_own() -> None:
    womens_day = date(2027, 3, 8)  # A holiday in Berlin, not in Bavaria.
    assert public_days("DE-BE").on(womens_day)
    assert public_days("DE-BY").on(womens_day) is None


# Between Good Friday and Easter Monday shops are open in Berlin: blocks of days off are China's.
def test_a_saturday_between_two_holidays_is_worked_elsewhere() -> None:
    assert public_days("DE-BE").on(date(2026, 4, 3))
    assert public_days("DE-BE").on(date(2026, 4, 4)) is None


def test_names_are_chinese_where_the_library_has_them_else_english() -> None:
    new_year = date(2027, 1, 1)
    assert dict(year_of("HK", 2027).days[new_year].names) == {"zh-CN": "一月一日", "en-US": "New Year's Day"}
    assert year_of("JP", 2027).days[new_year].names["zh-CN"] == "New Year's Day"


@pytest.mark.parametrize("code", ["China", "cn", "XX", "", "CN-SH", "DE-", "DE-XX", "-"])
def test_what_is_no_country(code: str) -> None:
    if code == "DE-":
        check_code("DE")
        return
    with pytest.raises(ValueError, match=r"no official calendar|no part"):
        check_code(code)


@settings(deadline=None)
@given(st.dates(date(2001, 1, 1), date(2030, 12, 31)))
def test_in_china_a_make_up_workday_is_a_weekend_day_and_never_off(day: date) -> None:
    warm_up()
    it = public_days("CN").on(day)
    assert it is None or it.works_like is None or (day.weekday() >= 5 and it.works_like < 5)


@pytest.mark.parametrize(
    ("at", "chinese", "english"),
    [
        ("2026-10-12 10:00", "营业中，至 2026-10-12 12:00", "open until 2026-10-12 12:00"),
        (
            "2026-10-10 10:00",
            "营业中，至 2026-10-10 12:00（国庆节调休上班）",
            "open until 2026-10-10 12:00 (make-up workday for National Day)",
        ),
        (
            "2026-10-01 10:00",
            "已下班，2026-10-08 09:00 开始（国庆节）",
            "closed until 2026-10-08 09:00 (National Day)",
        ),
        ("2026-10-12 12:30", "休息时间，2026-10-12 13:30 开始", "in a break until 2026-10-12 13:30"),
        ("2026-10-12 18:30", "已下班，2026-10-13 09:00 开始", "closed until 2026-10-13 09:00"),
    ],
)
def test_standing_in_words(at: str, chinese: str, english: str) -> None:
    said = standing_words(standing(OFFICE, china(at)), CHINA)
    assert said == {"zh-CN": chinese, "en-US": english}


def test_always_and_never_in_words() -> None:
    always, never = Hours("Asia/Shanghai", (((0, 1440),),) * 7), Hours("Asia/Shanghai", ((),) * 7)
    assert standing_words(standing(always, china("2026-10-01")), CHINA)["zh-CN"] == "全天候营业"
    assert standing_words(standing(never, china("2026-10-01")), CHINA)["en-US"] == "never open"
    assert reason_words(Why("never"), "zh-CN") == "没有营业时段"


def test_a_gap_in_words_names_its_special_dates() -> None:
    short = gap_words(OFFICE, china("2026-06-18 18:00"), china("2026-06-22 09:00"), "zh-CN")
    assert short == "2026-06-19 端午节、2026-06-20 端午节假期、2026-06-21 端午节假期"
    assert gap_words(OFFICE, china("2026-09-30 18:00"), china("2026-10-08 09:00"), "en-US").endswith(
        "2026-10-04 National Day break, and 3 more days"
    )
    assert (
        gap_words(OFFICE, china("2026-10-12 12:00"), china("2026-10-12 13:30"), "en-US") == "the weekly hours"
    )


def test_the_warning_says_what_to_do() -> None:
    said = unconfirmed_words("office", 2027)
    assert "2027 not confirmed" in said["en-US"]
    assert "confirmed_years = [2027]" in said["en-US"] and "confirmed_years = [2027]" in said["zh-CN"]
