"""`python -m tests.prove.promises.processes MODE PROCESS`: a process of the product that rings often.

`sweeper` is a clock that sweeps whether or not it holds the lease.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from callcenter.bell import RqDoorbell
from callcenter.cli import main
from callcenter.clock_process import Ticker

COPIES = 5


@contextmanager
def everything_five_times() -> Iterator[None]:
    """Let every job be rung five times."""
    real = RqDoorbell.ring_all

    def rings(bell: RqDoorbell, rung: Sequence[Any]) -> bool:
        return real(bell, list(rung) * COPIES)

    with patch.object(RqDoorbell, "ring_all", rings):
        yield


if __name__ == "__main__":
    _, process = sys.argv[1:]
    sys.argv = ["callcenter", "clock" if process == "sweeper" else process]
    with everything_five_times():
        if process == "sweeper":
            with patch.object(Ticker, "_leads", lambda _: True):
                main()
        else:
            main()
