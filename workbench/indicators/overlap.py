"""Averages and bands that lie on the price."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import averages, rolling
from workbench.indicators.record import Allowed, Price, Window, indicator, settling


@indicator(
    "Simple moving average",
    group="overlap",
    pane="price",
    warm_up=lambda window: window - 1,
    source="TA-Lib SMA",
)
def sma(close: Floats, /, *, window: Window = 20) -> Price:
    """Simple moving average: the mean of the last `window` values, in the unit of `close`.

    Formula (TA-Lib SMA): (x[t] + … + x[t - window + 1]) / window. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> sma(np.array([1.0, 2.0, 3.0, 7.0]), window=3)
    array([nan, nan,  2.,  4.])
    """
    return rolling.mean(close, window)


@indicator(
    "Exponential moving average",
    group="overlap",
    pane="price",
    warm_up=lambda window: window - 1,
    stable_after=lambda window: window - 1 + settling(2 / (window + 1)),
    source="TA-Lib EMA",
)
def ema(close: Floats, /, *, window: Window = 20) -> Price:
    """Exponential moving average, in the unit of `close`.

    Formula (TA-Lib EMA): starts as the mean of the first `window` values, then
    e[t] = e[t-1] + (x[t] - e[t-1]) · 2 / (window + 1). Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the average passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> ema(np.array([1.0, 2.0, 3.0, 6.0]), window=3)
    array([nan, nan,  2.,  4.])
    """
    return averages.ema(close, window)


class Bands(NamedTuple):
    """Upper, middle and lower band."""

    upper: Price
    middle: Price
    lower: Price


@indicator(
    "Bollinger bands",
    group="overlap",
    pane="price",
    warm_up=lambda window, deviations: window - 1,  # noqa: ARG005
    source="TA-Lib BBANDS; John Bollinger, Bollinger on Bollinger Bands (2001)",
)
def bbands(
    close: Floats,
    /,
    *,
    window: Annotated[int, Allowed(2, 100_000)] = 20,
    deviations: Annotated[float, Allowed(0.0, 1000.0)] = 2.0,
) -> Bands:
    """Bollinger bands: `upper`, `middle`, `lower`, in the unit of `close`.

    Formula (TA-Lib BBANDS): the simple moving average of `window` values, and `deviations`
    population standard deviations (divisor `window`) of the same values above and below it.
    Warm-up: `window` - 1 NaN. Shape: a Series gives a frame of three columns, a wide frame
    (output, symbol) columns, an array a named tuple of arrays like it; float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> bbands(np.array([1.0, 3.0]), window=2).upper
    array([nan,  4.])
    """
    return Bands(*rolling.bands(close, window, deviations))
