"""Metrics of processes that serve nothing else."""

import socket
import urllib.request

import pytest

from callcenter import metrics
from tests.bench.processes import free_port


def test_a_process_without_a_web_server_can_be_asked() -> None:
    port = free_port()
    metrics.serve(port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        assert b"callcenter_jobs_total" in answer.read()


# A worker that cannot be measured performs its jobs all the same.
def test_a_port_that_is_taken_stops_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        metrics.serve(taken.getsockname()[1])
    assert "metrics.not_served" in capsys.readouterr().out


def test_without_a_port_nothing_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[int] = []
    monkeypatch.setattr(metrics, "start_http_server", served.append)
    metrics.serve(None)
    assert served == []
