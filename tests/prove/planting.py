"""Planting a fault: a part of the product replaced while a proof runs, which must turn it red."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

_planted: list[str] = []


def is_planted() -> bool:
    """Say whether a fault is planted in this process: a proof then must not leave it."""
    return bool(_planted)


def fault(*replacements: tuple[str, Any]) -> Callable[[], AbstractContextManager[None]]:
    """Return what plants a fault: each dotted name is replaced while it lasts."""

    @contextmanager
    def planted() -> Iterator[None]:
        with ExitStack() as stack:
            for name, instead in replacements:
                stack.enter_context(patch(name, instead))
            _planted.append(replacements[0][0])
            try:
                yield
            finally:
                _planted.pop()

    return planted
