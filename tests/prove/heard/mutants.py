"""Small faults planted in the product, which the judge must see."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from callcenter.clock_process import SelfRinging
from callcenter.spool import Spool
from callcenter.switchboard import answers, inbound
from callcenter.switchboard.driver import HANG_UP
from callcenter.web.apology import spoken
from callcenter.web.recovery import Recovery
from tests.prove.verdict import Mutant


def _patched(target: str, name: str, value: Any) -> Mutant:
    @contextmanager
    def planted() -> Iterator[None]:
        with patch(f"{target}.{name}", value):
            yield

    return planted


def _on(owner: type, name: str, value: Callable[..., Any]) -> Mutant:
    @contextmanager
    def planted() -> Iterator[None]:
        with patch.object(owner, name, value):
            yield

    return planted


def _hang_up_on_strangers() -> Mutant:
    real = inbound.arrive

    def impatient(work: Any, session: Any, *, to_raw: str, **rest: Any) -> str:
        is_ours = inbound.find_line(session, to_raw) is not None
        return real(work, session, to_raw=to_raw, **rest) if is_ours else HANG_UP

    return _patched("callcenter.switchboard.inbound", "arrive", impatient)


def _somebody_is_always_there() -> Mutant:
    real = answers.CallerDesks.outlook

    def hopeful(desks: answers.CallerDesks, *asked: Any) -> Any:
        return replace(real(desks, *asked), on_duty=1)

    return _on(answers.CallerDesks, "outlook", hopeful)


MUTANTS: Mapping[str, Mutant] = {
    "no Record in the apology": _patched(
        "callcenter.web.emergency", "apology", lambda *_: spoken("failure.ours")
    ),
    "nothing is spooled": _on(Spool, "keep", lambda *_, **__: None),
    "the spool is never read": _on(Recovery, "look", lambda _: True),
    "brought home twice is two tickets": _patched(
        "callcenter.switchboard.answers", "ticket_of_call", lambda *_: None
    ),
    "the clock does nothing itself": _on(SelfRinging, "ring", lambda *_: True),
    "the look back begins now": _patched(
        "callcenter.switchboard.lookback", "take_look", lambda *_, at, **__: at
    ),
    "messages are not looked for": _patched(
        "callcenter.switchboard.lookback", "_unknown_tapes", lambda *_: ()
    ),
    "what was obeyed is ordered again": _patched(
        "callcenter.switchboard.outcomes", "was_obeyed", lambda *_: False
    ),
    "a 404 ends a living call": _patched("callcenter.switchboard.jobs", "leg_is_past", lambda *_: True),
    "absent agents are waited for": _somebody_is_always_there(),
    "a number that is no line is hung up on": _hang_up_on_strangers(),
}
