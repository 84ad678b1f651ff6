"""The embedded server's files and its processes: initialise, check, clear after a crash, start.

Every function here runs with `start.lock` held by the caller.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path

from workbench.errors import ServerError
from workbench.store import keeper
from workbench.store.account import Account, private_directory
from workbench.store.binaries import Binaries
from workbench.store.server_config import configuration, ident_map

OWNER = "workbench_owner"
DATABASE = "workbench"
PORT = 5432
SOCKET = f".s.PGSQL.{PORT}"
SOCKET_PATH_LIMIT_BYTES = 107
LOG_LIMIT_BYTES = 16 * 2**20
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}  # no PG* variable of the user's shell


def socket_directory(state_dir: Path) -> Path:
    """`run` below the state directory, or one in `/tmp` where that path would not do.

    The kernel allows 107 bytes for a socket's path; libpq splits a host name at commas.

    >>> socket_directory(Path("/var/lib/workbench"))
    PosixPath('/var/lib/workbench/run')
    """
    near = state_dir / "run"
    short = len(os.fsencode(near / SOCKET)) <= SOCKET_PATH_LIMIT_BYTES
    if short and re.fullmatch(r"/[\w./+=~ -]*", str(near)):
        return near
    digest = hashlib.sha256(os.fsencode(state_dir)).hexdigest()[:16]
    return Path("/tmp") / f"workbench-{os.geteuid()}-{digest}"


def initialise(state_dir: Path, binaries: Binaries, account: Account, start_lock: int) -> None:
    """Make the cluster with its owner role and database; all of it, or nothing.

    It is built aside and renamed. The children inherit `start_lock`: when this process is killed,
    the next starter waits until they are gone before it sweeps up what they left.
    """
    for leftover in state_dir.glob("data.init-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    unfinished = Path(tempfile.mkdtemp(prefix="data.init-", dir=state_dir))
    try:
        os.chown(unfinished, account.uid, account.gid)
        make_cluster(unfinished, binaries, account, start_lock)
        unfinished.rename(state_dir / "data")
        sync_directory(state_dir)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def make_cluster(data_dir: Path, binaries: Binaries, account: Account, start_lock: int) -> None:
    """`initdb`, then the database, by a single-user server that leaves nothing running.

    What they write goes to the disk once, at the end: file by file it would take seconds.
    """
    initdb = [str(binaries.bin_dir / "initdb"), "-D", str(data_dir)]
    access = ["-U", OWNER, "--auth-local=peer", "--auth-host=reject", "--encoding=UTF8"]
    quick = ["--no-sync", "--no-instructions"]
    run([*initdb, *access, *quick, *locale_options(binaries.major)], account, start_lock)
    single = [str(binaries.bin_dir / "postgres"), "--single", "-D", str(data_dir)]
    careless = ["-c", "exit_on_error=on", "-c", "fsync=off", "postgres"]
    run([*single, *careless], account, start_lock, f"CREATE DATABASE {DATABASE}\n")
    whole = ["--sync-method=syncfs"] if binaries.major >= 17 else []
    run([*initdb, "--sync-only", *whole], account, start_lock)


def locale_options(major: int) -> list[str]:
    """Code-point order everywhere, from PostgreSQL itself where it can.

    >>> locale_options(15)
    ['--locale=C']
    """
    if major < 17:
        return ["--locale=C"]
    return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]


def run(command: list[str], account: Account, start_lock: int, text: str = "") -> None:
    """Run one of PostgreSQL's programs to its end as `account`; ServerError when it fails."""
    done = subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        errors="replace",
        cwd="/",
        env=ENVIRONMENT,
        start_new_session=True,
        pass_fds=(start_lock,),
        check=False,
        **account.switch(),
    )
    if done.returncode:
        reason = essence(done.stderr) or f"exit status {done.returncode}"
        raise ServerError(f"{Path(command[0]).name} failed: {reason}")


