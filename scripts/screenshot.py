"""Draw the pictures of the market dashboard: docs/market.png and docs/market-dark.png.

Everything is real and of its own: an embedded PostgreSQL in a temporary folder, the sample bars,
the dashboard server and a headless Chromium.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from scripts.install_chromium import find

PROJECT = Path(__file__).resolve().parent.parent
VIEW = "symbol=AAPL&start=2007-03-01&end=2013-03-01&indicator=rsi"
PICTURES = {"light": "market.png", "dark": "market-dark.png"}
SIZE = {"width": 1280, "height": 860}
SCALE = 1.5
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
DRAWN = ".js-plotly-plot .cartesianlayer .trace"
TIMEOUT_MS = 90_000


@contextmanager
def store() -> Iterator[dict[str, str]]:
    """An environment whose store is its own and holds the sample bars."""
    # Root's server runs as another account, which must be able to enter: not below /tmp/<private>.
    folder = Path(tempfile.mkdtemp(prefix="workbench-picture-", dir="/var/tmp"))
    folder.chmod(0o755)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("WORKBENCH_")}
    environment = kept | {"WORKBENCH_STATE_DIR": str(folder / "state"), "PYTHONUNBUFFERED": "1"}
    try:
        ingest = "import workbench as wb; wb.ingest(progress=False)"
        subprocess.run([sys.executable, "-c", ingest], cwd=PROJECT, env=environment, check=True)
        yield environment
    finally:
        subprocess.run([*workbench("down")], env=environment, capture_output=True, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def workbench(*arguments: str) -> list[str]:
    """The command line of this very environment."""
    return [sys.executable, "-m", "workbench", *arguments]


@contextmanager
def dashboard(environment: dict[str, str]) -> Iterator[str]:
    """The address of a running dashboard server."""
    command = workbench("serve", "market", "--port", "0")
    with subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            found = (re.search(r"http://127\.0\.0\.1:\d+/\S*", line) for line in server.stdout)
            address = next((match[0] for match in found if match), None)
            if address is None:
                raise SystemExit("the dashboard server did not start; its message stands above")
            yield address
        finally:
            server.send_signal(signal.SIGINT)


def picture(browser: Browser, address: str, scheme: str, path: Path) -> None:
    """Open the dashboard in a colour scheme and save what is seen once all is drawn."""
    page = browser.new_page(viewport=SIZE, device_scale_factor=SCALE, color_scheme=scheme)
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(f"{address}{'&' if '?' in address else '?'}{VIEW}")
    page.wait_for_selector(DRAWN, state="attached")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)
    page.screenshot(path=path)
    page.close()
    print(f"{path.relative_to(PROJECT)}: {path.stat().st_size / 1000:.0f} kB")


def main() -> None:
    """Both pictures."""
    chromium = find()
    if chromium is None:
        raise SystemExit("no Chromium found: run make setup-test")
    with store() as environment, dashboard(environment) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for scheme, name in PICTURES.items():
            picture(browser, address, scheme, PROJECT / "docs" / name)
        browser.close()


if __name__ == "__main__":
    main()
