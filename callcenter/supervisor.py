"""Several processes as one: started together, started again when they die, ended together.

For `callcenter up` and the demo; platforms with a process manager of their own run the Procfile instead.
"""

import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

import structlog

from callcenter.children import spawn

log = structlog.get_logger()
LOOK_SECONDS = 0.2
AGAIN_SECONDS = 1.0
DRAIN_SECONDS = 30.0
HOPELESS_DEATHS = 5
HOPELESS_SECONDS = 60.0


@dataclass
class Part:
    """One process of the installation."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    process: "subprocess.Popen[bytes] | None" = None
    deaths: "deque[float]" = field(default_factory=lambda: deque(maxlen=HOPELESS_DEATHS))

    @property
    def is_hopeless(self) -> bool:
        """It dies again and again in a short time: starting it once more helps nobody."""
        return len(self.deaths) == HOPELESS_DEATHS and self.deaths[-1] - self.deaths[0] < HOPELESS_SECONDS


class Supervisor:
    """Keeps parts running until it is told to stop. Run it in the main thread: its children watch that one.

    `tend` is called several times a second for what else needs care. `output` takes what the parts write;
    by default they share ours.
    """

    def __init__(
        self, parts: Sequence[Part], tend: Callable[[], None] = lambda: None, output: IO[str] | None = None
    ) -> None:
        self._parts = parts
        self._tend = tend
        self._output = output

    def run(self, stop: threading.Event) -> int:
        """Run until stopped; return the exit status: 0, or 1 when a part could not be kept alive."""
        try:
            for part in self._parts:
                self._start(part)
            while not stop.wait(LOOK_SECONDS):
                self._tend()
                for part in self._parts:
                    self._look_after(part)
                if any(part.is_hopeless for part in self._parts):
                    return 1
            return 0
        finally:
            self._end()

    def _start(self, part: Part) -> None:
        # A session of its own: the terminal's Ctrl-C reaches us alone, and we end the parts in order.
        part.process = spawn(
            part.command,
            env=dict(part.environ),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,
        )

    def _look_after(self, part: Part) -> None:
        now = time.monotonic()
        if part.process is not None and part.process.poll() is not None:
            log.error("part.died", part=part.name, status=part.process.returncode)
            part.deaths.append(now)
            part.process = None
        if part.process is None and not part.is_hopeless and now - part.deaths[-1] >= AGAIN_SECONDS:
            self._start(part)

    def _end(self) -> None:
        """Ask all to finish what they have in hand, then end whoever has not."""
        running = [part.process for part in self._parts if part.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + DRAIN_SECONDS
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
