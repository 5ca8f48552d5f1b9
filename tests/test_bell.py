"""The doorbell: ids only, quickly, and harmless when Redis is gone."""

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from callcenter.bell import QUEUE, RingsAside, RqDoorbell, answers, connect
from callcenter.embedded import EmbeddedValkey
from tests.waiting import until


@pytest.fixture
def mute(directory: Path, tmp_path: Path) -> Iterator[str]:
    """The address of somebody who lets everyone in and never says a word."""
    path = directory / f"{tmp_path.name}.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen(8)
        yield f"unix://{path}"


def test_a_job_reaches_the_queue_as_a_name_and_one_id(redis_url: str) -> None:
    assert RqDoorbell(redis_url).ring("place_attempt", "0198")
    [job] = Queue(QUEUE, connection=connect(redis_url), serializer=JSONSerializer).jobs
    assert (job.func_name, job.args, job.kwargs) == (
        "callcenter.worker.perform", ["place_attempt", "0198"], {},
    )  # fmt: skip
    # What lies in Redis is JSON and not pickle: whoever can write there can run no code of his own.
    assert json.loads(JSONSerializer.dumps(job.args)) == ["place_attempt", "0198"]
    assert (job.result_ttl, job.timeout) == (0, 60)


def test_a_bell_without_redis_says_so_and_never_raises(valkey: EmbeddedValkey) -> None:
    bell = RqDoorbell(valkey.url)
    assert bell.ring("greet", "7") is False


def test_a_bell_at_a_mute_redis_gives_up(mute: str) -> None:
    assert RqDoorbell(mute).ring("greet", "7") is False


def test_after_a_failure_it_does_not_knock_again_at_once(valkey: EmbeddedValkey) -> None:
    bell = RqDoorbell(valkey.url)
    assert bell.ring("greet", "7") is False
    valkey.start()
    assert bell.ring("greet", "7") is False
    bell._rests_until = 0.0
    assert bell.ring("greet", "7") is True


def test_whether_redis_is_there(redis_url: str, valkey: EmbeddedValkey) -> None:
    assert answers(redis_url)
    assert not answers(valkey.url)


# bell.py: "a bell that hangs would cost a caller's answer".
def test_who_rings_aside_waits_for_nobody_and_rings_the_same_once(redis_url: str) -> None:
    bell, gate = Gated(redis_url), threading.Event()
    bell.gate = gate
    aside = RingsAside(bell)
    assert aside.ring("match", "first")
    assert bell.began.wait(20)
    for subject in ("all", "all", "last", "all"):
        assert aside.ring("match", subject)
    gate.set()
    aside.finish()
    queued = Queue(QUEUE, connection=connect(redis_url), serializer=JSONSerializer).jobs
    assert [job.args[1] for job in queued] == ["first", "all", "last"]


def test_a_fault_of_one_bell_does_not_silence_the_next(redis_url: str) -> None:
    bell = Gated(redis_url)
    aside = RingsAside(bell)
    bell.fault = ValueError("no bell was ever so broken")
    aside.ring("match", "lost")
    until(lambda: bell.fault is None)
    aside.ring("match", "heard")
    aside.finish()
    queued = Queue(QUEUE, connection=connect(redis_url), serializer=JSONSerializer).jobs
    assert [job.args[1] for job in queued] == ["heard"]


class Gated(RqDoorbell):
    """Waits at its gate before it rings for the first time, and has a fault once."""

    began = threading.Event()
    gate: threading.Event | None = None
    fault: Exception | None = None

    def ring_all(self, rung: Sequence[tuple[str, str]]) -> bool:
        """Ring what there is."""
        self.began.set()
        if self.gate is not None:
            assert self.gate.wait(20)
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        return super().ring_all(rung)
