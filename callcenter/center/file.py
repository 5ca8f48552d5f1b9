"""The centre file: every key that it may have, with its bounds and its meaning in both languages.

What one value may be is said here; what must hold between values is said in `checks`.
"""

import re
import unicodedata
from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from callcenter.calendars.official import check_code, public_days
from callcenter.calendars.rules import WEEKDAYS, Hours, Period, SpecialDay, read_period
from callcenter.lines import rules as lines
from callcenter.organisation.rules import LinePolicies, Policies

_KEY = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,38}[a-z0-9])?")
_PREFIX = re.compile(r"\+[1-9][0-9]{0,14}")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.IGNORECASE)


def _key_text(text: str) -> str:
    if _KEY.fullmatch(text) is None:
        raise ValueError(f'"{text}" is no key; use up to 40 of a-z, 0-9, "-" and "_"')
    return text


def _plain_text(text: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in text):
        raise ValueError("control characters are not allowed")
    if not text.strip():
        raise ValueError("must not be empty")
    return text.strip()


def _prefix(text: str) -> str:
    if _PREFIX.fullmatch(text) is None:
        raise ValueError(f'"{text}" is no prefix; write it like "+86"')
    return text


def _domain(text: str) -> str:
    if _DOMAIN.fullmatch(text) is None:
        raise ValueError(f'"{text}" is no domain name')
    return text.lower()


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'"{name}" is no time zone; write it like "Asia/Shanghai"') from None
    return name


def _country(code: str) -> str:
    if code not in lines.CADENCES:
        known = ", ".join(sorted(lines.CADENCES))
        raise ValueError(f'no ring cadence is known for "{code}"; known: {known}')
    return code


def _holidays(code: str) -> str:
    check_code(code)
    return code


def _period(text: str) -> str:
    read_period(text)
    return text


