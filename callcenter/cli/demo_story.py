"""What the demo tells in the terminal: the first call as it happens, what the API says of it, what to try."""

import random
import threading
from collections.abc import Callable
from typing import Any

import typer

from callcenter.cli.demo_centre import Tokens
from callcenter.cli.simulate import Story
from callcenter.cli.wire import ask
from callcenter.errors import CallCenterError

START_SECONDS = 40
MEASURED_SECONDS = 15
TRAFFIC_SECONDS = 30
FIRST_CALLER = {
    "from": "+8613800138000",
    "name": "刘女士",
    "press": ["~8", "1"],
    "hold_seconds": 4.0,
    "hangup_after": 90,
}
# What callers of the demo do: technical, pre-sales, complaint, in English, a callback, too impatient.
_HABITS: tuple[dict[str, Any], ...] = (
    {"press": ["1"], "hold_seconds": 25.0},
    {"press": ["2"], "hold_seconds": 15.0},
    {"press": ["3"], "hold_seconds": 20.0},
    {"press": ["8", "1"], "hold_seconds": 20.0},
    {"press": ["5", "1"], "hangup_after": 90},
    {"press": [], "hangup_after": 12},
    {"press": ["1"], "hangup_after": 14},
)


class Teller:
    """Waits until everything runs, makes the first call and tells it."""

    def __init__(self, public_url: str, simulator: str, tokens: Tokens, stop: threading.Event) -> None:
        self._url = public_url
        self._simulator = simulator
        self._tokens = tokens
        self._stop = stop

    def tell(self, number: str) -> bool:
        """Tell the first call to a number; False when it could not be made."""
        typer.echo("Starting … 正在启动……")
        if not self._eventually(self._is_ready, START_SECONDS):
            typer.echo("The demo did not start: see var/demo/processes.log", err=True)
            self._stop.set()
            return False
        typer.echo(f"\nThe first call 第一通电话: {FIRST_CALLER['from']} -> {number}\n")
        try:
            self._follow(Story(self._simulator, FIRST_CALLER | {"to": number}))
        except CallCenterError as wrong:
            typer.echo(f"The first call failed: {wrong}", err=True)
        self._what_to_try(number)
        return True

    def _follow(self, story: Story) -> None:
        for line in story.lines():
            typer.echo(f"  {line['at']}  {line['text']}")
        self._eventually(lambda: self._measured(story.sid), MEASURED_SECONDS)
        call = self._api(f"/calls/{story.sid}")
        if call:
            typer.echo(f"\nRead back from the API 由接口读回:\n{_summary(call)}")

    def _is_ready(self) -> bool:
        ready = ask(f"{self._url}/health/ready")
        simulator = ask(f"{self._simulator}/simulator/health")
        return ready.ok and ready.body["degraded"] == [] and simulator.ok

    def _measured(self, sid: str) -> bool:
        """The call has its outcome, and its rings if an agent took it."""
        call = self._api(f"/calls/{sid}")
        return bool(call) and call["outcome"] != "open" and (not call["agent"] or call["rings"] is not None)

    def _api(self, path: str) -> dict[str, Any]:
        answer = ask(f"{self._url}/api/v1{path}", authorization=f"Bearer {self._tokens.supervisor}")
        return answer.body if answer.ok else {}

    def _eventually(self, condition: Callable[[], bool], seconds: float) -> bool:
        for _ in range(int(seconds / 0.25)):
            if condition():
                return True
            if self._stop.wait(0.25):
                return False
        return False

    def _what_to_try(self, number: str) -> None:
        typer.echo(f"""
The centre runs at {self._url}  呼叫中心已运行 (Ctrl-C ends it, Ctrl-C 结束)

Sign in there as admin, supervisor or agent, password {self._tokens.password}
用 admin、supervisor 或 agent 登录，密码 {self._tokens.password}

Tokens for the API 接口令牌
  supervisor  {self._tokens.supervisor}
  agent       {self._tokens.agent}  ({self._tokens.agent_key})
  admin       {self._tokens.admin}

Try 试一试, in another terminal
  TOKEN={self._tokens.supervisor}
  curl -sH "Authorization: Bearer $TOKEN" "{self._url}/api/v1/calls?limit=3"
  curl -sH "Authorization: Bearer $TOKEN" {self._url}/api/v1/standards
  curl -NH "Authorization: Bearer $TOKEN" {self._url}/api/v1/events
  .venv/bin/callcenter simulate call --to {number} --from 13900139000 --press 1
  .venv/bin/callcenter simulate call --to {number} --from 13900139000 --press 8 --press 1

A caller phones about every half minute; logs are in var/demo/processes.log.
每半分钟左右有一位模拟客户来电。""")


def _summary(call: dict[str, Any]) -> str:
    """Say what a call's record says, a line each."""
    told = {
        "outcome 结果": call["outcome"],
        "ticket 服务单": call["ticket"],
        "agent 坐席": call["agent"],
        "rings 振铃": call["rings"] and f"{call['rings']} ({_seconds(call['ring_seconds'])})",
        "within three rings 三声内": call["within_three_rings"],
        "waited 等待": _seconds(call["wait_seconds"]),
    }
    return "\n".join(f"  {name}: {_word(value)}" for name, value in told.items())


def _seconds(seconds: float | None) -> str | None:
    return None if seconds is None else f"{seconds:.0f} s"


def _word(value: str | bool | None) -> str:
    """Say yes, no, or nothing at all as a person would."""
    if isinstance(value, bool):
        return "yes 是" if value else "no 否"
    return value or "-"


def make_traffic(simulator: str, number: str, dice: random.Random, stop: threading.Event) -> None:
    """Let somebody phone about every half minute until stopped; nothing is printed."""
    while not stop.wait(dice.uniform(0.7, 1.3) * TRAFFIC_SECONDS):
        caller = f"+86138{dice.randrange(10**8):08}"
        ask(
            f"{simulator}/simulator/calls",
            body={"to": number, "from": caller, "hangup_after": 240} | dice.choice(_HABITS),
        )
