"""Find a Chromium for the browser tests, or install one; prints its path.

    python scripts/install_chromium.py

In this order: $CHROMIUM, one on the PATH, playwright's own if it is there already, Debian's
package (as root, or by sudo without a password), playwright's download.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ADVICE = "no Chromium: install one (Debian: apt-get install chromium) or set CHROMIUM to its path"


def works(path: str) -> bool:
    """Whether `path` starts at all (Ubuntu's package of that name may be an empty shell)."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


ASK_PLAYWRIGHT = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


def playwright_path() -> str:
    """Where playwright keeps, or would keep, its own Chromium; empty without playwright.

    Asked in a process of its own, because a caller may have playwright running already.
    """
    ask = [sys.executable, "-c", ASK_PLAYWRIGHT]
    return subprocess.run(ask, capture_output=True, text=True).stdout.strip()


def find() -> str | None:
    """The first Chromium on this machine that starts."""
    places = [os.environ.get("CHROMIUM"), *map(shutil.which, NAMES)]
    found = next((path for path in places if path and works(path)), None)
    if found:
        return found
    own = playwright_path()
    return own if own and works(own) else None


def ways() -> list[list[list[str]]]:
    """Each way to install one, as the commands that it takes."""
    apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    install = ["install", "-y", "--no-install-recommends", "chromium"]
    found: list[list[list[str]]] = []
    if shutil.which("apt-get"):
        prefix: list[str] | None = [] if os.geteuid() == 0 else None
        if prefix is None and shutil.which("sudo"):
            allowed = subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0
            prefix = ["sudo", "-n"] if allowed else None
        if prefix is not None:
            found.append([[*prefix, *apt, "update"], [*prefix, *apt, *install]])
    playwright = [sys.executable, "-m", "playwright"]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        found.append([[*playwright, "install", "--with-deps", "chromium"]])
    found.append([[*playwright, "install", "chromium"]])
    return found


def main() -> None:
    path = find()
    for commands in [] if path else ways():
        print(f"chromium: trying {' '.join(commands[-1])}", file=sys.stderr, flush=True)
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
            if done.returncode:
                print("\n".join(done.stderr.splitlines()[-5:]), file=sys.stderr)
        path = find()
        if path:
            break
    if not path:
        sys.exit(f"chromium: {ADVICE}")
    print(path)


if __name__ == "__main__":
    main()
