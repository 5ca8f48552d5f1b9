"""The figures by id: formula version, handbook rule, names, and which calls are the base of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field

RATIO, SECONDS = "ratio", "seconds"


@dataclass(frozen=True)
class Formula:
    """What a figure is. `base` are the list filters that give the calls (or callbacks) of its denominator."""

    id: str
    zh: str
    en: str
    rule: str | None = None
    unit: str = RATIO
    version: int = 1
    resource: str = "calls"
    base: Mapping[str, str] = field(default_factory=dict)


QUEUED = {"queued": "true"}
ENDED = {"queued": "true", "ended": "true"}
ANSWERED = {"queued": "true", "outcome": "answered"}
JUDGED = {"ring": "judged"}

_ALL = (
    Formula("three_rings", "三声内接听率", "Answered within three rings", "HL-1", base=JUDGED),
    Formula(
        "three_rings.first_offer",
        "首次派话三声内接听率",
        "First offer answered within three rings",
        "HL-1",
        base={"ring": "first_offer_judged"},
    ),
    Formula(
        "three_rings.coverage",
        "铃响测量覆盖率",
        "Coverage of the ring figure",
        "HL-1",
        base={"ring": "measurable"},
    ),
    Formula("three_rings.borderline", "临界比例", "Borderline rings", "HL-1", base=JUDGED),
    Formula(
        "three_rings.estimated",
        "估算铃响中确定三声内接听",
        "Estimated rings certainly within",
        "HL-1",
        base={"ring": "estimated"},
    ),
    Formula("connection_rate", "接通率", "Connection rate", "HL-2", base=ENDED),
    Formula(
        "connection_rate.without_short",
        "接通率（不计瞬时放弃）",
        "Connection rate without short abandons",
        "HL-2",
        base={**ENDED, "short": "false"},
    ),
    Formula("service_level.answered", "服务水平（占接听）", "Service level of answered calls", base=ANSWERED),
    Formula(
        "service_level.ignore_abandons",
        "服务水平（剔除限时内放弃）",
        "Service level, abandons ignored",
        base=QUEUED,
    ),
    Formula(
        "service_level.ignore_abandons.without_short",
        "服务水平（剔除限时内放弃，不计瞬时放弃）",
        "Service level, abandons ignored, without short ones",
        base={**QUEUED, "short": "false"},
    ),
    Formula(
        "service_level.negative",
        "服务水平（放弃计为未达）",
        "Service level, abandons count against",
        base=QUEUED,
    ),
    Formula(
        "service_level.negative.without_short",
        "服务水平（放弃计为未达，不计瞬时放弃）",
        "Service level, abandons count against, without short ones",
        base={**QUEUED, "short": "false"},
    ),
    Formula(
        "service_level.positive",
        "服务水平（限时内放弃计为达标）",
        "Service level, early abandons count for",
        base=QUEUED,
    ),
    Formula(
        "service_level.positive.without_short",
        "服务水平（限时内放弃计为达标，不计瞬时放弃）",
        "Service level, early abandons count for, without short ones",
        base={**QUEUED, "short": "false"},
    ),
    Formula("service_level.left_queue", "限时内离队比例", "Left the queue in time in any way", base=QUEUED),
    Formula("speed_of_answer.mean", "平均应答速度", "Speed of answer, mean", unit=SECONDS, base=ANSWERED),
    Formula("speed_of_answer.p50", "应答速度中位数", "Speed of answer, median", unit=SECONDS, base=ANSWERED),
    Formula(
        "speed_of_answer.p90",
        "应答速度第 90 百分位",
        "Speed of answer, 90th percentile",
        unit=SECONDS,
        base=ANSWERED,
    ),
    Formula(
        "speed_of_answer.p99",
        "应答速度第 99 百分位",
        "Speed of answer, 99th percentile",
        unit=SECONDS,
        base=ANSWERED,
    ),
    Formula(
        "speed_of_answer.ring_mean",
        "其中平均铃响",
        "Ring time inside the speed of answer, mean",
        unit=SECONDS,
        base={**ANSWERED, "ring": "accepted"},
    ),
    Formula("abandonment", "排队放弃率", "Abandonment", base=ENDED),
    Formula(
        "callback.attempted_in_time",
        "回呼按时拨出率",
        "Callbacks attempted in time",
        "HL-8",
        resource="callbacks",
    ),
    Formula(
        "callback.kept_in_time", "回呼按时接通率", "Callbacks reached in time", "HL-8", resource="callbacks"
    ),
)
FORMULAS: Mapping[str, Formula] = {formula.id: formula for formula in _ALL}
BY_AGENT = frozenset(name for name in FORMULAS if name.startswith(("three_rings", "speed_of_answer")))
