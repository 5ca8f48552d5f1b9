"""Child processes that never outlive us, however we end: even `kill -9` of the parent ends them (Linux)."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def spawn(
    command: Sequence[str], *, at_parents_death: int = signal.SIGTERM, **options: Any
) -> subprocess.Popen[bytes]:
    """Start a child that gets a signal when the thread that started it ends.

    Call it from a thread that lives as long as the child should: the kernel watches that thread, not
    the whole process. `options` are those of `subprocess.Popen`, whose instance is returned. Where the
    kernel has no parent-death signal (macOS) the child is an ordinary one.
    """
    parent = os.getpid()

    def die_with_parent() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, at_parents_death)
            if os.getppid() != parent:
                os.kill(os.getpid(), at_parents_death)

    return subprocess.Popen(command, preexec_fn=die_with_parent, **options)  # noqa: PLW1509, S603
