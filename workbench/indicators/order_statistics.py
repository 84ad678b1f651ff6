"""The last bars in order of size: medians, quantiles, ranks, extremes and when they were."""

from __future__ import annotations

import math
from typing import Annotated

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import extremes, moments, order, swings, windowed
from workbench.indicators.momentum import AtLeastTwo
from workbench.indicators.record import Allowed, Drawn, Points, Price, Window, indicator

Fraction = Annotated[float, Allowed(0.0, 1.0)]
Percentage = Annotated[float, Allowed(0.0, 100.0)]
Bars = Annotated[Floats, Drawn("bars")]


@indicator(
    "Median",
    group="statistics",
    pane="price",
    warm_up=lambda window: window - 1,
    source="pandas rolling.median",
)
def median(close: Floats, /, *, window: Window = 20) -> Price:
    """The median of the last `window` values, in the unit of `close`.

    Formula: the middle value in order of size, or the mean of the two in the middle.
    Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> median(np.array([1.0, 9.0, 2.0, 3.0]), window=3)
    array([nan, nan,  2.,  3.])
    """
    result: Floats = order.quantile(close, window, 0.5)
    return result


@indicator(
    "Quantile",
    group="statistics",
    pane="price",
    warm_up=lambda window, fraction: window - 1,  # noqa: ARG005
    source="pandas rolling.quantile; Rob Hyndman and Yanan Fan, American Statistician 50:4 (1996)",
)
def quantile(close: Floats, /, *, window: Window = 20, fraction: Fraction = 0.9) -> Price:
    """The value that a `fraction` of the last `window` values do not exceed, in their unit.

    Formula (pandas rolling.quantile, linear; type 7 of Hyndman and Fan): in order of size, counted
    from 0, the value at `fraction` · (`window` - 1), between two values in proportion.
    Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> quantile(np.array([1.0, 9.0, 2.0, 3.0]), window=3, fraction=0.75)
    array([nan, nan, 5.5, 6. ])
    """
    result: Floats = order.quantile(close, window, fraction)
    return result


@indicator(
    "Percentile",
    group="statistics",
    pane="price",
    warm_up=lambda window, percentage: window - 1,  # noqa: ARG005
    source="TA-Lib PERCENTILE",
)
def percentile(
    close: Floats, /, *, window: AtLeastTwo = 30, percentage: Percentage = 50.0
) -> Price:
    """The least of the last `window` values that `percentage` per cent do not exceed.

    Formula (TA-Lib PERCENTILE, the nearest rank): in order of size, counted from 1, the value at
    `percentage` · `window` / 100, rounded up. In the unit of `close`. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> percentile(np.array([1.0, 9.0, 2.0, 3.0]), window=3, percentage=75.0)
    array([nan, nan,  9.,  9.])
    """
    place = max(math.ceil(percentage / 100 * window) - 1, 0)
    result: Floats = order.ranked_at(close, window, place)
    return result


@indicator(
    "Percent rank",
    group="statistics",
    value_range=(0.0, 100.0),
    levels=(50.0,),
    warm_up=lambda window: window,
    source="TA-Lib PERCENTRANK",
)
def percentrank(close: Floats, /, *, window: AtLeastTwo = 100) -> Points:
    """How many of the `window` values before are less than this one, in per cent.

    Formula (TA-Lib PERCENTRANK): 100 · their number / `window`. Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> percentrank(np.array([1.0, 9.0, 2.0, 10.0]), window=2)
    array([ nan,  nan,  50., 100.])
    """
    rank: Floats = swings.share_below(close, window)
    return rank


@indicator(
    "Median absolute deviation",
    group="statistics",
    warm_up=lambda window: window - 1,
    source="Frank Hampel, Journal of the American Statistical Association 69 (1974)",
)
def mad(close: Floats, /, *, window: Window = 20) -> Price:
    """The median distance from the median of the last `window` values, in the unit of `close`.

    Formula (Hampel): the median of |x - median|; times 1.4826 it estimates the standard deviation
    of normal values, whatever a few outliers do. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> mad(np.array([1.0, 9.0, 2.0, 5.0]), window=3)
    array([nan, nan,  1.,  3.])
    """
    distance: Floats = order.median_distance(close, window)
    return distance


@indicator(
    "Highest value",
    group="statistics",
    pane="price",
    warm_up=lambda window: window - 1,
    source="TA-Lib MAX",
)
def highest(high: Floats, /, *, window: Window = 30) -> Price:
    """The greatest of the last `window` values, in their unit.

    Formula (TA-Lib MAX): the maximum. Warm-up: `window` - 1 NaN.
    Shape: that of `high` (Series, wide frame, array; the high of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> highest(np.array([3.0, 1.0, 2.0]), window=2)
    array([nan,  3.,  2.])
    """
    greatest: Floats = extremes.highest(high, window)
    return greatest


@indicator(
    "Lowest value",
    group="statistics",
    pane="price",
    warm_up=lambda window: window - 1,
    source="TA-Lib MIN",
)
def lowest(low: Floats, /, *, window: Window = 30) -> Price:
    """The least of the last `window` values, in their unit.

    Formula (TA-Lib MIN): the minimum. Warm-up: `window` - 1 NaN.
    Shape: that of `low` (Series, wide frame, array; the low of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> lowest(np.array([1.0, 3.0, 2.0]), window=2)
    array([nan,  1.,  2.])
    """
    least: Floats = extremes.lowest(low, window)
    return least


@indicator(
    "Bars since the high",
    group="statistics",
    warm_up=lambda window: window - 1,
    source="TA-Lib AROON",
)
def bars_since_high(high: Floats, /, *, window: AtLeastTwo = 30) -> Bars:
    """How many bars ago the greatest of the last `window` values was: 0 to `window` - 1.

    Formula: t - the last bar with the maximum; TA-Lib MAXINDEX gives the first one's number.
    Warm-up: `window` - 1 NaN.
    Shape: that of `high` (Series, wide frame, array; the high of a Bars frame), float64.
    Gaps: NaN on a missing bar, which is not counted.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> bars_since_high(np.array([3.0, 1.0, 2.0]), window=2)
    array([nan,  1.,  0.])
    """
    recent: Floats = windowed.aroon(high, high, window - 1)[1]
    bars: Floats = order.ago(recent, window)
    return bars


@indicator(
    "Bars since the low",
    group="statistics",
    warm_up=lambda window: window - 1,
    source="TA-Lib AROON",
)
def bars_since_low(low: Floats, /, *, window: AtLeastTwo = 30) -> Bars:
    """How many bars ago the least of the last `window` values was: 0 to `window` - 1.

    Formula: t - the last bar with the minimum; TA-Lib MININDEX gives the first one's number.
    Warm-up: `window` - 1 NaN.
    Shape: that of `low` (Series, wide frame, array; the low of a Bars frame), float64.
    Gaps: NaN on a missing bar, which is not counted.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> bars_since_low(np.array([1.0, 3.0, 2.0]), window=2)
    array([nan,  1.,  0.])
    """
    recent: Floats = windowed.aroon(low, low, window - 1)[0]
    bars: Floats = order.ago(recent, window)
    return bars


@indicator(
    "Rolling sum",
    group="statistics",
    warm_up=lambda window: window - 1,
    source="TA-Lib SUM",
)
def rolling_sum(close: Floats, /, *, window: Window = 30) -> Price:
    """The sum of the last `window` values, in their unit.

    Formula (TA-Lib SUM): the sum. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> rolling_sum(np.array([1.0, 3.0, 2.0]), window=2)
    array([nan,  4.,  5.])
    """
    result: Floats = moments.total(close, window)
    return result
