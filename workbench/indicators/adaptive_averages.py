"""Averages that set their own pace."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from workbench.indicators.jit import Floats
from workbench.indicators.kernels import adaptive, elementwise, extremes
from workbench.indicators.record import Allowed, Price, Window, indicator, settling

AtLeastTwo = Annotated[int, Allowed(2, 100_000)]


@indicator(
    "Kaufman's adaptive moving average",
    group="overlap",
    pane="price",
    increasing=("fast", "slow"),
    warm_up=lambda window, fast, slow: window,  # noqa: ARG005
    stable_after=lambda window, fast, slow: (  # noqa: ARG005
        window + settling((2 / (slow + 1)) ** 2)
    ),
    source="TA-Lib KAMA; Perry Kaufman, Smarter Trading (1995)",
)
def kama(
    close: Floats, /, *, window: AtLeastTwo = 10, fast: Window = 2, slow: Window = 30
) -> Price:
    """Kaufman's adaptive moving average, in the unit of `close`.

    Formula (TA-Lib KAMA, with fast=2 and slow=30): starts as the value before the first, then
    k[t] = k[t-1] + (x[t] - k[t-1]) · (er · (f - s) + s)², f = 2 / (fast + 1), s = 2 / (slow + 1),
    er = |x[t] - x[t - window]| / the sum of the `window` single changes without sign, 1 where that
    is 0. Warm-up: `window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the average passes over.
    Raises InputError for a wrong input or parameter, and where fast is not less than slow.

    >>> import numpy as np
    >>> kama(np.array([0.0, 9.0, 18.0]), window=2)
    array([nan, nan, 13.])
    """
    return adaptive.kaufman(close, adaptive.efficiency(close, window), fast, slow)


@indicator(
    "Variable index dynamic average",
    group="overlap",
    pane="price",
    warm_up=lambda window, momentum_window: momentum_window,  # noqa: ARG005
    stable_after=lambda **_: None,
    source="Tushar Chande and Stanley Kroll, The New Technical Trader (1994)",
)
def vidya(close: Floats, /, *, window: Window = 14, momentum_window: AtLeastTwo = 9) -> Price:
    """Variable index dynamic average, in the unit of `close`.

    Formula (Chande): starts as the value before the first, then
    v[t] = v[t-1] + (x[t] - v[t-1]) · k · 2 / (window + 1), where k is Chande's momentum oscillator
    over `momentum_window` changes, without its sign, from 0 to 1; 1 where nothing changed.
    Warm-up: `momentum_window` NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the average passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> vidya(np.array([0.0, 3.0, 6.0]), window=2, momentum_window=2)
    array([nan, nan,  5.])
    """
    return adaptive.chande(close, adaptive.efficiency(close, momentum_window), window)


@indicator(
    "McGinley dynamic",
    group="overlap",
    pane="price",
    warm_up=lambda window, constant: window - 1,  # noqa: ARG005
    stable_after=lambda **_: None,
    source="John McGinley, Market Technicians Association Journal (1991)",
)
def mcginley(
    close: Floats,
    /,
    *,
    window: Window = 14,
    constant: Annotated[float, Allowed(0.01, 100.0)] = 0.6,
) -> Price:
    """McGinley dynamic, in the unit of `close`: it falls faster than it rises.

    Formula (McGinley): starts as the mean of the first `window` values, then
    m[t] = m[t-1] + (x[t] - m[t-1]) / (constant · window · (x[t] / m[t-1])⁴), never past x[t].
    Warm-up: `window` - 1 NaN.
    Shape: that of `close` (Series, wide frame, array; the close of a Bars frame), float64.
    Gaps: NaN on a missing bar, which the average passes over.
    Raises InputError for a wrong input or parameter.

    >>> import numpy as np
    >>> mcginley(np.array([1.0, 1.0, 2.0]), window=2, constant=0.5)
    array([   nan, 1.    , 1.0625])
    """
    return adaptive.mcginley(close, window, constant)


@indicator(
    "Fractal adaptive moving average",
    group="overlap",
    pane="price",
    warm_up=lambda window: window // 2 * 2 - 1,
    stable_after=lambda window: window + settling(0.01),
    source="John Ehlers, FRAMA: Fractal Adaptive Moving Average (2005)",
)
def frama(high: Floats, low: Floats, /, *, window: AtLeastTwo = 16) -> Price:
    """Fractal adaptive moving average of the middle of the bars, in the unit of the prices.

    Formula (Ehlers): f[t] = f[t-1] + (m[t] - f[t-1]) · exp(-4.6 · (d - 1)), m = (high + low) / 2,
    the factor from 0.01 to 1; d = log2((r1 + r2) / r), where r1 and r2 are the ranges of the older
    and the newer half of the window, highest high less lowest low, each divided by half the
    window, and r that of the window divided by the whole; d stays where one of them is 0. An odd
    window counts as the even one below. Starts as m. Warm-up: the window - 1 NaN.
    Shape: that of the inputs, float64.
    Gaps: NaN where any input is missing; the average passes over such bars.
    Raises InputError for a wrong or misaligned input or a wrong parameter.

    >>> import numpy as np
    >>> frama(np.array([3.0, 3.0, 5.0]), np.array([1.0, 1.0, 3.0]), window=2)
    array([nan,  2.,  4.])
    """
    half = window // 2
    top, bottom = extremes.highest(high, half), extremes.lowest(low, half)
    before = elementwise.shifted(top, half), elementwise.shifted(bottom, half)
    older, newer = before[0] - before[1], top - bottom
    whole = np.maximum(top, before[0]) - np.minimum(bottom, before[1])
    middle = (high + low) * 0.5
    return adaptive.fractal(middle, older, newer, whole * 0.5)
