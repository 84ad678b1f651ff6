"""The embedded PostgreSQL: started by its first user, shared by all, gone with the last one.

Files below the state directory: `data` (the cluster), `run` (the socket), `server.log`, the
configuration, `version`, `keep` (the mark that the server stays), `binaries` (a copy, where root
needs one) and four lock files, which are never removed: see `keeper.py` for what they mean.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from workbench.errors import ServerError
from workbench.store import cluster, keeper
from workbench.store.account import check_reachable, make_state_dir, server_account
from workbench.store.binaries import find_binaries, runnable_by

# One thread of a process starts or stops at a time, and no fork happens meanwhile: a child made in
# that moment would inherit lock descriptors that must end with the server or its keeper.
_STARTING = threading.RLock()
os.register_at_fork(
    before=_STARTING.acquire,
    after_in_parent=_STARTING.release,
    after_in_child=_STARTING.release,
)


@dataclass(frozen=True)
class Address:
    """Where a server listens: a directory with a unix socket."""

    socket_dir: Path
    port: int

    def url(self, role: str, database: str = cluster.DATABASE) -> str:
        """The SQLAlchemy URL to connect as `role`; the operating system vouches, no password.

        >>> Address(Path("/run/x"), 5432).url("workbench_reader")
        'postgresql+psycopg2://workbench_reader@/workbench?host=/run/x&port=5432'
        """
        host = quote(str(self.socket_dir), safe="/")
        return f"postgresql+psycopg2://{role}@/{database}?host={host}&port={self.port}"


@dataclass(frozen=True)
class ServerStatus:
    """What is known of the server without touching it; `pid` is None when it does not run.

    `version` is the one last started ("18.6"), None before the first start. `users` counts the
    processes that have acquired it, a process and its forks as one.
    """

    running: bool
    pid: int | None
    version: str | None
    data_dir: Path
    socket_dir: Path
    log: Path
    kept: bool
    users: int


class EmbeddedServer:
    """A handle on the server of one state directory; making one does nothing.

    Thread-safe. A forked child shares its parent's registration, which ends when both have
    released it or exited; a child started by exec does not inherit it. A fork in one thread waits
    while another thread starts or stops a server.

    >>> EmbeddedServer(Path("/nonexistent/state")).status().running
    False
    """

    def __init__(
        self, state_dir: Path, *, keep: bool = False, start_timeout_s: float = 60.0
    ) -> None:
        self.state_dir = state_dir
        self.keep = keep
        self.start_timeout_s = start_timeout_s
        self._users_lock: int | None = None

    def acquire(self) -> Address:
        """Register this process as a user, start the server when it is not running, say where.

        The server then stays at least until `release` or the end of the process, however it ends.
        Called again, it checks again, and restarts a server that has crashed.
        Raises ServerError when the server cannot be started.
        """
        with _STARTING, self._starting() as (state_dir, start_lock):
            newcomer = self._users_lock is None
            if self._users_lock is None:
                self._users_lock = keeper.open_lock(str(state_dir), "users.lock")
                fcntl.flock(self._users_lock, fcntl.LOCK_SH)
            try:
                if self.keep:
                    (state_dir / "keep").touch()
                return self._ensure_running(state_dir, start_lock)
            except BaseException:
                if newcomer:
                    self._leave()
                raise

    def release(self) -> None:
        """No longer use the server; the last user's leaving stops it, unless it is kept."""
        with _STARTING:
            self._leave()

    def stop(self) -> bool:
        """Stop the server now, whoever uses it, and forget that it was to be kept.

        Returns False when it was not running. Raises ServerError when it does not stop.
        """
        if not self.state_dir.is_dir():
            return False
        with _STARTING, self._starting() as (state_dir, _):
            (state_dir / "keep").unlink(missing_ok=True)
            return keeper.stop_server(str(state_dir), self.start_timeout_s)

    def keep_running(self) -> None:
        """Start the server if needed and leave it running, users or not, until `stop`.

        Raises ServerError when the server cannot be started.
        """
        with _STARTING, self._starting() as (state_dir, start_lock):
            (state_dir / "keep").touch()
            self._ensure_running(state_dir, start_lock)

    def status(self) -> ServerStatus:
        """What runs and where; starts nothing and waits for nothing."""
        state_dir = Path(os.path.realpath(self.state_dir))
        data_dir = state_dir / "data"
        found = keeper.postmaster(str(data_dir))
        return ServerStatus(
            running=found is not None and found[1] == "ready",
            pid=found[0] if found else None,
            version=keeper.read_text(str(state_dir / "version")) or None,
            data_dir=data_dir,
            socket_dir=cluster.socket_directory(state_dir),
            log=state_dir / "server.log",
            kept=(state_dir / "keep").exists(),
            users=count_shared_locks(state_dir / "users.lock"),
        )

    def _leave(self) -> None:
        if self._users_lock is not None:
            os.close(self._users_lock)  # not LOCK_UN, which would end a forked child's use as well
            self._users_lock = None

    @contextmanager
    def _starting(self) -> Iterator[tuple[Path, int]]:
        """Hold `start.lock`; gives the real state directory and the lock's descriptor."""
        state_dir = Path(os.path.realpath(self.state_dir))
        if not Path("/proc/self/cmdline").exists():
            raise ServerError(
                "the embedded server needs Linux's /proc; "
                "set WORKBENCH_DATABASE_URL to a server of your own"
            )
        make_state_dir(state_dir)
        try:
            start_lock = keeper.open_lock(str(state_dir), "start.lock")
        except OSError as error:
            raise ServerError(f"cannot write in {state_dir}: {error.strerror}") from error
        try:
            self._wait_for(start_lock)
            yield state_dir, start_lock
        except OSError as error:
            raise ServerError(f"the embedded server in {state_dir}: {error}") from error
        finally:
            fcntl.flock(start_lock, fcntl.LOCK_UN)  # an interrupted initdb may hold a copy
            os.close(start_lock)

    def _wait_for(self, start_lock: int) -> None:
        deadline = time.monotonic() + self.start_timeout_s
        while not keeper.try_lock(start_lock, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise ServerError(
                    "another process has been starting or stopping the embedded server "
                    f"for {self.start_timeout_s:g} s; try again, or see `workbench status`"
                )
            time.sleep(keeper.POLL_S)

    def _ensure_running(self, state_dir: Path, start_lock: int) -> Address:
        cluster.bound_log(state_dir)
        if not (state_dir / "keep").exists():
            ensure_keeper(state_dir)
        address = Address(cluster.socket_directory(state_dir), cluster.PORT)
        found = keeper.postmaster(str(state_dir / "data"))
        if found is not None and found[1] == "starting":
            cluster.wait_ready(state_dir, cluster.log_size(state_dir), self.start_timeout_s)
        elif found is not None and found[1] == "stopping":
            keeper.stop_server(str(state_dir), self.start_timeout_s)
            found = None
        if found is None:
            self._start(state_dir, start_lock)
        if not (address.socket_dir / cluster.SOCKET).exists():
            raise ServerError(
                f"PostgreSQL runs, but its socket has gone from {address.socket_dir}; "
                "run `workbench down`, then try again"
            )
        return address

    def _start(self, state_dir: Path, start_lock: int) -> None:
        data_dir = state_dir / "data"
        account = server_account(data_dir)
        check_reachable(state_dir, account)
        binaries = runnable_by(account, find_binaries(), state_dir)
        if not data_dir.exists():
            cluster.initialise(state_dir, binaries, account, start_lock)
        cluster.check_version(data_dir, binaries)
        cluster.start(state_dir, binaries, account, self.start_timeout_s)
        (state_dir / "version").write_text(binaries.version)


def ensure_keeper(state_dir: Path) -> None:
    """Start the process that stops the server after its last user, unless it lives already."""
    lock = keeper.open_lock(str(state_dir), "keeper.lock")
    try:
        if not keeper.try_lock(lock, fcntl.LOCK_EX):
            return
        python = sys.executable or shutil.which("python3") or "python3"
        subprocess.run(
            [python, "-I", "-S", keeper.__file__, state_dir, str(lock)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=cluster.ENVIRONMENT,
            start_new_session=True,
            pass_fds=(lock,),
            check=True,
        )
    except subprocess.CalledProcessError as error:
        raise ServerError(f"cannot start the embedded server's keeper: {error}") from error
    finally:
        os.close(lock)


def count_shared_locks(path: Path) -> int:
    """How many open files hold the lock file shared, as the kernel lists them; 0 if none exists.

    >>> count_shared_locks(Path("/nonexistent"))
    0
    """
    try:
        inode = path.stat().st_ino
    except OSError:
        return 0
    held = re.compile(rf"^\d+: FLOCK +ADVISORY +READ +\S+ \S+:{inode} ", re.MULTILINE)
    return len(held.findall(keeper.read_text("/proc/locks")))
