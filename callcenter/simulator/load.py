"""How busy a simulator in real time is, and how long its application took: what a load test asks for.

Times are this machine's, in seconds, whatever the rate of the simulated clock.
"""

import threading
from collections import deque
from dataclasses import dataclass, field
from math import ceil
from typing import Any

MOST_KEPT = 200_000


@dataclass
class Load:
    """Since it was last cleared: how late events were taken, how long webhooks took and how many failed.

    `failed` had no usable answer: none at all, one that came too late, or one of 400 and above.
    """

    late: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    took: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    failed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def was_late(self, seconds: float) -> None:
        """Note an event that was taken so long after its time."""
        self.late.append(seconds)

    def answered(self, seconds: float, *, rightly: bool) -> None:
        """Note a webhook that came back after so long."""
        with self._lock:
            self.took.append(seconds)
            self.failed += not rightly

    def clear(self) -> None:
        """Begin anew."""
        with self._lock:
            self.late.clear()
            self.took.clear()
            self.failed = 0

    def to_json(self) -> dict[str, Any]:
        """Return counts, and the middle, the 99th percentile and the most in milliseconds."""
        late, took = sorted(self.late.copy()), sorted(self.took.copy())
        return {
            "events": len(late), "webhooks": len(took), "failed": self.failed,
            "late_ms": _told(late), "webhook_ms": _told(took),
        }  # fmt: skip


def _told(ordered: list[float]) -> dict[str, float]:
    """Return nearest-rank percentiles; nothing happened in no time."""
    shares = {"p50": 0.5, "p99": 0.99, "most": 1.0}
    return {
        name: ordered[ceil(share * len(ordered)) - 1] * 1e3 if ordered else 0.0
        for name, share in shares.items()
    }
