"""Oscillators: how fast the price moves, and which way."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import averages, oscillators
from workbench.indicators.record import (
    Allowed,
    Points,
    Price,
    PriceBars,
    Window,
    indicator,
    settling,
)

AtLeastTwo = Annotated[int, Allowed(2, 100_000)]


@indicator(
    "Relative strength index",
    group="momentum",
    value_range=(0.0, 100.0),
    levels=(30.0, 70.0),
    warm_up=lambda window: window,
    stable_after=lambda window: window + settling(1 / window),
    source="TA-Lib RSI; J. Welles Wilder, New Concepts in Technical Trading Systems (1978)",
)
def rsi(close: Floats, /, *, window: AtLeastTwo = 14) -> Points:
    """Relative strength index, in points from 0 to 100.

    Formula (TA-Lib RSI): 100 · gain / (gain + loss), both Wilder's averages of the rises and the
    falls: the mean of the first `window` changes, then a[t] = a[t-1] + (x[t] - a[t-1]) / window.
    A bar without a change keeps the value before it; 0 while the column has never moved.
    Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the averages pass over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> rsi(np.array([1.0, 2.0, 1.0, 2.0]), window=2)
    array([nan, nan, 50., 75.])
    """
    return oscillators.rsi(close, window)


class Macd(NamedTuple):
    """The difference of two averages, its own average, and the difference of both."""

    macd: Price
    signal: Price
    histogram: PriceBars


@indicator(
    "Moving average convergence divergence",
    group="momentum",
    levels=(0.0,),
    increasing=("fast", "slow"),
    warm_up=lambda fast, slow, signal: slow + signal - 2,  # noqa: ARG005
    stable_after=lambda fast, slow, signal: (  # noqa: ARG005
        slow + signal - 2 + settling(2 / (slow + 1)) + settling(2 / (signal + 1))
    ),
    source="TA-Lib MACD; Gerald Appel, The Moving Average Convergence-Divergence Method (1979)",
)
def macd(
    close: Floats,
    /,
    *,
    fast: AtLeastTwo = 12,
    slow: AtLeastTwo = 26,
    signal: Window = 9,
) -> Macd:
    """Moving average convergence divergence: `macd`, `signal`, `histogram`, in units of `close`.

    Formula (TA-Lib MACD): macd = EMA(fast) - EMA(slow), signal = EMA(macd, signal),
    histogram = macd - signal. Both averages start at bar slow - 1 as plain means of their last
    `fast` and `slow` values; `signal` starts as the mean of the first `signal` differences.
    Warm-up: `slow` + `signal` - 2 NaN in all three. Shape: a Series gives a frame of three
    columns, a wide frame (output, symbol) columns, an array a named tuple of arrays; float64.
    Gaps: NaN on a missing bar, which the averages pass over.
    Raises InputError for a wrong input or parameter, and where fast is not less than slow.

    >>> import numpy as np
    >>> macd(np.array([1.0, 2.0, 3.0, 4.0]), fast=2, slow=3, signal=1).macd
    array([nan, nan, 0.5, 0.5])
    """
    return Macd(*averages.macd(close, fast, slow, signal))
