"""One writer at a time on SQLite, and nobody forgotten."""

import errno
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.sqlite import Turns, WriterLock
from tests.waiting import until

PATIENCE = 20.0


def waiting_for(lock: WriterLock, turns: list[str], name: str) -> Callable[[], None]:
    """Return what takes the turn and writes down whose it was."""

    def waits() -> None:
        with lock.held():
            turns.append(name)

    return waits


# 0009: "in the order in which they came": whoever has just written does not come again before who waits.
def test_writers_come_in_the_order_in_which_they_asked(tmp_path: Path) -> None:
    path, turns, threads = tmp_path / "db.lock", list[str](), []
    ours = WriterLock(path, wait_seconds=PATIENCE)
    names = [f"process {n}" for n in range(5)]
    with ours.held():
        for n, name in enumerate(names):
            theirs = WriterLock(path, wait_seconds=PATIENCE)
            threads.append(threading.Thread(target=waiting_for(theirs, turns, name)))
            threads[-1].start()
            until((tmp_path / f"db.lock.{n + 2}").exists)
    with ours.held():
        turns.append("who has been")
    for thread in threads:
        thread.join()
    assert turns == [*names, "who has been"]


def test_nothing_is_left_behind_but_the_lock_and_the_number(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path / "db.lock", wait_seconds=PATIENCE)
    for _ in range(3):
        with lock.held():
            pass
    assert {path.name: int(path.read_text() or 0) for path in tmp_path.iterdir()} == {
        "db.lock": 0,
        "db.lock.next": 3,
    }


def test_whoever_waits_too_long_is_told_and_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "db.lock"
    ours = WriterLock(path, wait_seconds=PATIENCE)
    with ours.held():
        hasty = WriterLock(path, wait_seconds=0.05)
        with pytest.raises(Unavailable, match="busy"), hasty.held():
            pass
    with ours.held():
        assert not list(tmp_path.glob("db.lock.[0-9]*"))


# flock(2): "the lock is released […] when all such file descriptors have been closed".
def test_a_number_whose_owner_was_killed_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "db.lock"
    ours = WriterLock(path, wait_seconds=PATIENCE)
    waits = (
        "import sys; from pathlib import Path; from callcenter.sqlite import WriterLock\n"
        "with WriterLock(Path(sys.argv[1]), wait_seconds=60).held(): pass"
    )
    with ours.held():
        killed = subprocess.Popen([sys.executable, "-c", waits, str(path)])
        until((tmp_path / "db.lock.2").exists)
        turns: list[str] = []
        theirs = WriterLock(path, wait_seconds=PATIENCE)
        next_one = threading.Thread(target=waiting_for(theirs, turns, "the next"))
        next_one.start()
        until((tmp_path / "db.lock.3").exists)
        killed.kill()
        killed.wait()
    next_one.join()
    assert turns == ["the next"]


def test_threads_come_in_the_order_in_which_they_asked() -> None:
    turns, order, threads = Turns(), list[int](), []
    assert turns.acquire(PATIENCE)

    def waits(number: int) -> None:
        assert turns.acquire(PATIENCE)
        order.append(number)
        turns.release()

    for number in range(5):
        threads.append(threading.Thread(target=waits, args=(number,)))
        threads[-1].start()
        until(lambda number=number: len(turns._waiting) == number + 1)  # type: ignore[misc]
    turns.release()
    for thread in threads:
        thread.join()
    assert order == list(range(5))


def test_a_thread_that_gives_up_leaves_the_line() -> None:
    turns = Turns()
    assert turns.acquire(PATIENCE)
    assert not turns.acquire(0.01)
    turns.release()
    assert turns.acquire(0.01), "nobody holds it"


def test_a_job_waits_longer_for_its_turn_than_a_webhook(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/db"
    holder, webhook = Database(url), Database(url, turn_wait_seconds=0.05)
    job, done = Database(url, turn_wait_seconds=PATIENCE), list[str]()

    def works() -> None:
        with job.transaction():
            done.append("the job")

    thread = threading.Thread(target=works)
    with holder.transaction():
        thread.start()
        with pytest.raises(Unavailable), webhook.transaction():
            pass
    thread.join()
    assert done == ["the job"]


# reliability.md F, "disk full": whoever waits for the database to come back must hear that it is the database
# that does not take it. A file of the spool that failed otherwise is put aside.
def test_a_folder_that_takes_no_files_is_a_database_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = WriterLock(tmp_path / "db.lock", wait_seconds=PATIENCE)
    real = Path.open

    def full(path: Path, mode: str = "r") -> object:
        if not path.exists() and "a" in mode:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, mode)

    with lock.held():
        pass
    with monkeypatch.context() as patch, pytest.raises(Unavailable, match="disk"):
        patch.setattr(Path, "open", full)
        with lock.held():
            pass
    with lock.held():
        assert not list(tmp_path.glob("db.lock.[0-9]*"))


def test_what_goes_wrong_in_somebodys_turn_is_told_as_it_is(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path / "db.lock", wait_seconds=PATIENCE)
    for fault in (OSError(errno.EIO, "of his own"), FileNotFoundError("of his own")):
        with pytest.raises(type(fault), match="of his own"), lock.held():
            raise fault
