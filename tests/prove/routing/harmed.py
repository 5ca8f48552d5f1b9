"""`python -m tests.prove.routing.harmed FAULT PROCESS`: a process of the product with a fault planted."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

from callcenter.cli import main
from callcenter.routing import actions as routing
from callcenter.switchboard import answers, sweeps
from ivr import asks
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


@contextmanager
def _promised_in_words_only() -> Iterator[None]:
    """Let one caller in ten find nobody; the call that he is promised is written nowhere."""
    finds, books = answers._ANSWERS[asks.FindAgent], answers._ANSWERS[asks.BookCallback]

    def finds_nobody(desks: answers.CallerDesks, ask: asks.FindAgent) -> asks.Answer:
        unlucky = str(desks.call.from_number).endswith("7")
        return asks.NobodyThere() if unlucky else finds(desks, ask)

    def forgets(desks: answers.CallerDesks, ask: asks.BookCallback) -> asks.Answer:
        with desks.session.begin_nested() as kept:
            told = books(desks, ask)
            kept.rollback()
        desks.call.promised = True
        return told

    with patch.dict(answers._ANSWERS, {asks.FindAgent: finds_nobody, asks.BookCallback: forgets}):
        yield


FAULTS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "lost ends are not found": _ends_not_found,
    "a missed caller is not in line again": _not_in_line_again,
    "notes without end": notes_without_end,
    "promised in words only": _promised_in_words_only,
}

if __name__ == "__main__":
    fault, process = sys.argv[1:]
    sys.argv = ["callcenter", process]
    with FAULTS[fault]():
        main()
