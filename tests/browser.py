"""A real browser for tests, and what it sees of a chart."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

INSTALLER = Path(__file__).parent.parent / "scripts" / "install_chromium.py"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
DRAWN = ".js-plotly-plot .cartesianlayer .trace"
TIMEOUT_MS = 90_000
# A browser asks for a page's icon by itself, and FigureWidget names its own source map.
HARMLESS = ("favicon", "Unsatisfied version", "No satisfying version")


def executable() -> str:
    """The Chromium that the set-up found or installed."""
    spec = importlib.util.spec_from_file_location("install_chromium", INSTALLER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: str | None = module.find()
    assert found, "no Chromium: run make setup-test"
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        yield browser
        browser.close()


class Seen:
    """One page, with what it asked the network for and what it complained of."""

    def __init__(self, browser: Browser, **options: Any) -> None:
        options.setdefault("viewport", {"width": 1280, "height": 860})
        self.page: Page = browser.new_page(**options)
        self.page.set_default_timeout(TIMEOUT_MS)
        self.hosts: set[str] = set()
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self._asked(request.url))
        self.page.on("console", lambda message: self._said(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob"):
            self.hosts.add(parts.hostname or "")

    def _said(self, kind: str, text: str) -> None:
        if kind == "error" and not any(word in text for word in HARMLESS):
            self.complaints.append(text)

    def open(self, url: str) -> None:
        """Go to `url` and wait until a chart is drawn."""
        self.page.goto(url)
        self.page.wait_for_selector(DRAWN, state="attached")

    def figure(self) -> dict[str, Any]:
        """The lengths and values of what Plotly has drawn, and its x range."""
        found: dict[str, Any] = self.page.evaluate(
            """() => {
              const plot = document.querySelector('.js-plotly-plot');
              const column = (values) => Array.from(values ?? []);
              return {
                range: plot._fullLayout.xaxis.range,
                paper: plot._fullLayout.paper_bgcolor,
                traces: plot._fullData.map((t) => ({
                  type: t.type, name: t.name, x: column(t.x), y: column(t.y),
                  open: column(t.open), high: column(t.high),
                  low: column(t.low), close: column(t.close),
                })),
              };
            }"""
        )
        return found

    def until(self, condition: str, argument: Any = None) -> None:
        """Wait until a JavaScript condition holds of `plot`, the Plotly element."""
        self.page.wait_for_function(
            f"(wanted) => {{ const plot = document.querySelector('.js-plotly-plot');"
            f" return plot && plot._fullData && ({condition}); }}",
            arg=argument,
        )
