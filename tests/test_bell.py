"""The doorbell: ids only, quickly, and harmless when Redis is gone."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from callcenter.bell import QUEUE, RqDoorbell, answers, connect
from callcenter.embedded import EmbeddedValkey


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
