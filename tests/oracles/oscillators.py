"""Oscillators, against TA-Lib or step by step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import talib

from tests.oracles import Oracle


def rate(close: Any, bars: int) -> Any:
    found = np.full(len(close), np.nan)
    found[bars:] = 100 * (close[bars:] / close[:-bars] - 1)
    return found


def mean(values: Any, window: int) -> Any:
    return pd.Series(values).rolling(window).mean().to_numpy()


def know_sure_thing(close: Any, signal: int) -> list[Any]:
    parts = [(10, 10, 1), (15, 10, 2), (20, 10, 3), (30, 15, 4)]
    line = sum(weight * mean(rate(close, bars), window) for bars, window, weight in parts)
    return [line, mean(line, signal)]


def average(values: Any, window: int) -> Any:
    """An exponential average from the mean of the first values that there are."""
    found = np.full(len(values), np.nan)
    known = np.flatnonzero(~np.isnan(values))
    if len(known) < window:
        return found
    start = known[0] + window - 1
    found[start] = values[known[0] : start + 1].mean()
    for t in range(start + 1, len(values)):
        found[t] = found[t - 1] + 2 / (window + 1) * (values[t] - found[t - 1])
    return found


def settled(values: Any, window: int) -> Any:
    found, place, level = np.full(len(values), np.nan), 0.0, None
    for t in range(len(values)):
        part = values[max(0, t - window + 1) : t + 1]
        if len(part) < window or np.isnan(part).any():
            continue
        if part.max() > part.min():
            place = 100 * (values[t] - part.min()) / (part.max() - part.min())
        level = place if level is None else level + 0.5 * (place - level)
        found[t] = level
    return found


def schaff(close: Any, window: int, fast: int, slow: int) -> list[Any]:
    return [settled(settled(average(close, fast) - average(close, slow), window), window)]


def fisher(high: Any, low: Any, window: int) -> list[Any]:
    middle = (high + low) / 2
    line, level, turned = np.full(len(middle), np.nan), 0.0, 0.0
    for t in range(window - 1, len(middle)):
        part = middle[t - window + 1 : t + 1]
        span = part.max() - part.min()
        level = 0.66 * ((middle[t] - part.min()) / span - 0.5 if span else 0.0) + 0.67 * level
        level = min(max(level, -0.999), 0.999)
        turned = math.atanh(level) + 0.5 * turned
        line[t] = turned
    return [line, np.r_[np.nan, line[:-1]][: len(line)]]


def connors(close: Any, window: int, streak: int, rank: int) -> list[Any]:
    runs = np.zeros(len(close))
    for t in range(1, len(close)):
        step = np.sign(close[t] - close[t - 1])
        same = step != 0 and np.sign(runs[t - 1]) == step
        runs[t] = step + (runs[t - 1] if same else 0)
    returns = np.r_[np.nan, close[1:] / close[:-1]][: len(close)]
    below = np.full(len(close), np.nan)
    for t in range(rank + 1, len(close)):
        below[t] = 100 * np.mean(returns[t - rank : t] < returns[t])
    return [(talib.RSI(close, window) + talib.RSI(runs, streak) + below) / 3]


ORACLES = {
    "ao": Oracle(
        lambda high, low, fast, slow: [talib.AO(high, low, fast, slow)],
        [{"fast": 2, "slow": 3}, {"fast": 5, "slow": 34}],
        scale="follows",
        shift="same",
        talib="AO",
    ),
    "ac": Oracle(
        lambda high, low, fast, slow, signal: [talib.AC(high, low, fast, slow, signal)],
        [{"fast": 2, "slow": 3, "signal": 2}, {"fast": 5, "slow": 34, "signal": 5}],
        scale="follows",
        shift="same",
        talib="AC",
    ),
    "coppock": Oracle(
        lambda close, window, short, long: [talib.COPPOCK(close, window, short, long)],
        [{"window": 2, "short": 1, "long": 3}, {"window": 10, "short": 11, "long": 14}],
        scale="same",
        talib="COPPOCK",
    ),
    "dpo": Oracle(
        lambda close, window: [talib.DPO(close, window)],
        [{"window": 4}, {"window": 7}, {"window": 20}],
        scale="follows",
        shift="same",
        talib="DPO",
    ),
    "tsi": Oracle(
        lambda close, first, second: [talib.TSI(close, first, second)],
        [{"first": 2, "second": 2}, {"first": 25, "second": 13}],
        scale="same",
        shift="same",
        talib="TSI",
    ),
    "vortex": Oracle(
        lambda high, low, close, window: talib.VORTEX(high, low, close, window),
        [{"window": 2}, {"window": 14}],
        scale="same",
        shift="same",
        talib="VORTEX",
    ),
    "kst": Oracle(know_sure_thing, [{"signal": 1}, {"signal": 9}], scale="same"),
    "stc": Oracle(
        schaff,
        [{"window": 2, "fast": 2, "slow": 3}, {"window": 10, "fast": 23, "slow": 50}],
        scale="same",
        shift="same",
    ),
    "fisher": Oracle(fisher, [{"window": 2}, {"window": 9}], scale="same", shift="same", span=1.0),
    "connors_rsi": Oracle(
        connors,
        [{"window": 2, "streak": 2, "rank": 1}, {"window": 3, "streak": 2, "rank": 20}],
        scale="same",
    ),
}
