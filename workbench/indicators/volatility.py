"""How far the price moves."""

from __future__ import annotations

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import ranges
from workbench.indicators.record import Price, Window, indicator, settling


@indicator(
    "Average true range",
    group="volatility",
    warm_up=lambda window: window,
    stable_after=lambda window: window + settling(1 / window),
    source="TA-Lib ATR; J. Welles Wilder, New Concepts in Technical Trading Systems (1978)",
)
def atr(high: Floats, low: Floats, close: Floats, /, *, window: Window = 14) -> Price:
    """Average true range, in the unit of the prices.

    Formula (TA-Lib ATR): Wilder's average of the true range, which is the greater of the high and
    the close before, less the lesser of the low and the close before: the mean of the first
    `window` true ranges, then a[t] = a[t-1] + (range[t] - a[t-1]) / window. Warm-up: `window` NaN.
    Shape: that of the inputs (Series, wide frames, arrays; or one Bars frame), float64.
    Gaps: NaN where any input is missing; the close before is that of the last complete bar.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> high, low, close = np.array([[2.0, 4.0, 5.0], [1.0, 2.0, 4.0], [1.5, 3.0, 4.5]])
    >>> atr(high, low, close, window=1)
    array([nan, 2.5, 2. ])
    """
    return ranges.atr(high, low, close, window)
