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
    out = np.full(len(values), np.nan)
    if len(values) >= window:
        windows = np.lib.stride_tricks.sliding_window_view(values, window)
        out[window - 1 :] = windows.std(axis=1)
    return out


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
    before = pd.Series(close).shift().to_numpy()
    moved = np.where(np.isnan(before), np.nan, np.fmax(high, before) - np.fmin(low, before))
    width = factor * mean(moved, window)
    on = np.where(np.isnan(width), np.nan, deviations * deviation(close, window) < width)
    top = pd.Series(high).rolling(window).max().to_numpy()
    bottom = pd.Series(low).rolling(window).min().to_numpy()
    distance = close - ((top + bottom) / 2 + mean(close, window)) / 2
    momentum = np.full(len(close), np.nan)
    first = 2 * window - 2
    if len(close) > first:
        windows = np.lib.stride_tricks.sliding_window_view(distance[window - 1 :], window)
        slope, level = np.polyfit(np.arange(window), windows.T, 1)
        momentum[first:] = level + slope * (window - 1)
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
