"""The live chart: what it carries at every zoom, against aggregates made by pandas alone."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from workbench import indicators
from workbench.charts import Chart, Study, chart, indicator_study
from workbench.errors import BarsError, InputError, RangeError, UnknownNameError
from workbench.indicators import INDICATORS
from workbench.shape import FIELDS, flat

RULES = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}


def walk(count: int, minutes: int = 1440) -> pd.DataFrame:
    random = np.random.default_rng(5)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, count)))
    opens = close * (1 + random.normal(0, 0.002, count))
    high = np.maximum(opens, close) * 1.003
    low = np.minimum(opens, close) * 0.997
    volume = random.integers(1, 1000, count).astype(float)
    times = np.arange(count, dtype=np.int64) * minutes * 60_000_000
    return flat(times, np.stack([opens, high, low, close, volume]))


def said_width(figure: Chart) -> int:
    """How many bars the figure says that one candle stands for; it says nothing of 1."""
    said = [re.match(r"1 candle = ([\d,]+) ", a.text) for a in figure.layout.annotations]
    widths = [int(found[1].replace(",", "")) for found in said if found]
    assert len(widths) <= 1
    return widths[0] if widths else 1


def check(figure: Chart, bars: pd.DataFrame) -> None:
    """Every candle and volume equals pandas' aggregate of its bars; nothing is too long."""
    first, end = figure.viewport
    candles, volume = figure.data[:2]
    assert all(len(trace.x) <= 2000 for trace in figure.data)
    width = said_width(figure)
    rows = np.arange(first, end)
    expected = bars.iloc[first:end].groupby(rows // width).agg(RULES)
    for field in FIELDS[:4]:
        assert np.array_equal(np.asarray(candles[field]), expected[field].to_numpy())
    assert np.array_equal(np.asarray(volume.y), expected["volume"].to_numpy())
    assert list(figure.layout.xaxis.range) == [first - 0.5, end - 0.5]
    assert (width > 1) == (end - first > 500)


def zoom(figure: Chart, left: float, right: float) -> None:
    """What the page sends when the user zooms; without an event loop it is answered at once."""
    figure.layout.xaxis.range = [left, right]


@pytest.mark.parametrize("count", [1, 2, 7, 499, 500, 501, 3270])
def test_every_viewport_is_the_exact_aggregate(count: int) -> None:
    bars = walk(count)
    figure = chart(bars, indicators=["rsi"], overlays=["sma"])
    check(figure, bars)
    random = np.random.default_rng(count)
    for _ in range(8):
        left, right = np.sort(random.uniform(-10, count + 10, 2))
        zoom(figure, left, right)
        check(figure, bars)
    figure.layout.xaxis.autorange = True
    assert figure.viewport == (0, count)


def test_a_million_bars_stay_within_the_points_at_every_zoom() -> None:
    bars = walk(1_000_000, minutes=1)
    figure = chart(bars, indicators=["rsi"])
    for left, right in [(-0.5, 999_999.5), (250_000, 750_000), (123_456, 124_000), (10, 40)]:
        zoom(figure, left, right)
        assert all(0 < len(trace.x) <= 2000 for trace in figure.data)
        first, end = figure.viewport
        inside = bars.iloc[first:end]
        assert max(figure.data[0].high) == inside["high"].max()
        assert min(figure.data[0].low) == inside["low"].min()
        assert sum(figure.data[1].y) == inside["volume"].sum()
    assert figure.viewport == (10, 40)


def test_a_line_keeps_its_extremes_of_every_viewport() -> None:
    bars = walk(30_000)
    full = indicators.rsi(bars["close"], window=14)
    figure = chart(bars, indicators=["rsi"])
    for left, right in [(-0.5, 29_999.5), (5_000, 25_000), (100, 9_000)]:
        zoom(figure, left, right)
        first, end = figure.viewport
        line = np.asarray(figure.data[2].y)
        part = full.iloc[first:end]
        assert np.nanmax(line) == part.max()
        assert np.nanmin(line) == part.min()
        at = np.asarray(figure.data[2].x).astype(int)
        assert np.array_equal(line, full.to_numpy()[at], equal_nan=True)


def test_indicators_are_computed_before_they_are_reduced() -> None:
    bars = walk(5_000)
    figure = chart(bars, overlays=["sma"])
    window = indicators.sma(bars["close"], window=20)
    at = np.asarray(figure.data[2].x).astype(int)
    assert np.array_equal(np.asarray(figure.data[2].y), window.to_numpy()[at], equal_nan=True)


@pytest.mark.parametrize("name", [n for n, record in INDICATORS.items() if record.of_bars])
def test_every_indicator_is_drawn_as_its_record_says(name: str) -> None:
    record = INDICATORS[name]
    bars = walk(300)
    figure = chart(bars, indicators=[name])
    lines = figure.data[2:]
    on_price = record.pane == "price"
    shown = [output for output in record.outputs if not on_price or output.unit == "price"]
    assert len(lines) == len(shown)
    assert {line.yaxis for line in lines} == {"y" if on_price else "y3"}
    if record.value_range:
        assert tuple(figure.layout.yaxis3.range) == record.value_range
    filled = [line.fill == "tozeroy" for line in lines]
    assert filled == [output.mark == "bar" for output in shown]
    study = indicator_study(name, bars)
    assert study.title.startswith(name.upper())


def test_a_page_that_opens_later_is_told_the_figure_as_it_is() -> None:
    figure = chart(walk(3270))
    zoom(figure, 100, 200)
    figure.show_studies([indicator_study("rsi", walk(3270))])
    state: dict[str, Any] = figure.get_state()
    assert [trace["type"] for trace in state["_widget_data"]] == ["candlestick", "bar", "scatter"]
    assert state["_widget_layout"]["xaxis"]["range"] == list(figure.layout.xaxis.range)


def test_light_and_dark() -> None:
    figure = chart(walk(30), theme="dark")
    dark = figure.layout.template.layout.paper_bgcolor
    figure.show_theme("light")
    assert figure.layout.template.layout.paper_bgcolor != dark
    with pytest.raises(UnknownNameError, match="unknown theme 'drak'; did you mean 'dark'"):
        figure.show_theme("drak")


def test_ranges_are_shown_and_empty_ones_refused() -> None:
    bars = walk(3270)
    figure = chart(bars)
    figure.show_range("1971", "1972")
    assert figure.viewport == (365, 730)
    with pytest.raises(RangeError):
        figure.show_range("2050")
    assert figure.viewport == (365, 730)


def test_no_volume_no_pane() -> None:
    bars = walk(100)
    bars["volume"] = 0.0
    assert [trace.type for trace in chart(bars).data] == ["candlestick"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"bars": walk(0)}, BarsError, "at least one bar"),
        ({"bars": walk(3)[["close"]]}, BarsError, "columns"),
        ({"bars": walk(3), "indicators": ["rsy"]}, UnknownNameError, "did you mean 'rsi'"),
        ({"bars": walk(3), "overlays": [3]}, InputError, "a int cannot be drawn"),
        ({"bars": walk(3), "points": 4}, InputError, "at least 8"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        chart(**arguments)


def test_a_study_of_ones_own() -> None:
    bars = walk(50)
    spread = Study("Spread", {"spread": bars["high"] - bars["low"]}, levels=(1.0,))
    figure = chart(bars, indicators=spread, overlays=bars["close"].rolling(3).mean())
    assert [trace.yaxis for trace in figure.data] == ["y", "y2", "y", "y3"]
