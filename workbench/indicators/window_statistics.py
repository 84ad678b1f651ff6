"""Statistics of the last bars: spreads, scores, shapes, and how two series move together."""

from __future__ import annotations

from typing import Annotated

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import elementwise, moments, rates
from workbench.indicators.momentum import AtLeastTwo
from workbench.indicators.rates import Ratio
from workbench.indicators.record import Allowed, Drawn, Price, Window, indicator

Deviations = Annotated[float, Allowed(0.0, 1e6)]
AtLeastThree = Annotated[int, Allowed(3, 100_000)]
AtLeastFour = Annotated[int, Allowed(4, 100_000)]
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

    >>> import numpy as np
    >>> stddev(np.array([1.0, 3.0, 7.0]), window=2)
    array([nan,  1.,  2.])
    """
    deviation: Floats = moments.deviation(close, window, deviations)
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

    >>> import numpy as np
    >>> var(np.array([1.0, 3.0, 7.0]), window=2)
    array([nan,  1.,  4.])
    """
    variance: Floats = moments.variance(close, window)
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

    >>> import numpy as np
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

    >>> import numpy as np
    >>> correl(np.array([1.0, 2.0, 4.0]), np.array([3.0, 1.0, 2.0]), window=2)
    array([nan, -1.,  1.])
    """
    correlation: Floats = moments.correlation(close, benchmark, window)
    return correlation


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

    >>> import numpy as np
    >>> beta(np.array([1.0, 3.0, 3.0]), np.array([1.0, 2.0, 2.0]), window=2)
    array([nan, nan,  2.])
    """
    returns, moves = rates.growth(close, 1, 1.0), rates.growth(benchmark, 1, 1.0)
    slope: Floats = moments.slope(returns, moves, window)
    return slope


@indicator(
    "Covariance",
    group="statistics",
    levels=(0.0,),
    warm_up=lambda window: window - 1,
    source="pandas rolling.cov",
)
def covariance(close: Floats, benchmark: Floats, /, *, window: AtLeastTwo = 30) -> Products:
    """The sample covariance of two series over `window` bars, in the product of their units.

    Formula (pandas rolling.cov): the sum of the products of the distances from the means, by
    `window` - 1. Warm-up: `window` - 1 NaN.
    Shape: that of the inputs (Series, wide frames, arrays), float64.
    Gaps: NaN where an input is missing; the window passes over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> covariance(np.array([1.0, 3.0, 7.0]), np.array([3.0, 1.0, 2.0]), window=2)
    array([nan, -2.,  2.])
    """
    result: Floats = moments.covariance(close, benchmark, window, window / (window - 1))
    return result


@indicator(
    "Standard score",
    group="statistics",
    levels=(-2.0, 0.0, 2.0),
    warm_up=lambda window: window - 1,
    source="Erwin Kreyszig, Advanced Engineering Mathematics (1979)",
)
def zscore(close: Floats, /, *, window: AtLeastTwo = 20) -> Scores:
    """How many standard deviations the price is above its mean over `window` bars.

    Formula (standard score): (close - mean) / stddev, of the population as in TA-Lib STDDEV; 0
    where the price stands still. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> zscore(np.array([1.0, 3.0, 7.0]), window=2)
    array([nan,  1.,  1.])
    """
    score: Floats = moments.score(close, window)
    return score


@indicator(
    "Skewness",
    group="statistics",
    levels=(0.0,),
    warm_up=lambda window: window - 1,
    source="pandas rolling.skew; D. N. Joanes and C. A. Gill, The Statistician 47:1 (1998)",
)
def skew(close: Floats, /, *, window: AtLeastThree = 30) -> Ratio:
    """The skewness of the last `window` values: above 0 where the greater ones lie further out.

    Formula (pandas rolling.skew, the G1 of Joanes and Gill): the third standardised moment
    · root of n (n - 1) / (n - 2), n = `window`; 0 where the price stands still.
    Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> skew(np.array([1.0, 1.0, 4.0, 1.0]), window=3).round(3)
    array([  nan,   nan, 1.732, 1.732])
    """
    skewness: Floats = moments.skewness(close, window)
    return skewness


@indicator(
    "Excess kurtosis",
    group="statistics",
    levels=(0.0,),
    warm_up=lambda window: window - 1,
    source="pandas rolling.kurt; D. N. Joanes and C. A. Gill, The Statistician 47:1 (1998)",
)
def kurtosis(close: Floats, /, *, window: AtLeastFour = 30) -> Ratio:
    """The excess kurtosis of the last `window` values: above 0 with more outliers than normal.

    Formula (pandas rolling.kurt, the G2 of Joanes and Gill): ((n + 1) · fourth standardised
    moment - 3 (n - 1)) · (n - 1) / ((n - 2) (n - 3)), n = `window`; -3 where the price stands
    still. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> kurtosis(np.array([1.0, 1.0, 1.0, 5.0, 1.0]), window=4).round(3)
    array([nan, nan, nan,  4.,  4.])
    """
    excess: Floats = moments.excess_kurtosis(close, window)
    return excess


@indicator(
    "Autocorrelation",
    group="statistics",
    value_range=(-1.0, 1.0),
    levels=(0.0,),
    warm_up=lambda window, lag: window + lag,
    source="George Box and Gwilym Jenkins, Time Series Analysis (1970)",
)
def autocorrelation(close: Floats, /, *, window: AtLeastTwo = 60, lag: Window = 1) -> Correlation:
    """How the returns of `window` bars resemble those `lag` bars before them, from -1 to 1.

    Formula: Pearson's correlation of the last `window` one-bar returns with the `window` returns
    that end `lag` bars earlier; 0 where either stand still. Above 0 moves go on, below 0 they turn
    back. Warm-up: `window` + `lag` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which returns, lag and window pass over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> autocorrelation(np.array([1.0, 2.0, 3.0, 6.0]), window=2, lag=1)
    array([nan, nan, nan, -1.])
    """
    returns = rates.growth(close, 1, 1.0)
    earlier = elementwise.shifted(returns, lag)
    correlation: Floats = moments.correlation(returns, earlier, window)
    return correlation
