"""A promise explains itself, in both languages: why due then, by which calendar and rule, what happened."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from callcenter.calendars.rules import Hours, working_steps
from callcenter.calendars.words import CHINESE, ENGLISH, gap_words, length_words, moment_words, step_words
from callcenter.promises.rules import (
    CLOCK,
    DAY_END,
    GIVEN,
    LAST_HOURS,
    NEXT_DAY,
    STEPS,
    WORKING,
    Limit,
    due_by,
)

RULE_WORDS: Mapping[str, Mapping[str, str]] = {
    "HL-7": {CHINESE: "需内部咨询的问题，挂机后限时回呼告知结果或进展",
             ENGLISH: "after a consultation the customer is called back with the result or the state"},
    "HL-8": {CHINESE: "回呼须约定明确时间", ENGLISH: "a callback is promised for a definite time"},
    "HL-9": {CHINESE: "电话中不能解决的技术问题，限时答复或约定上门",
             ENGLISH: "what is not solved on the phone gets an answer or an appointment in time"},
    "HL-10": {CHINESE: "需要立即上门的，申请限时送达服务经理",
              ENGLISH: "a request for a visit reaches the service manager in time"},
    "HL-11": {CHINESE: "无法解决的问题，完整记录在下一工作日开始前送达服务经理",
              ENGLISH: "the full record reaches the service manager before the next working day starts"},
    "TK-3": {CHINESE: "各类问题都有处理时限", ENGLISH: "each kind of question has its time limit"},
    "CP-2": {CHINESE: "投诉按期报告结果", ENGLISH: "the result of a complaint is reported in time"},
    "CP-4": {CHINESE: "投诉客户按期回访", ENGLISH: "customers who complained are called back"},
    "FU-5": {CHINESE: "不能马上答复的问题，约定答复时间",
             ENGLISH: "what cannot be answered at once gets an appointed reply time"},
}  # fmt: skip
REASON_WORDS: Mapping[str, Mapping[str, str]] = {
    "ticket_closed": {CHINESE: "工单已关闭", ENGLISH: "its ticket was closed"},
    "by_key": {CHINESE: "客户按键", ENGLISH: "by the customer's key"},
    "busy": {CHINESE: "占线", ENGLISH: "busy"},
    "no_answer": {CHINESE: "无人接听", ENGLISH: "no answer"},
    "not_accepted": {
        CHINESE: "接通后无人按键",
        ENGLISH: "somebody or something picked up and pressed no key",
    },
    "voicemail": {CHINESE: "答录机接听", ENGLISH: "an answering machine picked up"},
    "failed": {CHINESE: "呼叫失败", ENGLISH: "the call failed"},
    "canceled": {CHINESE: "呼叫中止", ENGLISH: "the call was stopped"},
    "number_busy_with_us": {CHINESE: "该号码正在与我们通话", ENGLISH: "the number was talking with us"},
    "agent_lost": {CHINESE: "坐席掉线", ENGLISH: "the agent was lost"},
    "unresolved": {CHINESE: "先前的呼叫结果不明", ENGLISH: "nobody knew how an earlier call had ended"},
}
_STEP_WORDS = {
    CHINESE: dict(zip(STEPS, ("提醒责任人", "通知责任人", "通知值班经理", "通知主管"), strict=True)),
    ENGLISH: dict(
        zip(
            STEPS,
            ("The owner was warned", "The owner was told", "The duty manager was told",
             "The supervisor was told"),
            strict=True,
        )
    ),
}  # fmt: skip
_SAID = {
    CHINESE: {
        "rule": "{}：{}", "made": "{} 由 {} 承诺", "owed": "{}，责任人 {}",
        "from_now": "自 {} 起按钟表计 {}：{} 到期", "clock": "自挂机 {} 起按钟表计 {}：{} 到期",
        "waits": "挂机后按钟表计 {}；通话尚未结束，最早 {} 到期",
        "working": "自 {} 起按营业时间 {} 计 {} 工作时间：", "step": "  {}", "gap": "  休息 {} - {}：{}",
        "due": "{} 到期", "given": "约定的时间：{}", "same_day": "当日结束：{}",
        "day_end": "{} 天后当日结束：{}",
        "next_day": "{} 之后营业时间 {} 的下一工作日开始：{}",
        "last_hours": "{} 起 {} 天内营业时间 {} 的最后时段，至 {}",
        "no_line": "没有线路，按钟表计", "unknown": "{} 到期；作出承诺的版本没有记录算法",
        "changed": "营业时间此后有改动：按现在的时间应为 {}", "grace": "宽限 {}，至 {} 仍算按时",
        "moved": "{} 由 {} 改期：{} 改为 {}{}{}",
        "consent": "，客户同意", "refused": "，客户不同意", "why": "（{}）",
        "told": "{} {}", "who": "（{}）", "seen": "，{} 由 {} 确认",
        "kept": "{} 已履行（{}），按时", "done_late": "{} 已履行（{}），迟 {}",
        "late": "自 {} 起超期，尚未履行", "broken": "{} 未能履行（{}）{}", "cancelled": "{} 取消（{}）{}",
        "open": "尚未履行",
    },
    ENGLISH: {
        "rule": "{}: {}", "made": "Promised {} by {}", "owed": "{}, owed by {}",
        "clock": "From the hang-up {} {} on the clock: due {}",
        "from_now": "From {} {} on the clock: due {}", "step": "  {}",
        "waits": "{} on the clock from the hang-up; the call is going on, so due {} at the earliest",
        "working": "From {} by the calendar {}, {} of working time:", "gap": "  closed {} - {}: {}",
        "due": "Due {}", "given": "The time that was agreed: {}",
        "same_day": "The end of the same day: {}", "day_end": "The end of the day {} days later: {}",
        "next_day": "After {} by the calendar {}, the start of the next working day: {}",
        "last_hours": "From {} within {} days by the calendar {}, the last open hours: until {}",
        "no_line": "Without a line the clock counts",
        "unknown": "Due {}; the release that promised it did not keep how it was counted",
        "changed": "The opening hours have been changed since: by today's it would be {}",
        "grace": "With {} of grace it counts as kept until {}",
        "moved": "Moved {} by {}: from {} to {}{}{}", "consent": ", with the customer's consent",
        "refused": ", without the customer's consent", "why": " ({})",
        "told": "{1} {0}", "who": " ({})", "seen": ", seen {} by {}",
        "kept": "Kept {} ({}), in time", "done_late": "Fulfilled {} ({}), {} late",
        "late": "Late since {}, still owed", "broken": "Broken {} ({}){}", "cancelled": "Cancelled {} ({}){}",
        "open": "Still owed",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Moved:
    """A move: when, by whom, from which time to which, whether the customer agreed, why."""

    at: datetime
    actor: str
    from_due_at: datetime
    to_due_at: datetime
    consent: bool | None
    reason: str | None


@dataclass(frozen=True)
class Told:
    """Somebody was told: the step, when, the owner by his key, who has seen it."""

    step: str
    at: datetime
    agent: str | None
    seen_at: datetime | None
    seen_by: str | None


@dataclass(frozen=True)
class Story:
    """What a promise is explained from; `hours` are its line's as they are today."""

    rule: str
    state: str
    made_at: datetime
    made_by: str | None
    owner: str | None
    due_at: datetime
    grace: timedelta
    counted_from: datetime | None
    awaits_hang_up: bool
    settled_at: datetime | None
    settled_by: str | None
    reason: str | None
    why: Mapping[str, Any]
    hours: Hours | None
    zone: ZoneInfo
    moves: Sequence[Moved] = field(default=())
    alerts: Sequence[Told] = field(default=())


