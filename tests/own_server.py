"""A PostgreSQL server of a test's own that can be stopped, killed and copied to a replica."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg2

from workbench.store.account import Account, server_account
from workbench.store.binaries import find_binaries, runnable_by
from workbench.store.keeper import is_server_process, server_processes

FAST = {
    "listen_addresses": "",
    "fsync": "off",
    "shared_buffers": "16MB",
    "max_connections": "40",
    "wal_level": "replica",
    "max_wal_senders": "4",
    "hot_standby": "on",
    "dynamic_shared_memory_type": "sysv",
}


class OwnServer:
    """One cluster in a folder, reached through a unix socket as the superuser `root_of_it`."""

    def __init__(self, folder: Path, name: str, account: Account, bin_dir: Path) -> None:
        self.folder, self.name, self._account, self._bin_dir = folder, name, account, bin_dir
        self.data = folder / name
        self.sockets = folder / f"{name}-socket"
        self.sockets.mkdir(mode=0o700)
        shutil.chown(self.sockets, account.uid, account.gid)

    def url(self, database: str = "bars") -> str:
        return f"postgresql://root_of_it@/{database}?host={self.sockets}&port=5432"

    def run(self, program: str, *arguments: str | Path) -> None:
        command = [self._bin_dir / program, *arguments]
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, cwd="/", **self._account.switch()
        )

    def create(self) -> None:
        self.run("initdb", "-D", self.data, "-U", "root_of_it", "-A", "trust", "--no-sync")
        self.start()
        self.sql("CREATE DATABASE bars", database="postgres")

    def copy_to(self, replica: OwnServer) -> None:
        """Make `replica` a streaming replica of this server, and start it."""
        self.run(
            "pg_basebackup",
            *("-h", self.sockets, "-p", "5432", "-U", "root_of_it", "-D", replica.data),
            *("--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--wal-method=stream"),
        )
        replica.start()

    def start(self) -> None:
        options = {**FAST, "unix_socket_directories": self.sockets, "cluster_name": self.name}
        given = " ".join(f"-c {name}='{value}'" for name, value in options.items())
        log = self.folder / f"{self.name}.log"
        self.run("pg_ctl", "-D", self.data, "-o", given, "-l", log, "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        self.run("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")

    def end(self) -> None:
        """Stop it, whatever state it is in."""
        if (self.data / "postmaster.pid").exists():
            with suppress(subprocess.CalledProcessError):
                self.stop("immediate")

    def kill_all(self) -> None:
        """`kill -9` all its processes."""
        pids = server_processes(str(self.data))
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        while any(is_server_process(pid, str(self.data)) for pid in pids):
            time.sleep(0.01)
        # Where nobody reaps the dead, their pids would stop the next start.
        (self.data / "postmaster.pid").unlink()
        (self.sockets / ".s.PGSQL.5432.lock").unlink()

    def sql(self, statement: str, database: str = "bars") -> list[tuple[object, ...]]:
        connection = psycopg2.connect(self.url(database))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder with a short name, in memory where there is room."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2**30
    folder = Path(tempfile.mkdtemp(prefix="wb-own-", dir=memory if roomy else "/var/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def own_servers(*names: str) -> Iterator[list[OwnServer]]:
    """Servers that are not made yet, in one folder that is removed at the end."""
    with own_folder() as folder:
        account = server_account(folder / "data")
        shutil.chown(folder, account.uid, account.gid)
        bin_dir = runnable_by(account, find_binaries(), folder).bin_dir
        servers = [OwnServer(folder, name, account, bin_dir) for name in names]
        try:
            yield servers
        finally:
            for server in servers:
                server.end()
