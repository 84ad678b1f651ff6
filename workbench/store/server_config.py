"""The embedded server's configuration files, written anew at every start."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

ROLES = ("workbench_owner", "workbench_writer", "workbench_reader")
MB = 2**20
MAP = "workbench"


def configuration(state_dir: Path, socket_dir: Path, port: int) -> dict[str, str]:
    """The text of each configuration file that does not depend on accounts, by file name."""
    settings = {
        "listen_addresses": "",
        "port": str(port),
        "unix_socket_directories": str(socket_dir),
        "unix_socket_permissions": "0700",
        "hba_file": str(state_dir / "pg_hba.conf"),
        "ident_file": str(state_dir / "pg_ident.conf"),
        **tuning(memory_bytes(), shared_memory_bytes()),
    }
    rule = f"local all {','.join(ROLES)} peer map={MAP}\n"
    return {"postgresql.conf": render(settings), "pg_hba.conf": rule}


def tuning(memory_bytes: int, shared_memory_bytes: int) -> dict[str, str]:
    """Settings that suit a machine with this much memory and this much room in `/dev/shm`.

    >>> tuning(24 * 2**30, 2**30)["shared_buffers"]
    '1024MB'
    >>> tuning(2 * 2**30, 64 * 2**20)["dynamic_shared_memory_type"]
    'sysv'
    """
    roomy = shared_memory_bytes >= 512 * MB  # containers get 64 MB: too little for a parallel plan
    memory_mb = memory_bytes // MB
    return {
        "max_connections": "100",
        "shared_buffers": f"{min(max(memory_mb // 8, 64), 1024)}MB",
        "effective_cache_size": f"{max(memory_mb // 2, 128)}MB",
        "work_mem": f"{min(max(memory_mb // 512, 4), 32)}MB",
        "maintenance_work_mem": f"{min(max(memory_mb // 32, 32), 512)}MB",
        "dynamic_shared_memory_type": "posix" if roomy else "sysv",
        "wal_level": "minimal",  # one server: nobody reads its log
        "max_wal_senders": "0",
        "max_logical_replication_workers": "0",
        "max_wal_size": "2GB",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "log_min_duration_statement": "1000",
        "cluster_name": "workbench",
    }


def memory_bytes() -> int:
    """Memory of the machine, or of the container when it is given less.

    >>> memory_bytes() > 0
    True
    """
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text())
    except (OSError, ValueError):  # no such group, or "max"
        return machine
    return min(machine, limit)


def shared_memory_bytes() -> int:
    """Free space in `/dev/shm`; 0 where there is none."""
    try:
        room = os.statvfs("/dev/shm")
    except OSError:
        return 0
    return room.f_bavail * room.f_frsize


def render(settings: Mapping[str, str]) -> str:
    r"""`postgresql.conf` with these settings.

    >>> print(render({"hba_file": "/it's"}).splitlines()[-1])
    hba_file = '/it''s'
    """
    heading = "# Written at every start; put settings of your own in ALTER SYSTEM.\n"
    lines = (f"{name} = {quoted(value)}\n" for name, value in settings.items())
    return heading + "".join(lines)


def quoted(value: str) -> str:
    r"""`value` as postgresql.conf reads it back.

    >>> print(quoted("a\\b"))
    'a\\b'
    """
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def ident_map(accounts: Iterable[str]) -> str:
    """`pg_ident.conf`: each account may be each of the three roles, and nobody else any.

    >>> ident_map(["ann"]).splitlines()[0]
    'workbench "ann" workbench_owner'
    """
    names = dict.fromkeys(accounts)
    return "".join(f'{MAP} "{name}" {role}\n' for name in names for role in ROLES)
