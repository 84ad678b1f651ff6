"""Averages of a window whose bars do not weigh the same."""

from __future__ import annotations

import math
from typing import Annotated

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import rolling, weighted
from workbench.indicators.record import Allowed, Price, Window, indicator

AtLeastTwo = Annotated[int, Allowed(2, 100_000)]
Limited = Annotated[int, Allowed(1, 1000)]


@indicator(
    "Weighted moving average",
    group="overlap",
    pane="price",
    warm_up=lambda window: window - 1,
    source="TA-Lib WMA",
)
def wma(close: Floats, /, *, window: Window = 20) -> Price:
    """Linearly weighted moving average, in the unit of `close`.

    Formula (TA-Lib WMA): the weights of the last `window` values are 1, 2, … `window`, the
    newest's the greatest. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> wma(np.array([1.0, 4.0, 7.0]), window=2)
    array([nan,  3.,  6.])
    """
    return weighted.wma(close, window)


@indicator(
    "Triangular moving average",
    group="overlap",
    pane="price",
    warm_up=lambda window: window - 1,
    source="TA-Lib TRIMA",
)
def trima(close: Floats, /, *, window: Window = 20) -> Price:
    """Triangular moving average, in the unit of `close`: the middle of the window weighs most.

    Formula (TA-Lib TRIMA): a simple average of (window + 1) // 2 values of a simple average of
    window // 2 + 1. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> trima(np.array([1.0, 3.0, 5.0, 3.0]), window=3)
    array([nan, nan,  3.,  4.])
    """
    return rolling.mean(rolling.mean(close, window // 2 + 1), (window + 1) // 2)


@indicator(
    "Hull moving average",
    group="overlap",
    pane="price",
    warm_up=lambda window: window + math.isqrt(window) - 2,
    source="TA-Lib HMA; Alan Hull, Hull Moving Average (2005)",
)
def hma(close: Floats, /, *, window: AtLeastTwo = 20) -> Price:
    """Hull moving average, in the unit of `close`: smooth, and hardly late.

    Formula (TA-Lib HMA): WMA(2 · WMA(x, window // 2) - WMA(x, window), ⌊√window⌋).
    Warm-up: `window` + ⌊√window⌋ - 2 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> hma(np.array([1.0, 4.0, 7.0]), window=2)
    array([nan,  5.,  8.])
    """
    raised = 2.0 * weighted.wma(close, window // 2) - weighted.wma(close, window)
    return weighted.wma(raised, math.isqrt(window))


@indicator(
    "Volume-weighted moving average",
    group="overlap",
    pane="price",
    warm_up=lambda window: window - 1,
    source="TA-Lib VWMA",
)
def vwma(close: Floats, volume: Floats, /, *, window: Window = 20) -> Price:
    """Volume-weighted moving average, in the unit of `close`.

    Formula (TA-Lib VWMA): sum(close · volume) / sum(volume) of the last `window` bars; the close
    where they have no volume (TA-Lib: not a number). Warm-up: `window` - 1 NaN.
    Shape: that of the inputs, float64.
    Gaps: NaN where any input is missing; the window passes over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> vwma(np.array([1.0, 5.0]), np.array([3.0, 1.0]), window=2)
    array([nan,  2.])
    """
    return weighted.vwma(close, volume, window)


@indicator(
    "Moving average with variable period",
    group="overlap",
    pane="price",
    increasing=("shortest", "longest"),
    warm_up=lambda shortest, longest: longest - 1,  # noqa: ARG005
    source="TA-Lib MAVP",
)
def mavp(
    close: Floats, periods: Floats, /, *, shortest: Window = 2, longest: AtLeastTwo = 30
) -> Price:
    """Simple moving average whose window is another at every bar, in the unit of `close`.

    Formula (TA-Lib MAVP): the mean of the last n values, n = `periods` at that bar, without its
    fraction, from `shortest` to `longest`. Warm-up: `longest` - 1 NaN.
    Shape: that of the inputs, float64. The work of a bar grows with `longest`.
    Gaps: NaN where any input is missing; the window passes over such bars.
    Raises InputError for a wrong or misaligned input or parameter; shortest must be less.

    >>> import numpy as np
    >>> mavp(np.array([1.0, 3.0, 8.0]), np.array([2.0, 2.0, 3.0]), longest=3)
    array([nan, nan,  4.])
    """
    return weighted.variable_mean(close, periods, shortest, longest)


@indicator(
    "Arnaud Legoux moving average",
    group="overlap",
    pane="price",
    warm_up=lambda window, offset, sigma: window - 1,  # noqa: ARG005
    source="Arnaud Legoux and Dimitris Kouzis-Loukas, ALMA (2009)",
)
def alma(
    close: Floats,
    /,
    *,
    window: Window = 9,
    offset: Annotated[float, Allowed(0.0, 1.0)] = 0.85,
    sigma: Annotated[float, Allowed(0.01, 100.0)] = 6.0,
) -> Price:
    """Arnaud Legoux moving average, in the unit of `close`: weights of a bell curve.

    Formula (Legoux): the weight of the value i = 0 (oldest) … `window` - 1 is
    exp(-(i - m)² / (2 · s²)), m = offset · (window - 1), s = window / sigma.
    Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> alma(np.array([1.0, 2.0, 3.0]), window=3, offset=0.5)
    array([nan, nan,  2.])
    """
    return weighted.gaussian(close, window, offset, sigma)


@indicator(
    "Sine-weighted moving average",
    group="overlap",
    pane="price",
    warm_up=lambda window: window - 1,
    source="Everget, Sine-Weighted Moving Average (2018)",
)
def sinwma(close: Floats, /, *, window: Window = 14) -> Price:
    """Sine-weighted moving average, in the unit of `close`: weights of half a wave.

    Formula: the weight of the value i = 1 … `window` is sin(π · i / (window + 1)).
    Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> sinwma(np.array([1.0, 3.0]), window=2).round(9)
    array([nan,  2.])
    """
    return weighted.half_wave(close, window)


@indicator(
    "Fibonacci-weighted moving average",
    group="overlap",
    pane="price",
    warm_up=lambda window: window - 1,
    source="Fibonacci numbers as weights",
)
def fwma(close: Floats, /, *, window: Limited = 10) -> Price:
    """Fibonacci-weighted moving average, in the unit of `close`.

    Formula: the weights are 1, 1, 2, 3, 5, … divided by their sum, the newest value's the
    greatest. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> fwma(np.array([1.0, 3.0, 8.0]), window=3)
    array([nan, nan,  5.])
    """
    return weighted.fibonacci(close, window)


@indicator(
    "Pascal-weighted moving average",
    group="overlap",
    pane="price",
    warm_up=lambda window: window - 1,
    source="Pascal's triangle as weights",
)
def pwma(close: Floats, /, *, window: Limited = 10) -> Price:
    """Pascal-weighted moving average, in the unit of `close`: nearly a bell curve.

    Formula: the weights are the row of Pascal's triangle that has `window` numbers, divided by
    their sum. Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the window passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> pwma(np.array([1.0, 3.0, 9.0]), window=3).round(9)
    array([nan, nan,  4.])
    """
    return weighted.binomial(close, window)
