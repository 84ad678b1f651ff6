"""The market dashboard in a real browser: what is drawn, offline, light and dark; and in Lab."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest
from browser import DRAWN, Seen, chromium
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser
from playwright.sync_api import TimeoutError as TookTooLong

from workbench.api import Workbench
from workbench.charts.style import DARK, LIGHT
from workbench.settings import Settings

ROOT = Path(__file__).parent.parent
PORT_FREE = "0"
RULES = {"open": "first", "high": "max", "low": "min", "close": "last"}


@pytest.fixture(scope="module")
def database(new_database: Any, demo_template: str) -> str:
    url: str = new_database(demo_template)
    return url


@pytest.fixture(scope="module")
def bars(database: str) -> Iterator[Any]:
    with Workbench(Settings(database_url=database)) as workbench:
        yield workbench.bars


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@contextmanager
def serving(command: list[str], database: str, address: str, **variables: str) -> Iterator[str]:
    """A server process; gives the URL that its output matches `address` with."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=os.environ | {"WORKBENCH_DATABASE_URL": database, "PYTHONUNBUFFERED": "1"} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    said: list[str] = []
    try:
        for line in process.stdout:
            said.append(line)
            if found := re.search(address, line):
                yield found[0]
                return
        raise AssertionError("".join(said))
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            process.stdout.close()


@pytest.fixture(scope="module")
def dashboard(database: str) -> Iterator[str]:
    command = ["workbench", "serve", "--port", PORT_FREE]
    with serving(command, database, r"http://127\.0\.0\.1:\d+/\S*") as url:
        yield url


def equals_aggregate(figure: dict[str, Any], bars: pd.DataFrame) -> int:
    """Hold the drawn candles against pandas' aggregate; gives the bars per candle."""
    left, right = figure["range"]
    first, end = round(left + 0.5), round(right + 0.5)
    candles = figure["traces"][0]
    assert all(len(trace["x"]) <= 2000 for trace in figure["traces"])
    assert candles["type"] == "candlestick"
    for width in (1, 2, 5, 10, 20, 50):
        expected = bars.iloc[first:end].groupby(np.arange(first, end) // width).agg(RULES)
        if len(expected) == len(candles["x"]):
            for field in RULES:
                assert candles[field] == expected[field].tolist()
            return width
    raise AssertionError(f"{len(candles['x'])} candles for the bars {first} to {end}")


def with_query(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}"


def test_open_pick_and_zoom(dashboard: str, browser: Browser, bars: Any) -> None:
    seen = Seen(browser)
    seen.open(with_query(dashboard, "symbol=AAPL&indicator=rsi"))
    page = seen.page
    seen.until("plot._fullData.length === 3")
    assert equals_aggregate(seen.figure(), bars("AAPL")) == 10

    page.locator("select").first.select_option("IBM")
    seen.until("plot.layout.annotations.some((a) => a.text.includes('IBM'))")
    figure = seen.figure()
    assert equals_aggregate(figure, bars("IBM")) == 10
    assert page.get_by_text("3,270 of 3,270 bars").is_visible()

    box = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.6, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.65, middle, steps=8)
    page.mouse.move(box["x"] + box["width"] * 0.7, middle, steps=8)
    page.mouse.up()
    # The kernel has answered when there is one candle for each bar, and nothing beyond the edges.
    seen.until(
        "plot._fullLayout.xaxis.range[1] - plot._fullLayout.xaxis.range[0]"
        " === plot._fullData[0].x.length"
    )
    assert equals_aggregate(seen.figure(), bars("IBM")) == 1
    assert not page.get_by_text("3,270 of 3,270 bars").is_visible()

    page.get_by_text("All", exact=True).click()
    seen.until("plot._fullLayout.xaxis.range[1] > 3000 && plot._fullData[0].x[0] < 10")
    assert equals_aggregate(seen.figure(), bars("IBM")) == 10

    link = page.get_by_text("Link to this view").get_attribute("href")
    assert link == "?symbol=IBM&timeframe=1d&indicator=rsi&window=14"
    assert seen.hosts == {"127.0.0.1"}
    assert seen.complaints == []