def explain(story: Story) -> dict[str, list[str]]:
    """Return the explanation line by line, by language."""
    return {language: list(_Speaker(story, language).lines()) for language in (CHINESE, ENGLISH)}


def reason_words(reason: str, language: str) -> str:
    """Return why something ended, in words; what people wrote stays as they wrote it."""
    return REASON_WORDS.get(reason, {}).get(language, reason)


@dataclass(frozen=True)
class _Speaker:
    """Says one story in one language."""

    story: Story
    language: str

    def say(self, name: str, *values: object) -> str:
        """Return a line, instants on the calendar's clock."""
        return _SAID[self.language][name].format(
            *(
                moment_words(value, self.story.zone) if isinstance(value, datetime) else value
                for value in values
            )
        )

    def lines(self) -> Iterator[str]:
        """Yield the rule, who made it, how it was counted, what happened, how it stands."""
        story = self.story
        yield self.say("rule", story.rule, RULE_WORDS.get(story.rule, {}).get(self.language, "-"))
        made = self.say("made", story.made_at, story.made_by or "-")
        yield self.say("owed", made, story.owner) if story.owner else made
        yield from self.reckoning()
        if story.grace:
            yield self.say("grace", length_words(story.grace), story.due_at + story.grace)
        for move in story.moves:
            agreed = {True: self.say("consent"), False: self.say("refused"), None: ""}[move.consent]
            why = self.say("why", move.reason) if move.reason else ""
            yield self.say("moved", move.at, move.actor, move.from_due_at, move.to_due_at, agreed, why)
        for told in story.alerts:
            who = self.say("who", told.agent) if told.agent else ""
            seen = self.say("seen", told.seen_at, told.seen_by) if told.seen_at else ""
            yield self.say("told", told.at, _STEP_WORDS[self.language][told.step]) + who + seen
        yield self.end()

    def reckoning(self) -> Iterator[str]:
        """Yield why it is due then, step by step where working time was added up."""
        story, why = self.story, self.story.why
        basis, start = why.get("basis"), story.counted_from or story.made_at
        length = length_words(timedelta(minutes=why.get("minutes", 0)))
        calendar, days = why.get("calendar", "-"), why.get("days", 0)
        told = {
            CLOCK: lambda: self.say(
                "clock" if start != story.made_at else "from_now", start, length, story.due_at
            ),
            GIVEN: lambda: self.say("given", story.due_at),
            DAY_END: lambda: self.say(*(("day_end", days) if days else ("same_day",)), story.due_at),
            NEXT_DAY: lambda: self.say("next_day", start, calendar, story.due_at),
            LAST_HOURS: lambda: self.say("last_hours", start, days, calendar, story.due_at),
            WORKING: lambda: self.say("working", start, calendar, length),
        }
        if story.awaits_hang_up:
            yield self.say("waits", length, story.due_at)
            return
        yield told[basis]() if basis in told else self.say("unknown", story.due_at)
        if basis == WORKING:
            yield from self.steps(start, timedelta(minutes=why.get("minutes", 0)))
            yield self.say("due", story.due_at)
        yield from self.changes(start)

    def steps(self, start: datetime, amount: timedelta) -> Iterator[str]:
        """Yield what counted and what lay in between, as the hours are today."""
        hours, reached = self.story.hours, start
        if hours is None:
            yield self.say("step", self.say("no_line"))
            return
        for step in working_steps(hours, start, amount):
            if step.start > reached:
                gap = gap_words(hours, reached, step.start, self.language)
                yield self.say("gap", reached, step.start, gap)
            yield self.say("step", step_words(step, self.story.zone))
            reached = step.end

    def changes(self, start: datetime) -> Iterator[str]:
        """Say so where the opening hours are no longer those that it was counted by."""
        story, why = self.story, self.story.why
        if story.hours is None or why.get("basis") not in (WORKING, NEXT_DAY, LAST_HOURS):
            return
        limit = Limit(story.rule, why["basis"], why.get("minutes"), why.get("days"))
        today = due_by(limit, story.hours, start, story.zone)
        if today is not None and today != story.due_at:
            yield self.say("changed", today)

    def end(self) -> str:
        """Return how it stands, or how it ended."""
        story = self.story
        by = story.settled_by or "-"
        why = self.say("why", reason_words(story.reason, self.language)) if story.reason else ""
        if story.settled_at is None:
            over = story.due_at + story.grace
            return self.say("late", over) if story.state == "late" else self.say("open")
        if story.state == "late":
            return self.say("done_late", story.settled_at, by, length_words(story.settled_at - story.due_at))
        if story.state == "kept":
            return self.say("kept", story.settled_at, by)
        return self.say(story.state, story.settled_at, by, why)
