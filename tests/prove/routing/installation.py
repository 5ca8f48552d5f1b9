"""A whole installation of real processes whose time runs faster, and which are killed with `kill -9`.

`callcenter web` twice behind a load balancer, `worker` and `clock`, kept running by the supervisor of
`callcenter up`; a Valkey; and the simulator, with its telephones, in a process of its own.
"""

import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from callcenter.bell import workers
from callcenter.embedded import EmbeddedValkey
from callcenter.supervisor import Part, Supervisor
from tests.bench import held, processes
from tests.bench.ground import Ground
from tests.bench.processes import free_port
from tests.bench.telephones import Telephones, telephones
from tests.prove.routing.balancer import HOST, balanced

RATE = 4.0
"""How much faster than this machine's the simulator's time runs, and with it the product's."""
STARTS_WITHIN = 60.0
PARTS = ("web", "web", "worker", "clock")
Script = Iterator[None]
"""What happens, step by step; each step is asked for several times a second."""

_harms: list[tuple[str, str]] = []


@contextmanager
def harmed(fault: str, module: str = "tests.prove.routing.harmed") -> Iterator[None]:
    """Let every process be started by this module, with this fault planted."""
    _harms.append((module, fault))
    try:
        yield
    finally:
        _harms.pop()


@dataclass
class Installation:
    """What runs; seconds are the simulator's, counted from the first webhook on."""

    ground: Ground
    url: str
    net: Telephones
    parts: list[Part]
    redis_away: bool = False
    killed: list[str] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Return the time."""
        return (time.monotonic() - self.begun) * RATE

    def kill(self, place: int) -> None:
        """Strike one of the parts dead; the supervisor starts it again."""
        process = self.parts[place].process
        if process is not None:
            process.kill()
            self.killed.append(self.parts[place].name)

    def live(self, script: Script) -> None:
        """Run everything until the script is over; raise RuntimeError when a process cannot be kept alive."""
        over = threading.Event()

        def tend() -> None:
            if not self.redis_away:
                self.ground.valkey.tend()
            if next(script, over) is over:
                over.set()

        # Every death is logged here, and each was meant.
        with (self.ground.folder / "processes.log").open("w") as said, capture_logs():
            if Supervisor(self.parts, tend, said).run(over):
                raise RuntimeError((self.ground.folder / "processes.log").read_text()[-4000:])

    def all_listen(self) -> Script:
        """Wait until every process is there."""
        late = time.monotonic() + STARTS_WITHIN
        webs = [int(part.environ["PORT"]) for part in self.parts if part.name == "web"]
        while not (all(map(processes.listens, webs)) and workers(self.ground.redis_url)):
            if time.monotonic() > late:
                raise TimeoutError("the installation does not start")
            yield
        self.begun = time.monotonic()


@contextmanager
def installation(
    url: str, agents: int, names: tuple[str, ...] = PARTS, **simulated: Any
) -> Iterator[Installation]:
    """Yield an installation on a database, not running yet; `simulated` is the simulator's configuration."""
    with tempfile.TemporaryDirectory(prefix="callcenter-prove-") as made, ExitStack() as stack:
        folder = Path(made)
        valkey = EmbeddedValkey(folder / "valkey")
        stack.callback(valkey.stop)
        valkey.start()
        ground = Ground(folder, "", valkey.url, valkey, None)
        with ground.work(url) as work:
            held.staff(work, agents)
        door, webs = free_port(), [free_port() for _ in range(names.count("web"))]
        public = f"http://{HOST}:{door}"
        stack.enter_context(balanced(door, webs))
        net = stack.enter_context(telephones(ground, public, free_port(), rate=RATE, **simulated))
        yield Installation(ground, url, net, _parts(ground, url, net, public, webs, names))


def _parts(
    ground: Ground, url: str, net: Telephones, public: str, webs: list[int], names: tuple[str, ...]
) -> list[Part]:
    """Return the product's processes, on the simulator's time."""
    given = processes.environment(ground, url) | {
        "PUBLIC_URL": public, "TWILIO_API_URL": f"http://{HOST}:{net.port}",
        "CALLCENTER_MODE": "test", "CALLCENTER_TEST_CLOCK": str(_clock(ground, net)),
    }  # fmt: skip
    how = _harms[-1] if _harms else ("callcenter.cli",)
    ports = iter(webs)
    return [
        Part(name, [sys.executable, "-m", *how, name], processes.clean_environ(given | _port(name, ports)))
        for name in names
    ]


def _port(name: str, ports: Iterator[int]) -> dict[str, str]:
    return {"PORT": str(next(ports))} if name == "web" else {}


def _clock(ground: Ground, net: Telephones) -> Path:
    """Write the file from which the product reads the simulator's time."""
    path, here = ground.folder / "clock.json", datetime.now(UTC)
    ahead = datetime.fromisoformat(net.ask("health")["now"]) - here
    told = {"since": here.isoformat(), "offset_seconds": ahead.total_seconds(), "rate": RATE}
    path.write_text(json.dumps(told))
    return path
