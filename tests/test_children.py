"""Children that never outlive their parent."""

import subprocess
import sys

from callcenter.children import spawn
from tests.servers import ROOT, alive
from tests.waiting import until

PARENT = """
import subprocess, sys
from callcenter.children import spawn
child = spawn([sys.executable, "-c", "import signal; signal.pause()"])
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_a_child_dies_with_a_parent_that_was_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.kill()
        until(lambda: not alive(child))


def test_a_child_is_an_ordinary_process() -> None:
    child = spawn([sys.executable, "-c", "print('here')"], stdout=subprocess.PIPE)
    assert child.communicate()[0] == b"here\n"
    assert child.returncode == 0
