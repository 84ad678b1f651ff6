"""Make `.venv` hold what `pyproject.toml` asks for, at the versions of `constraints.txt`.

    python scripts/setup_venv.py [--extra test]

Standard library only: it runs on the machine's own Python. Nothing happens when the environment
already answers to the same two files; several at once wait for each other.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "workbench-setup.json"


def wanted() -> str:
    """A digest of everything that the environment is made from, its own place included."""
    digest = hashlib.sha256(f"{VENV}\0{sys.version_info[:2]}".encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def installed() -> set[str]:
    """The extras that the environment holds for the present files ("" for the bare runtime)."""
    try:
        stamp = json.loads(STAMP.read_text())
        return set(stamp["extras"]) if stamp["digest"] == wanted() else set()
    except (OSError, ValueError, KeyError):
        return set()


def run(command: list[str], advice: str) -> None:
    """Run `command` quietly; when it fails, show what it said and stop with `advice`."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        sys.exit(f"setup: {advice}")


def present() -> list[str]:
    """The pip of the environment; empty unless it works, belongs here and is of this Python."""
    pip = [f"{VENV}/bin/python", "-m", "pip"]
    try:
        said = subprocess.run([*pip, "--version"], capture_output=True, text=True).stdout
    except OSError:
        return []
    here = f" from {VENV}/" in said and "(python {}.{})".format(*sys.version_info) in said
    return pip if here else []


def create() -> list[str]:
    """Make the environment afresh; the command that installs into it."""
    if not importlib.util.find_spec("venv"):
        sys.exit(f"setup: {sys.executable} has no venv module; install it (Debian: python3-venv)")
    advice = f"{sys.executable} could not make {VENV}; see above"
    shutil.rmtree(VENV, ignore_errors=True)
    if importlib.util.find_spec("ensurepip"):
        run([sys.executable, "-m", "venv", str(VENV)], advice)
        return [f"{VENV}/bin/python", "-m", "pip"]
    if not importlib.util.find_spec("pip"):
        sys.exit(
            f"setup: {sys.executable} has neither pip nor ensurepip; install one of them"
            " (Debian: python3-venv)"
        )
    run([sys.executable, "-m", "venv", "--without-pip", str(VENV)], advice)
    return [sys.executable, "-m", "pip", "--python", f"{VENV}/bin/python"]


def install(extras: set[str]) -> None:
    """Install the project, editable, with `extras`, and note that it is done."""
    names = ",".join(sorted(extras - {""}))
    print(f"setup: installing pinned packages{f' ({names})' if names else ''} ...", flush=True)
    began = time.monotonic()
    pip = present() or create()
    options = ["--quiet", "--no-input", "--disable-pip-version-check", "-c", "constraints.txt"]
    advice = "pip could not install the packages; see above (is the package registry reachable?)"
    run([*pip, "install", *options, "pip"], advice)
    pip = [f"{VENV}/bin/python", "-m", "pip"]
    run([*pip, "install", *options, "-e", f".[{names}]" if names else "."], advice)
    STAMP.write_text(json.dumps({"digest": wanted(), "extras": sorted(extras)}) + "\n")
    print(f"setup: .venv is ready ({time.monotonic() - began:.0f} s)", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--extra", action="append", default=[], help="an extra of pyproject.toml")
    extras = {"", *parser.parse_args().extra}
    if extras <= installed():
        return
    with (ROOT / ".setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        held = installed()
        if not extras <= held:
            install(extras | held)


if __name__ == "__main__":
    main()
