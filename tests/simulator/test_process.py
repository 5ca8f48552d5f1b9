"""The simulator as a process of its own."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import requests

from tests.simulator.conftest import AGENT, HOTLINE
from tests.waiting import until

START = """
import sys
from callcenter.simulator.config import ServerConfig, read
from callcenter.simulator.server import serve
serve(read(ServerConfig, open(sys.argv[1], "rb").read()))
"""
PATIENCE = 30


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(process: "subprocess.Popen[bytes]", url: str) -> bool:
    """Return whether the process answers yet; fail when it has ended."""
    assert process.poll() is None
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


def test_a_configured_process_serves_on_this_machine_only_and_ends_when_told(tmp_path: Path) -> None:
    port = free_port()
    config = {
        "public_url": "http://127.0.0.1:9",
        "numbers": [HOTLINE],
        "phones": [{"address": AGENT, "name": "王", "behaviours": [{"conduct": "answers", "rings": 2}]}],
        "port": port,
        "settings": {"calls_per_second": 10.0},
    }
    file = tmp_path / "simulator.json"
    file.write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    process = subprocess.Popen([sys.executable, "-c", START, str(file)])
    try:
        health = f"http://127.0.0.1:{port}/simulator/health"
        until(lambda: answers(process, health), PATIENCE)
        assert requests.get(health, timeout=5).json()["live_calls"] == 0
        assert listeners(port) == {"127.0.0.1"}
        refused = requests.get(f"http://127.0.0.1:{port}/2010-04-01/Accounts/AC0/Calls.json", timeout=5)
        assert (refused.status_code, refused.json()["code"]) == (401, 20003)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) in (0, -signal.SIGTERM)


def listeners(port: int) -> set[str]:
    """Return which of this machine's addresses accept connections on a port."""
    found = set()
    for address in {"127.0.0.1", *_own_addresses()}:
        with socket.socket() as probe:
            probe.settimeout(2)
            if probe.connect_ex((address, port)) == 0:
                found.add(address)
    return found


def _own_addresses() -> list[str]:
    try:
        return list(socket.gethostbyname_ex(socket.gethostname())[2])
    except OSError:
        return []
