"""The handbook's numbers as this centre has set them. Each one names the rule that it comes from."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


def _number(default: float, least: float, most: float, english: str, chinese: str) -> Any:
    """Describe one number: its default, its bounds, and what it means in both languages."""
    return Field(default, ge=least, le=most, description=english, json_schema_extra={"zh-CN": chinese})


def _switch(default: bool, english: str, chinese: str) -> Any:
    """Describe what is on or off, in both languages."""
    return Field(default, description=english, json_schema_extra={"zh-CN": chinese})


class Policies(BaseModel):
    """Time limits and targets of a centre; the handbook's numbers by default, ours (+) where it has none."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        json_schema_extra={"zh-CN": "中心的时限与目标；缺省为服务手册的数值，手册未定的用我们的（+）。"},
    )

    rings_target: int = _number(
        3, 1, 10, "HL-1: an agent picks up within so many rings.", "HL-1：坐席在几声铃响内接听。"
    )
    connection_rate_target: float = _number(
        0.90, 0, 1, "HL-2: answered calls of all queued calls that ended.", "HL-2：接通率目标。"
    )
    consult_callback_minutes: int = _number(
        60,
        1,
        1440,
        "HL-7: called back after an internal consultation.",
        "HL-7：内部咨询后回复客户的时限（分钟）。",
    )
    callback_within_minutes: int = _number(
        60,
        1,
        1440,
        "HL-8: a callback is promised for this time at the latest.",
        "HL-8：承诺回呼的最迟时限（分钟）。",
    )
    callback_grace_minutes: int = _number(
        10, 0, 120, "HL-8 (+): still counts as in time.", "HL-8（+）：承诺时间后的宽限（分钟）。"
    )
    callback_tries: int = _number(
        3, 1, 10, "HL-8 (+): attempts before a callback is given up.", "HL-8（+）：回呼最多尝试次数。"
    )
    callback_retry_minutes: int = _number(
        30,
        1,
        1440,
        "HL-8 (+): after the first attempt; each later pause is twice as long, eight times at most.",
        "HL-8（+）：首次尝试后的间隔（分钟）；此后每次加倍，最多八倍。",
    )
    quiet_from_hour: int = _number(
        21,
        0,
        24,
        "HL-8 (+): from this hour on customers are not called back, by their own clock.",
        "HL-8（+）：几点起不回呼（按客户当地时间）。",
    )
    quiet_until_hour: int = _number(
        8,
        0,
        24,
        "HL-8 (+): until this hour; the same as `quiet_from_hour` means never.",
        "HL-8（+）：几点前不回呼；与 `quiet_from_hour` 相同即不限。",
    )
    answer_within_working_hours: int = _number(
        3,
        1,
        80,
        "HL-9: an answer or an appointment after experts have consulted.",
        "HL-9：专家会诊后答复或约定上门的时限（工作小时）。",
    )
    visit_request_minutes: int = _number(
        30,
        1,
        1440,
        "HL-10: a visit request reaches the service manager.",
        "HL-10：上门请求送达服务经理的时限（分钟）。",
    )
    wrap_up_seconds: int = _number(
        30,
        0,
        900,
        "HL-12 (+): after a call, at most, before the line is free again.",
        "HL-12（+）：话后整理的上限（秒）。",
    )
    missed_rest_seconds: int = _number(
        30,
        0,
        900,
        "HL-1 (+): an agent who missed a call is offered none for so long.",
        "HL-1（+）：漏接后暂停派话的时长（秒）。",
    )
    calls_per_second: float = _number(
        1.0,
        0.1,
        1000,
        "(+): calls that the carrier's account may place in a second; ours leave a little slower.",
        "（+）：运营商账户每秒可发起的呼叫数；我们略慢于此。",
    )
    agent_calls_per_day: int = _number(
        1000,
        1,
        100_000,
        "(+): calls placed to one agent in a day, at most.",
        "（+）：每天呼叫同一坐席的次数上限。",
    )
    number_calls_per_day: int = _number(
        20,
        1,
        10_000,
        "(+): calls placed to one customer's number in a day, at most.",
        "（+）：每天拨打同一客户号码的次数上限。",
    )
    customer_calls_per_day: int = _number(
        5000,
        1,
        1_000_000,
        "(+): calls placed to all customers in a day, at most.",
        "（+）：每天拨打全部客户的总次数上限。",
    )
    strict_dialing: bool = _switch(
        False,
        "(+): whether a person decides of every customer's call of which nobody knows, lists or not.",
        "（+）：客户是否已被呼叫不明时，是否一律由人工确认，不以运营商列表为准。",
    )
    complaint_result_days: int = _number(
        0,
        0,
        30,
        "CP-2: the result is reported so many days later; 0 is the same day.",
        "CP-2：投诉几日内报告结果；0 为当日。",
    )
    complaint_callback_days: int = _number(
        3, 1, 30, "CP-4: customers who complained are called back.", "CP-4：投诉客户几日内回访。"
    )
    warning_minutes: int = _number(
        15,
        0,
        1440,
        "TK-3 (+): so long before a limit whoever owes is warned.",
        "TK-3（+）：期限前多久提醒责任人（分钟）。",
    )
    duty_manager_after_minutes: int = _number(
        15,
        0,
        10080,
        "TK-3 (+): so long after a limit that was not kept the duty manager is told; its owner is at once.",
        "TK-3（+）：超过期限后多久通知值班经理（分钟）；责任人立即通知。",
    )
    supervisor_after_minutes: int = _number(
        60,
        0,
        10080,
        "TK-3 (+): so long after a limit that was not kept the supervisor is told.",
        "TK-3（+）：超过期限后多久通知主管（分钟）。",
    )


def _of_the_line(name: str) -> Any:
    """Describe a number that a line may have of its own, in the same bounds."""
    field = Policies.model_fields[name]
    bounds: dict[str, Any] = {}
    for each in field.metadata:
        bounds |= {bound: getattr(each, bound) for bound in ("ge", "le") if hasattr(each, bound)}
    extra = field.json_schema_extra
    return Field(None, description=field.description, json_schema_extra=extra, **bounds)


class LinePolicies(BaseModel):
    """Time limits that a line has of its own; what is left out is the centre's."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        json_schema_extra={"zh-CN": "线路自己的时限；不写的用中心的。"},
    )

    consult_callback_minutes: int | None = _of_the_line("consult_callback_minutes")
    callback_within_minutes: int | None = _of_the_line("callback_within_minutes")
    callback_grace_minutes: int | None = _of_the_line("callback_grace_minutes")
    callback_tries: int | None = _of_the_line("callback_tries")
    callback_retry_minutes: int | None = _of_the_line("callback_retry_minutes")
    answer_within_working_hours: int | None = _of_the_line("answer_within_working_hours")
    visit_request_minutes: int | None = _of_the_line("visit_request_minutes")
    complaint_result_days: int | None = _of_the_line("complaint_result_days")
    complaint_callback_days: int | None = _of_the_line("complaint_callback_days")
    warning_minutes: int | None = _of_the_line("warning_minutes")
    duty_manager_after_minutes: int | None = _of_the_line("duty_manager_after_minutes")
    supervisor_after_minutes: int | None = _of_the_line("supervisor_after_minutes")
