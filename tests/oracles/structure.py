"""Structure: TA-Lib, else pandas and plain definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import talib

from tests.oracles import Oracle


def ichimoku(
    high: Any, low: Any, tenkan: int, kijun: int, senkou: int, displacement: int
) -> list[Any]:
    tops, bottoms = pd.Series(high), pd.Series(low)
    lines = [
        (tops.rolling(window).max() + bottoms.rolling(window).min()) / 2
        for window in (tenkan, kijun, senkou)
    ]
    span_a = ((lines[0] + lines[1]) / 2).shift(displacement)
    return [lines[0], lines[1], span_a, lines[2].shift(displacement)]


def pivot_points(high: Any, low: Any, close: Any, session: Any) -> list[Any]:
    bars = pd.DataFrame({"high": high, "low": low, "close": close})
    number = pd.Series(session).diff().ne(0).cumsum().to_numpy() if len(close) else []
    grouped = bars.groupby(number).agg({"high": "max", "low": "min", "close": "last"})
    before = grouped.shift().reindex(number)
    top, bottom, last = (before[name].to_numpy() for name in ("high", "low", "close"))
    pivot = (top + bottom + last) / 3
    return [
        pivot,
        2 * pivot - bottom,
        pivot + top - bottom,
        top + 2 * (pivot - bottom),
        2 * pivot - top,
        pivot - top + bottom,
        bottom - 2 * (top - pivot),
    ]


def fractal(high: Any, low: Any, left: int, right: int) -> list[Any]:
    turns = [flags.astype(float) for flags in talib.FRACTAL(high, low, left, right)]
    for flags in turns:
        flags[: left + right] = np.nan  # where TA-Lib has 0
    return turns


def zigzag(close: Any, percent: float) -> list[Any]:
    """Turns found leg by leg, each by a search ahead from the last."""
    up, down = 1 + percent / 100, 1 - percent / 100
    turns: list[int] = []
    start, side = 0, 0
    while True:
        rest = close[start:]
        falls = rest <= np.maximum.accumulate(rest) * down
        rises = rest >= np.minimum.accumulate(rest) * up
        fall = int(falls.argmax()) if side >= 0 and falls.any() else len(close)
        rise = int(rises.argmax()) if side <= 0 and rises.any() else len(close)
        end = min(fall, rise)
        if end == len(close):
            break
        part = close[start : start + end]
        turns.append(start + int(part.argmax() if fall < rise else part.argmin()))
        side = -1 if fall < rise else 1
        start += end
    if side:
        rest = close[start:]
        turns.append(start + int(rest.argmax() if side > 0 else rest.argmin()))
    nodes = sorted({0, *turns, len(close) - 1})
    return [np.interp(np.arange(len(close)), nodes, close[nodes])]


ORACLES = {
    "ha": Oracle(
        lambda opening, high, low, close: talib.HA(opening, high, low, close),
        [{}],
        scale="follows",
        shift="follows",
        least_bars=1,
        talib="HA",
    ),
    "ichimoku": Oracle(
        ichimoku,
        [
            {"tenkan": 1, "kijun": 2, "senkou": 3, "displacement": 1},
            {"tenkan": 9, "kijun": 26, "senkou": 52, "displacement": 26},
        ],
        scale="follows",
        shift="follows",
        least_bars=1,
    ),
    "pivot_points": Oracle(pivot_points, [{}], scale="follows", shift="follows", least_bars=1),
    "fractal": Oracle(
        fractal,
        [{"left": 1, "right": 1}, {"left": 2, "right": 2}, {"left": 5, "right": 3}],
        scale="same",
        shift="same",
        talib="FRACTAL",
    ),
    "zigzag": Oracle(zigzag, [{"percent": 0.5}, {"percent": 5.0}], scale="follows", least_bars=1),
}
