"""Locks, liveness and shutdown of the embedded server; the process that waits for its last user.

The kernel counts the users: each holds a shared `flock` on `users.lock`, which a `kill -9` drops as
surely as a clean exit does. The keeper blocks on the exclusive lock, so it wakes when nobody is
left. It lives as long as its users, next to every one of them, so it imports nothing but the
smallest part of the standard library; run as a script it must not need the `workbench` package.

Whoever starts or stops anything holds `start.lock`. A user registers under `start.lock`, and the
keeper stops the server under `start.lock` after it has seen, under it, that no user is registered:
so a server that somebody has just acquired is never stopped.

`server.lock` is held by the postmaster and inherited by all its processes: when it is free, none
of them is left, whatever `postmaster.pid` says and in whichever PID namespace they ran.
"""

# pathlib would be the largest thing in the keeper's memory:
# ruff: noqa: PTH110, PTH116, PTH118, PTH123, PTH208

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time

POLL_S = 0.005
SHUTDOWN_S = 30.0


def open_lock(state_dir: str, name: str) -> int:
    """A new descriptor, closed on exec, of a lock file that is made when missing."""
    return os.open(os.path.join(state_dir, name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int, operation: int) -> bool:
    """Whether `flock` could take the lock now."""
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_held(state_dir: str, name: str) -> bool:
    """Whether some process holds the lock exclusively; looks without leaving a trace."""
    descriptor = open_lock(state_dir, name)
    try:
        return not try_lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def read_text(path: str) -> str:
    """The file's text, or "" when it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def is_server_process(pid: int, data_dir: str) -> bool:
    """Whether `/proc` says that `pid` is a live postgres of this data directory.

    A postgres runs as the owner of its data directory and works inside it. Where the working
    directory may not be read (root in a container without CAP_SYS_PTRACE), the command line speaks.

    >>> is_server_process(os.getpid(), "/")
    False
    """
    process = f"/proc/{pid}"
    command = read_text(f"{process}/cmdline")  # empty for a zombie
    if not command or read_text(f"{process}/comm").strip() != "postgres":
        return False
    try:
        if os.stat(process).st_uid != os.stat(data_dir).st_uid:
            return False
        return os.path.samestat(os.stat(f"{process}/cwd"), os.stat(data_dir))
    except PermissionError:
        return data_dir in command.split("\0")
    except OSError:
        return False


def postmaster(data_dir: str) -> tuple[int, str] | None:
    """The live postmaster's pid and state ("starting", "ready", "stopping", …), or None.

    >>> postmaster("/nowhere") is None
    True
    """
    lines = read_text(os.path.join(data_dir, "postmaster.pid")).splitlines()
    if not lines or not lines[0].strip().isdigit():
        return None
    pid = int(lines[0])
    if not is_server_process(pid, data_dir):
        return None
    return pid, lines[7].strip() if len(lines) > 7 else "starting"


def server_processes(data_dir: str) -> list[int]:
    """The pids of all live postgres processes of this data directory, orphans included."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [pid for pid in pids if is_server_process(pid, data_dir)]


def stop_server(state_dir: str, shutdown_s: float = SHUTDOWN_S) -> bool:
    """Shut the server down and wait until it is gone; False when it was not running.

    First the fast way (transactions roll back, a checkpoint is written), then, after `shutdown_s`
    seconds, the immediate one (the next start recovers from the log). The caller holds
    `start.lock`. Raises TimeoutError when neither works.
    """
    data_dir = os.path.join(state_dir, "data")
    found = postmaster(data_dir)
    if found is None:
        return False
    for order in (signal.SIGINT, signal.SIGQUIT):
        if is_server_process(found[0], data_dir):
            os.kill(found[0], order)
        deadline = time.monotonic() + shutdown_s
        while time.monotonic() < deadline:
            if not is_server_process(found[0], data_dir) and not is_held(state_dir, "server.lock"):
                return True
            time.sleep(POLL_S)
    raise TimeoutError(f"PostgreSQL (pid {found[0]}) does not stop")


def wait_and_stop(state_dir: str, keeper_lock: int) -> None:
    """Block until no user is left, then stop the server unless it is marked to be kept."""
    users, start = open_lock(state_dir, "users.lock"), open_lock(state_dir, "start.lock")
    while True:
        fcntl.flock(users, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_UN)  # never wait for start.lock with this one in hand
        fcntl.flock(start, fcntl.LOCK_EX)
        if try_lock(users, fcntl.LOCK_EX):
            break
        fcntl.flock(start, fcntl.LOCK_UN)
    try:
        if not os.path.exists(os.path.join(state_dir, "keep")):
            stop_server(state_dir)
    finally:
        os.close(keeper_lock)  # before start.lock, so that the next starter sees no keeper
        os.close(users)
        os.close(start)


def main() -> None:
    """`keeper.py STATE_DIR KEEPER_LOCK_DESCRIPTOR`: leave the starter's family, then wait."""
    if os.fork():
        os._exit(0)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    wait_and_stop(sys.argv[1], int(sys.argv[2]))


if __name__ == "__main__":
    main()
