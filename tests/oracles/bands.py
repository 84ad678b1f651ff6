"""Bands and channels: TA-Lib, else pandas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import talib

from tests.oracles import Oracle


def mean(values: Any, window: int) -> Any:
    return pd.Series(values).rolling(window).mean().to_numpy()


def deviation(values: Any, window: int) -> Any:
    return np.array(
        [
            np.std(values[t - window + 1 : t + 1]) if t >= window - 1 else np.nan
            for t in range(len(values))
        ]
    )


def around(middle: Any, spread: Any) -> list[Any]:
    return [middle + spread, middle + 0 * spread, middle - spread]


def percent_b(close: Any, window: int, deviations: float) -> list[Any]:
    upper, _, lower = around(mean(close, window), deviations * deviation(close, window))
    width = upper - lower
    apart = width > 1e-9 * close
    return [np.where(apart, (close - lower) / np.where(apart, width, 1), 0.5 + 0 * width)]


def squeeze(
    high: Any, low: Any, close: Any, window: int, deviations: float, factor: float
) -> list[Any]:
    bars = len(close)
    on, momentum = np.full(bars, np.nan), np.full(bars, np.nan)
    before = np.r_[np.nan, close[:-1]]
    moved = np.fmax(high, before) - np.fmin(low, before)
    distance = np.full(bars, np.nan)
    for t in range(window - 1, bars):
        part = slice(t - window + 1, t + 1)
        centre = (high[part].max() + low[part].min()) / 2
        distance[t] = close[t] - (centre + close[part].mean()) / 2
        if t >= window:
            on[t] = float(deviations * close[part].std() < factor * moved[part].mean())
        if t >= 2 * window - 2:
            line = np.polynomial.Polynomial.fit(np.arange(window), distance[part], 1)
            momentum[t] = line(window - 1)
    return [on, momentum]


ORACLES = {
    "accbands": Oracle(
        lambda high, low, close, window: talib.ACCBANDS(high, low, close, window),
        [{"window": 2}, {"window": 20}],
        scale="follows",
        talib="ACCBANDS",
    ),
    "donchian": Oracle(
        lambda high, low, window: talib.DONCHIAN(high, low, window),
        [{"window": 2}, {"window": 20}],
        scale="follows",
        shift="follows",
        talib="DONCHIAN",
    ),
    "kc": Oracle(
        lambda high, low, close, window, range_window, factor: talib.KC(
            high, low, close, window, range_window, factor
        ),
        [
            {"window": 2, "range_window": 1, "factor": 0.0},
            {"window": 5, "range_window": 12, "factor": 1.5},
            {"window": 20, "range_window": 10, "factor": 2.0},
        ],
        scale="follows",
        shift="follows",
        talib="KC",
    ),
    "starc": Oracle(
        lambda high, low, close, window, range_window, factor: around(
            mean(close, window), factor * talib.ATR(high, low, close, range_window)
        ),
        [
            {"window": 1, "range_window": 1, "factor": 1.0},
            {"window": 9, "range_window": 3, "factor": 0.5},
            {"window": 6, "range_window": 15, "factor": 2.0},
        ],
        scale="follows",
        shift="follows",
    ),
    "envelope": Oracle(
        lambda close, window, percent: around(
            mean(close, window), mean(close, window) * percent / 100
        ),
        [{"window": 1, "percent": 0.0}, {"window": 20, "percent": 2.5}],
        scale="follows",
    ),
    "percent_b": Oracle(
        percent_b,
        [{"window": 2, "deviations": 1.0}, {"window": 20, "deviations": 2.0}],
        scale="same",
        shift="same",
        span=100.0,
    ),
    "bandwidth": Oracle(
        lambda close, window, deviations: [
            2 * deviations * deviation(close, window) / mean(close, window)
        ],
        [{"window": 2, "deviations": 1.0}, {"window": 20, "deviations": 2.0}],
        scale="same",
        span=1.0,
    ),
    "squeeze": Oracle(
        squeeze,
        [
            {"window": 2, "deviations": 1.0, "factor": 1.0},
            {"window": 20, "deviations": 2.0, "factor": 1.5},
        ],
    ),
}
