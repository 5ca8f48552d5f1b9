"""`callcenter hours`: open or closed, why, when next, and a sum that a person can follow."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from callcenter import clock
from callcenter.center.actions import apply_centre
from callcenter.center.reading import parse
from callcenter.cli import make_app
from callcenter.cli.console import console_language
from callcenter.db import Database
from callcenter.errors import CallCenterError
from tests.center import FULL

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def centre(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example centre, before an English console, in November 2026."""
    with database.transaction() as session:
        apply_centre(session, parse(FULL), NOW)
    monkeypatch.setenv("DATABASE_URL", database.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("LANGUAGE", "en_US")
    monkeypatch.setattr(clock, "system", lambda: NOW)


def told(*arguments: str) -> list[str]:
    """Run `hours` and return its lines; what it refuses is raised."""
    done = CliRunner().invoke(make_app(), ["hours", *arguments])
    if isinstance(done.exception, CallCenterError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def asked(*arguments: str) -> dict[str, Any]:
    """Ask for JSON and return the one answer."""
    (answer,) = json.loads(told(*arguments, "--json")[0])
    return dict(answer)


# National Day 2026: off from Thursday 1 to Wednesday 7 October, Saturday 10 is worked.
def test_a_sum_over_national_day_is_told_step_by_step() -> None:
    assert told("guangzhou", "--at", "2026-09-30T17:00", "--plus-minutes", "180") == [
        "guangzhou 2026-09-30 17:00: open until 2026-09-30 18:00",
        "  why: the weekly hours",
        "  2026-09-30 17:00 - 2026-09-30 18:00   +1 h",
        "  closed 2026-09-30 18:00 - 2026-10-08 09:00: 2026-10-01 National Day, 2026-10-02 National Day, "
        "2026-10-03 National Day, 2026-10-04 National Day break, and 3 more days",
        "  2026-10-08 09:00 - 2026-10-08 11:00   +2 h",
        "  2026-09-30 17:00 plus 3 h of working time: 2026-10-08 11:00",
    ]


def test_a_make_up_saturday_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "zh_CN:en_US")
    assert told("office", "--at", "2026-10-10T12:30", "--plus-minutes", "90") == [
        "office 2026-10-10 12:30：休息时间，2026-10-10 13:30 开始（国庆节调休上班）",
        "  原因：两个时段之间",
        "  下次营业：2026-10-10 13:30",
        "  休息 2026-10-10 12:30 - 2026-10-10 13:30：每周时段",
        "  2026-10-10 13:30 - 2026-10-10 15:00   +1 h 30 min",
        "  2026-10-10 12:30 起 1 h 30 min 工作时间：2026-10-10 15:00",
        "  营业时间 office：2027 年的官方放假安排尚未确认；公布后升级本软件，"
        "或将其写入 days 并设置 confirmed_years = [2027]",
    ]


def test_every_calendar_is_told_where_none_is_named() -> None:
    lines = [line for line in told() if not line.startswith(" ")]
    assert lines == [
        "around-the-clock 2026-11-21 12:00: open around the clock",
        "office 2026-11-21 12:00: closed until 2026-11-23 09:00",
    ]


def test_a_year_that_is_not_confirmed_is_warned_of() -> None:
    assert told("office")[-1].startswith("  calendar office: 2027 not confirmed")
    assert asked("office")["unconfirmed_years"] == [2027]
    assert asked("hotline")["unconfirmed_years"] == []


def test_time_between_is_counted() -> None:
    said = told("office", "--at", "2026-10-10T17:00", "--until", "2026-10-12T10:00+08:00")
    assert "  working time until 2026-10-12 10:00: 2 h" in said


def test_scripts_read_json() -> None:
    answer = asked("office", "--at", "2026-10-01T10:00", "--plus-minutes", "60")
    assert answer == {
        "key": "office",
        "at": "2026-10-01T10:00:00+08:00",
        "open": False,
        "why": {"kind": "holiday", "zh-CN": "国庆节", "en-US": "National Day"},
        "closes_at": None,
        "next_opening": "2026-10-08T09:00:00+08:00",
        "due_at": "2026-10-08T10:00:00+08:00",
        "working_minutes": None,
        "unconfirmed_years": [],
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], 'There is no line or calendar "nowhere".'),
        (["office", "--at", "tomorrow"], '"tomorrow" is no time; write it like 2026-10-10T09:00'),
        (["office", "--until", "2020-01-01"], "lies before the time that it counts from"),
    ],
)
def test_what_cannot_be_answered(arguments: list[str], said: str) -> None:
    with pytest.raises(CallCenterError, match=said):
        told(*arguments)


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh-CN"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_TW"}, "zh-CN"),
        ({"LANG": "zh_CN.UTF-8", "LANGUAGE": "en"}, "en-US"),
        ({"LANG": "C"}, "en-US"),
        ({}, "en-US"),
    ],
)
def test_the_console_s_language(environ: dict[str, str], language: str) -> None:
    assert console_language(environ) == language
