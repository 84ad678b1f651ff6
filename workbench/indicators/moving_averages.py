"""Exponential averages of exponential averages, and the middles of ranges."""

from __future__ import annotations

from typing import Annotated

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import averages, centres, nested
from workbench.indicators.record import Allowed, Price, Window, indicator, settling

AtLeastTwo = Annotated[int, Allowed(2, 100_000)]


def lag(window: int) -> int:
    """By how many bars an exponential average trails a straight line, in whole bars."""
    return (window - 1) // 2


@indicator(
    "Wilder's moving average",
    group="overlap",
    pane="price",
    warm_up=lambda window: window - 1,
    stable_after=lambda window: window - 1 + settling(1 / window),
    source="TA-Lib RMA; J. Welles Wilder, New Concepts in Technical Trading Systems (1978)",
)
def rma(close: Floats, /, *, window: Window = 14) -> Price:
    """Wilder's moving average, also called smoothed moving average, in the unit of `close`.

    Formula (TA-Lib RMA): starts as the mean of the first `window` values, then
    r[t] = r[t-1] + (x[t] - r[t-1]) / window. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the average passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> rma(np.array([1.0, 3.0, 6.0]), window=2)
    array([nan,  2.,  4.])
    """
    return nested.wilder(close, window)


@indicator(
    "Double exponential moving average",
    group="overlap",
    pane="price",
    warm_up=lambda window: 2 * (window - 1),
    stable_after=lambda window: 2 * (window - 1 + settling(2 / (window + 1))),
    source="TA-Lib DEMA; Patrick Mulloy, Stocks & Commodities 12:1 (1994)",
)
def dema(close: Floats, /, *, window: Window = 20) -> Price:
    """Double exponential moving average, in the unit of `close`: one that trails less.

    Formula (TA-Lib DEMA): 2 · e - EMA(e), where e = EMA(close), both of `window`.
    Warm-up: 2 · (`window` - 1) NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the averages pass over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> dema(np.array([1.0, 2.0, 3.0, 4.0]), window=2)
    array([nan, nan,  3.,  4.])
    """
    return nested.twice(close, window)


@indicator(
    "Triple exponential moving average",
    group="overlap",
    pane="price",
    warm_up=lambda window: 3 * (window - 1),
    stable_after=lambda window: 3 * (window - 1 + settling(2 / (window + 1))),
    source="TA-Lib TEMA; Patrick Mulloy, Stocks & Commodities 12:1 (1994)",
)
def tema(close: Floats, /, *, window: Window = 20) -> Price:
    """Triple exponential moving average, in the unit of `close`: it trails still less.

    Formula (TA-Lib TEMA): 3 · e - 3 · EMA(e) + EMA(EMA(e)), where e = EMA(close), all of `window`.
    Warm-up: 3 · (`window` - 1) NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the averages pass over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> tema(np.array([1.0, 1.0, 1.0, 1.0]), window=2)
    array([nan, nan, nan,  1.])
    """
    return nested.thrice(close, window)


@indicator(
    "Tillson's T3",
    group="overlap",
    pane="price",
    warm_up=lambda window, factor: 6 * (window - 1),  # noqa: ARG005
    stable_after=lambda window, factor: (  # noqa: ARG005
        6 * (window - 1 + settling(2 / (window + 1)))
    ),
    source="TA-Lib T3; Tim Tillson, Stocks & Commodities 16:1 (1998)",
)
def t3(
    close: Floats, /, *, window: Window = 5, factor: Annotated[float, Allowed(0.0, 1.0)] = 0.7
) -> Price:
    """Tillson's T3, in the unit of `close`: a double exponential average thrice over, softened.

    Formula (TA-Lib T3): G(G(G(close))), where G(x) = (1 + factor) · EMA(x) - factor · EMA(EMA(x)),
    all of `window`. Warm-up: 6 · (`window` - 1) NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the averages pass over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> t3(np.array([1.0, 2.0]), window=1)
    array([1., 2.])
    """
    return nested.tillson(close, window, factor)


@indicator(
    "Zero-lag exponential moving average",
    group="overlap",
    pane="price",
    warm_up=lambda window: window - 1 + lag(window),
    stable_after=lambda window: window - 1 + lag(window) + settling(2 / (window + 1)),
    source="TA-Lib ZLEMA; John Ehlers and Ric Way, Zero Lag (2010)",
)
def zlema(close: Floats, /, *, window: Window = 20) -> Price:
    """Zero-lag exponential moving average, in the unit of `close`.

    Formula (TA-Lib ZLEMA): EMA of 2 · x[t] - x[t - lag], lag = (window - 1) // 2.
    Warm-up: `window` - 1 + lag NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the average passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> zlema(np.array([1.0, 2.0, 3.0, 4.0]), window=3)
    array([nan, nan, nan,  4.])
    """
    return averages.ema(nested.led(close, lag(window)), window)


@indicator(
    "Midpoint",
    group="overlap",
    pane="price",
    warm_up=lambda window: window - 1,
    source="TA-Lib MIDPOINT",
)
def midpoint(close: Floats, /, *, window: AtLeastTwo = 14) -> Price:
    """The middle between the greatest and the least close, in the unit of `close`.

    Formula (TA-Lib MIDPOINT): (max + min) / 2 of the last `window` values.
    Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> midpoint(np.array([1.0, 2.0, 5.0]), window=2)
    array([nan, 1.5, 3.5])
    """
    return centres.centre(close, close, window)


@indicator(
    "Midprice",
    group="overlap",
    pane="price",
    warm_up=lambda window: window - 1,
    source="TA-Lib MIDPRICE",
)
def midprice(high: Floats, low: Floats, /, *, window: AtLeastTwo = 14) -> Price:
    """The middle between the highest high and the lowest low, in the unit of the prices.

    Formula (TA-Lib MIDPRICE): (max(high) + min(low)) / 2 of the last `window` bars.
    Warm-up: `window` - 1 NaN. Shape: that of the inputs, float64.
    Gaps: NaN where any input is missing; the window passes over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> midprice(np.array([3.0, 5.0]), np.array([1.0, 2.0]), window=2)
    array([nan,  3.])
    """
    return centres.centre(high, low, window)
