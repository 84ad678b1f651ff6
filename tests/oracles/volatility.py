"""Volatility: TA-Lib, else the definitions, window by window."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import talib

from tests.oracles import Oracle

LOG2 = math.log(2)


def over(values: Any, window: int, figure: Callable[[Any], Any]) -> Any:
    """`figure` of every whole window, given as the rows of a table."""
    out = np.full(len(values), np.nan)
    if len(values) >= window:
        out[window - 1 :] = figure(np.lib.stride_tricks.sliding_window_view(values, window))
    return out


def mean(windows: Any) -> Any:
    return windows.mean(axis=1)


def sample_variance(windows: Any) -> Any:
    return windows.var(axis=1, ddof=1)


def change(values: Any, before: Any) -> Any:
    """The logarithm of each value over the one of `before` a bar earlier."""
    return np.r_[np.nan, np.log(values[1:] / before[:-1])][: len(values)]


def natr(high: Any, low: Any, close: Any, window: int) -> list[Any]:
    if window == 1:  # TA-Lib gives the true range itself
        return [100 * talib.TRANGE(high, low, close) / close]
    return [talib.NATR(high, low, close, window)]


def choppiness(high: Any, low: Any, close: Any, window: int) -> list[Any]:
    moved = np.maximum(high[1:], close[:-1]) - np.minimum(low[1:], close[:-1])
    moved = over(np.r_[np.nan, moved], window, lambda windows: windows.sum(axis=1))
    top = over(high, window, lambda windows: windows.max(axis=1))
    span = top - over(low, window, lambda windows: windows.min(axis=1))
    share = np.where(span == 0, 1 + 0 * moved, moved / np.where(span == 0, 1, span))
    return [100 * np.log10(share) / math.log10(window)]


def ulcer_index(close: Any, window: int) -> list[Any]:
    fall = 100 * (close / over(close, window, lambda windows: windows.max(axis=1)) - 1)
    return [np.sqrt(over(fall**2, window, mean))]


def historical_volatility(close: Any, window: int, periods: float) -> list[Any]:
    return [np.sqrt(periods * over(change(close, close), window, sample_variance))]


def parkinson(high: Any, low: Any, window: int, periods: float) -> list[Any]:
    squares = np.log(high / low) ** 2
    return [np.sqrt(periods * over(squares, window, mean) / (4 * LOG2))]


def garman_klass(
    opening: Any, high: Any, low: Any, close: Any, window: int, periods: float
) -> list[Any]:
    spread, body = np.log(high / low), np.log(close / opening)
    variance = over(spread**2 / 2 - (2 * LOG2 - 1) * body**2, window, mean)
    return [np.sqrt(np.maximum(periods * variance, 0))]


def without_drift(opening: Any, high: Any, low: Any, close: Any, window: int) -> Any:
    up = np.log(high / close) * np.log(high / opening)
    down = np.log(low / close) * np.log(low / opening)
    return over(up + down, window, mean)


def rogers_satchell(
    opening: Any, high: Any, low: Any, close: Any, window: int, periods: float
) -> list[Any]:
    variance = without_drift(opening, high, low, close, window)
    return [np.sqrt(np.maximum(periods * variance, 0))]


def yang_zhang(
    opening: Any, high: Any, low: Any, close: Any, window: int, periods: float
) -> list[Any]:
    k = 0.34 / (1.34 + (window + 1) / (window - 1))
    jumps = over(change(opening, close), window, sample_variance)
    bodies = over(np.log(close / opening), window, sample_variance)
    inside = without_drift(opening, high, low, close, window)
    return [np.sqrt(np.maximum(periods * (jumps + k * bodies + (1 - k) * inside), 0))]


YEARLY = [{"window": 2, "periods": 1.0}, {"window": 20, "periods": 252.0}]
FROM_ONE = [{"window": 1, "periods": 1.0}, {"window": 20, "periods": 252.0}]

ORACLES = {
    "trange": Oracle(
        lambda high, low, close: [talib.TRANGE(high, low, close)],
        [{}],
        scale="follows",
        shift="same",
        talib="TRANGE",
    ),
    "natr": Oracle(
        natr,
        [{"window": 1}, {"window": 2}, {"window": 14}],
        scale="same",
        span=100.0,
        talib="NATR",
        notes={"window=1": "TA-Lib's NATR is then the true range, not a percentage; ours is one"},
    ),
    "adr": Oracle(
        lambda high, low, window: [talib.ADR(high, low, window)],
        [{"window": 1}, {"window": 2}, {"window": 14}],
        scale="follows",
        shift="same",
        least_bars=1,
        talib="ADR",
    ),
    "cvi": Oracle(
        lambda high, low, window, bars: [talib.CVI(high, low, window, bars)],
        [{"window": 2, "bars": 1}, {"window": 10, "bars": 10}],
        scale="same",
        shift="same",
        span=100.0,
        talib="CVI",
    ),
    "massi": Oracle(
        lambda high, low, average, window: [talib.MASSI(high, low, average, window)],
        [{"average": 2, "window": 2}, {"average": 9, "window": 25}],
        scale="same",
        shift="same",
        span=25.0,
        talib="MASSI",
    ),
    "rvi": Oracle(
        lambda close, window, deviation_window: [talib.RVI(close, window, deviation_window)],
        [
            {"window": 1, "deviation_window": 2},
            {"window": 2, "deviation_window": 2},
            {"window": 14, "deviation_window": 10},
        ],
        scale="same",
        shift="same",
        talib="RVI",
    ),
    "choppiness": Oracle(choppiness, [{"window": 2}, {"window": 14}], scale="same", shift="same"),
    "ulcer_index": Oracle(
        ulcer_index, [{"window": 1}, {"window": 14}], scale="same", span=100.0, least_bars=1
    ),
    "historical_volatility": Oracle(historical_volatility, YEARLY, scale="same", span=1.0),
    "parkinson": Oracle(parkinson, FROM_ONE, scale="same", span=1.0, least_bars=1),
    "garman_klass": Oracle(garman_klass, FROM_ONE, scale="same", span=1.0, least_bars=1),
    "rogers_satchell": Oracle(rogers_satchell, FROM_ONE, scale="same", span=1.0, least_bars=1),
    "yang_zhang": Oracle(yang_zhang, YEARLY, scale="same", span=1.0),
}