def test_dark_follows_the_browser_and_the_link_restores_the_view(
    dashboard: str, browser: Browser, bars: Any
) -> None:
    seen = Seen(browser, color_scheme="dark")
    seen.open(with_query(dashboard, "symbol=EURUSD&start=2017-05-01&end=2017-05-31&indicator=macd"))
    seen.until("plot.layout.template.layout.paper_bgcolor === wanted", DARK.paper)
    figure = seen.figure()
    assert equals_aggregate(figure, bars("EURUSD", timeframe="1h")) == 2
    background = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(map(int, re.findall(r"\d+", background)[:3])) < 200
    assert seen.hosts == {"127.0.0.1"}


def test_without_the_token_there_is_nothing(dashboard: str, browser: Browser) -> None:
    page = browser.new_context().new_page()
    answer = page.goto(dashboard.split("?")[0])
    assert answer is not None
    assert answer.status in (401, 403) or "login" in page.url
    assert page.locator(".js-plotly-plot").count() == 0


def test_a_chart_alone_fills_its_page_and_follows_its_theme(
    database: str, browser: Browser, bars: Any, tmp_path: Path
) -> None:
    code = 'import workbench as wb\nwb.chart(wb.bars("IBM", "2010"), indicators=["macd"])'
    notebook = tmp_path / "alone.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(code)]), notebook)
    command = ["workbench", "serve", str(notebook), "--port", PORT_FREE]
    with serving(command, database, r"http://127\.0\.0\.1:\d+/\S*") as url:
        seen = Seen(browser, color_scheme="dark")
        seen.open(url)
        seen.until("plot.layout.template.layout.paper_bgcolor === wanted", DARK.paper)
        seen.until("plot._fullLayout.width > 1100 && plot._fullLayout.width <= innerWidth")
        assert equals_aggregate(seen.figure(), bars("IBM", "2010")) == 2
        seen.page.emulate_media(color_scheme="light")
        seen.until("plot.layout.template.layout.paper_bgcolor === wanted", LIGHT.paper)
        seen.page.set_viewport_size({"width": 800, "height": 700})
        seen.until("plot._fullLayout.width <= 800")
        assert seen.complaints == []


def run_all(seen: Seen) -> None:
    """Run all cells from Lab's menu; on a busy machine Lab may lose the first click."""
    for patience_ms in (30_000, 60_000):
        seen.page.get_by_role("menuitem", name="Run", exact=True).click()
        seen.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        try:
            seen.page.wait_for_selector(DRAWN, state="attached", timeout=patience_ms)
        except TookTooLong:
            continue
        return
    raise AssertionError(seen.page.locator(".jp-OutputArea").all_inner_texts())


def test_the_same_notebook_in_jupyterlab(
    database: str, browser: Browser, bars: Any, tmp_path: Path
) -> None:
    command = ["workbench", "lab", "--", "--no-browser", "--port=0"]
    # Nobody's saved workspace or settings decide what opens.
    own = {f"JUPYTERLAB_{name}_DIR": str(tmp_path / name) for name in ("SETTINGS", "WORKSPACES")}
    with serving(command, database, r"http://127\.0\.0\.1:\d+/lab\S*", **own) as url:
        seen = Seen(browser)
        page = seen.page
        page.goto(url.replace("/lab", "/lab/tree/notebooks/dashboards/market.ipynb", 1))
        page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        page.get_by_text(re.compile(r"\| Idle")).wait_for()
        run_all(seen)
        seen.until("plot._fullData.length === 3")
        assert equals_aggregate(seen.figure(), bars("AAPL")) == 10
        assert seen.hosts == {"127.0.0.1"}
