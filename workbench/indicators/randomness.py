"""How far a price is from a random walk: how its moves grow with time, how even it is."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import elementwise, moments, rolling
from workbench.indicators.momentum import AtLeastTwo
from workbench.indicators.rates import Ratio
from workbench.indicators.record import Allowed, Drawn, indicator

AtLeastThree = Annotated[int, Allowed(3, 100_000)]
Lags = Annotated[int, Allowed(2, 1_000)]
Exponent = Annotated[Floats, Drawn("exponent")]
LEAST = 1e-300  # what has a logarithm
Bits = Annotated[Floats, Drawn("bits")]


@indicator(
    "Hurst exponent",
    group="statistics",
    levels=(0.5,),
    increasing=("lags", "window"),
    warm_up=lambda window, lags: window - 1,  # noqa: ARG005
    source="T. Di Matteo, T. Aste and M. Dacorogna, Journal of Banking & Finance 29:4 (2005)",
)
def hurst(close: Floats, /, *, window: AtLeastThree = 100, lags: Lags = 19) -> Exponent:
    """The Hurst exponent over `window` bars: 0.5 for a random walk, more in a trend.

    Formula (Di Matteo, Aste and Dacorogna, the generalised exponent for q = 1): the slope, by
    least squares, of log K(n) on log n for n = 1 to `lags`, where K(n) is the mean of
    |log x[t] - log x[t - n]| within the window; 0 where some K(n) is 0. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which lags and window pass over. NaN too where a close of the
    window is not above 0.
    Raises InputError for a wrong input or parameter, or `lags` not less than `window`.

    >>> hurst(np.exp([1.0, 2.0, 3.0, 4.0]), window=4, lags=2)
    array([nan, nan, nan,  1.])
    """
    logs = np.log(close)
    times = np.log(np.arange(1.0, lags + 1.0))
    weights = (times - times.mean()) / np.sum((times - times.mean()) ** 2)
    slope, least = 0.0, np.inf
    for lag, weight in enumerate(weights.tolist(), 1):
        move = rolling.mean(np.abs(elementwise.change(logs, lag)), window - lag)
        slope = slope + weight * np.log(np.maximum(move, LEAST))
        least = np.minimum(move, least)
    exponent: Floats = elementwise.ratio(slope * least, least)  # 0 where a move is
    return exponent


@indicator(
    "Entropy",
    group="statistics",
    warm_up=lambda window: window - 1,
    source="Claude Shannon, Bell System Technical Journal 27:3 (1948)",
)
def entropy(close: Floats, /, *, window: AtLeastTwo = 20) -> Bits:
    """The entropy of the shares that `window` values have in their sum, in bits.

    Formula (Shannon): the sum of -p · log2 p, p = x / the sum of the values: log2(`window`) where
    all are equal, less the more uneven they are; 0 where all are 0. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over. NaN too where a value of the window
    is below 0.
    Raises InputError for a wrong input or parameter.

    >>> entropy(np.array([1.0, 1.0, 0.0]), window=2)
    array([nan,  1.,  0.])
    """
    bits: Floats = moments.entropy(close, window)
    return bits


@indicator(
    "Variance ratio",
    group="statistics",
    levels=(1.0,),
    increasing=("lag", "window"),
    warm_up=lambda window, lag: window,  # noqa: ARG005
    source="Andrew Lo and Craig MacKinlay, Review of Financial Studies 1:1 (1988)",
)
def variance_ratio(close: Floats, /, *, window: AtLeastThree = 100, lag: Lags = 2) -> Ratio:
    """How much faster than a random walk's the variance grows: 1 for one, more in a trend.

    Formula (Lo and MacKinlay, overlapping and unbiased): the variance of the log returns over
    `lag` bars, by `lag`, over that of the one-bar log returns, of the last `window` of these; 0
    where the price stands still. Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which lag and window pass over. NaN too where a close of the
    window is not above 0.
    Raises InputError for a wrong input or parameter, or `lag` not less than `window`.

    >>> variance_ratio(np.exp([0.0, 2.0, 4.0, 4.0, 4.0]), window=4, lag=2).round(6)
    array([nan, nan, nan, nan,  2.])
    """
    logs = np.log(close)
    drift = elementwise.change(logs, window) / window
    single = moments.variance(elementwise.change(logs, 1), window) * (window / (window - 1))
    moves, count = elementwise.change(logs, lag), window - lag + 1
    bias = rolling.mean(moves, count) - lag * drift
    whole = (moments.variance(moves, count) + bias * bias) / (lag * (1 - lag / window))
    ratio: Floats = elementwise.ratio(whole, single)
    return ratio
