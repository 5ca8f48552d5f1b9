"""The figures by id: formula version, handbook rule, names, and which rows are divided by which.

A change of what a figure means is a new version of it; closed days keep the version they were counted by.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from callcenter.calls.rules import OUTCOMES
from callcenter.promises.rules import RULES
from callcenter.standards.rows import BROKEN_BECAUSE, CALLBACK_STATES, OVERTAKEN_BECAUSE
from callcenter.standards.rules import APART

RATIO, SECONDS = "ratio", "seconds"
COUNT, FIRST, BOTH = "count", "first", "both"
CALLS, TICKETS, AGENTS = "calls", "tickets", "agents"
PART_OF_KIND = {
    "call": CALLS, "leg": CALLS, "talk": CALLS, "callback": CALLS, "ticket": TICKETS, "state": AGENTS,
    "promise": TICKETS,
}  # fmt: skip


@dataclass(frozen=True)
class Side:
    """One side of a fraction: how many rows are in a set, or the seconds of their amounts."""

    set: str
    measure: str = COUNT


@dataclass(frozen=True)
class Formula:
    """What a figure is: rows of one kind, numerator over denominator; with `percent` a percentile instead.

    `by_agent`: it means something for one agent. `by_line`: for one line. `targets` are at least so much,
    by whose rule.
    """

    id: str
    zh: str
    en: str
    kind: str
    numerator: Side
    denominator: Side
    rule: str | None = None
    unit: str = RATIO
    version: int = 1
    percent: int | None = None
    parts: Mapping[str, Side] = field(default_factory=dict)
    by_agent: bool = False
    by_line: bool = True
    targets: Mapping[str, float] = field(default_factory=dict)

    @property
    def part(self) -> str:
        """Return which part of a day's report it belongs to."""
        return PART_OF_KIND[self.kind]


def _rings(
    name: str, zh: str, en: str, over: str, under: str, parts: Mapping[str, Side] | None = None
) -> Formula:
    return Formula(name, zh, en, "leg", Side(over), Side(under), "HL-1", by_agent=True, parts=parts or {})


def _level(name: str, zh: str, en: str, over: str, under: str) -> Formula:
    return Formula(name, zh, en, "call", Side(over), Side(under))


def _rank(name: str, zh: str, en: str, kind: str, percent: int, base: str, version: int = 1) -> Formula:
    side = Side(base)
    by_agent = kind == "call"
    return Formula(
        name, zh, en, kind, Side(base, FIRST), side, unit=SECONDS, percent=percent, by_agent=by_agent,
        version=version,
    )  # fmt: skip


def _mean(
    name: str, zh: str, en: str, kind: str, base: str, *, by_agent: bool = True, version: int = 1
) -> Formula:
    return Formula(
        name, zh, en, kind, Side(base, FIRST), Side(base), unit=SECONDS, by_agent=by_agent, version=version
    )


def _owed(name: str, zh: str, en: str, rule: str, over: str, under: str, *parts: str) -> Formula:
    sides = {part: Side(part) for part in parts}
    return Formula(name, zh, en, "callback", Side(over), Side(under), rule, parts=sides)


def _kept(rule: str) -> Formula:
    name = f"promises.kept_in_time.{rule.lower().replace('-', '_')}"
    zh, en = f"{rule} 承诺按时履行率", f"Promises by {rule} kept in time"
    return Formula(name, zh, en, "promise", Side(f"kept_{rule}"), Side(f"due_{rule}"), rule, by_agent=True)


