"""C3 takes minutes of real time and is no part of the suite; what it stands on is tried out here."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest

from tests.bench.processes import free_port
from tests.prove.routing.balancer import HOST, balanced
from tests.prove.routing.deserted import Heard


@contextmanager
def listening(says: bytes) -> Iterator[int]:
    """Yield the port of something that says its name to whoever connects."""
    listener = socket.create_server((HOST, 0))

    def serve() -> None:
        while True:
            try:
                wire, _ = listener.accept()
            except OSError:
                return
            wire.sendall(says)
            wire.close()

    thread = Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def heard_at(port: int) -> bytes:
    """Connect, and return what is said until the end."""
    with socket.create_connection((HOST, port), timeout=20) as wire:
        return b"".join(iter(lambda: wire.recv(64), b""))


def test_connections_go_to_both_and_past_one_that_is_dead() -> None:
    door, dead = free_port(), free_port()
    with (
        listening(b"one") as one,
        listening(b"other") as other,
        balanced(door, [one, dead, other]),
    ):
        assert {heard_at(door) for _ in range(4)} == {b"one", b"other"}


def test_where_all_are_dead_the_connection_ends_without_an_answer() -> None:
    door = free_port()
    with balanced(door, [free_port(), free_port()]):
        assert heard_at(door) == b""


NUMBER = "+8613800000001"


def caller(*lines: tuple[float, str, str], ended: bool = True) -> Heard:
    """What one caller lived through: seconds, kind and words of each moment."""
    told: list[dict[str, Any]] = [
        {"seconds": at, "at": f"{at:.0f}", "kind": kind, "text": text} for at, kind, text in lines
    ]
    return Heard({"id": "CA1", "from": NUMBER, "ended": ended, "lines": told})


TALK, TONE = (30.0, "talk", "talking with Agent 1"), (9.0, "sound", "heard: [beep]")
CALLED_BACK = (60.0, "speech", "heard: 我们的工程师最晚在今天上午十一点前打 1 3 8，0 0 0 0，0 0 0 1 给您。")
IN_ENGLISH = (
    60.0,
    "speech",
    "heard: Our engineer will call you at 1 3 8, 0 0, no later than today at 11 am.",
)
GOODBYE = (66.0, "speech", "heard: 感谢您的来电，再见。")
CUT_SHORT = (60.0, "speech", CALLED_BACK[2] + " …(cut short)")


NOTHING = "never gave up, was talked to by nobody, asked for no message and promised no call"


# reliability.md, C3: 0 stranded callers.
@pytest.mark.parametrize(
    ("heard", "outcome", "wrong"),
    [
        (caller(TALK), "answered", []),
        (caller(TONE), "voicemail", []),
        (caller(TALK, ended=False), "open", ["is on the line for ever", "has the outcome open"]),
        (caller(TALK), None, ["has the outcome None"]),
        (caller(), "failed", [NOTHING]),
        (caller((300.0, "talk", "talking with Agent 1")), "answered", ["waited 300 s"]),
        (caller(CUT_SHORT), "callback", [NOTHING]),
    ],
    ids=["talked", "apologised to", "stranded", "unknown", "cut off", "late", "hung up on"],
)
def test_the_judge_tells_the_stranded_from_the_served(
    heard: Heard, outcome: str | None, wrong: list[str]
) -> None:
    assert heard.wrongs(outcome, {}) == wrong


# The caller "is promised a callback at a definite time": what he was told is a row, and is owed.
@pytest.mark.parametrize("told", [CALLED_BACK, IN_ENGLISH])
@pytest.mark.parametrize(
    ("owed", "wrong"),
    [
        ({NUMBER: {"open"}}, []),
        ({NUMBER: {"broken", "kept"}}, []),
        ({NUMBER: {"cancelled"}}, ["was promised a call that nobody owes him"]),
        ({"+8613800000002": {"open"}}, ["was promised a call that nobody owes him"]),
    ],
    ids=["owed", "kept", "taken back", "another's"],
)
def test_a_promise_is_an_end_where_a_row_holds_it(
    told: tuple[float, str, str], owed: dict[str, set[str]], wrong: list[str]
) -> None:
    heard = caller(told, GOODBYE)
    assert heard.is_promised
    assert heard.wrongs("callback", owed) == wrong
