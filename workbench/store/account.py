"""The operating-system account that the embedded server runs as, and the directories it gets."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import ServerError

SERVICE_ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """An account of this machine.

    >>> Account.of(0).name
    'root'
    """

    name: str
    uid: int
    gid: int

    @classmethod
    def of(cls, uid: int) -> Account:
        """The account with this number; ServerError when the machine has no name for it."""
        try:
            entry = pwd.getpwuid(uid)
        except KeyError:
            raise ServerError(
                f"user id {uid} has no name in /etc/passwd and PostgreSQL needs one; "
                "add an entry, or set WORKBENCH_DATABASE_URL to a server of your own"
            ) from None
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)

    def switch(self) -> dict[str, Any]:
        """Arguments that make `subprocess` run as this account; empty for one's own."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account(data_dir: Path) -> Account:
    """Who runs the server: oneself, or a service account when one is root.

    PostgreSQL refuses to run as root. An existing cluster keeps its owner.
    """
    if os.geteuid() != 0:
        return Account.of(os.geteuid())
    if data_dir.exists() and (owner := data_dir.stat().st_uid) != 0:
        return Account.of(owner)
    names = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    for name in SERVICE_ACCOUNTS:
        if name in names:
            return Account.of(names[name])
    raise ServerError(
        "PostgreSQL refuses to run as root, and this machine has neither an account 'postgres' nor "
        "'nobody'; run as a normal user, or set WORKBENCH_DATABASE_URL to a server of your own"
    )


def make_state_dir(state_dir: Path) -> None:
    """Make `state_dir`, or check that an existing one is one's own; ServerError otherwise.

    Root's may be entered (not listed) by others, because the server's account must reach its data.
    """
    mode = 0o711 if os.geteuid() == 0 else 0o700
    try:
        if not state_dir.exists():
            state_dir.parent.mkdir(parents=True, exist_ok=True)
            state_dir.mkdir(mode, exist_ok=True)
            state_dir.chmod(mode)  # whatever the umask took away
        info = state_dir.stat()
    except OSError as error:
        raise ServerError(
            f"cannot make the state directory {state_dir}: {error.strerror}; "
            "set WORKBENCH_STATE_DIR to a directory that you can write"
        ) from None
    if not stat.S_ISDIR(info.st_mode):
        fault = "is not a directory"
    elif info.st_uid != os.geteuid():
        fault = f"belongs to user id {info.st_uid} and not to yours ({os.geteuid()})"
    elif info.st_mode & 0o002:
        fault = "is writable by every user"
    elif not os.access(state_dir, os.W_OK | os.X_OK):
        fault = "is not writable"
    else:
        return
    raise ServerError(f"the state directory {state_dir} {fault}; set WORKBENCH_STATE_DIR")


def check_reachable(state_dir: Path, account: Account) -> None:
    """Raise ServerError unless `account` can enter `state_dir`, found out by doing it."""
    command = ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(state_dir)]
    done = subprocess.run(command, capture_output=True, check=False, cwd="/", **account.switch())
    if done.returncode:
        raise ServerError(
            f"account {account.name!r}, which runs PostgreSQL for root, cannot enter {state_dir}; "
            "set WORKBENCH_STATE_DIR to a directory whose parents others may enter, "
            "such as /var/lib/workbench"
        )


def private_directory(path: Path, account: Account) -> Path:
    """`path`, made when missing, of mode 0700 and owned by `account`.

    Raises ServerError when something else is there: in `/tmp` another user may have come first.
    """
    try:
        path.mkdir(0o700)
    except FileExistsError:
        pass
    except OSError as error:
        raise ServerError(f"cannot make {path}: {error.strerror}") from None
    info = path.lstat()
    ours = stat.S_ISDIR(info.st_mode) and info.st_uid in (os.geteuid(), account.uid)
    if not ours or info.st_mode & 0o077:
        raise ServerError(
            f"{path} is not a private directory of {account.name!r}, as the server needs it; "
            "remove it, or set WORKBENCH_STATE_DIR to another (shorter) path"
        )
    if info.st_uid != account.uid:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    return path
