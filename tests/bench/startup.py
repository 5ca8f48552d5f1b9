"""Row: from the start of a web process, interpreter and imports included, to its first answer."""

from tests.bench import processes
from tests.bench.figures import spread
from tests.bench.goals import READY, Row
from tests.bench.ground import Ground


def measure(ground: Ground, starts: int) -> list[Row]:
    """Start the product and the floor in turn; the first start of each fills caches and does not count."""
    url = ground.with_centre("startup")
    ours, floors, cpu = [], [], []
    for _ in range(starts + 1):
        with processes.product(ground, url) as server:
            ours.append(server.ready_seconds)
            cpu.append(server.cpu_seconds)
        with processes.static(ground) as server:
            floors.append(server.ready_seconds)
    floor, used = spread(floors[1:]).middle, spread(cpu[1:]).middle
    said = f"static on uvicorn: {floor:.2f} s; {used:.2f} s of ours were CPU"
    return [Row(READY, spread(ours[1:]), said, beside={"static_s": floor, "cpu_s": used})]
