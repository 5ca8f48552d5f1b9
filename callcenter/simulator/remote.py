"""Letting somebody call through a running simulator, and telling what he lives through as it happens."""

import time
from collections.abc import Iterator
from typing import Any

from requests import Session

TIMEOUT = 10.0
POLL_SECONDS = 0.25


def simulate_call(
    base_url: str, *, to: str, from_: str, press: tuple[str, ...] = (), **more: float | str
) -> Iterator[str]:
    """Start a caller and yield the lines of his story until he has hung up: `00:07 pressed 1`.

    `more` are the control API's other fields: name, reaction, hold_seconds, hangup_after. Raise requests'
    errors where the simulator cannot be reached, RuntimeError where it refuses.
    """
    with Session() as session:
        session.trust_env = False
        order = {"to": to, "from": from_, "press": list(press), **more}
        call = _read(session.post(f"{base_url}/simulator/calls", json=order, timeout=TIMEOUT))
        since, ended = 0, False
        while not ended:
            address = f"{base_url}/simulator/calls/{call['id']}?since={since}"
            state = _read(session.get(address, timeout=TIMEOUT))
            yield from (f"{line['at']} {line['text']}" for line in state["lines"])
            since, ended = state["next"], state["ended"]
            time.sleep(0 if ended else POLL_SECONDS)


def _read(answer: Any) -> Any:
    if answer.status_code >= 400:
        raise RuntimeError(f"The simulator refuses: {answer.text}")
    return answer.json()
