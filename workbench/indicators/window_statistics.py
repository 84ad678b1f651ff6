"""Statistics of the last bars: spreads, scores, shapes, and how two series move together."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import moments, rates
from workbench.indicators.momentum import AtLeastTwo
from workbench.indicators.rates import Ratio
from workbench.indicators.record import Allowed, Drawn, Price, Window, indicator

Deviations = Annotated[float, Allowed(0.0, 1e6)]
Scores = Annotated[Floats, Drawn("standard deviations")]
Squares = Annotated[Floats, Drawn("price squared")]
Products = Annotated[Floats, Drawn("product of the units")]
Correlation = Annotated[Floats, Drawn("ratio, -1 to 1")]


@indicator(
    "Standard deviation",
    group="statistics",
    warm_up=lambda window, deviations: window - 1,  # noqa: ARG005
    source="TA-Lib STDDEV",
)
def stddev(close: Floats, /, *, window: AtLeastTwo = 5, deviations: Deviations = 1.0) -> Price:
    """The population standard deviation over `window` bars, in the unit of `close`.

    Formula (TA-Lib STDDEV): `deviations` · the root of the mean squared distance from the mean.
    Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> stddev(np.array([1.0, 3.0, 7.0]), window=2)
    array([nan,  1.,  2.])
    """
    deviation: Floats = np.sqrt(moments.spread(close, window)[1]) * deviations
    return deviation


@indicator(
    "Variance",
    group="statistics",
    warm_up=lambda window: window - 1,
    source="TA-Lib VAR",
)
def var(close: Floats, /, *, window: Window = 5) -> Squares:
    """The population variance over `window` bars, in the unit of `close`, squared.

    Formula (TA-Lib VAR, whose number of deviations changes nothing): the mean squared distance
    from the mean. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> var(np.array([1.0, 3.0, 7.0]), window=2)
    array([nan,  1.,  4.])
    """
    variance: Floats = moments.spread(close, window)[1]
    return variance


@indicator(
    "Average deviation",
    group="statistics",
    warm_up=lambda window: window - 1,
    source="TA-Lib AVGDEV",
)
def avgdev(close: Floats, /, *, window: AtLeastTwo = 14) -> Price:
    """The mean distance from the mean over `window` bars, in the unit of `close`.

    Formula (TA-Lib AVGDEV): the mean of |x - mean|. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> avgdev(np.array([1.0, 3.0, 7.0]), window=2)
    array([nan,  1.,  2.])
    """
    distance: Floats = moments.mean_distance(close, window)
    return distance


@indicator(
    "Correlation",
    group="statistics",
    value_range=(-1.0, 1.0),
    levels=(0.0,),
    warm_up=lambda window: window - 1,
    source="TA-Lib CORREL; Karl Pearson (1895)",
)
def correl(close: Floats, benchmark: Floats, /, *, window: Window = 30) -> Correlation:
    """The correlation of two series over `window` bars, from -1 to 1.

    Formula (TA-Lib CORREL): covariance / root of the product of the variances (Pearson); 0 where
    one of them does not move. Of the prices as they are: give returns for that of returns.
    Warm-up: `window` - 1 NaN.
    Shape: that of the inputs (Series, wide frames, arrays), float64.
    Gaps: NaN where an input is missing; the window passes over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> correl(np.array([1.0, 2.0, 4.0]), np.array([3.0, 1.0, 2.0]), window=2)
    array([nan, -1.,  1.])
    """
    return _correlation(close, benchmark, window)


@indicator(
    "Beta",
    group="statistics",
    levels=(1.0,),
    warm_up=lambda window: window,
    source="TA-Lib BETA",
)
def beta(close: Floats, benchmark: Floats, /, *, window: Window = 5) -> Ratio:
    """By how much the price moves for each per cent of the benchmark, as a ratio.

    Formula (TA-Lib BETA, whose first input is the benchmark here): covariance / variance of the
    benchmark, of the last `window` one-bar returns; 0 where the benchmark does not move.
    Warm-up: `window` NaN.
    Shape: that of the inputs (Series, wide frames, arrays), float64.
    Gaps: NaN where an input is missing; returns and window pass over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> beta(np.array([1.0, 3.0, 3.0]), np.array([1.0, 2.0, 2.0]), window=2)
    array([nan, nan,  2.])
    """
    returns, moves = rates.growth(close, 1, 1.0), rates.growth(benchmark, 1, 1.0)
    covariance, _, variance = moments.joint(returns, moves, window)
    return _quotient(covariance, variance)


def _correlation(values: Floats, others: Floats, window: int) -> Floats:
    covariance, variance, variance2 = moments.joint(values, others, window)
    deviations = np.sqrt(variance) * np.sqrt(variance2)
    return np.clip(_quotient(covariance, deviations), -1.0, 1.0)


def _quotient(values: Floats, divisors: Floats) -> Floats:
    """0 where a divisor is 0."""
    return np.where(divisors == 0.0, 0.0, values / divisors)
