"""What leaves through the logs: enough to follow a call, nothing that is private."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import structlog

from callcenter.logs import configure_logs, mask_numbers

NUMBER = "+8613800138000"
SECRET = "k3Jx0vQ9mZt7Lr2Wc5Ya8Nb4Pd6Sf1Gh"


@contextmanager
def put_back() -> Iterator[None]:
    """Leave the logs as they were found: structlog would picture every local of a trace."""
    root, ours = logging.getLogger(), structlog.get_config()
    before = (root.handlers[:], root.level)
    try:
        yield
    finally:
        structlog.configure(**ours)
        structlog.contextvars.clear_contextvars()
        root.handlers[:], root.level = before


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the logs go, configured as a process does; put back afterwards."""
    out = io.StringIO()
    with put_back():
        configure_logs("web", secrets=[SECRET, None, ""], console=False, stream=out)
        yield out


def entries(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_entry_is_one_json_object_with_its_call_and_process(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(call_sid="CA0123"):
        structlog.get_logger().info("webhook.done", milliseconds=12)
    [entry] = entries(stream)
    assert entry.pop("timestamp").endswith("Z")
    assert entry == {
        "event": "webhook.done", "level": "info", "process": "web", "call_sid": "CA0123", "milliseconds": 12,
    }  # fmt: skip


def test_below_the_level_nothing_is_written(stream: io.StringIO) -> None:
    structlog.get_logger().debug("webhook.done")
    logging.getLogger("rq.worker").debug("job")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("name", ["uvicorn.error", "rq.worker", "alembic.runtime", "some.package"])
def test_a_library_takes_the_same_road(stream: io.StringIO, name: str) -> None:
    logging.getLogger(name).warning("call from %s with %s", NUMBER, SECRET)
    [entry] = entries(stream)
    assert entry["event"] == "call from …8000 with [hidden]"
    assert (entry["logger"], entry["level"], entry["process"]) == (name, "warning", "web")


@pytest.mark.parametrize(
    ("written", "left"),
    [
        (f"call from {NUMBER}", "call from …8000"),
        ("+86 138-0013-8000 rang", "…8000 rang"),
        ("+1 (415) 555-2671", "…2671"),
        ("From=%2B8613800138000&To=x", "From=…8000&To=x"),
        ("13800138000", "…8000"),
        ("138 0013 8000", "…8000"),
        ("sip:8613800138000@host", "sip:…8000@host"),
    ],
)
def test_a_number_keeps_its_last_four_digits(written: str, left: str) -> None:
    assert mask_numbers(written) == left


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-21T04:00:00.123456Z",
        "2026-11-21T12:00:00+08:00",
        "019ab3c4-1234-7456-8901-123456789012",
        "CA0123456789abcdef0123456789012345",
        "ticket 261121001",
        "0.12345678901 s",
    ],
)
def test_what_is_no_number_is_left(written: str) -> None:
    assert mask_numbers(written) == written


def test_a_number_is_masked_at_any_depth(stream: io.StringIO) -> None:
    structlog.get_logger().info("x", offers=[{"to": NUMBER, "rings": (3, NUMBER)}], count=3, none=None)
    [entry] = entries(stream)
    assert entry["offers"] == [{"to": "…8000", "rings": [3, "…8000"]}]
    assert (entry["count"], entry["none"]) == (3, None)


def _fails(number: str, token: str) -> None:
    raise ValueError(f"cannot ring {number} with {token}")


def test_a_traceback_is_discreet_too(stream: io.StringIO) -> None:
    try:
        _fails(NUMBER, SECRET)
    except ValueError:
        structlog.get_logger().exception("job.failed")
        logging.getLogger("library").exception("failed for %s", NUMBER)
    text = stream.getvalue()
    assert "cannot ring …8000 with [hidden]" in text
    assert "13800138000" not in text
    assert SECRET not in text
    assert len(entries(stream)) == 2


@pytest.mark.parametrize(
    "name", ["auth_token", "SECRET_KEY", "password", "Authorization", "X-Twilio-Signature"]
)
def test_what_is_named_like_a_secret_is_hidden(stream: io.StringIO, name: str) -> None:
    structlog.get_logger().info("x", **{name: "value", "inner": {name: "value"}})
    [entry] = entries(stream)
    assert entry[name] == "[hidden]"
    assert entry["inner"] == {name: "[hidden]"}


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("postgresql+psycopg://user:word@host/name", "postgresql+psycopg://user:[hidden]@host/name"),
        ("Authorization: Bearer abc.def-1", "Authorization: Bearer [hidden]"),
        ("token cc_ab12_Zm9vYmFy-_x made", "token cc_ab12_[hidden] made"),
        (
            "POST /twilio/leg/019ab3c4-1234-7456-8901-123456789012/AbCdEf0123456789xyz/key/2",
            "POST /twilio/leg/019ab3c4-1234-7456-8901-123456789012/[hidden]/key/2",
        ),
    ],
)
def test_what_is_shaped_like_a_secret_is_hidden(stream: io.StringIO, written: str, left: str) -> None:
    structlog.get_logger().info(written)
    assert entries(stream)[0]["event"] == left


def test_a_person_reads_lines_that_are_discreet_as_well() -> None:
    out = io.StringIO()
    with put_back():
        configure_logs("web", console=True, stream=out)
        structlog.get_logger().info("rings", to=NUMBER)
    assert "rings" in out.getvalue()
    assert "…8000" in out.getvalue()
    assert "13800138000" not in out.getvalue()
