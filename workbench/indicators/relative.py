"""Beside a benchmark: what its returns account for, and what they do not."""

from __future__ import annotations

import math

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import moments, rolling
from workbench.indicators.performance import YearlyReturn, one_bar_returns
from workbench.indicators.record import indicator
from workbench.indicators.risk_adjusted import Ratio, sample_deviation
from workbench.indicators.volatility_estimators import AtLeastTwo, Periods, Volatility
from workbench.indicators.window_statistics import Correlation


@indicator(
    "Jensen's alpha",
    group="performance",
    levels=(0.0,),
    warm_up=lambda window, periods: window,  # noqa: ARG005
    source="Michael Jensen, Journal of Finance 23:2 (1968)",
)
def alpha(
    close: Floats, benchmark: Floats, /, *, window: AtLeastTwo = 252, periods: Periods = 252.0
) -> YearlyReturn:
    """The return per year that the benchmark's does not account for.

    Formula (Michael Jensen): `periods` · (mean r - beta · mean b); r and b the last `window`
    one-bar returns of price and benchmark, beta their covariance / variance of b. Warm-up:
    `window` NaN.
    Shape: that of the inputs (Series, wide frames, arrays), float64.
    Gaps: NaN where an input is missing; returns and window pass over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> alpha(np.array([1.0, 2.0, 2.0]), np.array([1.0, 2.0, 2.0]), window=2)
    array([nan, nan,  0.])
    """
    returns, moves = one_bar_returns(close), one_bar_returns(benchmark)
    slope = moments.slope(returns, moves, window)
    return periods * (rolling.mean(returns, window) - slope * rolling.mean(moves, window))


@indicator(
    "Tracking error",
    group="performance",
    warm_up=lambda window, periods: window,  # noqa: ARG005
    source="Richard Grinold and Ronald Kahn, Active Portfolio Management (2000)",
)
def tracking_error(
    close: Floats, benchmark: Floats, /, *, window: AtLeastTwo = 252, periods: Periods = 252.0
) -> Volatility:
    """By how much the return differs from the benchmark's, as a deviation per year.

    Formula (Richard Grinold and Ronald Kahn): root of `periods` · sample deviation of the last
    `window` differences of one-bar returns. Warm-up: `window` NaN.
    Shape: that of the inputs (Series, wide frames, arrays), float64.
    Gaps: NaN where an input is missing; returns and window pass over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> tracking_error(np.array([1.0, 2.0, 2.0]), np.ones(3), window=2, periods=2.0)
    array([nan, nan,  1.])
    """
    active = one_bar_returns(close) - one_bar_returns(benchmark)
    return math.sqrt(periods) * sample_deviation(active, window)[1]


@indicator(
    "Information ratio",
    group="performance",
    levels=(0.0,),
    warm_up=lambda window, periods: window,  # noqa: ARG005
    source="Richard Grinold and Ronald Kahn, Active Portfolio Management (2000)",
)
def information_ratio(
    close: Floats, benchmark: Floats, /, *, window: AtLeastTwo = 252, periods: Periods = 252.0
) -> Ratio:
    """The mean return above the benchmark's for the deviation of that, per year.

    Formula (Richard Grinold and Ronald Kahn): root of `periods` · mean / sample deviation of
    the last `window` differences of one-bar returns; infinite or NaN where these do not vary.
    Warm-up: `window` NaN.
    Shape: that of the inputs (Series, wide frames, arrays), float64.
    Gaps: NaN where an input is missing; returns and window pass over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> information_ratio(np.array([1.0, 2.0, 2.0]), np.ones(3), window=2, periods=2.0)
    array([nan, nan,  1.])
    """
    mean, deviation = sample_deviation(one_bar_returns(close) - one_bar_returns(benchmark), window)
    return math.sqrt(periods) * mean / deviation


@indicator(
    "Correlation of returns",
    group="performance",
    value_range=(-1.0, 1.0),
    levels=(0.0,),
    warm_up=lambda window: window,
    source="Karl Pearson, Proceedings of the Royal Society 58 (1895)",
)
def correlation(close: Floats, benchmark: Floats, /, *, window: AtLeastTwo = 60) -> Correlation:
    """The correlation of the one-bar returns of price and benchmark, from -1 to 1.

    Formula (Karl Pearson): covariance / root of the product of the variances of the last
    `window` one-bar returns; 0 where one of them does not move. Warm-up: `window` NaN.
    Shape: that of the inputs (Series, wide frames, arrays), float64.
    Gaps: NaN where an input is missing; returns and window pass over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> correlation(np.array([1.0, 2.0, 2.0]), np.array([2.0, 1.0, 2.0]), window=2)
    array([nan, nan, -1.])
    """
    together: Floats = moments.correlation(
        one_bar_returns(close), one_bar_returns(benchmark), window
    )
    return together
