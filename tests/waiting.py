"""Waiting for what another process or thread does: as short as it takes, and never in vain."""

import threading
from collections.abc import Callable


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Ask again and again; raise TimeoutError when it never became true."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        pause.wait(0.02)
    raise TimeoutError(f"nothing happened within {seconds} s")
