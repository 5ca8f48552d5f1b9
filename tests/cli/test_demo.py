"""`make run`: the told call, read back, on a machine that has real credentials in its environment."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter.cli.demo import demo_environment
from callcenter.settings import Door, load_settings
from tests.cli.test_processes import children, environment, free_ports
from tests.servers import alive

REAL = {
    "TWILIO_ACCOUNT_SID": "AC" + "f" * 32,
    "TWILIO_AUTH_TOKEN": "a-real-auth-token",
    "TWILIO_API_KEY": "SKreal",
    "DATABASE_URL": "postgresql://a.real/database",
    "REDIS_URL": "redis://a.real.redis:6379/0",
}


def test_nothing_of_the_environment_reaches_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in REAL.items():
        monkeypatch.setenv(name, value)
    given = demo_environment(8000, "unix:///var/demo/valkey.sock")
    settings = load_settings(given, Door.SERVE)
    assert not set(REAL.values()) & set(given.values())
    assert settings.mode == "demo"
    assert settings.twilio_api_url == "http://127.0.0.1:8001"
    assert demo_environment(8000, "unix:///x")["SECRET_KEY"] != given["SECRET_KEY"]


def test_the_first_call_is_told_and_read_back(tmp_path: Path) -> None:
    port = free_ports()
    demo = subprocess.Popen(
        [sys.executable, "-m", "callcenter.cli", "demo"],
        cwd=tmp_path,
        env=environment(PORT=str(port), **REAL),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert demo.stdout
        told = ""
        for line in demo.stdout:
            told += line
            if "A caller phones" in line:
                break
        _is_a_whole_call(told)
        _dials_nobody(tmp_path, port)
        parts = children(demo.pid)
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0
        assert not any(alive(part) for part in parts)
    finally:
        demo.kill()
        demo.wait()


def _is_a_whole_call(told: str) -> None:
    for word in ("heard: 您好", "pressed 1", "rings: 张伟", "answered: 张伟", "ring 2", "talking with 张伟"):
        assert word in told, told
    assert "outcome 结果: answered" in told, told
    assert re.search(r"Sign in there as admin, supervisor or agent, password [a-z]+-\d{6}\n", told), told
    assert "agent 坐席: zhang-wei" in told, told
    assert "rings 振铃: 2 (" in told, told
    assert "within three rings 三声内: yes" in told, told
    ticket = told.partition("ticket 服务单: ")[2].split()[0]
    assert "，".join((" ".join(ticket[0:2]), " ".join(ticket[2:4]))) in told, told


def _dials_nobody(folder: Path, port: int) -> None:
    config = json.loads((folder / "var" / "demo" / "simulator.json").read_text())
    assert config["settings"]["account_sid"] != REAL["TWILIO_ACCOUNT_SID"]
    assert config["port"] == port + 1
    log = (folder / "var" / "demo" / "processes.log").read_text()
    assert "a-real-auth-token" not in log
    assert '"level": "error"' not in log, log


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    import socket

    port = free_ports()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port + 1))
        other.listen()
        ran = subprocess.run(
            [sys.executable, "-m", "callcenter.cli", "demo"],
            cwd=tmp_path,
            env=environment(PORT=str(port)),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ran.returncode == 1
    assert f"Port {port + 1} is taken" in ran.stderr
