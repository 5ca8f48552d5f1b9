"""A promise explains itself: why due then, by which calendar and rule, what happened, in both languages."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callcenter.calendars.official import public_days
from callcenter.calendars.rules import Hours
from callcenter.organisation.rules import Policies
from callcenter.promises import words
from callcenter.promises.rules import RULES, STEPS, Limit, due_by, limit_of
from callcenter.promises.words import Moved, Story, Told, explain

CHINA = ZoneInfo("Asia/Shanghai")
CLOSED = (
    "  closed 2026-09-30 18:00 - 2026-10-08 09:00: 2026-10-01 National Day, 2026-10-02 National Day, "
    "2026-10-03 National Day, 2026-10-04 National Day break, and 3 more days"
)
OFFICE = Hours("Asia/Shanghai", (((540, 720), (810, 1080)),) * 5 + ((), ()), public=public_days("CN"))


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def told(limit: Limit, start: datetime, **other: object) -> Story:
    """A promise that was made at an instant by this limit."""
    due = due_by(limit, OFFICE, start, CHINA)
    assert due is not None
    story = Story(
        rule=limit.rule, state="open", made_at=start, made_by="agent:wang", owner="wang", due_at=due,
        grace=timedelta(), counted_from=start, awaits_hang_up=False, settled_at=None, settled_by=None,
        reason=None, why=limit.as_why("office"), hours=OFFICE, zone=CHINA,
    )  # fmt: skip
    return replace(story, **other)  # type: ignore[arg-type]


# HL-9 over the weekend of a make-up Saturday, step by step.
def test_working_time_is_added_up_as_a_person_would() -> None:
    story = told(Limit("HL-9", "working", minutes=180), china("2026-09-30 17:00"))
    assert explain(story)["en-US"] == [
        "HL-9: what is not solved on the phone gets an answer or an appointment in time",
        "Promised 2026-09-30 17:00 by agent:wang, owed by wang",
        "From 2026-09-30 17:00 by the calendar office, 3 h of working time:",
        "  2026-09-30 17:00 - 2026-09-30 18:00   +1 h",
        CLOSED,
        "  2026-10-08 09:00 - 2026-10-08 11:00   +2 h",
        "Due 2026-10-08 11:00",
        "Still owed",
    ]
    assert "国庆" in explain(story)["zh-CN"][4]


def test_what_happened_is_told_in_its_order() -> None:
    made = china("2026-10-09 10:00")
    due = made + timedelta(hours=1)
    story = told(
        Limit("HL-7", "clock", minutes=60),
        made,
        made_at=made - timedelta(minutes=5),
        state="late",
        grace=timedelta(minutes=10),
        settled_at=due + timedelta(minutes=25),
        settled_by="callback",
        moves=[Moved(made, "agent:wang", made, due, True, "is travelling")],
        alerts=[
            Told("warning", due - timedelta(minutes=15), "wang", None, None),
            Told("duty_manager", due + timedelta(minutes=25), None, due + timedelta(minutes=30), "token:1"),
        ],
    )
    assert explain(story)["en-US"][2:] == [
        "From the hang-up 2026-10-09 10:00 1 h on the clock: due 2026-10-09 11:00",
        "With 10 min of grace it counts as kept until 2026-10-09 11:10",
        "Moved 2026-10-09 10:00 by agent:wang: from 2026-10-09 10:00 to 2026-10-09 11:00, "
        "with the customer's consent (is travelling)",
        "The owner was warned 2026-10-09 10:45 (wang)",
        "The duty manager was told 2026-10-09 11:25, seen 2026-10-09 11:30 by token:1",
        "Fulfilled 2026-10-09 11:25 (callback), 25 min late",
    ]
    assert explain(story)["zh-CN"][-1] == "2026-10-09 11:25 已履行（callback），迟 25 min"


@pytest.mark.parametrize(
    ("state", "settled", "reason", "said"),
    [
        ("open", False, None, "Still owed"),
        ("late", False, None, "Late since 2026-10-09 11:00, still owed"),
        ("kept", True, None, "Kept 2026-10-09 10:30 (wang), in time"),
        ("broken", True, "busy", "Broken 2026-10-09 10:30 (wang) (busy)"),
        (
            "cancelled",
            True,
            "ticket_closed",
            "Cancelled 2026-10-09 10:30 (wang) (its ticket was closed)",
        ),
        ("cancelled", True, "自己好了", "Cancelled 2026-10-09 10:30 (wang) (自己好了)"),
    ],
)
def test_how_it_stands(state: str, settled: bool, reason: str | None, said: str) -> None:
    made = china("2026-10-09 10:00")
    ended = {"settled_at": made + timedelta(minutes=30), "settled_by": "wang"} if settled else {}
    story = told(Limit("HL-7", "clock", minutes=60), made, state=state, reason=reason, **ended)
    assert explain(story)["en-US"][-1] == said


def test_hours_that_were_changed_since_are_told() -> None:
    story = told(Limit("HL-10", "working", minutes=30), china("2026-10-09 11:45"))
    assert not any("changed since" in line for line in explain(story)["en-US"])
    whole_day = replace(OFFICE, week=(((540, 1080),),) * 5 + ((), ()))
    said = explain(replace(story, hours=whole_day))["en-US"]
    assert "The opening hours have been changed since: by today's it would be 2026-10-09 12:15" in said


def test_before_the_hang_up_it_says_so() -> None:
    story = told(Limit("HL-7", "clock", minutes=60), china("2026-10-09 10:00"), awaits_hang_up=True)
    assert "the call is going on" in explain(story)["en-US"][2]


def test_an_older_releases_promise_is_explained_as_far_as_it_goes() -> None:
    story = told(Limit("HL-8", "working", minutes=60), china("2026-10-09 10:00"), why={}, made_by=None)
    assert "did not keep" in explain(story)["en-US"][2]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_explained_in_both_languages(rule: str) -> None:
    limit, start = limit_of(rule, Policies()), china("2026-10-09 10:00")
    for hours in (OFFICE, None):
        said = explain(told(limit, start, hours=hours))
        assert said["zh-CN"][0].startswith(f"{rule}：")
        assert len(said["zh-CN"]) == len(said["en-US"]) > 3
        assert not any("{" in line for lines in said.values() for line in lines)


def test_both_languages_have_every_word() -> None:
    assert words._SAID["zh-CN"].keys() == words._SAID["en-US"].keys()
    assert words.RULE_WORDS.keys() == set(RULES)
    assert all(names.keys() == set(STEPS) for names in words._STEP_WORDS.values())
    assert all(len(names) == 2 for names in (*words.RULE_WORDS.values(), *words.REASON_WORDS.values()))
