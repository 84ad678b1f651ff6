"""Volatility: TA-Lib, else the definitions bar by bar."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import talib

from tests.oracles import Oracle

LOG2 = math.log(2)


def per_window(bars: int, first: int, window: int, value: Callable[[slice], float]) -> list[Any]:
    """`value` of every window that starts at the bar `first` or later."""
    out = np.full(bars, np.nan)
    for t in range(first + window - 1, bars):
        out[t] = value(slice(t - window + 1, t + 1))
    return [out]


def choppiness(high: Any, low: Any, close: Any, window: int) -> list[Any]:
    moved = np.r_[np.nan, np.maximum(high[1:], close[:-1]) - np.minimum(low[1:], close[:-1])]

    def value(part: slice) -> float:
        span = high[part].max() - low[part].min()
        return 100 * math.log10(moved[part].sum() / span) / math.log10(window) if span else 0.0

    return per_window(len(close), 1, window, value)


def ulcer_index(close: Any, window: int) -> list[Any]:
    fall = np.array(
        [
            100 * (close[t] / close[max(t - window + 1, 0) : t + 1].max() - 1)
            for t in range(len(close))
        ]
    )
    return per_window(
        len(close), window - 1, window, lambda part: math.sqrt((fall[part] ** 2).mean())
    )


def historical_volatility(close: Any, window: int, periods: float) -> list[Any]:
    returns = np.r_[np.nan, np.log(close[1:] / close[:-1])]
    return per_window(
        len(close), 1, window, lambda part: math.sqrt(periods) * returns[part].std(ddof=1)
    )


def parkinson(high: Any, low: Any, window: int, periods: float) -> list[Any]:
    def value(part: slice) -> float:
        return math.sqrt(periods * (np.log(high[part] / low[part]) ** 2).mean() / (4 * LOG2))

    return per_window(len(high), 0, window, value)


def garman_klass(
    opening: Any, high: Any, low: Any, close: Any, window: int, periods: float
) -> list[Any]:
    def value(part: slice) -> float:
        spread, body = np.log(high[part] / low[part]), np.log(close[part] / opening[part])
        mean = (spread**2 / 2 - (2 * LOG2 - 1) * body**2).mean()
        return math.sqrt(max(periods * mean, 0))

    return per_window(len(high), 0, window, value)


def without_drift(opening: Any, high: Any, low: Any, close: Any) -> float:
    up = np.log(high / close) * np.log(high / opening)
    down = np.log(low / close) * np.log(low / opening)
    return float((up + down).mean())


def rogers_satchell(
    opening: Any, high: Any, low: Any, close: Any, window: int, periods: float
) -> list[Any]:
    def value(part: slice) -> float:
        mean = without_drift(opening[part], high[part], low[part], close[part])
        return math.sqrt(max(periods * mean, 0))

    return per_window(len(high), 0, window, value)


def yang_zhang(
    opening: Any, high: Any, low: Any, close: Any, window: int, periods: float
) -> list[Any]:
    jump = np.r_[np.nan, np.log(opening[1:] / close[:-1])]
    k = 0.34 / (1.34 + (window + 1) / (window - 1))

    def value(part: slice) -> float:
        inside = without_drift(opening[part], high[part], low[part], close[part])
        body = np.log(close[part] / opening[part])
        total = jump[part].var(ddof=1) + k * body.var(ddof=1) + (1 - k) * inside
        return math.sqrt(max(periods * total, 0))

    return per_window(len(high), 1, window, value)


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
        lambda high, low, close, window: [100 * talib.ATR(high, low, close, window) / close],
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