Key = Annotated[str, AfterValidator(_key_text)]
Text = Annotated[str, Field(max_length=80), AfterValidator(_plain_text)]
Prefix = Annotated[str, AfterValidator(_prefix)]
Domain = Annotated[str, AfterValidator(_domain)]
Zone = Annotated[str, Field(max_length=60), AfterValidator(_zone)]
Country = Annotated[str, AfterValidator(_country)]
HolidayCode = Annotated[str, Field(max_length=20), AfterValidator(_holidays)]
PeriodText = Annotated[str, AfterValidator(_period)]
Language = Literal["zh-CN", "en-US"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ServiceLevel = Literal["answered", "ignore_abandons", "negative", "positive", "left_queue"]
First = Literal["agent", "customer"]
MenuKey = Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*"]
Choice = Literal["technical", "presales", "complaint", "ticket_state", "callback", "agent", "repeat"]
Year = Annotated[int, Field(ge=2000, le=2100)]
Level = Annotated[int, Field(ge=1, le=9)]


def _means(english: str, chinese: str, default: Any = ..., **bounds: Any) -> Any:
    """Describe a key in both languages; without a default it must be given."""
    return Field(default, description=english, json_schema_extra={"zh-CN": chinese}, **bounds)


def _in_chinese(text: str) -> ConfigDict:
    """Say in Chinese what the class's own docstring says in English."""
    return ConfigDict(json_schema_extra={"zh-CN": text})


class Section(BaseModel):
    """A table of the file. Unknown keys and values of another kind are mistakes, never guessed at."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Names(Section):
    """A name in the languages that are spoken; every language of a line needs the names that it says."""

    model_config = _in_chinese("所用语言的名称；线路的每种语言都须有它要说的名称。")

    zh_cn: Text | None = _means("in Chinese", "中文名称", None, alias="zh-CN")
    en_us: Text | None = _means("in English", "英文名称", None, alias="en-US")

    def by_language(self) -> dict[str, str]:
        """Return the names that are given."""
        return self.model_dump(by_alias=True, exclude_none=True)


class CentreSection(Section):
    """The centre itself."""

    model_config = _in_chinese("中心本身。")

    key: Key = _means("names the centre; never changes", "中心标识，不可更改")
    name: Text = _means("what the centre is called", "中心名称")
    timezone: Zone = _means(
        "the centre's time zone; tickets are numbered by its days", "时区；服务单按其日期编号"
    )
    country: Country = _means("how numbers are read, ISO 3166-1", "号码按此国家读取（ISO 3166-1）")
    dial_prefixes: list[Prefix] = _means(
        "the only prefixes that may be dialled", "只允许拨打的号码前缀", min_length=1
    )
    sip_domains: list[Domain] = _means("the only SIP domains that may be rung", "只允许呼叫的 SIP 域", [])


class BranchEntry(Section):
    """An office; exactly one is the head office."""

    model_config = _in_chinese("机构；有且只有一个总部。")

    key: Key = _means("names the branch", "机构标识")
    head_office: bool = _means("whether it is the head office", "是否为总部", False)
    names: Names = _means("said in a branch's greeting", "用于分公司开场白")


class Week(Section):
    """Periods by weekday like `"09:00-12:00"`; `24:00` is midnight, a day that is left out is closed."""

    model_config = _in_chinese('每周时段，如 `"09:00-12:00"`；`24:00` 为当日午夜，不写的日子休息。')

    mon: list[PeriodText] = _means("Monday", "星期一", [])
    tue: list[PeriodText] = _means("Tuesday", "星期二", [])
    wed: list[PeriodText] = _means("Wednesday", "星期三", [])
    thu: list[PeriodText] = _means("Thursday", "星期四", [])
    fri: list[PeriodText] = _means("Friday", "星期五", [])
    sat: list[PeriodText] = _means("Saturday", "星期六", [])
    sun: list[PeriodText] = _means("Sunday", "星期日", [])

    def periods(self) -> tuple[tuple[Period, ...], ...]:
        """Return the periods of the seven days, in order."""
        return tuple(_periods(getattr(self, weekday)) for weekday in WEEKDAYS)


class DayEntry(Section):
    """A date that differs, whatever its weekday and the official calendar say; without hours it is closed."""

    model_config = _in_chinese("特殊日期，优先于每周时段与官方节假日；不写时段即休息。")

    day: date = _means("the date, without quotes: 2026-10-01", "日期，不加引号：2026-10-01")
    name: Text = _means("why it differs", "名称")
    hours: list[PeriodText] = _means("its periods; none is closed", "时段；为空即休息", [])
    like: Weekday | None = _means(
        "instead of `hours`: the weekday whose periods it has, for a make-up workday",
        "代替 `hours`：按星期几的时段营业，用于调休上班日",
        None,
    )

    def periods(self, week: tuple[tuple[Period, ...], ...]) -> tuple[Period, ...]:
        """Return its own periods, or those of the weekday that it is like."""
        return week[WEEKDAYS.index(self.like)] if self.like else _periods(self.hours)


class CalendarEntry(Section):
    """Opening hours by name."""

    model_config = _in_chinese("命名的营业时间。")

    key: Key = _means("names the calendar", "营业时间标识")
    timezone: Zone | None = _means("its time zone; else the centre's", "时区；缺省为中心时区", None)
    week: Week = _means("periods by weekday", "每周时段", Week())
    holidays: HolidayCode | None = _means(
        "whose public holidays (closed) and make-up workdays (open) it follows, ISO 3166: `CN`, `DE-BE`",
        "遵循哪里的法定节假日（休息）与调休上班日（营业），ISO 3166：`CN`、`DE-BE`",
        None,
    )
    confirmed_years: list[Year] = _means(
        "years that need no warning any more: what was announced for them is in `days`",
        "不再提示“未公布”的年份：官方安排已写入 `days`",
        [],
    )
    days: list[DayEntry] = _means("the dates that differ", "与平日不同的日期", [])

    def hours(self, centre_zone: str) -> Hours:
        """Return the hours as the calendar's rules compute with them."""
        week = self.week.periods()
        days = {entry.day: SpecialDay(entry.name, entry.periods(week)) for entry in self.days}
        public = public_days(self.holidays, sorted(set(self.confirmed_years)))
        return Hours(self.timezone or centre_zone, week, days, public)


class SkillEntry(Section):
    """What an agent can be asked for."""

    model_config = _in_chinese("对坐席的技能要求。")

    key: Key = _means("names the skill", "技能标识")
    names: Names = _means("as agents hear and read it", "坐席听到、看到的名称")


class MenuEntry(Section):
    """A key of the menu. `0` is always an agent, `*` always repeats, `8` changes the language."""

    model_config = _in_chinese("菜单按键。`0` 总是人工，`*` 总是重听，`8` 换语言。")

    key: MenuKey = _means("the key to press", "按键")
    choice: Choice = _means(f"one of {', '.join(lines.CHOICES)}", "选择")
    skill: Key | None = _means(
        "the skill of whoever answers; for " + ", ".join(sorted(lines.CHOICES_WITH_SKILL)),
        "接听所需技能；前述各项必填",
        None,
    )


class LineEntry(Section):
    """A hotline number and how it is answered."""

    model_config = _in_chinese("热线号码及其接听方式。")

    key: Key = _means("names the line", "线路标识")
    number: str = _means("its number, as people write it", "号码，按书写习惯填写", max_length=60)
    branch: Key = _means("the branch it belongs to", "所属机构")
    calendar: Key = _means("its opening hours", "营业时间")
    organisation: Names = _means("said in the greeting", "开场白中的单位名称")
    product: Names = _means("what is served", "服务的产品")
    languages: list[Language] = _means(
        "spoken on the line; the first greets", "服务语言，第一种用于问候", min_length=1
    )
    menu: list[MenuEntry] = _means(
        "the keys, in the order in which they are told", "菜单，按播报顺序", min_length=1
    )
    rings_timeout: int = _means(
        "rings before the next agent is tried", "坐席振铃几声后换人", lines.RINGS_TIMEOUT, ge=1, le=20
    )
    rings_target: int | None = _means(
        "HL-1: rings within which an agent picks up; else the policy's",
        "HL-1：几声内接听；缺省用 policies",
        None,
        ge=1,
        le=10,
    )
    cadence_country: Country | None = _means(
        "whose rings are counted; else the centre's country", "按哪国铃声计数；缺省为中心所在国", None
    )
    short_call_seconds: int = _means(
        "an abandon after less waiting is counted apart",
        "排队不足此秒数的放弃单独统计",
        lines.SHORT_CALL_SECONDS,
        ge=0,
        le=60,
    )
    callback_offer_after_seconds: int = _means(
        "a callback is offered once the wait exceeds this",
        "等待超过此秒数即主动提供回呼",
        lines.CALLBACK_OFFER_AFTER_SECONDS,
        ge=0,
        le=3600,
    )
    service_level_seconds: int = _means(
        "the time T of the service level", "服务水平的时限（秒）", lines.SERVICE_LEVEL_SECONDS, ge=1, le=600
    )
    service_level_variant: ServiceLevel = _means(
        "the variant of the service level that is judged",
        "按哪种口径考核服务水平",
        lines.SERVICE_LEVEL_VARIANT,
    )
    recording_notice: bool = _means("whether the caller is told of the recording", "是否播放录音告知", True)
    speech: bool = _means("whether callers may say their choice", "是否可以说出选择（语音识别）", False)
    attested_only: bool = _means(
        "whether only numbers that the carrier vouches for (SHAKEN/STIR, level A) are believed",
        "是否只相信运营商以 A 级证明（SHAKEN/STIR）的来电号码",
        False,
    )
    callback_detects_machine: bool = _means(
        "whether the carrier listens for an answering machine when a customer is called back",
        "回呼时是否由运营商识别答录机",
        False,
    )
    callback_leaves_message: bool = _means(
        "whether such a machine, or who presses no key, hears who called and when we try next",
        "答录机或无人按键时，是否留言说明来电者和下次回呼时间",
        False,
    )
    callback_first: First = _means(
        "who is rung first when a customer is called back: agent, or customer, who then waits for one",
        "回呼时先振铃坐席（agent），还是先振铃客户、客户接听后再派坐席（customer）",
        "agent",
    )
    policies: LinePolicies = _means(
        "time limits of its own; else the centre's", "线路自己的时限；缺省用中心的", LinePolicies()
    )


class AgentEntry(Section):
    """Somebody who answers, at exactly one of a phone, a browser client and a SIP address."""

    model_config = _in_chinese("接听者；电话、浏览器、SIP 地址三选一。")

    key: Key = _means("names the agent", "坐席标识")
    name: Text = _means("what the agent is called", "姓名")
    branch: Key = _means("where the agent works", "所属机构")
    languages: list[Language] = _means("spoken by the agent", "会说的语言", min_length=1)
    phone: str | None = _means(
        "a direct phone number that may be dialled", "直拨电话号码，须在允许前缀内", None, max_length=60
    )
    client: bool = _means("whether calls ring in the agent's browser", "是否用浏览器接听", False)
    sip: str | None = _means(
        "a SIP address in a listed domain", "SIP 地址，须在允许域内", None, max_length=120
    )
    skills: dict[Key, Level] = _means(
        "levels by skill, 1 (best) to 9", "技能等级，1 最高，9 最低", min_length=1
    )


class CentreFile(Section):
    """The whole file."""

    model_config = _in_chinese("整个文件。")

    centre: CentreSection = _means("the centre itself", "中心")
    policies: Policies = _means("the handbook's numbers", "服务手册中的数值", Policies())
    branches: list[BranchEntry] = _means("the offices", "机构", min_length=1)
    calendars: list[CalendarEntry] = _means("opening hours", "营业时间", min_length=1)
    skills: list[SkillEntry] = _means("what agents can be asked for", "技能", min_length=1)
    lines: list[LineEntry] = _means("the hotline numbers", "线路", min_length=1)
    agents: list[AgentEntry] = _means("who answers", "坐席", min_length=1)


def _periods(texts: list[str]) -> tuple[Period, ...]:
    return tuple(sorted(read_period(text) for text in texts))
