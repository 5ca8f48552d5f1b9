"""Business time in words, in both languages: pure text for the API and the command line."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from callcenter.calendars.rules import Hours, Standing, Stretch, Why, decided_by

CHINESE, ENGLISH = LANGUAGES = ("zh-CN", "en-US")
# A gap in a sum names this many of the dates in it that are special, and counts the others.
_NAMED = 4

_OPEN = {
    CHINESE: {"always": "全天候营业", "": "营业中{until}{why}"},
    ENGLISH: {"always": "open around the clock", "": "open{until}{why}"},
}
_CLOSED = {
    CHINESE: {"never": "从不营业", "break": "休息时间{until}{why}", "": "已下班{until}{why}"},
    ENGLISH: {"never": "never open", "break": "in a break{until}{why}", "": "closed{until}{why}"},
}
_UNTIL = {
    CHINESE: {True: "，至 {}", False: "，{} 开始"},
    ENGLISH: {True: " until {}", False: " until {}"},
}
_WHY = {CHINESE: "（{}）", ENGLISH: " ({})"}
_SEPARATOR = {CHINESE: "、", ENGLISH: ", "}
_MORE = {CHINESE: "等 {} 天", ENGLISH: "and {} more days"}
_REASONS = {
    CHINESE: {
        "always": "全天候",
        "never": "没有营业时段",
        "week": "每周时段",
        "break": "两个时段之间",
        "override": "配置文件中的特殊日期：{}",
        "holiday": "法定节假日：{}",
        "make_up": "调休上班日：{}",
    },
    ENGLISH: {
        "always": "around the clock",
        "never": "no period at all",
        "week": "the weekly hours",
        "break": "between two periods of the day",
        "override": "a date of the centre file: {}",
        "holiday": "public holiday: {}",
        "make_up": "make-up workday: {}",
    },
}


def standing_words(now: Standing, zone: ZoneInfo) -> dict[str, str]:
    """Return how a calendar stands, by language: `closed until 2026-10-08 09:00 (National Day)`."""
    return {language: _standing(now, zone, language) for language in LANGUAGES}


def reason_words(why: Why, language: str) -> str:
    """Return what decides: `public holiday: National Day`."""
    return _REASONS[language][why.kind].format(why.names.get(language, ""))


def unconfirmed_words(key: str, year: int) -> dict[str, str]:
    """Return the warning about a year whose official calendar is not settled, and what to do, by language."""
    return {
        CHINESE: f"营业时间 {key}：{year} 年的官方放假安排尚未确认；公布后升级本软件，"
        f"或将其写入 days 并设置 confirmed_years = [{year}]",
        ENGLISH: f"calendar {key}: {year} not confirmed: its official days off are not known yet; once they "
        f"are announced, upgrade, or enter them under days and set confirmed_years = [{year}]",
    }


def moment_words(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant as the calendar's clock shows it: `2026-10-10 09:00`, seconds where there are any."""
    local = at.astimezone(zone)
    return local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")


def length_words(length: timedelta) -> str:
    """Return a length of time: `2 h 30 min`."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 min"


def gap_words(hours: Hours, start: datetime, end: datetime, language: str) -> str:
    """Return what kept a calendar closed from one instant to another: its special dates, else the hours."""
    special = list(_special(hours, start, end))
    if not special:
        return reason_words(Why("week"), language)
    said = [f"{day.isoformat()} {names[language]}" for day, names in special[:_NAMED]]
    if len(special) > _NAMED:
        said.append(_MORE[language].format(len(special) - _NAMED))
    return _SEPARATOR[language].join(said)


def step_words(step: Stretch, zone: ZoneInfo) -> str:
    """Return one step of a sum of working time: `2026-10-10 09:00 - 12:00   +3 h`."""
    return (
        f"{moment_words(step.start, zone)} - {moment_words(step.end, zone)}   "
        f"+{length_words(step.end - step.start)}"
    )


def _standing(now: Standing, zone: ZoneInfo, language: str) -> str:
    words = (_OPEN if now.open else _CLOSED)[language]
    at = now.closes_at if now.open else now.opens_at
    return words.get(now.why.kind, words[""]).format(
        until=_UNTIL[language][now.open].format(moment_words(at, zone)) if at else "",
        why=_WHY[language].format(now.why.names[language]) if now.why.names else "",
    )


def _special(hours: Hours, start: datetime, end: datetime) -> Iterator[tuple[date, Mapping[str, str]]]:
    """Yield the closed dates of a gap that an override or a holiday decides."""
    zone = ZoneInfo(hours.zone)
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    while day <= last:
        decided = decided_by(hours, day)
        if decided.names and not hours.periods(day):
            yield day, decided.names
        day += timedelta(days=1)
