"""Estimates of the volatility of a year: annualised standard deviations of log returns."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import channels, elementwise, rolling
from workbench.indicators.record import Allowed, Drawn, Window, indicator

AtLeastTwo = Annotated[int, Allowed(2, 100_000)]
Periods = Annotated[float, Allowed(0.001, 1e9)]
Volatility = Annotated[Floats, Drawn("ratio per year")]


@indicator(
    "Historical volatility",
    group="volatility",
    warm_up=lambda window, periods: window,  # noqa: ARG005
    source="John Hull, Options, Futures, and Other Derivatives (2021)",
)
def historical_volatility(
    close: Floats, /, *, window: AtLeastTwo = 20, periods: Periods = 252.0
) -> Volatility:
    """Historical volatility from close to close, as a ratio per year (0.2 is 20 %).

    Formula (Hull): the sample standard deviation (divisor `window` - 1) of the last `window` log
    returns, times the root of `periods` per year. Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar; the return after it is that from the last bar before.
    NaN too where a close of the window is not above 0.
    Raises InputError for a wrong input or parameter.

    >>> historical_volatility(np.exp([0.0, 1.0, 3.0]), window=2, periods=2.0).round(6)
    array([nan, nan,  1.])
    """
    returns = elementwise.change(np.log(close), 1)
    return np.sqrt(periods * _variance(returns, window))


@indicator(
    "Parkinson volatility",
    group="volatility",
    warm_up=lambda window, periods: window - 1,  # noqa: ARG005
    source="Michael Parkinson, Journal of Business 53:1 (1980)",
)
def parkinson(
    high: Floats, low: Floats, /, *, window: Window = 20, periods: Periods = 252.0
) -> Volatility:
    """Parkinson's volatility from highs and lows, as a ratio per year (0.2 is 20 %).

    Formula (Parkinson): the root of `periods` times the mean over `window` bars of
    log(high / low)² / (4 · log 2). Warm-up: `window` - 1 NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the window passes over such bars. NaN too where a price
    of the window is not above 0.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> parkinson(np.exp([1.0, 2.0]), np.ones(2), window=2, periods=1.0).round(4)
    array([   nan, 0.9496])
    """
    spread = np.log(high / low)
    return np.sqrt(periods / (4.0 * math.log(2.0)) * rolling.mean(spread * spread, window))


@indicator(
    "Garman-Klass volatility",
    group="volatility",
    warm_up=lambda window, periods: window - 1,  # noqa: ARG005
    source="Mark Garman and Michael Klass, Journal of Business 53:1 (1980)",
)
def garman_klass(
    open: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    /,
    *,
    window: Window = 20,
    periods: Periods = 252.0,
) -> Volatility:
    """Garman and Klass's volatility from whole bars, as a ratio per year (0.2 is 20 %).

    Formula (Garman and Klass): the root of `periods` times the mean over `window` bars of
    log(high / low)² / 2 - (2 · log 2 - 1) · log(close / open)²; 0 where that mean is below 0.
    Warm-up: `window` - 1 NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the window passes over such bars. NaN too where a price
    of the window is not above 0.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> prices = np.exp([[0.0, 0.0], [1.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
    >>> garman_klass(*prices, window=2, periods=2.0).round(6)
    array([nan,  1.])
    """
    spread, body = np.log(high / low), np.log(close / open)
    variance = 0.5 * spread * spread - (2.0 * math.log(2.0) - 1.0) * body * body
    return _root(periods * rolling.mean(variance, window))


@indicator(
    "Rogers-Satchell volatility",
    group="volatility",
    warm_up=lambda window, periods: window - 1,  # noqa: ARG005
    source="Chris Rogers and Steve Satchell, Annals of Applied Probability 1:4 (1991)",
)
def rogers_satchell(
    open: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    /,
    *,
    window: Window = 20,
    periods: Periods = 252.0,
) -> Volatility:
    """Rogers and Satchell's volatility, which a drift leaves alone, as a ratio per year.

    Formula (Rogers and Satchell): the root of `periods` times the mean over `window` bars of
    log(high / close) · log(high / open) + log(low / close) · log(low / open).
    Warm-up: `window` - 1 NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the window passes over such bars. NaN too where a price
    of the window is not above 0.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> prices = np.exp([[0.0, 0.0], [1.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
    >>> rogers_satchell(*prices, window=2, periods=1.0).round(6)
    array([nan,  1.])
    """
    body = np.log(close / open)
    return _root(periods * rolling.mean(_without_drift(open, high, low, body), window))


@indicator(
    "Yang-Zhang volatility",
    group="volatility",
    warm_up=lambda window, periods: window,  # noqa: ARG005
    source="Dennis Yang and Qiang Zhang, Journal of Business 73:3 (2000)",
)
def yang_zhang(
    open: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    /,
    *,
    window: AtLeastTwo = 20,
    periods: Periods = 252.0,
) -> Volatility:
    """Yang and Zhang's volatility, which knows of opening jumps, as a ratio per year.

    Formula (Yang and Zhang): the root of `periods` times o + k · c + (1 - k) · r, all over
    `window` bars: o and c are the sample variances of log(open / close before) and of
    log(close / open), r is the variance of `rogers_satchell`, and
    k = 0.34 / (1.34 + (window + 1) / (window - 1)). Warm-up: `window` NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the window passes over such bars. NaN too where a price
    of the window is not above 0.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> prices = np.exp([[0.0, 0.0, 2.0]] * 4)
    >>> yang_zhang(*prices, window=2, periods=0.5).round(6)
    array([nan, nan,  1.])
    """
    weight = 0.34 / (1.34 + (window + 1) / (window - 1))
    body = np.log(close / open)
    jumps = _variance(np.log(open / elementwise.shifted(close, 1)), window)
    inside = rolling.mean(_without_drift(open, high, low, body), window)
    total = jumps + weight * _variance(body, window) + (1.0 - weight) * inside
    return _root(periods * total)


def _variance(values: Floats, window: int) -> Floats:
    """The sample variance of the last `window` values."""
    deviation: Floats = channels.moments(values, window)[1]
    return deviation * deviation * (window / (window - 1))


def _without_drift(open: Floats, high: Floats, low: Floats, body: Floats) -> Floats:
    top, bottom = np.log(high / open), np.log(low / open)
    return top * (top - body) + bottom * (bottom - body)


def _root(values: Floats) -> Floats:
    return np.sqrt(np.maximum(values, 0.0))