_RINGS = (
    _rings("three_rings", "三声内接听率", "Answered within three rings", "within", "judged",
           parts={name: Side(name) for name in APART}),
    _rings("three_rings.seconds", "15 秒内接听率（GB/T 33358-2016）",
           "Answered within 15 s (GB/T 33358-2016)",
           "within_15_seconds", "judged", parts={"limit_differs": Side("limit_differs")}),
    _rings("three_rings.first_offer", "首次派话三声内接听率", "First offer answered within three rings",
           "first_within", "first_judged"),
    _rings("three_rings.coverage", "铃响测量覆盖率", "Coverage of the ring figure", "measured", "measurable"),
    _rings("three_rings.borderline", "临界比例", "Borderline rings", "borderline", "judged"),
    _rings("three_rings.estimated", "估算铃响中确定三声内接听", "Estimated rings certainly within",
           "estimated_within", "estimated"),
)  # fmt: skip
_QUEUE = (
    Formula("connection_rate", "接通率", "Connection rate", "call", Side("answered"), Side("ended"), "HL-2",
            parts={outcome: Side(f"queued_{outcome}") for outcome in OUTCOMES},
            targets={"HL-2": 0.9, "GB/T 33358-2016": 0.95}),
    Formula("connection_rate.without_short", "接通率（不计瞬时放弃）",
            "Connection rate without short abandons",
            "call", Side("answered"), Side("lasting"), "HL-2", targets={"HL-2": 0.9}),
    Formula("abandonment", "排队放弃率", "Abandonment", "call", Side("abandoned"), Side("ended")),
    _level("service_level.judged", "服务水平（按线路约定）", "Service level, as the line's contract names it",
           "judged_in_time", "judged_entered"),
    _level("service_level.answered", "服务水平（占接听）", "Service level of answered calls",
           "in_time", "answered"),
    _level("service_level.ignore_abandons", "服务水平（剔除限时内放弃）", "Service level, abandons ignored",
           "in_time", "contested"),
    _level("service_level.negative", "服务水平（放弃计为未达）", "Service level, abandons count against",
           "in_time", "entered"),
    _level("service_level.positive", "服务水平（限时内放弃计为达标）",
           "Service level, early abandons count for",
           "settled_in_time", "entered"),
    _level("service_level.left_queue", "限时内离队比例", "Left the queue in time in any way",
           "left_in_time", "queued"),
    _level("service_level.ignore_abandons.without_short", "服务水平（剔除限时内放弃，不计瞬时放弃）",
           "Service level, abandons ignored, without short ones", "in_time", "contested_lasting"),
    _level("service_level.negative.without_short", "服务水平（放弃计为未达，不计瞬时放弃）",
           "Service level, abandons count against, without short ones", "in_time", "entered_lasting"),
    _level("service_level.positive.without_short", "服务水平（限时内放弃计为达标，不计瞬时放弃）",
           "Service level, early abandons count for, without short ones",
           "settled_in_time_lasting", "entered_lasting"),
)  # fmt: skip
_SPEED = (
    _mean("speed_of_answer.mean", "平均应答速度", "Speed of answer, mean", "call", "answered"),
    _rank("speed_of_answer.p50", "应答速度中位数", "Speed of answer, median", "call", 50, "answered"),
    _rank("speed_of_answer.p90", "应答速度第 90 百分位", "Speed of answer, 90th percentile",
          "call", 90, "answered"),
    _rank("speed_of_answer.p99", "应答速度第 99 百分位", "Speed of answer, 99th percentile",
          "call", 99, "answered"),
    _mean("speed_of_answer.ring_mean", "其中平均铃响", "Ring time inside the speed of answer, mean",
          "leg", "rang"),
)  # fmt: skip
_WORK = (
    Formula("handle_time", "平均处理时长", "Handle time, mean", "talk", Side("handled", BOTH),
            Side("handled"), "HL-12", SECONDS, by_agent=True,
            parts={"talk": Side("handled", FIRST), "wrap_up": Side("handled", "second")}),
    Formula("occupancy", "坐席占用率", "Occupancy", "state", Side("busy", FIRST), Side("on_duty", FIRST),
            by_agent=True, by_line=False,
            parts={name: Side(name, FIRST) for name in ("talking", "wrap_up", "available")}),
    Formula("record_completeness", "记录完整率", "Record completeness", "call", Side("complete"),
            Side("taken"), "HL-4", by_agent=True),
    Formula("first_contact_resolution", "首次解决率", "First-contact resolution", "ticket",
            Side("first_contact"), Side("opened"), "HL-17", by_agent=True),
    Formula("overtakes", "插队比例", "Overtakes", "call", Side("overtook"), Side("served"),
            parts={why: Side(f"overtook_{why}") for why in OVERTAKEN_BECAUSE}),
)  # fmt: skip
_CALLBACKS = (
    _owed("callback.attempted_in_time", "回呼按时拨出率", "Callbacks attempted in time", "HL-8",
          "attempted", "due"),
    _owed("callback.kept_in_time", "回呼按时接通率", "Callbacks reached in time", "HL-8",
          "reached", "due", "late", "not_reachable", "owed"),
    _owed("callback.agents.attempted_in_time", "坐席承诺的回呼按时拨出率",
          "Callbacks that an agent promised, attempted in time", "HL-7", "agents_attempted", "agents_due"),
    _owed("callback.agents.kept_in_time", "坐席承诺的回呼按时接通率",
          "Callbacks that an agent promised, reached in time", "HL-7", "agents_reached", "agents_due"),
    _mean("true_wait.mean", "来电者实际等待（含回呼）", "Caller's true wait over both calls, mean",
          "callback", "met", by_agent=False, version=2),
    _rank("true_wait.p50", "实际等待中位数", "Caller's true wait, median", "callback", 50, "met", version=2),
    _rank("true_wait.p90", "实际等待第 90 百分位", "Caller's true wait, 90th percentile",
          "callback", 90, "met", version=2),
    _rank("true_wait.p99", "实际等待第 99 百分位", "Caller's true wait, 99th percentile",
          "callback", 99, "met", version=2),
)  # fmt: skip
_PROMISES = (
    Formula("callback.by_state", "回呼接通率（按状态）", "Callbacks that met their customer, by state",
            "promise", Side("callback_kept"), Side("callbacks"), "HL-8",
            parts={state: Side(f"callback_{state}") for state in CALLBACK_STATES}),
    Formula("promises.kept_in_time", "承诺按时履行率", "Promises kept in time", "promise", Side("kept"),
            Side("due"), "TK-3", by_agent=True,
            parts={name: Side(name) for name in ("late", "owed", "broken")}),
    *(_kept(rule) for rule in RULES),
    Formula("promises.broken", "承诺未履行比例", "Promises broken", "promise", Side("broken"), Side("due"),
            "TK-3", by_agent=True, parts={why: Side(f"broken_{why}") for why in BROKEN_BECAUSE}),
    _mean("promises.lateness.mean", "超期履行平均延迟", "Lateness of what was fulfilled late, mean",
          "promise", "overdue", by_agent=False),
    _rank("promises.lateness.p50", "超期履行延迟中位数", "Lateness, median", "promise", 50, "overdue"),
    _rank("promises.lateness.p90", "超期履行延迟第 90 百分位", "Lateness, 90th percentile",
          "promise", 90, "overdue"),
    _rank("promises.lateness.p99", "超期履行延迟第 99 百分位", "Lateness, 99th percentile",
          "promise", 99, "overdue"),
)  # fmt: skip
_ALL = (*_RINGS, *_QUEUE, *_SPEED, *_WORK, *_CALLBACKS, *_PROMISES)
FORMULAS: Mapping[str, Formula] = {formula.id: formula for formula in _ALL}
BY_AGENT = frozenset(name for name, formula in FORMULAS.items() if formula.by_agent)