def sync_directory(path: Path) -> None:
    """Make a rename inside `path` survive a power failure."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_version(data_dir: Path, binaries: Binaries) -> None:
    """Raise ServerError unless the cluster was made by the same major version."""
    made_by = keeper.read_text(str(data_dir / "PG_VERSION")).strip()
    if made_by != str(binaries.major):
        raise ServerError(
            f"the data in {data_dir} is of PostgreSQL {made_by or '(unreadable)'}, but the server "
            f"found is {binaries.version}; install a PostgreSQL {made_by or 'that fits'}, "
            "or move the data away to begin anew"
        )


def clear_crash(state_dir: Path, socket_dir: Path, timeout_s: float) -> None:
    """Remove what a killed server left: its orphans first, then its two lock files.

    Called when no postmaster is alive. Orphans of a killed one can do nothing useful any more.
    Raises ServerError when processes remain that this process cannot see.
    """
    data_dir = state_dir / "data"
    deadline = time.monotonic() + timeout_s
    while (orphans := keeper.server_processes(str(data_dir))) or keeper.is_held(
        str(state_dir), "server.lock"
    ):
        for pid in orphans:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if time.monotonic() > deadline:
            raise ServerError(
                f"processes of a former server still use {data_dir}, perhaps in another container; "
                "stop them there, or set WORKBENCH_STATE_DIR to a directory of this machine's own"
            )
        time.sleep(keeper.POLL_S)
    for path in (data_dir / "postmaster.pid", socket_dir / SOCKET, socket_dir / f"{SOCKET}.lock"):
        path.unlink(missing_ok=True)


def start(state_dir: Path, binaries: Binaries, account: Account, timeout_s: float) -> None:
    """Start the server on its checked and cleared cluster; returns when it accepts connections."""
    socket_dir = private_directory(socket_directory(state_dir), account)
    clear_crash(state_dir, socket_dir, timeout_s)
    write_configuration(state_dir, socket_dir, account)
    seen_bytes = log_size(state_dir)
    spawn(state_dir, binaries, account)
    wait_ready(state_dir, seen_bytes, timeout_s)


def write_configuration(state_dir: Path, socket_dir: Path, account: Account) -> None:
    """Write the three configuration files, which the server's account reads and cannot change."""
    files = configuration(state_dir, socket_dir, PORT)
    own = Account.of(os.geteuid())
    files["pg_ident.conf"] = ident_map([own.name, account.name])
    for name, text in files.items():
        unfinished = state_dir / f"{name}.new"
        unfinished.write_text(text, encoding="utf-8")
        unfinished.chmod(0o644)
        unfinished.replace(state_dir / name)


def spawn(state_dir: Path, binaries: Binaries, account: Account) -> None:
    """Start a postmaster as nobody's child, in its own session, with `server.lock` in its hands."""
    server = [str(binaries.bin_dir / "postgres"), "-D", str(state_dir / "data")]
    command = [*server, "-c", f"config_file={state_dir / 'postgresql.conf'}"]
    server_lock = keeper.open_lock(str(state_dir), "server.lock")
    log = os.open(state_dir / "server.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(server_lock, fcntl.LOCK_EX)
        subprocess.run(
            ["/bin/sh", "-c", '"$@" &', "sh", *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=ENVIRONMENT,
            start_new_session=True,
            pass_fds=(server_lock,),
            check=True,
            **account.switch(),
        )
    finally:
        os.close(log)
        os.close(server_lock)


def log_size(state_dir: Path) -> int:
    """Bytes in the server's log; 0 when there is none."""
    log = state_dir / "server.log"
    return log.stat().st_size if log.exists() else 0


def wait_ready(state_dir: Path, seen_bytes: int, timeout_s: float) -> None:
    """Wait for the postmaster's own word that it accepts connections.

    Raises ServerError, with what the log says after its first `seen_bytes`, when it dies instead.
    """
    data_dir, log = str(state_dir / "data"), state_dir / "server.log"
    deadline = time.monotonic() + timeout_s
    while True:
        alive = keeper.is_held(str(state_dir), "server.lock")
        found = keeper.postmaster(data_dir)
        if found is not None and found[1] == "ready":
            return
        if not alive and found is None:
            with log.open("rb") as file:
                file.seek(seen_bytes)
                reason = essence(file.read().decode(errors="replace"))
            raise ServerError(
                f"PostgreSQL does not start: {reason or 'no reason given'}; see {log}"
            )
        if time.monotonic() > deadline:
            raise ServerError(
                f"PostgreSQL is not ready after {timeout_s:g} s (it may be recovering); see {log}, "
                "or raise WORKBENCH_SERVER_START_TIMEOUT_S"
            )
        time.sleep(keeper.POLL_S)


def essence(log_text: str) -> str:
    """The line of a server's output that says why it failed.

    >>> essence("2026 UTC [7] LOG:  hm\\n2026 UTC [7] FATAL:  no room\\n2026 UTC [7] LOG:  bye\\n")
    'no room'
    """
    lines = [line.strip() for line in log_text.splitlines() if line.strip()]
    serious = [line for line in lines if re.search(r"\b(FATAL|PANIC|ERROR|error):", line)]
    chosen = (serious or lines or [""])[-1]
    return re.sub(r"^.*?\b(FATAL|PANIC|ERROR|LOG|error):\s*", "", chosen)


def bound_log(state_dir: Path, limit_bytes: int = LOG_LIMIT_BYTES) -> None:
    """Keep the log below about twice `limit_bytes`: the older part moves to `server.log.1`.

    The server appends to an open file, so the file stays and is emptied.
    """
    if log_size(state_dir) > limit_bytes:
        log, older = state_dir / "server.log", state_dir / "server.log.1"
        shutil.copyfile(log, older)
        older.chmod(stat.S_IRUSR | stat.S_IWUSR)
        os.truncate(log, 0)
