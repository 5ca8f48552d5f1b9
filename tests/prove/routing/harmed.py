"""`python -m tests.prove.routing.harmed FAULT PROCESS`: a process of the product with a fault planted."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

from callcenter.cli import main
from callcenter.routing import actions as routing
from callcenter.switchboard import sweeps
from tests.prove.routing.stranded import notes_without_end


@contextmanager
def _ends_not_found() -> Iterator[None]:
    """Let the clock not ask the carrier about legs of which it hears nothing."""
    with patch("callcenter.clock_process.SWEEPS", [s for s in sweeps.SWEEPS if s.name != "silent_legs"]):
        yield


@contextmanager
def _not_in_line_again() -> Iterator[None]:
    """Let a caller whose agent did not take the call stay offered to nobody."""
    real = routing.lose_offer

    def loses(session: Any, offer: Any, wait: Any, *how: Any) -> bool:
        lost = real(session, offer, wait, *how)
        if lost and wait.state == "waiting":
            wait.state = "offered"
        return lost

    with patch.object(routing, "lose_offer", loses):
        yield


FAULTS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "lost ends are not found": _ends_not_found,
    "a missed caller is not in line again": _not_in_line_again,
    "notes without end": notes_without_end,
}

if __name__ == "__main__":
    fault, process = sys.argv[1:]
    sys.argv = ["callcenter", process]
    with FAULTS[fault]():
        main()
