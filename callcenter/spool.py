"""A folder for what no database could take: one file each, on the disk before the carrier is answered.

The folder belongs to its user alone (0700, files 0600), because numbers of callers are in it. It holds a
bounded number of files. Several processes of one machine may share it. What nobody can use lies in a folder
inside it, for a person to look at.
"""

import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from callcenter.errors import Unavailable

log = structlog.get_logger()
MOST_FILES = 10_000
UNUSABLE = "unusable"
"""The folder of what no database takes."""
MOST_UNUSABLE = 1000
DRAFT_SECONDS = 600.0
"""A draft this old belongs to nobody: whoever wrote it was killed before the carrier was answered."""


class SpoolFull(Unavailable):
    """The folder holds as many files as it may: what else comes is found at the carrier later."""


class Spool:
    """The files of one folder; it is made when the first of them is written."""

    def __init__(self, folder: Path, most_files: int = MOST_FILES) -> None:
        self._folder = folder
        self._most = most_files

    def keep(self, name: str, content: Mapping[str, Any], *, share: float = 1.0) -> None:
        """Write a file so that it survives a power cut; a file of that name is replaced.

        `share` is how much of the folder may be filled before this is refused. Raise OSError where the disk
        refuses, SpoolFull at the bound.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if len(os.listdir(self._folder)) >= self._most * share:  # noqa: PTH208  Only how many there are.
            raise SpoolFull(f"The spool holds {self._most} files.")
        draft = self._folder / f".{name}.{os.getpid()}-{threading.get_ident()}"
        try:
            _write_through(draft, json.dumps(content, ensure_ascii=False).encode())
            draft.replace(self._folder / name)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        _sync_folder(self._folder)

    def files(self) -> list[Path]:
        """Return what is kept, the oldest first."""
        with suppress(FileNotFoundError):
            return [path for _, path in sorted(_ages(self._folder))]
        return []

    def read(self, path: Path) -> dict[str, Any] | None:
        """Return a file's content; None when another process has brought it home, or nobody can read it.

        What is unreadable is put aside.
        """
        try:
            content: dict[str, Any] = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            self.put_aside(path)
            return None
        return content

    def put_aside(self, path: Path) -> None:
        """Move a file that nobody can use out of the way, and tell it once; the oldest such gives way.

        The recording that it tells of is at the carrier all the same, and found there.
        """
        aside = self._folder / UNUSABLE
        aside.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileNotFoundError):  # Another process was first.
            path.replace(aside / path.name)
            log.error("spool.unusable", file=path.name, folder=str(aside))
        for _, old in sorted(_ages(aside))[:-MOST_UNUSABLE]:
            old.unlink(missing_ok=True)

    def remove_drafts(self) -> None:
        """Remove what killed processes have left half written; nobody was told that it is kept."""
        now = time.time()
        for draft in self._folder.glob(".*.json.*"):
            with suppress(FileNotFoundError):
                if now - draft.stat().st_mtime > DRAFT_SECONDS:
                    draft.unlink()

    def forget(self, path: Path) -> None:
        """Remove a file whose content is in the database now."""
        path.unlink(missing_ok=True)


def unusable(folder: Path) -> int:
    """Return how many files of a spool nobody could use, and a person should look at."""
    return sum(1 for _ in (folder / UNUSABLE).glob("*.json"))


def _write_through(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """The name of a new file is the folder's content, and must reach the disk as well."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _ages(folder: Path) -> Iterator[tuple[float, Path]]:
    for path in folder.glob("*.json"):
        with suppress(FileNotFoundError):
            if not path.name.startswith("."):
                yield path.stat().st_mtime, path
