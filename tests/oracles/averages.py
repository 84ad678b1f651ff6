"""Moving averages: TA-Lib, else their definitions bar by bar."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import talib

from tests.oracles import Oracle


def weighted(values: Any, weights: Sequence[float]) -> list[Any]:
    """The average of every window, its oldest value first in `weights`."""
    window, out = len(weights), np.full(len(values), np.nan)
    for t in range(window - 1, len(values)):
        out[t] = np.average(values[t - window + 1 : t + 1], weights=weights)
    return [out]


def alma(close: Any, window: int, offset: float, sigma: float) -> list[Any]:
    centre, width = offset * (window - 1), window / sigma
    bell = [math.exp(-((i - centre) ** 2) / (2 * width**2)) for i in range(window)]
    return weighted(close, bell)


def fibonacci(window: int) -> list[float]:
    numbers = [1.0, 1.0]
    while len(numbers) < window:
        numbers.append(numbers[-1] + numbers[-2])
    return numbers[:window]


def vwma(close: Any, volume: Any, window: int) -> list[Any]:
    traded = pd.Series(volume).rolling(window).sum().to_numpy()
    return [np.where(traded == 0, close, talib.VWMA(close, volume, window))]


def adapting(close: Any, window: int, pace: Callable[[float], float]) -> list[Any]:
    """An average whose pace depends on how straight the last `window` changes went."""
    out = np.full(len(close), np.nan)
    for t in range(window, len(close)):
        path = np.abs(np.diff(close[t - window : t + 1])).sum()
        straight = abs(close[t] - close[t - window]) / path if path else 1.0
        before = close[t - 1] if t == window else out[t - 1]
        out[t] = before + (close[t] - before) * pace(straight)
    return [out]


def kama(close: Any, window: int, fast: int, slow: int) -> list[Any]:
    if (fast, slow) == (2, 30):
        return [talib.KAMA(close, window)]
    quick, late = 2 / (fast + 1), 2 / (slow + 1)
    return adapting(close, window, lambda straight: (straight * (quick - late) + late) ** 2)


def mcginley(close: Any, window: int, constant: float) -> list[Any]:
    out = np.full(len(close), np.nan)
    if len(close) >= window:
        out[window - 1] = close[:window].mean()
    for t in range(window, len(close)):
        slowness = constant * window * (close[t] / out[t - 1]) ** 4
        out[t] = out[t - 1] + (close[t] - out[t - 1]) / max(slowness, 1.0)
    return [out]


def frama(high: Any, low: Any, window: int) -> list[Any]:
    half, out = window // 2, np.full(len(high), np.nan)
    dimension = 0.0
    for t in range(2 * half - 1, len(high)):
        older, newer = slice(t - 2 * half + 1, t - half + 1), slice(t - half + 1, t + 1)
        both = slice(older.start, newer.stop)
        first, second = ((high[part].max() - low[part].min()) / half for part in (older, newer))
        whole = (high[both].max() - low[both].min()) / (2 * half)
        if min(first, second, whole) > 0:
            dimension = (math.log(first + second) - math.log(whole)) / math.log(2)
        pace = min(max(math.exp(-4.6 * (dimension - 1)), 0.01), 1.0)
        middle = (high[t] + low[t]) / 2
        before = middle if t == 2 * half - 1 else out[t - 1]
        out[t] = before + pace * (middle - before)
    return [out]


def of_talib(name: str, windows: Sequence[int]) -> Oracle:
    """An average of one window that follows every change of the prices."""
    compute = getattr(talib, name)
    settings = [{"window": window} for window in windows]
    return Oracle(
        lambda *prices, window: [compute(*prices, window)],
        settings,
        scale="follows",
        shift="follows",
        talib=name,
    )


def of_weights(weights: Callable[[int], Sequence[float]]) -> Oracle:
    return Oracle(
        lambda close, window: weighted(close, weights(window)),
        [{"window": 1}, {"window": 2}, {"window": 10}, {"window": 15}],
        scale="follows",
        shift="follows",
    )


ORACLES = {
    "wma": of_talib("WMA", (1, 2, 7, 20)),
    "rma": of_talib("RMA", (1, 2, 14)),
    "dema": of_talib("DEMA", (1, 2, 20)),
    "tema": of_talib("TEMA", (1, 2, 20)),
    "trima": of_talib("TRIMA", (1, 2, 7, 20)),
    "hma": of_talib("HMA", (2, 3, 9, 20)),
    "zlema": of_talib("ZLEMA", (1, 2, 3, 20)),
    "midpoint": of_talib("MIDPOINT", (2, 14)),
    "midprice": of_talib("MIDPRICE", (2, 14)),
    "t3": Oracle(
        lambda close, window, factor: [talib.T3(close, window, factor)],
        [{"window": 1, "factor": 0.0}, {"window": 2, "factor": 1.0}, {"window": 5, "factor": 0.7}],
        scale="follows",
        shift="follows",
        talib="T3",
    ),
    "vwma": Oracle(
        vwma,
        [{"window": 1}, {"window": 2}, {"window": 20}],
        scale="follows",
        shift="follows",
        talib="VWMA",
        notes={"a window without volume": "TA-Lib divides by zero; ours is the close"},
    ),
    "mavp": Oracle(
        lambda close, periods, shortest, longest: [talib.MAVP(close, periods, shortest, longest)],
        [
            {"shortest": 1, "longest": 2},
            {"shortest": 3, "longest": 12},
            {"shortest": 2, "longest": 30},
        ],
        scale="follows",
        shift="follows",
        talib="MAVP",
    ),
    "alma": Oracle(
        alma,
        [
            {"window": 1, "offset": 0.85, "sigma": 6.0},
            {"window": 2, "offset": 0.0, "sigma": 1.0},
            {"window": 9, "offset": 0.85, "sigma": 6.0},
        ],
        scale="follows",
        shift="follows",
    ),
    "sinwma": of_weights(
        lambda window: [math.sin(math.pi * i / (window + 1)) for i in range(1, window + 1)]
    ),
    "fwma": of_weights(fibonacci),
    "pwma": of_weights(lambda window: [math.comb(window - 1, i) for i in range(window)]),
    "kama": Oracle(
        kama,
        [
            {"window": 2, "fast": 2, "slow": 30},
            {"window": 10, "fast": 2, "slow": 30},
            {"window": 5, "fast": 1, "slow": 12},
        ],
        scale="follows",
        shift="follows",
        talib="KAMA",
    ),
    "vidya": Oracle(
        lambda close, window, momentum_window: adapting(
            close, momentum_window, lambda straight: straight * 2 / (window + 1)
        ),
        [{"window": 1, "momentum_window": 2}, {"window": 14, "momentum_window": 9}],
        scale="follows",
        shift="follows",
    ),
    "mcginley": Oracle(
        mcginley,
        [{"window": 1, "constant": 0.6}, {"window": 14, "constant": 0.6}],
        scale="follows",
    ),
    "frama": Oracle(
        frama,
        [{"window": 2}, {"window": 5}, {"window": 16}],
        scale="follows",
        shift="follows",
    ),
}
