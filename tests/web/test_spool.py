"""The spool: on the disk or refused, never half; private; bounded."""

import errno
import os
import stat
from pathlib import Path

import pytest

from callcenter.spool import UNUSABLE, Spool, SpoolFull, unusable

MESSAGE = {"kind": "message", "from_raw": "+8613800138000"}


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "deep" / "spool", most_files=3)


def test_nothing_is_there_before_the_first_file(spool: Spool) -> None:
    assert spool.files() == []


def test_what_is_kept_can_be_read_and_forgotten(spool: Spool) -> None:
    spool.keep("message-1.json", MESSAGE)
    spool.keep("message-1.json", MESSAGE)
    (path,) = spool.files()
    assert spool.read(path) == MESSAGE
    spool.forget(path)
    spool.forget(path)
    assert spool.files() == []
    assert spool.read(path) is None, "another process has brought it home"


# Numbers of callers are in it: nobody else may read it.
def test_it_is_private(spool: Spool, tmp_path: Path) -> None:
    spool.keep("message-1.json", MESSAGE)
    folder = tmp_path / "deep" / "spool"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()] == [0o600]


def test_it_is_bounded_and_leaves_room_for_what_is_worth_more(spool: Spool) -> None:
    spool.keep("apology-1.json", MESSAGE, share=0.5)
    spool.keep("apology-2.json", MESSAGE, share=0.5)
    with pytest.raises(SpoolFull):
        spool.keep("apology-3.json", MESSAGE, share=0.5)
    spool.keep("message-1.json", MESSAGE)
    with pytest.raises(SpoolFull):
        spool.keep("message-2.json", MESSAGE)


# reliability.md F: "Emergency recordings are spooled (fsync)": file and folder, before anybody is told so.
def test_file_and_folder_are_synced_before_it_returns(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def note(descriptor: int) -> None:
        synced.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    spool.keep("message-1.json", MESSAGE)
    assert synced == ["file", "folder"]


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_full_disk_leaves_nothing_half(spool: Spool, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(OSError, match="No space left"):
            spool.keep("message-1.json", MESSAGE)
    assert spool.files() == []
    spool.keep("message-1.json", MESSAGE)
    assert len(spool.files()) == 1


def test_what_a_killed_process_left_half_written_is_no_message(spool: Spool, tmp_path: Path) -> None:
    spool.keep("message-1.json", MESSAGE)
    (tmp_path / "deep" / "spool" / ".message-2.json.17-4711").write_text('{"kind": "mess')
    assert [path.name for path in spool.files()] == ["message-1.json"]


def test_what_nobody_can_read_is_put_aside_and_kept(spool: Spool, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "spool"
    spool.keep("message-1.json", MESSAGE)
    (folder / "message-1.json").write_text("not JSON")
    (path,) = spool.files()
    assert spool.read(path) is None
    assert spool.files() == []
    assert [path.name for path in (folder / UNUSABLE).iterdir()] == ["message-1.json"]
    assert stat.S_IMODE((folder / UNUSABLE).stat().st_mode) == 0o700


def test_what_lies_aside_is_bounded_and_the_oldest_gives_way(
    spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter.spool.MOST_UNUSABLE", 2)
    folder = tmp_path / "deep" / "spool"
    for n in range(3):
        spool.keep(f"message-{n}.json", MESSAGE)
        os.utime(folder / f"message-{n}.json", (n, n))
        spool.put_aside(folder / f"message-{n}.json")
    spool.put_aside(folder / "message-3.json")
    assert sorted(path.name for path in (folder / UNUSABLE).iterdir()) == ["message-1.json", "message-2.json"]
    assert unusable(folder) == 2
