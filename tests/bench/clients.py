"""Clients of one database that begin together: a process and a connection each, as workers are.

Threads of one interpreter would take turns at running it, and so measure that.
"""

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier
from typing import Any

from callcenter.carrier.twin import Twin
from callcenter.clock import system
from callcenter.db import Database
from callcenter.jobs import Work
from tests.web.twilio import PUBLIC_URL

PATIENCE_SECONDS = 60.0
Task = Callable[..., None]
"""A function of a module: (work, begin, what it was given); `begin` waits until all are ready."""


@dataclass
class Client:
    """One process, and the way to it."""

    process: BaseProcess
    pipe: Connection

    def answer(self) -> Any:
        """Return what it says; raise RuntimeError with its own trace where it failed, or says nothing."""
        if not self.pipe.poll(PATIENCE_SECONDS):
            raise RuntimeError("a client says nothing")
        said = self.pipe.recv()
        if isinstance(said, str):
            raise RuntimeError(said)
        return said


class Clients:
    """Processes that are ready."""

    def __init__(self, clients: Sequence[Client]) -> None:
        self._clients = clients

    def together(self, task: Task, given: Sequence[Any]) -> float:
        """Let each do a task with what is given for it; return the seconds from the first to the last."""
        for client, own in zip(self._clients, given, strict=True):
            client.pipe.send((task, own))
        times = [client.answer() for client in self._clients]
        return float(max(ended for _, ended in times) - min(begun for begun, _ in times))


@contextmanager
def clients(url: str, count: int) -> Iterator[Clients]:
    """Yield so many clients of a database."""
    context = get_context("spawn")
    barrier, made = context.Barrier(count), []
    for _ in range(count):
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, barrier, url), daemon=True)
        process.start()
        made.append(Client(process, ours))
    try:
        for client in made:
            client.answer()
        yield Clients(made)
    finally:
        for client in made:
            client.process.kill()
            client.process.join()


def _serve(pipe: Connection, barrier: Barrier, url: str) -> None:
    work = Work(Database(url), Twin(), system, PUBLIC_URL, "-")
    pipe.send(True)
    while True:
        task, own = pipe.recv()
        begun: list[float] = []

        def begin(begun: list[float] = begun) -> None:
            barrier.wait(PATIENCE_SECONDS)
            begun.append(time.perf_counter())

        try:
            task(work, begin, own)
        except Exception:
            barrier.abort()
            pipe.send(traceback.format_exc())
        else:
            pipe.send((begun[0], time.perf_counter()))
